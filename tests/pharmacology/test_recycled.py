"""The memory of a dropped result is given out again, and never while anybody holds a part of it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("numba")

from evenkeel.pharmacology import recycled
from evenkeel.pharmacology.vectors import aligned

COUNT = recycled.LEAST + 1_000


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    recycled.forget()
    yield
    recycled.forget()


def address(array: recycled.Array) -> int:
    return int(array.__array_interface__["data"][0])


def test_a_dropped_block_is_given_out_again() -> None:
    first = recycled.block(COUNT)
    first[:] = 1.0
    at = address(first)
    del first
    again = recycled.block(COUNT - 1)
    assert address(again) == at
    # Far smaller ones are not given a block that is needed elsewhere.
    del again
    assert address(recycled.block(2 * COUNT)) != at


@pytest.mark.parametrize(
    "part",
    [
        lambda a: a[5:9],
        lambda a: a.reshape(2, -1).T[3],
        lambda a: np.moveaxis(a.reshape(4, 5, -1), 0, -1)[1:, ::2],
        lambda a: memoryview(a),
        lambda a: np.asarray(a[:16].view(np.int64)),
    ],
)
def test_a_block_is_not_given_out_while_any_part_of_it_is_held(part: object) -> None:
    first = recycled.block(COUNT)
    first[:] = 7.0
    at, held = address(first), part(first)  # type: ignore[operator]
    before = bytes(held)
    del first
    other = recycled.block(COUNT)
    assert address(other) != at
    other[:] = -1.0
    assert bytes(held) == before
    del held
    assert address(recycled.block(COUNT)) == at


def test_two_results_at_a_time_share_nothing() -> None:
    shape = (2, COUNT // 64, 33)
    one, other = aligned(*shape), aligned(*shape)
    assert not np.shares_memory(one, other)
    one[:], other[:] = 1.0, 2.0
    assert (one == 1.0).all()
    assert all(row.ctypes.data % 64 == 0 for row in one[0, :20])


def test_small_blocks_and_more_than_the_most_are_left_to_the_system() -> None:
    small = recycled.block(recycled.LEAST - 1)
    assert type(small.base) is not recycled._Block
    del small
    assert not recycled._kept
    several = [recycled.block(recycled.MOST // 3 + 1) for _ in range(3)]
    del several
    assert len(recycled._kept) == 2


def test_nothing_is_kept_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recycled, "KEPT_S", 0.02)
    monkeypatch.setattr(recycled, "_armed", threading.Lock())
    before = set(threading.enumerate())
    for _ in range(20):
        recycled.block(COUNT)
        recycled.block(3 * COUNT)
    # However many are dropped, one thread at a time looks after them.
    timers = set(threading.enumerate()) - before
    assert len(timers) == 1
    while timers:
        for thread in timers:
            thread.join(10.0)
        timers = set(threading.enumerate()) - before
    assert not recycled._kept


def test_a_script_that_still_holds_a_result_comes_to_its_end() -> None:
    """It is dropped while the interpreter ends: nothing may wait for a thread then."""
    script = (
        "from evenkeel.pharmacology import recycled\n"
        "held = recycled.block(recycled.LEAST)\n"
        "again = recycled.block(2 * recycled.LEAST)\n"
        "print(len(held))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=20, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{recycled.LEAST}\n"
