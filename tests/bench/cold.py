"""cold: drops files from the page cache, and looks whether they are gone."""
import ctypes
import mmap
import os

PAGE = mmap.PAGESIZE


def drop(paths):
    """True when nothing to speak of is left in memory of these files."""
    for path in paths:
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return all(resident(path) < 0.01 for path in paths)


def resident(path):
    """The share of the file's pages that is in memory."""
    size = os.path.getsize(path)
    if size == 0:
        return 0.0
    pages = (size + PAGE - 1) // PAGE
    seen = (ctypes.c_ubyte * pages)()
    with open(path, "rb") as file:
        # writable for ctypes to take its address; nothing is written
        with mmap.mmap(file.fileno(), size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE) as view:
            start = ctypes.c_char.from_buffer(view)
            failed = ctypes.CDLL(None).mincore(ctypes.c_void_p(ctypes.addressof(start)), ctypes.c_size_t(size), seen)
            del start
    return 1.0 if failed else bytes(seen).translate(LOWEST_BIT).count(1) / pages


LOWEST_BIT = bytes(byte & 1 for byte in range(256))
