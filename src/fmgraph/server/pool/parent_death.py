"""Ending with the parent: imported on every system, so that it needs nothing that only Linux has."""

from __future__ import annotations

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_SIGKILL = 9  # signal.SIGKILL, which Windows lacks


def die_with(parent: int, number: int = _SIGKILL) -> None:
    """Have the kernel send this process a signal when its parent ends (Linux); do nothing elsewhere."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)
