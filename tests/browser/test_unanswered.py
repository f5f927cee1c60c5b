"""An alarm that nobody answers, told over two devices: the nurse's, then the second person's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Served
from tests.browser.test_session import answer_alarm, enter_vitals, show
from tests.browser.walking import STICKS_OUT

#: A hold calls the second person after 90 s of the clinic's clock, which is then 9 s here.
CLOCK_SPEED = 10.0
#: Whether an alarm was this person's to hear, each time the page drew it; a slow machine may look
#: too late to see both.
KEEP_WHAT_WAS_DRAWN = """() => {
  window.drawn = [];
  new MutationObserver(() => {
    const alarm = document.querySelector("[data-mine-part] [data-alarm]");
    if (alarm) window.drawn.push(alarm.dataset.sounds);
  }).observe(document.querySelector("[data-mine-part]"), { childList: true });
}"""


def bar(page: Page) -> Locator:
    return page.locator("[data-mine-root]")


def sounded(page: Page) -> int:
    return int(bar(page).get_attribute("data-sounded") or 0)


def turn_sound_on(page: Page) -> None:
    state = page.locator("[data-sound-state]")
    expect(state).to_have_attribute("data-sound-state", "off")
    page.get_by_role("button", name="Turn sound on").click()
    expect(state).to_have_attribute("data-sound-state", "on")


def test_an_alarm_goes_from_the_nurse_to_the_second_person_until_somebody_says_what_was_done(
    server: Served, open_page: Callable[..., Page], shot: Any
) -> None:
    session = server.session("racemic_iv", "running")
    second_name = server.clinic["names"]["prescriber"]
    nurse, second, bedside = open_page(), open_page("phone"), open_page()
    server.sign_in(nurse, "session_nurse")
    nurse.goto(server.path("people/"))
    expect(bar(nurse)).to_contain_text(session["chair"])
    shot(nurse, "bar-quiet")
    turn_sound_on(nurse)
    nurse.goto(server.path("day/"))  # the wish goes along; a press on the new page is enough
    nurse.locator("h1").first.click()
    expect(nurse.locator("[data-sound-state]")).to_have_attribute("data-sound-state", "on")
    server.sign_in(second, "prescriber")
    second.goto(server.path("watch"))
    expect(bar(second)).to_contain_text("No open alarm")
    assert second.evaluate(STICKS_OUT) == []
    shot(second, "watch-calm-phone")
    turn_sound_on(second)
    second.evaluate(KEEP_WHAT_WAS_DRAWN)
    quiet = sounded(second)
    show(server, bedside, session, "therapist")
    enter_vitals(bedside, sbp_mmhg=191, dbp_mmhg=103)

    alarm = bar(nurse).locator('[data-alarm][data-sounds="yes"]')
    expect(alarm).to_contain_text("Very high blood pressure")
    expect(nurse.locator("[data-mine-spoken]")).to_contain_text("Very high blood pressure")
    expect(bar(nurse)).to_have_attribute("data-loudest", "hold")
    shot(nurse, "bar-hold")
    # shown to the second person at once, to be heard only after the time without an answer
    called = re.compile(f"{second_name} is called|Everybody at the site is called")
    expect(bar(second).locator('[data-alarm][data-sounds="yes"]')).to_contain_text(called)
    expect(bar(second)).to_have_attribute("data-loudest", "hold")
    expect(alarm).to_contain_text(called)
    drawn = second.evaluate("window.drawn")
    assert (drawn[0], drawn[-1]) == ("no", "yes")
    expect(bar(second)).not_to_have_attribute("data-sounded", str(quiet))
    assert second.evaluate(STICKS_OUT) == []
    shot(second, "watch-hold-phone")
    before = sounded(nurse)
    expect(bar(nurse)).not_to_have_attribute("data-sounded", str(before))  # it repeats

    second.get_by_role("button", name="Acknowledge").click()
    answer = second.locator("dialog.answer")
    answer.get_by_role("button", name="Acknowledge").click()
    expect(answer.get_by_role("alert")).to_contain_text("Say what was done")
    shot(second, "answer-phone")
    answer_alarm(second, "Paused the drug")
    for page in (nurse, second):
        expect(bar(page).locator("[data-alarm]")).to_have_count(0)
        expect(bar(page)).to_have_attribute("data-loudest", "")
    past = bedside.locator(".alarm-past li").filter(has_text="Very high blood pressure")
    expect(past).to_contain_text(second_name)
    expect(past).to_contain_text("Paused the drug")
    shot(bedside, "answered-at-the-chair")
    told = [e for e in server.events(session["session"]) if e["kind"].startswith("alarm_")]
    kinds = [e["kind"] for e in told if e["body"].get("to") != "everybody"]
    assert kinds[-3:] == ["alarm_raised", "alarm_escalated", "alarm_acknowledged"]
    assert told[-1]["body"]["done"] == ["paused"]


def test_a_server_that_falls_silent_is_itself_an_alarm(
    server: Served, open_page: Callable[..., Page], shot: Any
) -> None:
    page = open_page()
    page.expected += ["Failed to load resource", "ERR_", "net::"]  # type: ignore[attr-defined]
    server.sign_in(page, "session_nurse")
    page.goto(server.path("people/"))
    turn_sound_on(page)
    with server.frozen():
        expect(bar(page)).to_contain_text("No alarm can reach this device")
        expect(bar(page)).to_have_attribute("data-loudest", "hold")
        shot(page, "bar-dead")
    expect(page.locator("[data-mine-dead]")).to_be_hidden()
