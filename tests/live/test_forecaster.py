"""The forecaster as a real process beside a real server: on every screen, and never in the way."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from evenkeel.clinic.record.models import Heartbeat
from evenkeel.clinic.session.models import SessionForecast
from tests.clinic.session.forecast.choosing import shown_here
from tests.clinic.session.makers import Stage, open_stage
from tests.clinic_factory import Clinic
from tests.conftest import START
from tests.live.server import Browser, Server, serving

pytestmark = pytest.mark.django_db(transaction=True)


@contextlib.contextmanager
def forecasting() -> Iterator[subprocess.Popen[bytes]]:
    """The forecaster over this test's database; its clock stands still at the tests' start."""
    process = subprocess.Popen(
        [sys.executable, "-m", "evenkeel.live.forecaster"],
        start_new_session=True,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.live.served_settings",
            "EVENKEEL_HOME": str(settings.INSTANCE.home),
            "EVENKEEL_SERVED_DATABASE": str(connection.settings_dict["NAME"]),
            CLOCK_VARIABLE: ScaledClock(START, 0.0, 0.0).as_text(),
        },
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


@pytest.fixture
def stage(clinic: Clinic) -> Stage:
    return open_stage(clinic).started()


@pytest.fixture
def server(stage: Stage) -> Iterator[Server]:
    with serving() as running:
        yield running


def reading(sbp_mmhg: int) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "kind": "observation",
        "happened_at": (START - timedelta(seconds=1)).isoformat(),
        "body": {"sbp_mmhg": sbp_mmhg, "dbp_mmhg": sbp_mmhg - 45},
    }


def store(nurse: Browser, stage: Stage, sbp_mmhg: int) -> int:
    answer = nurse.ask("POST", f"/api/sessions/{stage.session.pk}/events", reading(sbp_mmhg))
    assert answer.status == 201, answer.body
    return int(answer.json["position"])


def with_in(stream: Any, position: int) -> dict[str, Any]:
    """The first forecast on a stream that has this event in it."""
    while True:
        message = stream.next("forecast")
        assert message is not None, "the stream ended"
        if message.data["position"] >= position:
            return dict(message.data)


def test_every_screen_of_a_session_gets_the_forecast_of_each_reading(
    stage: Stage, server: Server
) -> None:
    shown_here(stage)
    nurse = server.browser(stage.clinic.staff["session_nurse"])
    other = server.browser(stage.clinic.staff["prescriber"])
    path = f"/live/sessions/{stage.session.pk}"
    screens = [nurse.stream(path), other.stream(path)]
    for screen in screens:
        assert screen.next("heartbeat")
    with forecasting() as process:
        position = store(nurse, stage, 131)
        found = [with_in(screen, position) for screen in screens]
        assert found[0] == found[1]
        assert found[0]["state"] == "shown"
        assert found[0]["bands"]["sbp"]
        # it dies in the middle: the session is stored all the same, and its screen hears why
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    later = store(nurse, stage, 134)
    assert SessionForecast.objects.get(pk=stage.session.pk).position < later
    with forecasting():
        again = [with_in(screen, later) for screen in screens]
    assert again[0]["readings"] == found[0]["readings"] + 2
    for screen in screens:
        screen.close()


def test_in_the_shadow_no_number_leaves_the_server(stage: Stage, server: Server) -> None:
    nurse = server.browser(stage.clinic.staff["session_nurse"])
    screen = nurse.stream(f"/live/sessions/{stage.session.pk}")
    assert screen.next("heartbeat")
    with forecasting():
        found = with_in(screen, store(nurse, stage, 131))
    assert found.keys() == {"session", "serial", "made_at", "position", "state"}
    assert found["state"] == "shadow"
    page = nurse.ask("GET", f"/sessions/{stage.session.pk}").body.decode()
    assert '"state": "shadow"' in page
    assert '"bands"' not in page
    screen.close()


def test_heartbeats_tell_whether_the_forecaster_lives(stage: Stage, server: Server) -> None:
    nurse = server.browser(stage.clinic.staff["session_nurse"])
    path = f"/live/sessions/{stage.session.pk}"
    silent = nurse.stream(path)
    first = silent.next("heartbeat")
    assert first is not None
    assert first.data["forecaster_age_s"] is None
    silent.close()
    Heartbeat.objects.create(name="forecaster", beat_at=START, detail={"state": "ready"})
    heard = nurse.stream(path)
    while (message := heard.next("heartbeat")) and message.data["forecaster_age_s"] is None:
        continue
    assert message is not None
    assert message.data["forecaster_age_s"] == 0.0
    heard.close()
