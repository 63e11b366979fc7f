"""The tools that peers.py compares: how each runs a program, and what it says afterwards.

A tool's `look` only reads: it turns what the tool itself printed into a Sight, in the tool's own
words and numbers. peers_judge.py judges what these are worth, by the same rules for all tools.
"""

import collections
import dataclasses
import functools
import glob
import json
import os
import pathlib
import pstats
import re
import shutil
import subprocess
import time

from common import BUILD, FFITAP, PYTHON

DL = "liblttng-ust-dl.so.1"
LIBRARY = "libsqlite3.so.0"


class CannotRun(Exception):
    """In the tool's own words."""


@dataclasses.dataclass
class Sight:
    """What a tool's output says. Labels are the tool's: a name, an address, whatever it printed."""

    text: str = ""
    calls: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    gil: dict = dataclasses.field(default_factory=dict)  # label: windows, or waits, that it counts
    errno: dict = dataclasses.field(default_factory=dict)  # (label, number): calls that left it


def output(*command, **options):
    """What a command prints on standard output. If the command fails, its messages say why the tool
    cannot run."""
    options.setdefault("stderr", subprocess.PIPE)
    command = [str(part) for part in command]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace", **options
    )
    if done.returncode:
        said = (done.stderr or "") + done.stdout
        said = "; ".join(line.strip() for line in said.splitlines() if line.strip())
        raise CannotRun(said[:400] or f"{command[0]}: exit status {done.returncode}")
    return done.stdout


@functools.cache
def objects():
    """The files that a ctypes program with LIBRARY maps, by the beginning of their names."""
    code = f"import ctypes; ctypes.CDLL('{LIBRARY}'); print(open('/proc/self/maps').read())"
    paths = {line.split()[-1] for line in output(PYTHON, "-c", code).splitlines() if "/" in line}
    return {pathlib.Path(path).name.split(".so")[0]: path for path in paths}


class Tool:
    """One row of the table. A run under the tool makes 1/`slower` as many calls as an untraced run,
    so that nobody waits for minutes; the cost is that of one call all the same."""

    name = ""
    programs = {}  # that the tool needs, with the package of each
    slower = 1
    looks = True
    linger_s = 0  # how long the program has to stay for names to be looked up in it

    def missing(self):
        return sorted({package for name, package in self.programs.items() if not shutil.which(name)})

    def environment(self):
        return None

    def command(self, folder, program):
        return program

    def run(self, folder, program):
        self.said = output(*self.command(folder, program), env=self.environment(), cwd=folder)

    def look(self, folder):
        return Sight()


class Untraced(Tool):
    name = "untraced"
    looks = False


class Dormant(Tool):
    name = "ffitap dormant"
    looks = False

    def environment(self):
        shim = next(BUILD.glob("lib*/**/libffitap-shim.so")).resolve()
        return dict(os.environ, LD_PRELOAD=str(shim))


class Stat(Tool):
    name = "ffitap stat"
    subcommand = "stat"

    def command(self, folder, program):
        return [FFITAP.resolve(), self.subcommand, "-o", folder / "data", "--", *program]

    def look(self, folder):
        report = json.loads(output(FFITAP, "report", "--json", folder / "data"))
        sight = Sight(text=json.dumps(report, indent=1))
        for function in report["functions"]:
            name = function["symbol"]
            sight.calls[name] += function["calls"]
            sight.gil[name] = function["gil"]["windows"]
            for errno in function["errno"]["values"]:
                sight.errno[name, errno["value"]] = errno["count"]
        return sight


class Record(Stat):
    name = "ffitap record"
    subcommand = "record"


class Profile(Tool):
    name = "cProfile"

    def command(self, folder, program):
        return [program[0], "-m", "cProfile", "-o", folder / "profile", *program[1:]]

    def look(self, folder):
        with open(folder / "profile.txt", "w+") as file:
            pstats.Stats(str(folder / "profile"), stream=file).print_stats()
            file.seek(0)
            sight = Sight(text=file.read())
        # "    300    0.001    0.000    0.001    0.000 {built-in method builtins.len}"
        for calls, label in re.findall(r"(?m)^ +(\d+)\S*(?: +[\d.]+){4} (.+)$", sight.text):
            sight.calls[label] += int(calls)
        return sight


