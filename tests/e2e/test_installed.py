"""An installation that `cmake --install` made works from where it is, for users and for their
programs."""

import json
import os
import pathlib
import re
import tempfile

import harness

WARNINGS = ("-Wall", "-Wextra", "-Werror")
C = ("cc", "-std=c11", "-pedantic", *WARNINGS)
CXX = ("c++", "-std=c++17", "-pedantic", *WARNINGS)
EXPORTS = harness.SOURCE / "tests" / "abi" / "libffitap.exports"

# What the examples print, and how often the first calls what.
LIBRARIES = """\
pow: 1024; div: 3, remainder 2; chdir: -1, No such file or directory
sqlite3: Emma
sqlite3: Persuasion
sqlite3: error: no such table: readers
"""
LIBRARIES_CALLS = {
    "pow": 1,
    "div": 1,
    "chdir": 1,
    "sqlite3_open": 1,
    "sqlite3_prepare_v2": 2,
    "sqlite3_step": 3,
    "sqlite3_column_text": 2,
    "sqlite3_finalize": 2,
    "sqlite3_errmsg": 1,
    "sqlite3_close": 1,
}
# How far the other thread gets depends on the machine; while the lock is kept, that thread stands
# still.
PYTHON_LOCK = r"""CDLL: usleep\(200000\) gave 0, the other thread counted \d+
PyDLL: usleep\(200000\) gave 0, the other thread counted 0
"""


