#!/usr/bin/python3
"""Checks that the stamp of src/tap/layout.h changes with the constants that the tap shares.

The shim, the core and the provider have the values of the tap's enumerations compiled in. Where one
of them, or an inline function of the tap's headers, uses a constant of an enumeration, all constants
of that enumeration have to be in the stamp's list.
"""

import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
ENUMERATION = re.compile(r"\benum (ffitap__\w+) \{(.*?)\}", re.DOTALL)
CONSTANT = re.compile(r"\bFFITAP__[A-Z0-9_]+\b")


def text_of(path):
    """The file without its comments."""
    return re.sub(r"/\*.*?\*/", " ", path.read_text(), flags=re.DOTALL)


def main():
    tap = {path: text_of(path) for path in sorted((SOURCE / "src/tap").rglob("*.h"))}
    layout = tap.pop(SOURCE / "src/tap/layout.h")
    # A statistics file has a version, and the version is in the list.
    del tap[SOURCE / "src/tap/statistics/file.h"]
    enumerations = {name: CONSTANT.findall(body)
                    for text in tap.values() for name, body in ENUMERATION.findall(text)}
    outside = [ENUMERATION.sub("", text) for text in tap.values()]
    for folder in "src/shim", "src/core", "tracepoints":
        outside += [text_of(path) for path in (SOURCE / folder).rglob("*.[ch]")]
    used = set(CONSTANT.findall(" ".join(outside)))
    listed = set(re.findall(r"NUMBER\((\w+)\)", layout))

    crossing = {name: constants for name, constants in enumerations.items() if used & set(constants)}
    missing = {name: sorted(set(constants) - listed) for name, constants in crossing.items()}
    for name, constants in missing.items():
        if constants:
            print(f"src/tap/layout.h does not list, of enum {name}: {', '.join(constants)}")
    print(f"{len(crossing)} of {len(enumerations)} enumerations cross: {', '.join(sorted(crossing))}")
    return 1 if any(missing.values()) or not crossing or "FFITAP__STATISTICS_VERSION" not in listed else 0


if __name__ == "__main__":
    sys.exit(main())
