"""tools/check and tools/setup do what they are asked for, or refuse it before they do anything."""

import os
import re

import harness
import sandbox

CHECK, SETUP = (harness.SOURCE / "tools" / name for name in ("check", "setup"))
SETUP_OPTIONS = ["--no-tests", "--packages", "--peers", "--long"]

# Programs that say that no package is there, and note what they are asked for.
FAKES = {
    "id": "echo 0",
    "dpkg-query": "exit 1",
    "apt-cache": "printf '%s\\n' python3.99 python3.99-dev python3-doc",
    "apt-get": 'case "$*" in *install*) printf "%s\\n" "$@" >>"$ASKED" ;; esac',
}


class Words(harness.Case):
    def refuse(self, tool, *words, why, prefix=()):
        done = harness.run(*prefix, tool, *words, text=True)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertRegex(done.stderr, f"^tools/{tool.name}: {why}")

    def test_wrong_words(self):
        for tool in CHECK, SETUP:
            usage = rf": unknown option; usage: tools/{tool.name} \[--.*\]\n$"
            self.refuse(tool, "--frob", why="--frob" + usage)
            self.refuse(tool, "--long", "more", why="--long more" + usage)
            self.refuse(tool, "", why=usage)

    def test_help_says_what_each_option_does(self):
        for tool, options in (CHECK, ["--long"]), (SETUP, SETUP_OPTIONS):
            for way in "--help", "-h", "-?":
                done = harness.run(tool, way, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                usage = rf"usage: tools/{tool.name} \[{' | '.join(options)}\]\n"
                self.assertRegex(done.stdout, "^" + usage.replace(" | ", r" \| "))
                self.assertEqual(re.findall(r"(?m)^  (--\S+)   *\w", done.stdout), options)

    @sandbox.needs_root
    def test_the_long_check_of_somebody_who_may_not_mount(self):
        self.refuse(CHECK, "--long", why="--long: only root can ", prefix=sandbox.AS_NOBODY)


class Packages(harness.Case):
    """What tools/setup would install on a machine that has nothing."""

    def asked(self, *words):
        programs, asked = self.folder / "bin", self.folder / "asked"
        programs.mkdir(exist_ok=True)
        asked.write_text("")
        for name, line in FAKES.items():
            (programs / name).write_text(f"#!/bin/sh\n{line}\n")
            (programs / name).chmod(0o755)
        environment = dict(os.environ, PATH=f"{programs}:/usr/bin:/bin", ASKED=str(asked))
        done = harness.run(SETUP, *words, text=True, env=environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {word for word in asked.read_text().split() if not word.startswith("-")} - {"install"}

    def test_each_option_has_its_own(self):
        whole, built, packed = self.asked(), self.asked("--no-tests"), self.asked("--packages")
        compared, long = self.asked("--peers"), self.asked("--long")
        self.assertLess({"cmake", "lttng-tools"}, built)
        self.assertEqual(packed - built, {"lintian"})
        self.assertLess(built, whole)
        self.assertLess({"libcriterion-dev", "libclang-rt-dev", "debootstrap"}, whole - built)
        self.assertNotIn("lintian", whole)
        self.assertEqual(compared - whole, {"bpftrace", "linux-perf", "ltrace", "uftrace"})
        self.assertEqual(long, compared)

    def test_every_python_of_the_suite_is_tested(self):
        pythons = {name for name in self.asked() if "python3.99" in name}
        self.assertEqual(pythons, {"python3.99", "libpython3.99-testsuite"})


if __name__ == "__main__":
    harness.main()
