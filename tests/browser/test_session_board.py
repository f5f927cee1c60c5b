"""The chair board in a real browser: it follows what happens, and its sound is off until asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Served
from tests.browser.fill import PIN
from tests.browser.test_session import answer_alarm, enter_vitals, show
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
    answer_alarm(bedside, "Measured again")
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


def test_an_alarm_is_acknowledged_on_the_board_by_who_is_signed_in_there(
    server: Served, open_page: Callable[..., Page], shot: Any
) -> None:
    session = server.session("racemic_iv", "running")
    board, bedside = open_page(), open_page()
    show(server, bedside, session)
    enter_vitals(bedside, sbp_mmhg=194, dbp_mmhg=102, heart_rate_bpm=90, spo2_percent=97)
    server.sign_in(board, "prescriber")
    board.goto(server.path("board"))
    expect(board.locator("html")).to_have_attribute("data-drawn", "board")
    alarm = board.locator(".alarmbox.hold").filter(has_text=session["chair"])
    shot(board, "board-alarm")
    lost: list[int] = []

    def lose_the_answer(route: Any) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort()

    board.route("**/events", lose_the_answer)
    board.expected.append("Failed to load resource")  # type: ignore[attr-defined]
    board.evaluate("window.notReloaded = true")
    alarm.get_by_role("button", name="Acknowledge").focus()
    board.keyboard.press("Enter")
    board.locator("dialog.answer").get_by_label("In a few words").fill("Cuff had slipped")
    board.keyboard.press("Enter")
    # the answer was lost, the act was not: the board is drawn anew without the alarm
    expect(alarm).to_have_count(0)
    assert lost == [201]
    assert board.evaluate("window.notReloaded")
    past = bedside.locator(".alarm-past li").filter(has_text="Very high blood pressure")
    expect(past).to_contain_text(server.clinic["names"]["prescriber"])
    events = server.events(session["session"])
    assert sum(e["kind"] == "alarm_acknowledged" for e in events) == 1


def test_who_may_not_acknowledge_sees_the_alarm_and_no_button(
    server: Served, open_page: Callable[..., Page]
) -> None:
    session = server.session("racemic_iv", "running")
    bedside, board = open_page(), open_page()
    show(server, bedside, session)
    server.sign_in(board, "therapist")
    board.goto(server.path("board"))
    enter_vitals(bedside, sbp_mmhg=195, dbp_mmhg=103, heart_rate_bpm=90, spo2_percent=97)
    alarm = board.locator(".alarmbox.hold").filter(has_text=session["chair"])
    expect(alarm).to_contain_text("Very high blood pressure")
    expect(alarm.get_by_role("link", name="Open")).to_be_visible()
    expect(alarm.get_by_role("button")).to_have_count(0)


def test_an_idle_sign_in_is_asked_for_the_pin_before_it_acknowledges(
    server: Served, open_page: Callable[..., Page]
) -> None:
    session = server.session("racemic_iv", "running")
    bedside, board = open_page(), open_page()
    show(server, bedside, session)
    enter_vitals(bedside, sbp_mmhg=196, dbp_mmhg=104, heart_rate_bpm=90, spo2_percent=97)
    server.sign_in(board, "medical_director", locked=True)
    board.expected.append("401")  # type: ignore[attr-defined]
    board.goto(server.path("board"))
    alarm = board.locator(".alarmbox.hold").filter(has_text=session["chair"])
    alarm.get_by_role("button", name="Acknowledge").click()
    board.locator('[name="pin"]').fill(PIN)
    board.keyboard.press("Enter")
    board.wait_for_url("**/board")
    alarm.get_by_role("button", name="Acknowledge").click()
    answer_alarm(board, "Paused the drug")
    expect(alarm).to_have_count(0)
