#!/usr/bin/python3
"""What `ffitap report` makes of good and of damaged recordings.

    check_report_damage.py PROGRAM...    (the words before the report's own arguments)

For a damaged recording there is one clear message and status 125, or a report that says what is
missing, but never a crash, and never figures that look whole. The damage is done to copies of the
frozen recordings.
"""
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import unittest

import jsonschema

import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/golden/report"
SCHEMA = json.loads((ROOT / "tools/report/ffitap-report-1.schema.json").read_text())
PROGRAM = []


class Case(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.recording = pathlib.Path(self.directory.name, "recording")
        self.scratch = pathlib.Path(self.directory.name, "scratch")
        self.scratch.mkdir()
        shutil.copytree(GOLDEN / "story", self.recording)
        self.trace = self.recording / "trace"
        # The largest stream, which has several packets; and what is in all of the streams.
        self.stream = max(self.trace.glob("c_*"), key=lambda path: path.stat().st_size)
        self.calls = self.count_calls(json.loads((GOLDEN / "story/report.json").read_text()))

    def run_report(self, *arguments, **options):
        result = subprocess.run([*PROGRAM, *arguments], capture_output=True, timeout=60,
                                env={**os.environ, "TMPDIR": str(self.scratch)}, check=False,
                                **options)
        self.assertEqual(list(self.scratch.iterdir()), [], "something was left in TMPDIR")
        return result

    def report(self):
        result = self.run_report("--json", self.recording)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        report = json.loads(result.stdout)
        jsonschema.validate(report, SCHEMA)
        return report

    def assert_refused(self, *words, directory=None):
        result = self.run_report("--json", directory or self.recording)
        message = result.stderr.decode()
        self.assertEqual((result.returncode, result.stdout), (125, b""), message)
        self.assertEqual(message.count("\n"), 1)
        self.assertTrue(message.startswith(f"ffitap: {directory or self.recording}: "), message)
        for word in words:
            self.assertIn(word, message)

    def assert_says_what_is_missing(self, *words):
        report = self.report()
        self.assertTrue(report["losses"]["lower_bound"])
        for word in words:
            self.assertIn(word, "\n".join(report["losses"]["damaged"]))
        table = self.run_report(self.recording).stdout.decode()
        self.assertIn("LOSSES: the figures below are lower bounds", table)
        return report

    @staticmethod
    def count_calls(report):
        return sum(function["calls"] for function in report["functions"])


class GoodRecordings(Case):
    def test_frozen_reports_fit_the_schema(self):
        reports = sorted(GOLDEN.glob("*/report.json"))
        self.assertGreaterEqual(len(reports), 2)
        for path in reports:
            jsonschema.validate(json.loads(path.read_text()), SCHEMA)

    def test_the_schema_is_one(self):
        jsonschema.Draft7Validator.check_schema(SCHEMA)

    def test_a_report_goes_to_a_file(self):
        target = self.recording.parent / "report.json"
        result = self.run_report("--json", "-o", target, self.recording)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, b"", b""))
        jsonschema.validate(json.loads(target.read_text()), SCHEMA)

    def test_traces_lie_where_lttng_puts_them(self):
        deep = self.recording / "trace/ust/uid/0/64-bit"
        deep.mkdir(parents=True)
        for path in list(self.trace.iterdir()):
            if path.is_file():
                path.rename(deep / path.name)
        self.assertEqual(self.count_calls(self.report()), self.calls)


