"""The forecast in the room: on each open screen, what if, what does not fit, and why there is none.

One story over this file: a session in the shadow, shown, surprised, and then without a forecaster.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Served
from tests.browser.test_session import act, enter_vitals, show
from tests.browser.walking import STICKS_OUT

FORECASTER = True
OPEN = Callable[..., Page]


@pytest.fixture(scope="module")
def running(server: Served) -> dict[str, Any]:
    return server.session("racemic_iv", "running")


def panel(page: Page) -> Any:
    return page.locator("[data-panel=ahead]")


def ways(page: Page) -> Any:
    return panel(page).locator("tbody th")


def test_in_the_shadow_the_room_sees_no_number(
    server: Served, page: Page, running: dict[str, Any]
) -> None:
    show(server, page, running)
    # the forecaster loads its kernels first: on a busy machine that takes a while
    expect(panel(page)).to_contain_text("tried out here", timeout=60_000)
    expect(page.locator("[data-panel=back]")).to_be_hidden()


def test_a_reading_moves_the_forecast_on_every_screen(
    server: Served, open_page: OPEN, running: dict[str, Any], shot: Any
) -> None:
    server.fill("forecast", running["session"])
    here, there = open_page(), open_page("phone")
    show(server, here, running)
    show(server, there, running, "prescriber")
    for screen in (here, there):
        expect(ways(screen)).to_have_text(["Continue", "Half rate", "Pause 10 min", "Stop"])
        expect(screen.locator("[data-panel=back] [data-back-at]")).to_have_text(
            re.compile(r"\d\d:\d\d|later")
        )
        expect(panel(screen)).to_contain_text("Learned from")
    before = panel(there).locator(".forecast-foot p").first.inner_text()
    enter_vitals(here, sbp_mmhg=141, dbp_mmhg=88, heart_rate_bpm=80, spo2_percent=97)
    for screen in (here, there):
        learned = panel(screen).locator(".forecast-foot p").first
        expect(learned).not_to_have_text(before)
        expect(learned).to_contain_text("before them")
    assert there.evaluate(STICKS_OUT) == []
    shot(here, "forecast")
    shot(there, "forecast-phone")


def test_what_if_is_chosen_with_the_keyboard_and_each_chance_stands_one_tap_away(
    server: Served, page: Page, open_page: OPEN, running: dict[str, Any]
) -> None:
    show(server, page, running)
    panel(page).locator("input[value=continue]").focus()
    page.keyboard.press("ArrowDown")
    expect(panel(page).locator("input[value=half]")).to_be_checked()
    expect(panel(page).locator("input[value=half]")).to_be_focused()
    expect(panel(page).locator("tr.ghost")).to_contain_text("Half rate")
    panel(page).locator("summary").click()
    expect(panel(page)).to_contain_text("Systolic 180 or more")
    expect(panel(page)).to_contain_text("It silences no alarm")
    # a forecast that comes in leaves the place of the keyboard, and what is unfolded, as they are
    panel(page).locator("summary").focus()
    before = panel(page).locator("[data-forecast-age]").inner_text()
    there = open_page()
    show(server, there, running)
    enter_vitals(there, sbp_mmhg=139, dbp_mmhg=86, heart_rate_bpm=79, spo2_percent=97)
    expect(panel(page).locator("[data-forecast-age]")).not_to_have_text(before)
    expect(panel(page).locator("summary")).to_be_focused()
    expect(panel(page)).to_contain_text("It silences no alarm")


def test_on_a_tablet_the_ways_on_stay_in_their_panel(
    server: Served, page: Page, running: dict[str, Any]
) -> None:
    page.set_viewport_size({"width": 1024, "height": 768})
    show(server, page, running)
    expect(ways(page)).to_have_count(4)
    inside = panel(page).bounding_box()
    table = panel(page).locator("table").bounding_box()
    assert inside
    assert table
    assert table["x"] + table["width"] <= inside["x"] + inside["width"]


def test_what_hardly_fits_is_asked_about_before_it_is_saved_and_after(
    server: Served, page: Page, running: dict[str, Any], shot: Any
) -> None:
    show(server, page, running)
    expect(panel(page)).to_contain_text("Learned from")
    act(page, "vitals").click()
    page.locator('#d-vitals [name="sbp_mmhg"]').fill("218")
    expect(page.locator("#d-vitals .doubt")).to_contain_text("was expected here")
    page.locator('#d-vitals [name="dbp_mmhg"]').fill("131")
    page.locator('#d-vitals button[type="submit"]').click()
    odd = panel(page).locator(".odd")
    expect(odd).to_contain_text("Does this fit?")
    expect(odd).to_contain_text("Systolic 218")
    # it was stored, and its alarm sounds as it would without any forecast
    expect(page.locator(".alarmbox.hold").first).to_contain_text("not acknowledged")
    shot(page, "forecast-odd")
    odd.get_by_role("button", name="Open the entry").click()
    page.locator("[data-correct]").click()
    page.locator('#d-vitals [name="sbp_mmhg"]').fill("142")
    page.locator('#d-vitals [name="dbp_mmhg"]').fill("88")
    page.locator('#d-vitals button[type="submit"]').click()
    expect(odd).to_have_count(0)


def test_without_the_forecaster_the_session_goes_on_and_says_why(
    server: Served, page: Page, running: dict[str, Any]
) -> None:
    show(server, page, running)
    expect(panel(page)).to_contain_text("Learned from")
    os.killpg(server.running[-1].pid, signal.SIGKILL)
    server.running.pop().wait(10)
    enter_vitals(page, sbp_mmhg=138, dbp_mmhg=85, heart_rate_bpm=78, spo2_percent=97)
    expect(page.locator('[data-figure="sbp_mmhg dbp_mmhg"] [data-value]')).to_have_text("138/85")
    expect(panel(page).locator("[data-forecast-age]")).to_contain_text(
        "Behind: the newest reading is not in it yet.", timeout=30_000
    )
    expect(panel(page).locator("[data-forecast-age]")).to_contain_text(
        "The forecaster does not answer", timeout=40_000
    )
