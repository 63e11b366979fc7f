"""What the tests of `ffitap doctor` share: running it, and what it found."""
import json
import os
import pathlib
import subprocess

import harness
import jsonschema
import sandbox

SCHEMA = json.loads((harness.SOURCE / "tools/ffitap/ffitap-doctor-1.schema.json").read_text())
APPS = harness.BUILD / "tests" / "apps"
TRUE = "/usr/bin/true"


class TestCase(sandbox.TestCase):
    def doctor(self, *command, status=0, options=(), **extra):
        """What the doctor finds, according to its document, which must follow the schema."""
        result = self.run_ffitap("doctor", "--json", "found.json", *options, *command, **extra)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        document = json.loads(pathlib.Path("found.json").read_text())
        os.unlink("found.json")
        jsonschema.validate(document, SCHEMA)
        self.assertEqual(document["exit_status"], status)
        lines = [line for line in result.stdout.splitlines() if line.startswith("  ")]
        self.assertEqual(len(lines), len(document["machine"]) + len(document["program"]))
        self.said, self.complaints = result.stdout, result.stderr
        return document

    def program(self, *command, status=0, **extra):
        """What the doctor finds of the program. If nothing depends on it, the slow trial of record
        is left out."""
        provider = os.path.join(self.lib, "libffitap-tracepoints.so")
        if status in (2, 126, 127) and os.path.exists(provider):
            os.rename(provider, f"{provider}.away")
        elif os.path.exists(f"{provider}.away"):
            os.rename(f"{provider}.away", provider)
        return self.doctor("--", *command, status=status, **extra)["program"]

    def assert_found(self, findings, level, subject, words):
        found = [one for one in findings if one["subject"] == subject and words in one["what"]]
        self.assertEqual([one["level"] for one in found], [level], json.dumps(findings, indent=1))
        return found[0]

    def assert_nothing_wrong(self, findings):
        wrong = [one for one in findings if one["level"] in ("warning", "problem")]
        self.assertEqual(wrong, [])

    def path_with(self, name, text):
        """A PATH whose first folder has a program of that name, made of that text."""
        os.makedirs("path", exist_ok=True)
        self.write_program(f"path/{name}", text)
        return {**os.environ, "PATH": os.path.abspath("path") + ":/usr/bin:/bin"}

    def write_program(self, name, text):
        pathlib.Path(name).write_text(text)
        os.chmod(name, 0o755)

    def compile(self, output, text, *options):
        pathlib.Path(f"{output}.c").write_text(text)
        subprocess.run(["cc", "-o", output, f"{output}.c", *options], check=True)
        os.unlink(f"{output}.c")

    def counted(self, *command, **options):
        """How often stat sees each function called."""
        result = self.run_ffitap("stat", "--json", "stat.json", *command, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        functions = json.loads(pathlib.Path("stat.json").read_text())["functions"]
        return {one["symbol"]: one["calls"] for one in functions}
