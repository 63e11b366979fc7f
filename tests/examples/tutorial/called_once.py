"""Checks and packs the day's receipts of four tills, with zlib."""

import ctypes
import threading

TILLS, HOURS, RECEIPTS = 4, 10, 500


def load(kind):
    """The library that some machines have in zlib's place, or else zlib."""
    for name in "libfaster-z.so.1", "libz.so.1":
        try:
            library = kind(name)
        except OSError:
            continue
        library.crc32.restype = library.compressBound.restype = ctypes.c_ulong
        library.crc32.argtypes = ctypes.c_ulong, ctypes.c_char_p, ctypes.c_uint
        return library


def check(receipts, value):
    text = b"".join(receipts)
    return load(ctypes.CDLL).crc32(value, text, len(text))


def pack(receipts):
    zlib = load(ctypes.PyDLL)
    text = b"".join(receipts)
    size = ctypes.c_ulong(zlib.compressBound(len(text)))
    packed = ctypes.create_string_buffer(size.value)
    zlib.compress(packed, ctypes.byref(size), text, len(text))
    return packed.raw[: size.value]


def close(till):
    size = value = 0
    for hour in range(HOURS):
        receipts = [b"%d %d: %d\n" % (till, hour, i**40) for i in range(RECEIPTS)]
        size += len(pack(receipts))
        value = check(receipts, value)
    lines[till] = f"till {till}: {size} bytes, checksum {value:08x}"


lines = [""] * TILLS
threads = [threading.Thread(target=close, args=[till]) for till in range(TILLS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("\n".join(lines))
