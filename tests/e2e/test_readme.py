"""The README's sessions are real: its commands run, and print what it shows but for the figures."""

import re

import harness
import sessions


class Readme(sessions.Case):
    def test_its_sessions_are_real(self):
        for name, target in ("build", harness.BUILD), ("tests", harness.SOURCE / "tests"):
            (self.folder / name).symlink_to(target)
        self.assertGreater(self.run_blocks(sessions.of_readme()), 0)

    def test_its_c_code_works(self):
        text = sessions.README.read_text()
        (code,) = re.findall(r"^```c\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        source, program = self.folder / "program.c", self.folder / "program"
        source.write_text(
            "#include <stdio.h>\n#include <stdlib.h>\n\n#include <ffitap/ffitap.h>\n\n"
            f"int main(void)\n{{\n{code}return 0;\n}}\n"
        )
        warnings = ("-Wall", "-Wextra", "-Werror")
        includes = (f"-I{harness.SOURCE / 'include'}", f"-I{harness.BUILD / 'include'}")
        libraries = (f"-L{harness.LIBRARIES}", "-lffitap", f"-Wl,-rpath,{harness.LIBRARIES}")
        done = harness.run("cc", source, "-o", program, *warnings, *includes, *libraries)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(harness.run(program).stdout, b"1024\n")


if __name__ == "__main__":
    harness.main()