class Installed(harness.Case):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="ffitap-test-")
        cls.addClassCleanup(folder.cleanup)
        staging, cls.prefix = (pathlib.Path(folder.name) / name for name in ("staging", "prefix"))
        done = harness.run("cmake", "--install", harness.BUILD, "--prefix", staging)
        assert done.returncode == 0, done.stderr
        staging.rename(cls.prefix)  # as packaging does; nothing may remember the former place
        libraries = cls.prefix / harness.LIBRARIES.relative_to(harness.BUILD)
        cls.examples = cls.prefix / "share/doc/ffitap/examples"
        cls.environment = dict(
            os.environ,
            PATH=f"{cls.prefix / 'bin'}:{os.environ['PATH']}",
            LD_LIBRARY_PATH=str(libraries),
            PKG_CONFIG_PATH=str(libraries / "pkgconfig"),
            CFLAGS=" ".join(WARNINGS),
        )

    def run_there(self, *command, **options):
        """Runs a command as somebody who uses the installation; returns what it prints."""
        done = harness.run(*command, env=self.environment, cwd=self.folder, text=True, **options)
        self.assertEqual(done.returncode, 0, f"{command}: {done.stdout}{done.stderr}")
        return done.stdout

    def build_with_cmake(self, example):
        source, prefix = self.examples / example, f"-DCMAKE_PREFIX_PATH={self.prefix}"
        self.run_there("cmake", "-S", source, "-B", "with-cmake", prefix)
        self.run_there("cmake", "--build", "with-cmake")
        return self.folder / "with-cmake" / example

    def build_with_pkg_config(self, example):
        """Builds the example as its own text says."""
        source = self.examples / example / f"{example}.c"
        (command,) = re.findall(r"^ \*     (cc .*)$", source.read_text(), re.MULTILINE)
        self.run_there("sh", "-c", command.replace(source.name, f"{source} $CFLAGS"))
        return self.folder / example

    def record_there(self, program):
        """The report of a program that the installed ffitap records."""
        self.run_there("ffitap", "record", "-o", self.data, "--", program)
        return json.loads(self.run_there("ffitap", "report", "--json", self.data))

    def compile_alone(self, compiler, source, *options):
        flags = self.run_there("pkg-config", "--cflags", "--libs", "ffitap").split()
        self.run_there(*compiler, source, *options, *flags)

    def test_it_records_and_reports(self):
        call = "import ctypes; ctypes.CDLL('libc.so.6').abs(-1)"
        self.run_there("ffitap", "record", "-o", self.data, "--", harness.PYTHON, "-c", call)
        self.run_there("ffitap", "report", "-o", "report.txt", self.data)
        self.assertIn("abs (libc.so.6)", (self.folder / "report.txt").read_text())
        self.assertTrue((self.prefix / "share/ffitap/ffitap-report-1.schema.json").exists())

    def test_the_public_folder_has_nothing_but_the_library(self):
        libraries = self.prefix / harness.LIBRARIES.relative_to(harness.BUILD)
        names = [path.name for path in libraries.iterdir() if path.is_file()]
        self.assertEqual([one for one in names if not re.fullmatch(r"libffitap\.so(\.[\d.]+)?", one)], [])

    def test_its_licence_is_there_and_what_only_packages_have_is_not(self):
        documents = self.prefix / "share/doc/ffitap"
        self.assertEqual(
            (documents / "LICENSE").read_text(), (harness.SOURCE / "LICENSE").read_text()
        )
        self.assertFalse((documents / "copyright").exists())
        self.assertFalse((documents / "changelog").exists())

    def test_it_measures_what_it_costs(self):
        document = json.loads(self.run_there("ffitap", "bench", "--rounds=1", "--json=-"))
        self.assertEqual([row for row in document["rows"] if row["not_measured"]], [])

    def test_each_header_stands_alone_in_c_and_in_cxx(self):
        headers = sorted((self.prefix / "include/ffitap").iterdir())
        self.assertIn("version.h", [header.name for header in headers])
        for header in headers:
            for compiler, suffix in (C, "c"), (CXX, "cc"):
                with self.subTest(header=header.name, compiler=compiler[0]):
                    source = self.folder / f"alone.{suffix}"
                    source.write_text(f"#include <ffitap/{header.name}>\nextern int nothing;\n")
                    self.compile_alone(compiler, source, "-c")

    def test_ffitap_h_declares_all_that_is_exported_in_c_and_in_cxx(self):
        functions = [name for name in EXPORTS.read_text().split() if "__" not in name]
        for compiler, suffix in (C, "c"), (CXX, "cc"):
            with self.subTest(compiler=compiler[0]):
                source = self.folder / f"all.{suffix}"
                source.write_text(
                    "#include <ffitap/ffitap.h>\n\nvoid (*const all[])(void) = {\n"
                    + "".join(f"    (void (*)(void)){function},\n" for function in functions)
                    + "};\nint main(void) { return !all[0]; }\n"
                )
                self.compile_alone(compiler, source, "-o", "all")
                self.run_there("./all")

    def test_an_error_is_zeroed_as_its_header_says_in_c_and_in_cxx(self):
        said = (self.prefix / "include/ffitap/status.h").read_text()
        zeroed = re.search(r"\(`(= \{0\})`, in C\+\+ `(= \{\})`\)", said).groups()
        for compiler, suffix, zero in (C, "c", zeroed[0]), (CXX, "cc", zeroed[1]):
            with self.subTest(compiler=compiler[0]):
                source = self.folder / f"zero.{suffix}"
                source.write_text(
                    "#include <ffitap/status.h>\n"
                    f"int main(void) {{ struct ffitap_error error {zero}; return error.code; }}\n"
                )
                self.compile_alone(compiler, source, "-o", "zero")

    def test_a_newer_minor_version_is_not_there(self):
        (self.folder / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.22)\nproject(newer LANGUAGES C)\n"
            f"find_package(ffitap 0.99 REQUIRED PATHS {self.prefix} NO_DEFAULT_PATH)\n"
        )
        done = harness.run("cmake", "-S", self.folder, "-B", self.folder / "build", text=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("0.99", done.stderr)

    def test_the_example_of_libraries_works_and_is_recorded(self):
        program = self.build_with_cmake("libraries")
        for build in program, self.build_with_pkg_config("libraries"):
            self.assertEqual(self.run_there(build), LIBRARIES)
        report = self.record_there(program)
        self.assert_complete(report)
        calls = {one["symbol"]: one["calls"] for one in report["functions"]}
        self.assertEqual(calls, LIBRARIES_CALLS)
        self.assertEqual(self.function(report, "chdir")["errno"]["swaps"], 1)
        self.assertEqual({one["caller"] for one in report["loads"]}, {str(program)})

    def test_the_example_of_pythons_lock_works_and_is_recorded(self):
        program = self.build_with_cmake("python_lock")
        for build in program, self.build_with_pkg_config("python_lock"):
            self.assertRegex(self.run_there(build), f"^{PYTHON_LOCK}$")
        report = self.record_there(program)
        self.assert_complete(report)
        nap = self.function(report, "usleep")
        self.assertEqual(nap["calls"], 2)
        self.assertEqual(nap["gil"]["windows"], 1)
        self.assertEqual(nap["gil"]["held_calls"], 1)
        self.assertGreaterEqual(nap["gil"]["released_ns"], 199_000_000)


if __name__ == "__main__":
    harness.main()
