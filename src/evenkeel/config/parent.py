"""A process that does not outlive the one that started it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent_pid: int | None = None, number: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel for a signal when the parent ends, however it ends. Linux; elsewhere nothing.

    Called in the child. With ``parent_pid`` a parent that ended before this call counts too.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
    if parent_pid is not None and os.getppid() != parent_pid:
        os.kill(os.getpid(), number)