class LttngDl(Tool):
    """Wants the session daemon for itself: see peers.enter_sandbox()."""

    name = "lttng-ust-dl"
    programs = {"lttng-sessiond": "lttng-tools", "lttng": "lttng-tools", "babeltrace2": "babeltrace2"}

    def missing(self):
        there = glob.glob(f"/usr/lib/*/{DL}")
        return super().missing() + ([] if there else ["liblttng-ust1"])

    def run(self, folder, program):
        environment = dict(os.environ, LTTNG_HOME=str(folder), LTTNG_UST_REGISTER_TIMEOUT="-1")
        lttng = functools.partial(output, "lttng", "--no-sessiond", env=environment)
        # The daemon ends with this process, however that ends.
        daemon = ("setpriv", "--pdeathsig=TERM", "lttng-sessiond", "--no-kernel")
        with open(folder / "daemon.log", "w+") as log:
            daemon = subprocess.Popen(daemon, env=environment, stdout=log, stderr=log)
            try:
                self.wait_for(daemon, log, lttng)
                lttng("create", "peers", f"--output={folder / 'trace'}")
                lttng("enable-event", "--userspace", "lttng_ust_dl:*,lttng_ust_lib:*")
                lttng("start")
                output(*program, env=dict(environment, LD_PRELOAD=DL), cwd=folder)
                lttng("destroy", "peers")
            finally:
                daemon.terminate()
                daemon.wait()

    @staticmethod
    def wait_for(daemon, log, lttng):
        while daemon.poll() is None:
            try:
                return lttng("list")
            except CannotRun:
                time.sleep(0.02)
        log.seek(0)
        raise CannotRun(log.read().strip() or f"lttng-sessiond: exit status {daemon.returncode}")

    def look(self, folder):
        return Sight(text=output("babeltrace2", folder / "trace"))


class Perf(Tool):
    """A probe on ffi_call that keeps the address of the function, and one on its return."""

    name = "perf uprobes"
    programs = {"perf": "linux-perf"}
    slower = 10
    group = f"ffitap_peers_{os.getpid()}"

    def run(self, folder, program):
        # ffi_call's second argument is given by its register, because libffi has no debug
        # information that would name it.
        probes = "ffi_call=ffi_call fn=%si", "ffi_return=ffi_call%return"
        libffi = objects()["libffi"]
        add = [word for probe in probes for word in ("-a", f"{self.group}:{probe}")]
        try:
            output("perf", "probe", "-x", libffi, *add)
            record = ("perf", "record", "-q", "-o", folder / "perf.data", "-e", f"{self.group}:*", "--")
            output(*record, *program, cwd=folder)
        finally:
            subprocess.run(["perf", "probe", "-q", "-d", f"{self.group}:*"], stderr=subprocess.DEVNULL)

    def look(self, folder):
        data = folder / "perf.data"
        sight = Sight(text=output("perf", "script", "-i", data, "--show-mmap-events"))
        for name, address in re.findall(rf"{self.group}:(\w+): .* fn=(0x\w+)", sight.text):
            sight.calls.update((name, address))
        return sight


class Bpftrace(Tool):
    name = "bpftrace"
    programs = {"bpftrace": "bpftrace"}
    slower = 10
    # What the manual suggests: which functions are called, how often, and for how long.
    script = """
uprobe:LIBFFI:ffi_call /pid == cpid/ { @fn[tid] = arg1; @begun[tid] = nsecs; }
uretprobe:LIBFFI:ffi_call /@begun[tid]/ {
    @call[usym(@fn[tid])] = stats(nsecs - @begun[tid]);
    delete(@begun[tid]);
}
END { clear(@fn); clear(@begun); }
"""

    def environment(self):
        return dict(os.environ, BPFTRACE_STRLEN="200")

    def command(self, folder, program):
        places = {"LIBFFI": "libffi", "LIBC": "libc", "PYTHON": pathlib.Path(PYTHON).resolve().name}
        script = self.script
        for place, name in places.items():
            script = script.replace(place, objects()[name])
        (folder / "script.bt").write_text(script)
        return ["bpftrace", "-c", " ".join(map(str, program)), folder / "script.bt"]

    def look(self, folder):
        sight = Sight(text=self.said)
        # "@call[abs]: count 10, average 700, total 7000"
        for kind, label, count in re.findall(r"(?m)^@(call|gil)\[(\w+)\]: count (\d+)", sight.text):
            # These are printed again and again, and once more at the end, when names cannot be
            # found any longer.
            seen = sight.calls if kind == "call" else sight.gil
            seen[label] = max(seen.get(label, 0), int(count))
        for label, value, count in re.findall(r"(?m)^@errno\[(\w+), (\d+)\]: (\d+)", sight.text):
            sight.errno[label, int(value)] = int(count)
        return sight


