"""How glibc hands out the memory of large buffers. Its thresholds belong to the process and stay as they are set."""

from __future__ import annotations

import ctypes
import platform
import sys

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
LARGEST_MMAP_THRESHOLD = 32 << 20
KEEP = 1 << 30


def keep_freed_memory() -> bool:
    """Tell glibc to reuse large buffers instead of handing each back to the kernel and faulting it in again.

    A pass of an eager model frees and takes hundreds of buffers of megabytes; by default glibc maps and unmaps each.
    Does nothing outside glibc on Linux. True where it took effect.
    """
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    settings = ((M_MMAP_THRESHOLD, LARGEST_MMAP_THRESHOLD), (M_TRIM_THRESHOLD, KEEP), (M_TOP_PAD, 64 << 20))
    return all(libc.mallopt(name, value) == 1 for name, value in settings)
