"""Runs tables of cases through ctypes and prints the outcome of each line, in the words that
run_core uses, too.

    run_ctypes.py FOLDER-OF-LIBRARIES TABLE...

Needs recorder.so in LD_PRELOAD. README.md says what a table is.
"""

import contextlib
import ctypes
import mmap
import os
import re
import signal
import struct
import sys
import threading

import table
from table import TableError

class StrictDLL(ctypes.CDLL):
    """The same as WinDLL, but for the calling convention, which is the platform's."""

    _func_flags_ = 0


PREFABRICATED = {"cdll": ctypes.cdll, "pydll": ctypes.pydll}
KINDS = {"cdll": ctypes.CDLL, "pydll": ctypes.PyDLL, "windll": StrictDLL}
MODES = {
    "local": ctypes.RTLD_LOCAL,
    "global": ctypes.RTLD_GLOBAL,
    "default": ctypes.DEFAULT_MODE,
    "lazy": os.RTLD_LAZY,
    "noload": os.RTLD_NOLOAD,
    "nodelete": os.RTLD_NODELETE,
}
HANDLES = {"NULL": 0, "NEXT": 2**64 - 1}  # RTLD_DEFAULT, RTLD_NEXT
TYPES = {
    name: getattr(ctypes, "c_" + name)
    for name in """int8 uint8 int16 uint16 int32 uint32 int64 uint64 short ushort int uint long
    ulong longlong ulonglong float double bool char wchar longdouble""".split()
}
TYPES.update(
    size=ctypes.c_size_t,
    ssize=ctypes.c_ssize_t,
    schar=ctypes.c_byte,
    uchar=ctypes.c_ubyte,
    pointer=ctypes.c_void_p,
    string=ctypes.c_char_p,
    wstring=ctypes.c_wchar_p,
    void=None,
)
# CPython: FUNCFLAG_...
FLAG_CDECL, FLAG_PYTHONAPI, FLAG_USE_ERRNO, FLAG_USE_LAST_ERROR = 1, 4, 8, 16

BUFFERS = {}  # the named memory of the case that runs


class Refused(Exception):
    """ctypes did not do it; the text says so in the words of both sides."""


class CheckFailed(Exception):
    """What an error check raises."""


@contextlib.contextmanager
def refusals():
    """Surrounds what ctypes itself does, and nothing else. Turns its exceptions into the words of
    both sides."""
    try:
        yield
    except OSError as error:
        raise Refused(f"load failed: {error}")
    except AttributeError as error:
        raise Refused(f"not found: {error}")
    except (TypeError, ctypes.ArgumentError, RuntimeError) as error:
        raise Refused(f"bad type: {error}")
    except ValueError as error:
        raise Refused(f"bad argument: {error}")
    except CheckFailed as error:
        raise Refused(f"call failed: {error}")


def convert(code, text):
    """The Python value of a fundamental type that `text` stands for."""
    if code in "fdg":
        return float(text)
    if code == "z":
        return None if text == "NULL" else text.encode()
    if code == "Z":
        return None if text == "NULL" else text
    if code == "P":
        return None if text == "NULL" else int(text, 0)
    number = int(text, 0)
    return bytes([number]) if code == "c" else chr(number) if code == "u" else number


def show_pointer(value):
    """An address. In memory that has a name the address is shown by that name, because addresses
    differ between processes."""
    for name, memory in BUFFERS.items():
        offset = value - ctypes.addressof(memory)
        if 0 <= offset < ctypes.sizeof(memory):
            return f"&{name}+{offset}"
    return hex(value)


def show_plain(code, value):
    if code in "fdg":
        return ("%.9g" if code == "f" else "%.17g") % value
    if code in "cu":
        return str(ord(value))
    if value is None and code in "zZP":
        return "NULL"
    if code == "z":
        return '"%s"' % value.decode()
    if code == "Z":
        return '"%s"' % value
    return show_pointer(value) if code == "P" else str(int(value))


def members(ctype):
    """Type and offset of each member of a structure, union or array."""
    if issubclass(ctype, ctypes.Array):
        size = ctypes.sizeof(ctype._type_)
        return [(ctype._type_, i * size) for i in range(ctype._length_)]
    return [(field[1], getattr(ctype, field[0]).offset) for field in ctype._fields_]


def is_simple(ctype):
    return hasattr(ctype, "_type_") and not issubclass(ctype, ctypes.Array)


def show_at(ctype, address):
    if is_simple(ctype):
        return show_plain(ctype._type_, ctype.from_address(address).value)
    shown = (show_at(member, address + offset) for member, offset in members(ctype))
    return "{" + ",".join(shown) + "}"


