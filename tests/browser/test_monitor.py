"""A bedside monitor speaks to the port, and the open screen shows it: what is the person's only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from evenkeel.interop.hl7v2.simulate import MonitorIdentity, VitalSigns, build_oru
from tests.browser.conftest import Served
from tests.browser.test_session import PRESSURE, figure, show
from tests.browser.walking import Walk

SWEEP = VitalSigns(spo2_percent=96, pulse_bpm=83, respiratory_rate_per_min=15)


@pytest.fixture(scope="module")
def running(server: Served) -> dict[str, Any]:
    """An infusion under way in a chair whose bed is known to a monitor."""
    return server.session("racemic_iv", "running")


def told(bed: str, *, sbp: int, dbp: int, sweep: VitalSigns = SWEEP, **more: Any) -> bytes:
    """What the monitor at this bed says now, with a cuff value of a moment ago."""
    now = datetime.now(UTC)
    cuff_at = now - timedelta(minutes=more.pop("cuff_age_min", 0))
    return build_oru(
        MonitorIdentity(eui64=f"00000000000000{bed[3:]:>02}", bed=bed),
        control_id=uuid4().hex[:16],
        sent_at=now,
        sweep=sweep,
        cuff=VitalSigns(sbp_mmhg=sbp, dbp_mmhg=dbp),
        cuff_at=cuff_at,
        **more,
    )


def test_a_reading_appears_on_the_open_screen_without_reload(
    server: Served, page: Page, running: dict[str, Any], shot: Any
) -> None:
    show(server, page, running)
    expect(page.locator("[data-live-words]")).to_contain_text("Live")
    page.evaluate("window.notReloaded = true")
    assert server.say(told(running["bed"], sbp=151, dbp=93)) == "AA"
    expect(figure(page, PRESSURE)).to_have_text("151/93")
    expect(figure(page, "spo2_percent")).to_have_text("96")
    expect(page.locator('[data-figure="spo2_percent"] [data-taken]')).to_contain_text("monitor")
    assert page.evaluate("window.notReloaded")
    shot(page, "monitor-reading")


def test_a_cuff_value_of_23_minutes_ago_stands_at_its_own_time(
    server: Served, page: Page, running: dict[str, Any]
) -> None:
    show(server, page, running)
    expect(page.locator("[data-live-words]")).to_contain_text("Live")
    before = figure(page, PRESSURE).inner_text()
    late = told(running["bed"], sbp=147, dbp=90, cuff_age_min=23)
    assert server.say(late) == "AA"
    row = page.locator("[data-readings] tr").filter(has_text="147/90")
    expect(row).to_have_count(1)
    assert figure(page, PRESSURE).inner_text() == before
    event = next(e for e in server.events(running["session"]) if e["body"].get("sbp_mmhg") == 147)
    age = datetime.fromisoformat(event["recorded_at"]) - datetime.fromisoformat(
        event["happened_at"]
    )
    assert timedelta(minutes=22) < age < timedelta(minutes=24)


def test_readings_of_the_demonstration_mode_are_never_the_persons(
    server: Served, page: Page, running: dict[str, Any]
) -> None:
    show(server, page, running)
    expect(page.locator("[data-live-words]")).to_contain_text("Live")
    server.say(told(running["bed"], sbp=119, dbp=71, demonstration=True))
    # a true one behind it: once it is here, the other would be
    server.say(told(running["bed"], sbp=153, dbp=94))
    expect(figure(page, PRESSURE)).to_have_text("153/94")
    assert page.locator("[data-readings] tr").filter(has_text="119/71").count() == 0
    assert not any(e["body"].get("sbp_mmhg") == 119 for e in server.events(running["session"]))


def test_a_reading_of_nobody_waits_in_the_tray_until_it_is_assigned(
    server: Served, walk: Callable[..., Walk], running: dict[str, Any]
) -> None:
    assert server.say(told("BED77", sbp=126, dbp=85)) == "AA"
    nurse = walk("session_nurse").open("/board")
    nurse.says("Monitor readings without a session").follow("Open the tray")
    nurse.says("BED77").shot(nurse.page, "tray", full_page=True)
    assert not any(e["body"].get("sbp_mmhg") == 126 for e in server.events(running["session"]))
    nurse.page.locator('[name="session"]').select_option(running["session"])
    nurse.press("Chart it there").says("The tray is empty")
    charted = [e for e in server.events(running["session"]) if e["body"].get("sbp_mmhg") == 126]
    assert [e["via"] for e in charted] == ["monitor"]
