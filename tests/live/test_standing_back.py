"""What takes long stands back; what writes does not."""

from __future__ import annotations

import os
import threading

import pytest

from evenkeel.live.standing_back import StandingBack

pytestmark = pytest.mark.django_db(transaction=True)


def priority() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_only_what_writes_keeps_its_priority() -> None:
    found: dict[str, int] = {}

    def stand_back() -> None:
        before = priority()
        back = StandingBack(2)
        found.update(before=before, long=priority(), writes=back.write(priority))
        with pytest.raises(ZeroDivisionError):
            back.write(lambda: 1 // 0)
        back.end()

    # the priority is that of a thread, and cannot be had back
    thread = threading.Thread(target=stand_back)
    thread.start()
    thread.join()
    assert found["long"] == min(19, found["before"] + 2)
    assert found["writes"] == found["before"]
