#!/usr/bin/python3
"""check_arrows.py finds each fault that it is there for, in a small house that has this fault and
no other."""

import json
import pathlib
import subprocess
import tempfile
import unittest

import check_arrows

TABLE = {"src/low": "", "src/high": "src/low", "tools/report": "src/low"}

# A file in every folder, and an arrow of each kind: an include, and the use of a symbol without an
# include.
SOUND = {
    "src/low/base.h": "int base(void);\n",
    "src/low/base.c": '#include "low/base.h"\n#include <stddef.h>\nint base(void) { return 1; }\n',
    "src/high/top.c": "int base(void);\nint top(void);\nint top(void) { return base(); }\n",
    "tools/report/report.c": '#include "low/base.h"\n#include "table.h"\n',
    "tools/report/table.h": "",
}


class Arrows(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ffitap-test-")
        self.addCleanup(folder.cleanup)
        self.source = pathlib.Path(folder.name, "source")
        self.build = pathlib.Path(folder.name, "build")

    def make(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def built(self, path):
        """Compiles a file as CMake does. Returns what compile_commands.json says of it."""
        output = self.build / path.parent / "CMakeFiles/it.dir" / f"{path.name}.o"
        output.parent.mkdir(parents=True, exist_ok=True)
        command = ["cc", f"-I{self.source}/src", f"-I{self.source}/tools", "-o", str(output), "-c", path]
        subprocess.run(command, check=True, cwd=self.source)
        return {
            "directory": str(self.source),
            "command": " ".join(map(str, command)),
            "file": str(self.source / path),
        }

    def problems(self, files, table=TABLE, left_out=()):
        """What the script says of the sound house with these files added or replaced."""
        house = {**SOUND, **files}
        for path, text in house.items():
            self.make(self.source / path, text)
        commands = [
            self.built(pathlib.Path(path))
            for path in house
            if path.endswith(".c") and path not in left_out
        ]
        self.make(self.build / "compile_commands.json", json.dumps(commands))
        return check_arrows.House(self.source, self.build, table).check()

    def assert_one(self, regex, files, **more):
        problems = self.problems(files, **more)
        self.assertEqual(len(problems), 1, problems)
        self.assertRegex(problems[0], regex)

    def test_a_sound_house_has_no_problem(self):
        self.assertEqual(self.problems({}), [])

    def test_a_circle_by_includes(self):
        files = {"src/low/a.h": '#include "low/b.h"\n', "src/low/b.h": '#include "a.h"\n'}
        self.assert_one(r"^a circle: src/low/a.h includes low/b.h, src/low/b.h includes a.h$", files)

    def test_a_circle_by_calls(self):
        """A circle of two files that do not include each other: each declares what the other
        has."""
        one = "int one(void), two(void);\nint one(void) { return two(); }\n"
        two = "int one(void), two(void);\nint two(void) { return one(); }\n"
        files = {"src/low/one.c": one, "src/low/two.c": two}
        self.assert_one(r"^a circle: src/low/one uses two, src/low/two uses one$", files)

    def test_a_circle_of_both(self):
        files = {
            "src/low/own.h": "int hidden(void);\n",
            "src/low/own.c": "int hidden(void);\nint hidden(void) { return 2; }\n",
            "src/low/base.h": '#include "low/own.h"\nint base(void);\n',
        }
        self.assertEqual(self.problems(files), [])
        files["src/low/own.c"] = "int base(void);\nint hidden(void);\nint hidden(void) { return base(); }\n"
        self.assert_one(r"^a circle: .*base.h includes low/own.h, src/low/own uses base$", files)

    def test_an_arrow_upwards(self):
        files = {
            "src/high/top.h": "",
            "src/high/top.c": "",
            "src/low/base.h": '#include "high/top.h"\nint base(void);\n',
        }
        regex = r"^no arrow src/low -> src/high is in the table: src/low/base.h includes high/top.h$"
        self.assert_one(regex, files)

    def test_an_arrow_upwards_by_a_call(self):
        files = {
            "src/high/top.c": "int top(void);\nint top(void) { return 1; }\n",
            "src/low/base.c": "int top(void);\nint base(void);\nint base(void) { return top(); }\n",
        }
        regex = r"^no arrow src/low -> src/high is in the table: src/low/base uses top$"
        self.assert_one(regex, files)

    def test_a_folder_that_is_not_in_the_table(self):
        files = {"src/new/file.c": '#include "low/base.h"\n'}
        self.assert_one(r"^no arrow src/new -> src/low is in the table: ", files)

    def test_a_name_that_two_programs_have(self):
        """Each program means its own function."""
        main = "int usage(void);\nint main(void);\nint main(void) { return usage(); }\n"
        files = {
            "src/low/main.c": main,
            "src/low/usage.c": "int usage(void);\nint usage(void) { return 1; }\n",
            "tools/report/main.c": main,
            "tools/report/usage.c": "int usage(void);\nint usage(void) { return 2; }\n",
        }
        self.assertEqual(self.problems(files), [])

    def test_a_crowded_folder(self):
        most = {f"src/low/file{number}.h": "" for number in range(check_arrows.FILES_MAX - 2)}
        self.assertEqual(self.problems(most), [])
        self.assert_one(r"^src/low holds 41 files, of at most 40$", {**most, "src/low/more.md": ""})

    def test_a_long_file(self):
        self.assertEqual(self.problems({"src/low/long.c": 600 * "\n"}), [])
        self.assert_one(r"^src/low/long.c has 601 lines, of at most 600$", {"src/low/long.c": 601 * "\n"})

    def test_src_that_includes_tools(self):
        """This fails whatever the table says."""
        files = {"src/high/top.c": '#include "report/table.h"\n'}
        table = {"src/low": "", "tools/report": "src/low", "src/high": "src/low tools/report"}
        self.assert_one(r"^src/high/top.c is of src and includes report/table.h of tools$", files, table=table)

    def test_a_file_that_is_not_built(self):
        """Without its object file nobody would know what the file calls."""
        regex = r"^src/low/base.c is not built: "
        self.assert_one(regex, {"src/high/top.c": ""}, left_out=["src/low/base.c"])

    def test_a_table_with_a_circle(self):
        table = dict(TABLE, **{"src/low": "src/high"})
        self.assert_one(r"^the table's arrow src/low -> src/high does not lead ", {}, table=table)

    def test_the_table_of_this_house_has_none(self):
        self.assertEqual(check_arrows.check_table(check_arrows.ARROWS), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
