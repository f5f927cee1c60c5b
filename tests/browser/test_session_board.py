"""The chair board in a real browser: it follows what happens, and its sound is off until asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Served
from tests.browser.test_session import enter_vitals, show
from tests.browser.walking import STICKS_OUT


def test_the_board_follows_a_session_and_sounds_only_when_asked(
    server: Served, open_page: Callable[..., Page], shot: Any
) -> None:
    session = server.session("racemic_iv", "running")
    board, bedside = open_page(), open_page()
    server.sign_in(board, "prescriber")
    board.goto(server.path("board"))
    expect(board.locator("html")).to_have_attribute("data-drawn", "board")
    chair = board.locator(f'[data-chair="{session["chair"]}"]')
    expect(chair).to_contain_text("Infusing")
    expect(board.locator("[data-live-words]")).to_contain_text("Live")
    show(server, bedside, session)
    enter_vitals(bedside, sbp_mmhg=193, dbp_mmhg=101, heart_rate_bpm=90, spo2_percent=97)
    expect(chair).to_contain_text("193/101")
    alarm = board.locator(".alarmbox.hold").filter(has_text=session["chair"])
    expect(alarm).to_contain_text("Very high blood pressure")
    expect(board.locator("[data-spoken-alarm]")).to_contain_text("Very high blood pressure")
    sound = board.locator("[data-sound]")
    assert sound.get_attribute("data-played") is None
    sound.click()
    expect(sound).to_have_attribute("aria-pressed", "true")
    expect(sound).to_have_attribute("data-played", "2")  # its own sound, then the hold's
    bedside.locator(".alarmbox.hold").get_by_role("button", name="Acknowledge").click()
    expect(alarm).to_have_count(0)
    shot(board, "board")


def test_the_board_fits_a_phone_and_works_with_the_keyboard(
    server: Served, open_page: Callable[..., Page], shot: Any
) -> None:
    session = server.session("esketamine_nasal", "watching")
    page = open_page("phone")
    server.sign_in(page, "session_nurse")
    page.goto(server.path("board"))
    expect(page.locator("html")).to_have_attribute("data-drawn", "board")
    assert page.evaluate(STICKS_OUT) == []
    link = page.locator(f'[data-chair="{session["chair"]}"] a.btn')
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-drawn", "session")
    expect(page.locator("h1")).to_contain_text(session["name"])
    shot(page, "board-phone")


def test_the_board_stays_readable_when_the_sign_in_is_idle(server: Served, page: Page) -> None:
    server.sign_in(page, "auditor", locked=True)
    page.goto(server.path("board"))
    expect(page.get_by_role("heading", name="Open alarms")).to_be_visible()
    expect(page.locator("[data-live-words]")).to_contain_text("Live")