class Writing(Case):
    def test_no_half_report_is_left(self):
        def fill_the_disk():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))

        target = self.recording.parent / "report.json"
        target.write_text("the report of last week")
        result = self.run_report("--json", "-o", target, self.recording,
                                 preexec_fn=fill_the_disk)
        self.assertEqual(result.returncode, 125)
        self.assertIn(b"report.json: File too large", result.stderr)
        self.assertEqual(target.read_text(), "the report of last week")
        self.assertEqual({path.name for path in target.parent.iterdir()},
                         {"recording", "scratch", "report.json"})

    def test_a_full_device_is_noticed(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run([*PROGRAM, "--json", self.recording], stdout=full,
                                    stderr=subprocess.PIPE, check=False)
        self.assertEqual(result.returncode, 125)
        self.assertEqual(result.stderr, b"ffitap: standard output: No space left on device\n")

    def test_wrong_usage_is_125(self):
        for arguments in (["--frob"], ["a", "b"], ["-o"]):
            self.assertEqual(self.run_report(*arguments).returncode, 125)


class NoRecording(Case):
    def test_no_directory(self):
        self.assert_refused("no such directory", directory=self.recording / "nowhere")

    def test_a_file(self):
        self.assert_refused("not a directory", directory=self.recording / "recording")

    def test_an_empty_directory(self):
        self.assert_refused("not a recording", directory=self.scratch)

    def test_a_cut_description(self):
        (self.recording / "recording").write_text('{"format": "ffi')
        self.assert_refused("is damaged")

    def test_no_trace(self):
        shutil.rmtree(self.trace)
        self.assert_refused("it holds no trace")

    def test_an_empty_trace(self):
        for path in self.trace.iterdir():
            path.unlink()
        self.assert_refused("it holds no trace")

    @unittest.skipIf(os.geteuid() != 0, "needs another user's recording")
    def test_a_trace_of_another_user(self):
        pathlib.Path(self.directory.name).chmod(0o755)
        self.scratch.chmod(0o777)
        self.trace.chmod(0o750)
        # The program finds the library with its commands by a path that starts from the program.
        program = pathlib.Path(PROGRAM[0])
        (commands,) = program.parents[1].glob("lib*/**/libffitap-commands.so")
        for file in program, commands:
            copy = pathlib.Path(self.directory.name, file.relative_to(program.parents[1]))
            copy.parent.mkdir(parents=True)
            shutil.copy(file, copy)
        program = pathlib.Path(self.directory.name, "bin/ffitap")
        result = subprocess.run([program, *PROGRAM[1:], self.recording], capture_output=True,
                                user=65534, group=65534, extra_groups=[], check=False)
        self.assertEqual(result.returncode, 125)
        self.assertIn(b"its trace cannot be read: Permission denied", result.stderr)

    def test_no_metadata(self):
        (self.trace / "metadata").unlink()
        self.assert_refused("metadata")

    def test_metadata_of_nothing(self):
        for content in (b"", b"\0" * 4096, b"/* CTF 1.8 */\nnonsense {", os.urandom(4096)):
            (self.trace / "metadata").write_bytes(content)
            self.assert_refused("its trace cannot be read")

    def test_cut_metadata(self):
        text = (self.trace / "metadata").read_text()
        (self.trace / "metadata").write_text(text[:3000])
        self.assert_refused("its trace cannot be read")


    def test_metadata_cut_in_a_packet(self):
        text = (self.trace / "metadata").read_bytes()
        header = struct.pack("=I16sIIIBBBBB", 0x75D11D57, bytes(16), 0, 8 * (37 + len(text)),
                             8 * (37 + len(text)), 0, 0, 0, 1, 8)
        (self.trace / "metadata").write_bytes(header + text)
        self.assertEqual(self.count_calls(self.report()), self.calls)
        for size in (20, 37, 38, 3000, len(text)):
            with self.subTest(size):
                (self.trace / "metadata").write_bytes((header + text)[:size])
                self.assert_refused("its trace cannot be read")


class DamagedTrace(Case):
    def test_no_events(self):
        for stream in self.trace.glob("c_*"):
            stream.write_bytes(b"")
        report = self.assert_says_what_is_missing("the trace holds no events")
        self.assertEqual(len(report["losses"]["unseen_processes"]), 1)

    def test_no_streams(self):
        for stream in self.trace.glob("c_*"):
            stream.unlink()
        self.assert_says_what_is_missing("the trace holds no events")

    def test_a_recorder_that_was_killed(self):
        path = self.recording / "recording"
        path.write_text(path.read_text().replace('"ended": true', '"ended": false'))
        self.assert_says_what_is_missing("the recorder did not end cleanly")

    def test_a_stream_cut_in_a_packet(self):
        size = self.stream.stat().st_size
        os.truncate(self.stream, size - 1000)
        report = self.assert_says_what_is_missing(
            f"stream {self.stream.name}: whole packets end after {size - 4096} of {size - 1000}")
        self.assertGreater(self.count_calls(report), 0)
        self.assertLess(self.count_calls(report), self.calls)

    def test_a_damaged_recording_by_its_relative_name(self):
        os.truncate(self.stream, self.stream.stat().st_size - 1000)
        result = self.run_report("--json", "recording", cwd=self.recording.parent)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.assertGreater(self.count_calls(json.loads(result.stdout)), 0)

    def test_a_stream_of_garbage(self):
        self.stream.write_bytes(random.Random(1).randbytes(8192))
        self.assert_says_what_is_missing(f"stream {self.stream.name}: no whole packet")

    def test_a_stream_that_the_metadata_does_not_know(self):
        data = self.stream.read_bytes()
        data = data[:20] + b"\x63\0\0\0" + data[24:]  # the stream's id in the packet header
        self.stream.write_bytes(data)
        self.assert_says_what_is_missing(f"stream {self.stream.name}: ")

    def test_garbage_where_a_packet_begins(self):
        data = bytearray(self.stream.read_bytes())
        data[4096:4196] = random.Random(2).randbytes(100)
        self.stream.write_bytes(data)
        self.assert_says_what_is_missing("whole packets end after 4096")

    def test_garbage_inside_a_packet(self):
        data = bytearray(self.stream.read_bytes())
        data[4096 + 200:4096 + 2000] = b"\xff" * 1800
        self.stream.write_bytes(data)
        report = self.assert_says_what_is_missing("reading stopped after")
        self.assertNotIn("addr=", report["losses"]["damaged"][0])

    def test_an_array_of_billions(self):
        for top_byte in (0x10, 0x80):  # more than there is memory; more than babeltrace can take
            whole = self.stream.read_bytes()
            data = bytearray(whole)
            data[data.index(b"\x10\0\0\0python3") + 3] = top_byte
            self.stream.write_bytes(data)
            self.assert_says_what_is_missing("babeltrace 2 crashes on it")
            self.stream.write_bytes(whole)

    def test_one_trace_of_two_without_metadata(self):
        other = self.trace / "other"
        shutil.copytree(GOLDEN / "discarded/trace", other)
        (other / "metadata").write_text("nonsense")
        report = self.assert_says_what_is_missing(f"trace {other}: ")
        self.assertEqual(self.count_calls(report), self.calls)


class AnyDamage(Case):
    def assert_survived(self, what):
        result = self.run_report("--json", self.recording)
        self.assertIn(result.returncode, (0, 125), what)
        if result.returncode == 0:
            jsonschema.validate(json.loads(result.stdout), SCHEMA)
            self.assertEqual(result.stderr, b"", what)
        return result

    def test_a_stream_that_misses_whole_packets(self):
        size = self.stream.stat().st_size
        index = self.trace / "index"
        index.mkdir()
        (index / f"{self.stream.name}.idx").write_bytes(
            struct.pack(">IIII", 0xC1F1DCC1, 1, 1, 16) + struct.pack(">QQ", 0, 8 * 4096)
            + struct.pack(">QQ", size - 4096, 8 * 4096))
        self.assertFalse(self.report()["losses"]["damaged"])
        for left in (size - 4096, 4096, 0):
            with self.subTest(left):
                os.truncate(self.stream, left)
                self.assert_says_what_is_missing(
                    f"stream {self.stream.name}: ends after {left} of {size} bytes")

    def test_cut_anywhere_says_so(self):
        whole = self.stream.read_bytes()
        for size in range(1, len(whole), harness.extent(397, 37)):
            self.stream.write_bytes(whole[:size])
            result = self.assert_survived(f"cut to {size}")
            if size % 4096:
                self.assertTrue(json.loads(result.stdout)["losses"]["damaged"], f"cut to {size}")

    def test_flipped_anywhere_does_not_crash(self):
        source = random.Random(3)
        for name in (self.stream.name, "metadata"):
            path = self.trace / name
            whole = path.read_bytes()
            for _ in range(harness.extent(40, 400)):
                data = bytearray(whole)
                for _ in range(source.randrange(1, 4)):
                    data[source.randrange(len(data))] ^= 1 << source.randrange(8)
                path.write_bytes(data)
                self.assert_survived(f"{name} flipped")
            path.write_bytes(whole)


if __name__ == "__main__":
    PROGRAM = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