class BpftraceAll(Bpftrace):
    """What somebody who knows CPython can get out of bpftrace: the wait for the interpreter lock,
    errno and loads, and names, as long as the process lives and can be asked for them."""

    name = "bpftrace, all"
    slower = 50
    linger_s = 1
    script = """
uretprobe:LIBC:__errno_location /pid == cpid/ { @errno_at[tid] = retval; }
uprobe:LIBFFI:ffi_call /pid == cpid/ { @fn[tid] = arg1; @begun[tid] = nsecs; }
uretprobe:LIBFFI:ffi_call /@begun[tid]/ {
    @call[usym(@fn[tid])] = stats(nsecs - @begun[tid]);
    @errno[usym(@fn[tid]), *(int32 *)@errno_at[tid]] = count();
    delete(@begun[tid]);
}
uprobe:PYTHON:PyEval_SaveThread /pid == cpid/ { @released[tid] = nsecs; delete(@fn[tid]); }
uprobe:PYTHON:PyEval_RestoreThread /@fn[tid]/ { @waiting[tid] = nsecs; }
uretprobe:PYTHON:PyEval_RestoreThread /@waiting[tid]/ {
    @gil[usym(@fn[tid])] = stats(nsecs - @waiting[tid]);
    delete(@waiting[tid]);
    delete(@fn[tid]);
}
uprobe:LIBC:dlopen /pid == cpid/ { @name[tid] = arg0; }
uretprobe:LIBC:dlopen /@name[tid]/ { printf("dlopen(%s) = %p\\n", str(@name[tid]), retval); }
interval:ms:100 { print(@call); print(@gil); print(@errno); }
END {
    clear(@fn); clear(@begun); clear(@errno_at); clear(@released); clear(@waiting); clear(@name);
}
"""


class Uftrace(Tool):
    name = "uftrace"
    programs = {"uftrace": "uftrace"}
    slower = 10

    def command(self, folder, program):
        return ["uftrace", "record", "--force", "-l", "-a", "-d", folder / "uftrace.data", *program]

    def look(self, folder):
        data = ("-d", folder / "uftrace.data", "--no-pager")
        report = output("uftrace", "report", *data)
        loads = output("uftrace", "replay", *data, "-F", "^dl")
        sight = Sight(text=report + loads)
        # "  13.704 ms   13.704 ms       93278  pthread_mutex_unlock"
        for calls, label in re.findall(r"(?m)^(?: +[\d.]+ \w+){2} +(\d+)  (\S+)$", report):
            sight.calls[label] += int(calls)
        return sight


class Ltrace(Tool):
    name = "ltrace"
    programs = {"ltrace": "ltrace"}
    slower = 500
    points = "dlopen+dlsym+ffi_call"

    def command(self, folder, program):
        return ["ltrace", "-T", "-s", "200", "-e", self.points, "-o", folder / "ltrace.txt", *program]

    def look(self, folder):
        sight = Sight(text=(folder / "ltrace.txt").read_text(errors="replace"))
        # "_ctypes.so->ffi_call(0x7ffe, 0x7fa4, ...) = 0 <0.000075>"
        for name, arguments in re.findall(r"(?m)^\S+->(\w+)\((.*)", sight.text):
            sight.calls[name] += 1
            if name == "ffi_call":
                sight.calls[arguments.split(", ")[1]] += 1
        return sight


class LtraceAll(Ltrace):
    """Also traces the functions of the interpreter lock and of errno. Each of their calls stops the
    program twice more."""

    name = "ltrace, all"
    slower = 1000
    points = "dlopen+dlsym+ffi_call+PyEval_SaveThread+PyEval_RestoreThread+__errno_location"


TOOLS = (
    Untraced,
    Dormant,
    Stat,
    Record,
    Profile,
    LttngDl,
    Perf,
    Bpftrace,
    BpftraceAll,
    Uftrace,
    Ltrace,
    LtraceAll,
)
