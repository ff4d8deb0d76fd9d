"""Memory of large answers goes back to the system when it is freed."""

from __future__ import annotations

import ctypes
import sys

_M_MMAP_THRESHOLD = -3  # malloc.h of glibc
_LARGE = 1 << 20


def return_large_blocks() -> None:
    """Have the allocator keep no block of 1 MB or more that is freed; only glibc needs to be told.

    It raises its threshold to the largest block that was ever freed, up to 32 MB (mallopt(3)): from then on
    answers of 30 MB lie among small objects, and what they leave is never given back.
    """
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