def show(value):
    return show_at(type(value), ctypes.addressof(value))


class Things(dict):
    """What lines have named. A name may be missing only where ctypes is known to refuse."""

    def __missing__(self, name):
        raise Refused(f"no such thing: {name}")


class Frame:
    """What the lines of a block can name: the arguments and the last result; and what the block has
    answered."""

    def __init__(self, arguments=(), result=None):
        self.arguments = list(arguments)
        self.result = result
        self.answer = None
        self.failure = None


class Runner:
    """Runs one case, in a process of its own."""

    def __init__(self, directory, current):
        self.directory = directory
        self.current = current  # shared with the parent: the line that is being run
        self.things = Things()
        self.kept = []  # what values point to
        self.recorder = ctypes.CDLL(None)

    def run(self, lines, frame):
        for line in lines:
            self.current[:4] = struct.pack("i", line.number)
            command = getattr(self, "do_" + line.words[0], None)
            if not command:
                raise TableError(f"line {line.number}: no such command: {line.words[0]}")
            try:
                outcome = command(line, frame, *line.words[1:])
            except Refused as refused:
                outcome = str(refused)
            self.say(line, outcome)

    def say(self, line, outcome):
        # The outcome is printed at once, because the next line may end the process, and not by
        # os.write(), which changes the real errno.
        self.recorder.recorder_say(line.number, (outcome or "ok").encode())

    # Values

    def type_named(self, name):
        if name in TYPES:
            return TYPES[name]
        return self.things[name]

    def types_named(self, names):
        types = []
        for name in names:
            name, _, times = name.partition("*")
            types += [self.type_named(name)] * int(times or 1)
        return types

    def fill(self, ctype, text, address):
        """Writes the value that `text` starts with; returns the rest."""
        if is_simple(ctype):
            text, comma, rest = re.match(r"([^,}]*)([,}]?)(.*)", text).groups()
            self.fill_plain(ctype, text, address)
            return comma + rest
        for member, offset in members(ctype):
            text = self.fill(member, text[1:], address + offset)
            if ctype.__base__ is ctypes.Union:
                break
        return text[1:]

    def fill_plain(self, ctype, text, address):
        slot = ctype.from_address(address)
        slot.value = convert(ctype._type_, text)
        self.kept.append(slot)

    def value(self, ctype, text, frame):
        if text.startswith("&"):
            thing = self.things[text[1:]]
            address = ctypes.cast(thing, ctypes.c_void_p).value
            return ctype(address)
        value = ctype()
        if is_simple(ctype):
            self.fill_plain(ctype, text, ctypes.addressof(value))
        else:
            self.fill(ctype, text, ctypes.addressof(value))
        self.kept.append(value)
        return value

    def values(self, word, frame):
        """What `int:5`, `int:5*3` or `$1` stand for."""
        if word == "$result":
            return [frame.result]
        if word.startswith("$"):
            return [frame.arguments[int(word[1:]) - 1]]
        name, _, text = word.partition(":")
        times = re.search(r"\*(\d+)$", text)
        if times:
            text = text[: times.start()]
        return [self.value(self.type_named(name), text, frame)] * int(times[1] if times else 1)

    def all_values(self, words, frame):
        return [value for word in words for value in self.values(word, frame)]

    def wrap(self, ctype, value):
        """What ctypes gave for `ctype`, as an instance of it."""
        return value if ctype is None or isinstance(value, ctype) else ctype(value)

    def plain(self, value):
        """The Python value that ctypes converts to and from `value` by itself."""
        return value.value if is_simple(type(value)) else value

    # Libraries

    def path(self, name):
        if name == "NULL":
            return None
        return os.path.join(self.directory, name[1:] + ".so") if name.startswith("@") else name

    def library_kind(self, words):
        kind = KINDS[next((word for word in words if word in KINDS), "cdll")]
        return kind, {word: True for word in words if word.startswith("use_")}

    def do_load(self, line, frame, name, library, *words):
        kind, options = self.library_kind(words)
        modes = [MODES[word] if word in MODES else int(word, 0) for word in words
                 if word not in options and word not in KINDS]
        if modes:
            options["mode"] = sum(modes)
        with refusals():
            self.things[name] = kind(self.path(library), **options)

    def do_adopt(self, line, frame, name, library, other, *words):
        kind, options = self.library_kind(words)
        handle = HANDLES[other] if other in HANDLES else self.things[other]._handle
        with refusals():
            self.things[name] = kind(self.path(library), handle=handle, **options)

    def do_name(self, line, frame, name):
        library = self.things[name]._name
        return "NULL" if library is None else library or '""'

    def do_kind(self, line, frame, name):
        flags = self.things[name]._FuncPtr._flags_
        words = ["pydll" if flags & FLAG_PYTHONAPI else "cdll" if flags & FLAG_CDECL else "windll"]
        words += ["use_errno"] * bool(flags & FLAG_USE_ERRNO)
        words += ["use_last_error"] * bool(flags & FLAG_USE_LAST_ERROR)
        return " ".join(words)

    def do_mode(self, line, frame, word):
        return hex(MODES[word])

    def do_same_handle(self, line, frame, one, other):
        same = self.things[one]._handle == self.things[other]._handle
        return "same" if same else "different"

    def do_loads(self, line, frame, name):
        return str(self.recorder.recorder_count_loads(self.path(name).encode()))

    def do_mode_of(self, line, frame, name):
        path = self.path(name)
        return hex(self.recorder.recorder_get_mode(b"NULL" if path is None else path.encode()))

    def do_lookups(self, line, frame, symbol):
        return str(self.recorder.recorder_count_lookups(symbol.encode()))

    def do_destroy(self, line, frame, name):
        del self.things[name]

    def do_same(self, line, frame, one, other):
        return "same" if self.things[one] is self.things[other] else "different"

    # Loaders

    def do_loader(self, line, frame, name, kind):
        self.things[name] = PREFABRICATED[kind]

    def do_new_loader(self, line, frame, name, kind):
        self.things[name] = ctypes.LibraryLoader(KINDS[kind])

    def do_attribute(self, line, frame, name, loader, library):
        with refusals():
            self.things[name] = getattr(self.things[loader], self.path(library))

    def do_load_library(self, line, frame, name, loader, library):
        with refusals():
            self.things[name] = self.things[loader].LoadLibrary(self.path(library))

    # Functions

    def do_borrow(self, line, frame, name, library, symbol):
        with refusals():
            self.things[name] = getattr(self.things[library], symbol)

    def do_create(self, line, frame, name, library, symbol):
        with refusals():
            self.things[name] = self.things[library][symbol]

    def do_function(self, line, frame, name, library, symbol, result, *arguments):
        self.do_create(line, frame, name, library, symbol)
        self.do_result(line, frame, name, result)
        self.do_arguments(line, frame, name, *arguments)

    def do_at(self, line, frame, name, word):
        (address,) = self.values(word, frame)
        with refusals():
            self.things[name] = ctypes.CFUNCTYPE(ctypes.c_int)(address.value or 0)
            del self.things[name].argtypes

    def do_same_address(self, line, frame, one, other):
        addresses = [ctypes.cast(self.things[name], ctypes.c_void_p).value for name in (one, other)]
        return "same" if addresses[0] == addresses[1] else "different"

    def do_function_name(self, line, frame, name):
        return self.things[name].__name__

    def do_result(self, line, frame, name, result):
        function = self.things[name]
        with refusals():
            if result == "default":
                del function.restype
            else:
                function.restype = self.type_named(result)

    def do_arguments(self, line, frame, name, *arguments):
        with refusals():
            self.things[name].argtypes = self.types_named(arguments)

    def do_variadic(self, line, frame, name, *arguments):
        self.do_arguments(line, frame, name, *arguments[: arguments.index("...")])

    def do_undeclare(self, line, frame, name):
        with refusals():
            del self.things[name].argtypes

    def do_call(self, line, frame, name, *words):
        function, passed = self.prepare_call(frame, name, words)
        with refusals():
            result = function(*passed)
        return self.show_result(frame, function, result)

    def do_call_quietly(self, line, frame, name, *words):
        self.do_call(line, frame, name, *words)

    def do_call_at_errno(self, line, frame, value, name, *words):
        """The real errno is only our own as long as nothing else runs."""
        function, passed = self.prepare_call(frame, name, words)
        put, take = self.recorder.recorder_set_errno, self.recorder.recorder_errno
        value = int(value)
        with refusals():
            put(value)
            result = function(*passed)
            left = take()
        return f"{self.show_result(frame, function, result)}, errno {left}"

    def prepare_call(self, frame, name, words):
        function = self.things[name]
        values = self.all_values(words, frame)
        declared = len(function.argtypes or ())
        return function, [self.plain(value) for value in values[:declared]] + values[declared:]

    def show_result(self, frame, function, result):
        frame.result = self.wrap(function.restype, result)
        return "nothing" if function.restype is None else show(frame.result)

    def do_errcheck(self, line, frame, name):
        def check(result, function, arguments):
            types = list(function.argtypes or ())
            types += [type(one) for one in arguments[len(types):]]
            inner = Frame(map(self.wrap, types, arguments), self.wrap(function.restype, result))
            self.enter(line, inner)
            if inner.failure is not None:
                raise CheckFailed(inner.failure)
            return arguments if inner.answer is None else self.plain(inner.answer)

        with refusals():
            self.things[name].errcheck = check

    def do_unchecked(self, line, frame, name):
        with refusals():
            del self.things[name].errcheck

    # errno

    def do_errno(self, line, frame, verb, value="0"):
        return str(ctypes.get_errno() if verb == "get" else ctypes.set_errno(int(value)))

    def do_thread(self, line, frame):
        thread = threading.Thread(target=self.guard, args=(line, Frame()))
        thread.start()
        thread.join()

    # Callbacks

    def guard(self, line, frame):
        """Runs a block in a place from which no exception of ours would come back."""
        try:
            self.run(line.body, frame)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(2)

    def enter(self, line, frame):
        shown = [show(value) for value in frame.arguments]
        checked = " result " + show(frame.result) if frame.result is not None else ""
        self.say(line, "entered with (" + ", ".join(shown) + ")" + checked)
        self.guard(line, frame)

    def do_callback(self, line, frame, name, result, *words):
        types = self.types_named(word for word in words if word != "use_errno")

        def handler(*arguments):
            inner = Frame(map(self.wrap, types, arguments))
            self.enter(line, inner)
            return None if inner.answer is None else self.plain(inner.answer)

        with refusals():
            prototype = ctypes.CFUNCTYPE(
                self.type_named(result), *types, use_errno="use_errno" in words
            )
            self.things[name] = prototype(handler)

    def do_answer(self, line, frame, word):
        (frame.answer,) = self.values(word, frame)

    def do_fail(self, line, frame, text):
        frame.failure = text

    # Types and memory

    def do_struct(self, line, frame, name, *fields):
        self.things[name] = self.aggregate(ctypes.Structure, name, fields)

    def do_union(self, line, frame, name, *fields):
        self.things[name] = self.aggregate(ctypes.Union, name, fields)

    def aggregate(self, base, name, fields):
        pairs = [field.split(":") for field in fields]
        with refusals():
            return type(base)(
                name, (base,), {"_fields_": [(one, self.type_named(two)) for one, two in pairs]}
            )

    def do_array(self, line, frame, name, element, length):
        with refusals():
            self.things[name] = self.type_named(element) * int(length)

    def do_layout(self, line, frame, name):
        ctype = self.type_named(name)
        is_aggregate = issubclass(ctype, (ctypes.Structure, ctypes.Union))
        offsets = [str(offset) for _, offset in members(ctype)] if is_aggregate else []
        shown = "size %d alignment %d" % (ctypes.sizeof(ctype), ctypes.alignment(ctype))
        return shown + "".join(" " + offset for offset in offsets)

    def do_buffer(self, line, frame, name, element, *values):
        elements = self.all_values([f"{element}:{value}" for value in values], frame)
        self.things[name] = BUFFERS[name] = (self.type_named(element) * len(elements))()
        for i, value in enumerate(elements):
            self.things[name][i] = value.value

    def do_read(self, line, frame, name):
        return show(self.things[name])

    def do_text(self, line, frame, name):
        return '"%s"' % ctypes.string_at(self.things[name]).decode()

    def do_show(self, line, frame, word):
        (value,) = self.values(word, frame)
        return show(value)


def run_case(directory, case):
    """Runs a case in a child, so that whatever the case loads, sets or crashes stays there."""
    current = mmap.mmap(-1, 4)
    child = os.fork()
    if child == 0:
        status = 2
        try:
            Runner(directory, current).run(case.blocks(), Frame())
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        os._exit(status)
    _, status = os.waitpid(child, 0)
    (number,) = struct.unpack("i", current[:4])
    if os.WIFSIGNALED(status):
        os.write(1, f"{number}\tdied of {signal.Signals(os.WTERMSIG(status)).name}\n".encode())
    elif status != 0:
        sys.exit(f"run_ctypes.py: the case at line {number} cannot be run")


def main():
    directory, paths = sys.argv[1], sys.argv[2:]
    for path in paths:
        os.write(1, f"{os.path.basename(path)}\n".encode())
        for case in table.read(path):
            run_case(directory, case)


if __name__ == "__main__":
    main()
