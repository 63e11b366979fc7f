"""The sessions in the manual pages are real: the commands are run as by somebody who has ffitap
installed.

What the pages have below /usr is here below the prefix of an installation. If a page uses the
source tree and its build, they are in the working directory.
"""

import os
import pathlib
import signal
import subprocess
import tempfile

import harness
import pages
import sandbox
import sessions

# Pages whose examples may show made-up programs, and are not run.
UNMARKED = (".1",)


class Pages(sessions.Case):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="ffitap-test-")
        cls.addClassCleanup(folder.cleanup)
        cls.prefix = pathlib.Path(folder.name) / "prefix"
        done = harness.run("cmake", "--install", harness.BUILD, "--prefix", cls.prefix)
        assert done.returncode == 0, done.stderr

    def setUp(self):
        super().setUp()
        for name, target in ("build-check", harness.BUILD), ("tests", harness.SOURCE / "tests"):
            (self.folder / name).symlink_to(target)
        libraries = self.prefix / harness.LIBRARIES.relative_to(harness.BUILD)
        self.environment = {
            "CMAKE_PREFIX_PATH": str(self.prefix),
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "LD_LIBRARY_PATH": str(libraries),
            "LTTNG_HOME": str(self.folder),  # for a session daemon that a page starts
            "PATH": f"{self.prefix / 'bin'}:/usr/bin:/bin",
            "PKG_CONFIG_PATH": str(libraries / "pkgconfig"),
        }

    def tearDown(self):
        """Ends LTTng's daemons, which `lttng` leaves running: they are our children by now."""
        ps = ("ps", "-o", "pid=,comm=", "--ppid", str(os.getpid()))
        for line in subprocess.run(ps, stdout=subprocess.PIPE, text=True).stdout.splitlines():
            pid, name = line.split()
            if name.startswith("lttng-"):
                os.kill(int(pid), signal.SIGTERM)
        sandbox.wait_until(lambda: not sandbox.remaining_children())

    def run_command(self, command, expected):
        there = command.replace("/usr/share/doc/", f"{self.prefix}/share/doc/")
        super().run_command(there, expected)

    def run_page(self, page):
        self.run_blocks(sessions.of_page(page))


class Marks(harness.Case):
    def test_each_display_says_what_it_is(self):
        for page in pages.ALL:
            for block in sessions.of_page(page):
                with self.subTest(page.name, text=block.text):
                    self.assertTrue(block.kind or page.suffix in UNMARKED)
                    self.assertEqual(bool(block.name), block.kind == "file")
                    if block.kind:
                        self.assertEqual(block.kind == "run", block.text.startswith("$ "))

    def test_a_command_is_in_a_display_that_is_run(self):
        for page in pages.ALL:
            if page.suffix not in UNMARKED:
                self.assertNotRegex(page.read_text(), r"(?m)^\.D[1l] \$")

    def test_a_file_that_is_an_example_is_shown_as_it_is(self):
        names = set()
        for page in pages.ALL:
            for block in sessions.of_page(page):
                example = harness.SOURCE / "tests" / "examples" / (block.name or "none")
                if block.kind == "file" and example.is_file():
                    self.assertEqual(block.text, example.read_text(), page.name)
                    names.add(block.name)
        self.assertEqual(names, {"tutorial/receipts.py"})


def add_test(page):
    name = f"test_{page.name.replace('-', '_').replace('.', '_')}"
    setattr(Pages, name, lambda self: self.run_page(page))


for each in pages.ALL:
    if any(block.kind == "run" for block in sessions.of_page(each)):
        add_test(each)


if __name__ == "__main__":
    sandbox.main()
