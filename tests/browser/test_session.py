"""The live session in real browsers: what is entered here appears there, and is stored once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Served
from tests.browser.fill import PIN
from tests.browser.walking import STICKS_OUT

OPEN = Callable[..., Page]


@pytest.fixture(scope="module")
def running(server: Served) -> dict[str, Any]:
    """An infusion under way, shared by tests that leave it running."""
    return server.session("racemic_iv", "running")


def show(server: Served, page: Page, session: dict[str, Any], role: str = "session_nurse") -> None:
    server.sign_in(page, role)
    go(server, page, session)


def go(server: Served, page: Page, session: dict[str, Any]) -> None:
    page.goto(server.path("sessions", session["session"]))
    expect(page.locator("html")).to_have_attribute("data-drawn", "session")


def act(page: Page, name: str) -> Any:
    return page.locator(f'.actbar [data-act="{name}"]')


def save(page: Page) -> None:
    page.locator('dialog[open] button[type="submit"]').first.click()


def enter_vitals(page: Page, **values: int) -> None:
    act(page, "vitals").click()
    for name, value in values.items():
        page.locator(f'#d-vitals [name="{name}"]').fill(str(value))
    save(page)


def answer_alarm(page: Page, what: str) -> None:
    """Say in the open dialog what was done about an alarm."""
    dialog = page.locator("dialog.answer")
    dialog.get_by_text(what).click()
    dialog.get_by_role("button", name="Acknowledge").click()


def figure(page: Page, names: str) -> Any:
    return page.locator(f'[data-figure="{names}"] [data-value]')


PRESSURE = "sbp_mmhg dbp_mmhg"


def test_an_entry_appears_in_the_other_browser_without_reload(
    server: Served, open_page: OPEN, running: dict[str, Any], shot: Any
) -> None:
    here, there = open_page(), open_page()
    show(server, here, running)
    show(server, there, running, "prescriber")
    expect(there.locator("[data-live-words]")).to_contain_text("Live")
    there.evaluate("window.notReloaded = true")
    enter_vitals(here, sbp_mmhg=139, dbp_mmhg=87, heart_rate_bpm=79, spo2_percent=97)
    expect(figure(here, PRESSURE)).to_have_text("139/87")
    expect(figure(there, PRESSURE)).to_have_text("139/87")
    expect(there.locator("[data-readings] tr").first).to_contain_text("139/87")
    assert there.evaluate("window.notReloaded")
    shot(here, "session")


def test_offline_entries_are_counted_and_sent_exactly_once(
    server: Served, page: Page, running: dict[str, Any]
) -> None:
    show(server, page, running)
    page.expected += ["ERR_INTERNET_DISCONNECTED", "Failed to load resource"]
    page.context.set_offline(True)
    for text in ("first without a network", "second without a network"):
        act(page, "note").click()
        page.locator('#d-note [name="text"]').fill(text)
        save(page)
        expect(page.locator("#d-note")).not_to_be_visible()
    expect(page.locator("[data-waiting]")).to_have_text("2 entries waiting to be sent")
    expect(page.locator("[data-entries] li.waiting")).to_have_count(2)
    asked = page.evaluate(
        "() => { const e = new Event('beforeunload', {cancelable: true});"
        " window.dispatchEvent(e); return e.defaultPrevented }"
    )
    assert asked, "leaving with unsent entries must be asked about"
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "network" not in kept, "no entry rests in the browser"
    assert running["name"].split()[0] not in kept
    page.context.set_offline(False)
    expect(page.locator("[data-waiting]")).to_have_text("nothing waiting")
    stored = [e["body"]["text"] for e in server.events(running["session"]) if e["kind"] == "note"]
    assert [t for t in stored if "without a network" in t] == [
        "first without a network",
        "second without a network",
    ]


def test_an_answer_that_was_lost_is_asked_for_again_and_stored_once(
    server: Served, page: Page, running: dict[str, Any]
) -> None:
    show(server, page, running)
    page.expected.append("Failed to load resource")
    lost = []

    def lose_the_answer(route: Any) -> None:
        if not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    page.route("**/events", lose_the_answer)
    act(page, "note").click()
    page.locator('#d-note [name="text"]').fill("the answer to this was lost")
    save(page)
    expect(page.locator("[data-waiting]")).to_have_text("nothing waiting")
    assert lost == [201]
    notes = [e for e in server.events(running["session"]) if e["kind"] == "note"]
    assert sum(e["body"]["text"] == "the answer to this was lost" for e in notes) == 1


def test_what_was_typed_stays_beside_the_message_of_what_is_wrong(
    server: Served, page: Page, running: dict[str, Any]
) -> None:
    show(server, page, running)
    page.expected.append("422")
    enter_vitals(page, sbp_mmhg=80, dbp_mmhg=140)
    expect(page.locator("#d-vitals .field-wrong")).to_contain_text("not below the systolic")
    expect(page.locator('#d-vitals [name="sbp_mmhg"]')).to_have_value("80")
    expect(page.locator('#d-vitals [name="dbp_mmhg"]')).to_have_attribute("aria-invalid", "true")
    page.locator('#d-vitals [name="dbp_mmhg"]').fill("60")
    save(page)
    expect(page.locator("#d-vitals")).not_to_be_visible()
    expect(page.locator("[data-waiting]")).to_have_text("nothing waiting")


def test_an_alarm_appears_everywhere_and_is_acknowledged_by_name(
    server: Served, open_page: OPEN
) -> None:
    session = server.session("racemic_iv", "running")
    nurse, prescriber = open_page(), open_page()
    show(server, nurse, session)
    show(server, prescriber, session, "prescriber")
    enter_vitals(nurse, sbp_mmhg=192, dbp_mmhg=108)
    box = prescriber.locator(".alarmbox.hold")
    expect(box).to_contain_text("Very high blood pressure")
    expect(prescriber.locator("[data-spoken-alarm]")).to_contain_text("hold: Very high")
    box.get_by_role("button", name="Acknowledge").click()
    answer_alarm(prescriber, "Looked at the person")
    expect(nurse.locator(".alarmbox.hold")).to_have_count(0)
    past = nurse.locator(".alarm-past li").filter(has_text="Very high blood pressure")
    expect(past).to_contain_text(f"{server.clinic['names']['prescriber']}: Looked at the person")


def test_stop_needs_a_press_of_one_second(server: Served, page: Page) -> None:
    session = server.session("racemic_iv", "running")
    show(server, page, session)
    stop = act(page, "stop")
    stop.click()
    box = stop.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.wait_for_timeout(400)
    page.mouse.up()
    expect(page.locator("[data-phase-word]")).to_have_text("Drug running")
    assert not any(e["kind"] == "infusion_stop" for e in server.events(session["session"]))
    page.mouse.down()
    expect(page.locator("[data-phase-word]")).to_have_text("Watching")
    page.mouse.up()
    expect(page.locator("[data-waiting]")).to_have_text("nothing waiting")
    kinds = [e["kind"] for e in server.events(session["session"])]
    assert kinds.count("infusion_stop") == 1


def test_pause_and_resume_with_the_keyboard_alone(server: Served, page: Page) -> None:
    session = server.session("racemic_iv", "running")
    show(server, page, session)
    act(page, "pause").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-phase-word]")).to_have_text("Paused")
    act(page, "resume").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#d-resume")).to_be_visible()
    page.keyboard.press("Enter")  # the rate stands there already
    expect(page.locator("[data-phase-word]")).to_have_text("Drug running")
    expect(page.locator("#d-resume")).to_be_hidden()
    act(page, "stop").focus()
    expect(act(page, "stop")).to_be_focused()
    page.keyboard.down("Space")
    expect(page.locator("[data-phase-word]")).to_have_text("Watching")
    page.keyboard.up("Space")


def test_an_idle_sign_in_keeps_the_display_and_asks_for_the_pin_to_act(
    server: Served, page: Page, running: dict[str, Any]
) -> None:
    server.sign_in(page, "therapist", locked=True)
    go(server, page, running)
    expect(figure(page, PRESSURE)).to_have_text(re.compile(r"\d+/\d+"))
    expect(page.locator("#link-state")).to_contain_text("enter your PIN to act")
    act(page, "note").click()
    page.locator('#d-note [name="text"]').fill("written while locked")
    save(page)
    expect(page.locator("#d-pin")).to_be_visible()
    expect(page.locator("[data-waiting]")).to_have_text("1 entry waiting to be sent")
    page.expected.append("422")
    page.locator('#d-pin [name="pin"]').fill("000001")
    save(page)
    expect(page.locator("#d-pin [data-problem]")).to_contain_text("not right")
    page.locator('#d-pin [name="pin"]').fill(PIN)
    save(page)
    expect(page.locator("[data-waiting]")).to_have_text("nothing waiting")
    note = next(
        e
        for e in server.events(running["session"])
        if e["body"].get("text") == "written while locked"
    )
    assert note["actor_name"] == server.clinic["names"]["therapist"]


def test_an_entry_is_corrected_and_both_stay(
    server: Served, page: Page, running: dict[str, Any]
) -> None:
    show(server, page, running)
    enter_vitals(page, sbp_mmhg=113, dbp_mmhg=77)
    expect(figure(page, PRESSURE)).to_have_text("113/77")
    page.locator("[data-readings] tr .entry-link").first.click()
    page.locator("[data-correct]").click()
    page.locator('#d-vitals [name="sbp_mmhg"]').fill("131")
    save(page)
    expect(figure(page, PRESSURE)).to_have_text("131/77")
    expect(page.locator("[data-entries] li.superseded").first).to_contain_text("113/77")
    page.locator("[data-readings] tr .entry-link").first.click()
    page.locator('#d-entry [name="reason"]').fill("cuff was over a sleeve")
    page.get_by_role("button", name="Strike out").click()
    expect(figure(page, PRESSURE)).not_to_have_text("131/77")
    expect(page.locator("[data-entries] li.superseded").first).to_contain_text("over a sleeve")


def test_from_the_checks_to_the_start_with_a_second_person(
    server: Served, page: Page, shot: Any
) -> None:
    session = server.session("racemic_iv", "empty")
    show(server, page, session)
    enter_vitals(page, sbp_mmhg=124, dbp_mmhg=78, heart_rate_bpm=70, spo2_percent=98)
    page.get_by_role("button", name="Go through the checks").click()
    for button in page.locator('#d-checks [data-ok="true"]').all():
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Done").click()
    expect(page.locator("[data-checks-done]")).to_have_text("8 of 8")
    page.expected.append("422")
    page.get_by_role("button", name="Second person recomputes").click()
    for name, value in (("dose_mg", "34"), ("volume_ml", "0.86"), ("rate_ml_per_h", "1.02")):
        page.locator(f'#d-dose-check [name="{name}"]').fill(value)
    page.locator('#d-dose-check [name="email"]').fill(server.clinic["emails"]["session_nurse"])
    page.locator('#d-dose-check [name="pin"]').fill(PIN)
    save(page)
    expect(page.locator("#d-dose-check .field-wrong")).to_contain_text("must be somebody else")
    page.locator('#d-dose-check [name="email"]').fill(server.clinic["emails"]["pharmacist"])
    save(page)
    expect(page.locator("#d-dose-check .field-wrong")).to_contain_text("Recompute")
    page.locator('#d-dose-check [name="volume_ml"]').fill("0.68")
    shot(page, "dose-check")
    save(page)
    expect(page.locator("#d-dose-check")).not_to_be_visible()
    expect(page.locator("[data-open-count]")).to_contain_text("Everything is settled")
    act(page, "start").click()
    expect(page.locator("#d-start [data-open-items]")).not_to_be_visible()
    save(page)
    expect(page.locator("[data-phase-word]")).to_have_text("Drug running")
    expect(page.locator("[data-panel=dose]")).to_contain_text("of 34 mg")
    check = next(e for e in server.events(session["session"]) if e["kind"] == "dose_check")
    assert check["actor_name"] == server.clinic["names"]["pharmacist"]


def test_a_start_that_is_not_allowed_says_what_is_missing(server: Served, page: Page) -> None:
    session = server.session("esketamine_nasal", "before")
    show(server, page, session)
    page.expected.append("409")
    act(page, "device").click()
    expect(page.locator("#d-device [data-open-items]")).to_contain_text("second person")
    save(page)
    expect(page.locator("#d-device [data-problem]")).to_contain_text("second person")
    expect(page.locator("[data-phase-word]")).to_have_text("Before dose")


ANSWERS = {
    "dissociation_resolved": "true",
    "oriented": "true",
    "gait": "independent",
    "cssrs_intent": "false",
    "escort_present": "true",
    "plans_to_drive": "false",
    "instructions_given": "true",
}


def answer(dialog: Any, **changes: str) -> None:
    for name, value in {**ANSWERS, **changes}.items():
        dialog.locator(f'[name="{name}"][value="{value}"]').check(force=True)
    dialog.locator('[name="aldrete"]').fill("10")
    dialog.locator("summary").click()


def test_leaving_is_judged_declared_and_recorded(server: Served, page: Page, shot: Any) -> None:
    session = server.session("esketamine_nasal", "watching")
    show(server, page, session)
    act(page, "leave").click()
    dialog = page.locator("#d-leave")
    answer(dialog)
    dialog.get_by_role("button", name="Judge").click()
    expect(dialog.locator("[data-problem]").first).to_contain_text("Not answered yet: Breathing")
    dialog.locator('[name="respiratory_rate_per_min"]').fill("14")
    dialog.get_by_role("button", name="Judge").click()
    expect(dialog.locator("[data-verdict-word]")).to_have_text("May leave")
    shot(page, "leaving")
    dialog.get_by_role("button", name="Declare ready to leave").click()
    dialog.locator('[data-left-part] [name="escort"]').fill("Sam Example, sister")
    dialog.get_by_role("button", name="Record leaving").click()
    expect(page.locator("[data-phase-word]")).to_have_text("Closed")
    page.goto(server.path("sessions", session["session"], "note"))
    expect(page.locator("main")).to_contain_text("Left with Sam Example, sister")


def test_leaving_against_the_checklist_needs_a_reason(server: Served, page: Page) -> None:
    session = server.session("esketamine_nasal", "watching")
    show(server, page, session)
    page.expected += ["409", "422"]
    act(page, "leave").click()
    dialog = page.locator("#d-leave")
    answer(dialog, escort_present="false")
    dialog.locator('[name="respiratory_rate_per_min"]').fill("14")
    dialog.get_by_role("button", name="Judge").click()
    expect(dialog.locator("[data-verdict-word]")).to_have_text("Not yet")
    expect(dialog.locator("[data-verdict]")).to_contain_text("Nobody is here")
    ready = dialog.locator("[data-ready-part]")
    ready.get_by_role("button", name="Declare ready").click()
    expect(ready.locator("[data-problem]")).to_contain_text("not all met")
    ready.locator('[name="override_reason"]').fill("The taxi service has been told")
    ready.get_by_role("button", name="Declare ready").click()
    expect(dialog.locator("[data-left-part]")).to_be_visible()
    declared = next(e for e in server.events(session["session"]) if e["kind"] == "ready")
    assert declared["body"]["override_reason"] == "The taxi service has been told"


def test_silence_is_shown_as_stale(server: Served, page: Page, running: dict[str, Any]) -> None:
    show(server, page, running)
    expect(page.locator("[data-live-words]")).to_contain_text("Live")
    with server.frozen():
        expect(page.locator("[data-live-words]")).to_have_text("DATA STALE", timeout=25_000)
        expect(page.locator("#link-state")).to_contain_text("Look at the person")
        expect(figure(page, PRESSURE)).to_have_text(re.compile(r"\d+/\d+"))
    expect(page.locator("[data-live-words]")).to_contain_text("Live", timeout=25_000)
    expect(page.locator("#link-state")).to_have_text("")


def test_a_phone_shows_everything_without_sideways_scrolling(
    server: Served, open_page: OPEN, running: dict[str, Any], shot: Any
) -> None:
    page = open_page("phone")
    show(server, page, running)
    assert page.evaluate(STICKS_OUT) == []
    enter_vitals(page, sbp_mmhg=126, dbp_mmhg=79)
    expect(figure(page, PRESSURE)).to_have_text("126/79")
    for name in ("dissociation", "sedation", "rescue"):
        act(page, name).click()
        dialog = page.locator("dialog[open]")
        assert dialog.evaluate("d => d.scrollWidth - d.clientWidth") <= 0
        page.keyboard.press("Escape")
    shot(page, "session-phone")


def test_every_control_has_a_name_and_targets_are_large(
    server: Served, page: Page, running: dict[str, Any]
) -> None:
    show(server, page, running)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, textarea')]
        .filter(e => e.type !== 'hidden')
        .filter(e => !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length))
        .map(e => e.outerHTML.slice(0, 90))"""
    )
    assert nameless == []
    heights = page.evaluate(
        """() => [...document.querySelectorAll('.actbar .act')].filter(e => !e.hidden)
        .map(e => e.getBoundingClientRect().height)"""
    )
    assert min(heights) >= 72
    expect(page.locator("body")).to_contain_text("The bedside monitor’s own alarms stay on.")
    for lane in page.locator("[data-lane]").all():
        assert lane.get_attribute("aria-label")


