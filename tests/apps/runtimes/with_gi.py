"""Known numbers of calls and callbacks through PyGObject: see e2e/test_runtime_pygobject.py."""

import gi

gi.require_version("GLib", "2.0")
from gi.repository import GLib  # noqa: E402

# Calls.
times = [GLib.get_monotonic_time() for _ in range(100)]
for _ in range(50):
    checksum = GLib.compute_checksum_for_string(GLib.ChecksumType.MD5, "ffitap", -1)
for _ in range(5):
    GLib.usleep(2000)

# Callbacks: each of three idle functions is called as often as it asks to be.
left = {"one": 1, "two": 2, "three": 3}


def idle(name):
    left[name] -= 1
    return left[name] > 0


for name in left:
    GLib.idle_add(idle, name)
context = GLib.MainContext.default()
while any(left.values()):
    context.iteration(True)

print(times == sorted(times), checksum, sum(left.values()))
