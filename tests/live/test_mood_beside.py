"""Forecasts of mood beside the live sessions: a child where one is due, one at a time."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import pytest

from evenkeel.clinic.outcome.ahead import work
from evenkeel.live import mood_beside, standing_back
from evenkeel.live.mood_beside import AFTER_FAILURE_S, FIRST_AFTER_S, LOOK_EVERY_S, MoodBeside


class Scene:
    """A clock that is moved by hand, what is due, and the children that were started."""

    def __init__(self) -> None:
        self.now_s, self.due, self.asked = 1000.0, 0, 0
        self.started: list[subprocess.Popen[bytes]] = []
        self.code = "pass"

    def pending(self, limit: int) -> list[int]:
        self.asked += 1
        return list(range(min(limit, self.due)))

    def start(self, _: Any) -> subprocess.Popen[bytes]:
        child = subprocess.Popen([sys.executable, "-c", self.code], stdin=subprocess.PIPE)
        self.started.append(child)
        return child


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    found = Scene()
    monkeypatch.setattr(mood_beside.time, "monotonic", lambda: found.now_s)
    monkeypatch.setattr(work, "pending", found.pending)
    real = subprocess.Popen

    def popen(words: list[str], **more: Any) -> Any:
        return found.start(words) if "-m" in words else real(words, **more)

    monkeypatch.setattr(mood_beside.subprocess, "Popen", popen)
    return found


def test_nothing_is_asked_before_its_time_and_nothing_is_started_without_work(scene: Scene) -> None:
    beside = MoodBeside()
    beside.look()
    assert scene.asked == 0
    scene.now_s += FIRST_AFTER_S
    for _ in range(50):
        beside.look()
    assert (scene.asked, scene.started) == (1, [])
    scene.now_s += LOOK_EVERY_S
    beside.look()
    assert scene.asked == 2


@pytest.mark.parametrize(
    ("code", "rest_s"),
    [("input()", LOOK_EVERY_S), ("input(); raise SystemExit(3)", AFTER_FAILURE_S)],
)
def test_one_child_at_a_time_and_after_one_that_failed_a_longer_rest(
    scene: Scene, code: str, rest_s: float
) -> None:
    scene.due, scene.code = 1, code
    beside = MoodBeside()
    scene.now_s += FIRST_AFTER_S
    beside.look()
    scene.now_s += 100 * LOOK_EVERY_S
    beside.look()
    assert len(scene.started) == 1  # it waits for its line
    child = scene.started[0]
    child.communicate(b"on\n", timeout=30)
    beside.look()  # its end is seen
    scene.now_s += rest_s - 0.1
    beside.look()
    assert len(scene.started) == 1
    scene.now_s += 0.2
    beside.look()
    assert len(scene.started) == 2
    beside.end()
    assert scene.started[1].poll() is not None


def test_the_child_works_out_what_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []

    def catch_up(*, write: Any) -> int:
        called.append(write(threading.current_thread))
        return 1

    monkeypatch.setattr(work, "catch_up", catch_up)
    monkeypatch.setattr(standing_back.os, "nice", called.append)
    mood_beside.main()
    assert called[0] == 15
    assert called[1] is not threading.current_thread(), "what writes does not stand back"
