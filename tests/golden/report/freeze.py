#!/usr/bin/python3
"""Freezes a recording for the golden tests: keeps the trace, without what would tell on which
machine it was made.

    freeze.py RECORDING CASE

RECORDING is a directory with a trace of tests/apps/emit_events in it; CASE is the folder to make.
The metadata becomes plain text; host, session, clock and trace get made-up identities.
"""
import json
import pathlib
import re
import subprocess
import sys
import uuid

TRACE_UUID = uuid.UUID(int=0xFF17A900000000000000000000000001)
CLOCK_UUID = uuid.UUID(int=0xFF17A900000000000000000000000002)
UPTIME_0 = 1714979289000000000  # 2024-05-06, when the made-up machine started

EDITS = [
    (r'(trace_name = )".*?"', r'\1"frozen"'),
    (r'(trace_creation_datetime = )".*?"', r'\1"20240506T070809+0000"'),
    (r'(hostname = )".*?"', r'\1"there"'),
    (r"(\toffset = )\d+", rf"\g<1>{UPTIME_0}"),
]


def freeze_metadata(trace):
    text = subprocess.run(["babeltrace2", "-o", "ctf-metadata", trace], check=True,
                          capture_output=True, text=True).stdout
    old, clock = re.findall(r'uuid = "(.*?)"', text)[:2]
    text = text.replace(old, str(TRACE_UUID)).replace(clock, str(CLOCK_UUID))
    for pattern, replacement in EDITS:
        text = re.sub(pattern, replacement, text)
    return text, uuid.UUID(old)


def describe(pid, token):
    return {
        "format": "ffitap-recording/1", "token": token, "command": ["python3", "example.py"],
        "host": "there", "start": "2024-05-06T07:08:09.000000000Z", "mode": "record",
        "events": "detail", "versions": {"ffitap": "0.1.0"}, "pid": pid, "duration_ns": 2000000,
        "ended": True, "signaled": False, "code": 0, "discarded_events": 0, "lost_packets": 0,
    }


def main(recording, case):
    (metadata,) = pathlib.Path(recording).rglob("metadata")
    text, old = freeze_metadata(metadata.parent)
    target = pathlib.Path(case, "trace")
    target.mkdir(parents=True)
    target.joinpath("metadata").write_text(text)
    for stream in sorted(metadata.parent.iterdir()):
        if stream.is_file() and stream.name != "metadata":
            data = stream.read_bytes().replace(old.bytes, TRACE_UUID.bytes)
            target.joinpath(stream.name).write_bytes(data)
    first = subprocess.run(["babeltrace2", target], check=True, capture_output=True,
                           text=True, errors="replace").stdout
    pid = int(re.search(r"vpid = (\d+)", first).group(1))
    token = re.search(r'recording = "(.*?)"', first).group(1)
    pathlib.Path(case, "recording").write_text(json.dumps(describe(pid, token), indent=2) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