def test_drug_is_drawn_given_and_wasted_before_a_witness_and_never_waits_in_the_queue(
    server: Served, page: Page, shot: Any
) -> None:
    vial = server.fill("shelves")["vial"]
    session = server.session("racemic_iv", "ready")
    show(server, page, session)
    account = page.locator("#account")
    act(page, "start").click()
    expect(page.locator("#d-start [data-undrawn]")).to_be_visible()
    page.keyboard.press("Escape")

    account.locator('[data-act="draw"]').click()
    draw = page.locator("#d-draw")
    expect(draw.locator("[data-containers]")).to_contain_text("500 mg left")
    expect(draw.locator('[name="amount_mg"]')).to_have_value("34")
    draw.locator('[name="amount_mg"]').fill("36.5")
    expect(draw.locator("[data-volume]")).to_have_text("0.73 mL")
    shot(page, "session-draw")
    page.expected += ["ERR_INTERNET_DISCONNECTED", "Failed to load resource"]
    page.context.set_offline(True)
    save(page)
    expect(draw.locator("[data-problem]")).to_contain_text("needs the network")
    expect(page.locator("[data-waiting]")).to_have_text("nothing waiting")
    page.context.set_offline(False)
    save(page)
    expect(draw).not_to_be_visible()
    expect(account.locator("[data-account=drawn]")).to_have_text("36.5")
    expect(account.locator("[data-account-lines]")).to_contain_text(f"Container {vial}")

    act(page, "start").click()
    expect(page.locator("#d-start [data-undrawn]")).not_to_be_visible()
    save(page)
    expect(page.locator("[data-phase-word]").first).to_have_text("Drug running")
    stop = act(page, "stop")
    stop.hover()
    page.mouse.down()
    expect(page.locator("[data-phase-word]").first).to_have_text("Watching", timeout=8000)
    page.mouse.up()
    expect(account.locator("[data-account-open]")).to_contain_text(f"from container {vial} drawn")

    account.locator('[data-act="waste"]').click()
    waste = page.locator("#d-waste")
    expect(waste.locator('[name="amount_mg"]')).not_to_have_value("")
    waste.locator('[name="email"]').fill(server.clinic["emails"]["prescriber"])
    waste.locator('[name="pin"]').fill(PIN)
    shot(page, "session-waste")
    save(page)
    expect(account.locator("[data-account-state]")).to_have_text("accounted for")
    lines = [e for e in server.events(session["session"]) if e["kind"] in ("drawn", "wasted")]
    assert [e["kind"] for e in lines] == ["drawn", "wasted"]
    assert lines[1]["body"]["witness_name"] == server.clinic["names"]["prescriber"]
