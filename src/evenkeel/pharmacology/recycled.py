"""Memory of a large result that nobody holds any more, given to the next one.

The system hands out pages that it has to clear first, which for a result of hundreds of megabytes
takes as long as working it out. So the block of a result that was dropped is kept for some seconds.
It is kept when the last array that shows any part of it is gone, and never before: whoever gets it
is its only holder. A gigabyte is kept at most, and nothing for longer than ``KEPT_S``.
"""

from __future__ import annotations

import atexit
import sys
import threading
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Smaller blocks (numbers of 8 bytes) are left to the allocator, larger ones would hold too much.
LEAST, MOST = 500_000, 128_000_000
#: A kept block may be so many times as large as what is asked for.
ROOMY = 1.5
KEPT_S = 5.0

# A dictionary, since putting in and popping are each one step for all threads and need no lock: a
# block may be dropped in the middle of anything, also while another is being taken.
_kept: dict[int, Array] = {}
_since: dict[int, float] = {}
#: Held by the one timer there is at a time; taken without waiting, for the same reason.
_armed = threading.Lock()


_ending: list[bool] = []
# Before the first module is taken apart, and so before the last result is dropped.
atexit.register(_ending.append, True)


class _Block:
    """Holds a block for the arrays that show it; they keep this alive, whichever is left."""

    def __init__(self, block: Array) -> None:
        self.block = block

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return self.block.__array_interface__

    def __del__(self) -> None:
        _keep(self.block)


def block(count: int) -> Array:
    """(count,) numbers of any value, in memory that nobody else holds."""
    if not LEAST <= count <= MOST:
        return np.empty(count)
    fitting = [one for one in list(_kept.values()) if count <= len(one) <= ROOMY * count]
    for one in sorted(fitting, key=len):
        # Somebody else may have taken it meanwhile.
        if _kept.pop(id(one), None) is one:
            return np.asarray(_Block(one))[:count]
    return np.asarray(_Block(np.empty(count)))[:count]


def forget() -> None:
    """Give what is kept back to the system now."""
    _kept.clear()


def _keep(dropped: Array) -> None:
    # What a script still holds is dropped when the interpreter ends; a timer started then never
    # comes to run, and who starts it would wait for it for ever.
    if _ending or sys.is_finalizing():
        return
    if sum(map(len, list(_kept.values()))) + len(dropped) > MOST:
        return
    _since[id(dropped)] = time.monotonic()
    _kept[id(dropped)] = dropped
    _look_again(KEPT_S)


def _look_again(after_s: float) -> None:
    """Have what is too old given back then, unless somebody looks already."""
    lock = _armed
    if not lock.acquire(blocking=False):
        return
    try:
        timer = threading.Timer(after_s, _give_back, [lock])
        timer.daemon = True
        timer.start()
    except RuntimeError:
        # The interpreter is on its way out, or there is no thread to be had: nothing is kept.
        _kept.clear()
        lock.release()


def _give_back(lock: threading.Lock) -> None:
    now = time.monotonic()
    for key in list(_kept):
        if now - _since.get(key, 0.0) >= KEPT_S:
            _kept.pop(key, None)
    for key in set(_since) - set(_kept):
        _since.pop(key, None)
    lock.release()
    left = [_since.get(key, now) for key in list(_kept)]
    if left:
        _look_again(max(0.01, KEPT_S - (now - min(left))))
