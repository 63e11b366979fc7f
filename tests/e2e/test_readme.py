"""The README's sessions are real: its commands run, and print what it shows but for the figures."""

import os
import re
import signal
import subprocess

import harness
from sandbox import wait_until

README = (harness.SOURCE / "README.md").read_text()


def sessions():
    """Each command of a console block with the output that is shown below it."""
    for block in re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def shape(text):
    """The lines without their figures; rows whose order hangs on a figure may change places, and the
    dynamic linker finds libraries by another name of their folder in other suites."""
    figure = r"\b[0-9a-f]{8}\b|([+-](?=\d))?\d[\d.]*(e[+]\d+)?( (ns|us|ms|s|KiB|MiB)\b)?|  missed$"
    lines = (re.sub(figure, "#", line) for line in text.replace("/usr/lib/", "/lib/").splitlines())
    return sorted(re.sub(r"\s+", " ", re.sub("##$", "#", line)) for line in lines)


def at_any_speed(command):
    """The command, with less to do and no guess about when another one has come how far."""
    command = re.sub("ffitap bench$", r"\g<0> --rounds=2", command)  # of 150, which take long
    if command.endswith("&"):
        return command.replace("c.sleep(6)", "c.sleep(1000)") + " echo $! >background"
    watching = re.fullmatch("sleep 3; (.* top --once .*)", command)
    if watching:
        return f"until {watching[1]} | grep -q ': sleep '; do sleep 0.1; done; {watching[1]}"
    return command


class Readme(harness.Case):
    def end_background(self):
        os.kill(int((self.folder / "background").read_text()), signal.SIGTERM)
        wait_until(lambda: "foreign calls" in (self.folder / "stat.log").read_text())

    def test_its_sessions_are_real(self):
        for name, target in ("build", harness.BUILD), ("tests", harness.SOURCE / "tests"):
            (self.folder / name).symlink_to(target)
        for command, expected in sessions():
            with self.subTest(command):
                done = subprocess.run(
                    at_any_speed(command),
                    shell=True,
                    cwd=self.folder,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    timeout=600,
                )
                self.assertEqual(done.returncode, 0, done.stdout)
                if command.endswith("&"):
                    self.addCleanup(self.end_background)
                printed = shape(done.stdout)
                for line in shape(expected):
                    self.assertIn(line, printed)

    def test_its_c_code_works(self):
        (code,) = re.findall(r"^```c\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
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
