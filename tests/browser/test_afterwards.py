"""After the dose: leaving, the note and its PDF, the call next day, and who did what."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Served
from tests.browser.test_session import act, answer, enter_vitals
from tests.browser.walking import Walk

As = Callable[..., Walk]


@pytest.fixture(scope="module")
def watched(server: Served) -> dict[str, Any]:
    """Somebody whose drug has ended long enough ago to leave."""
    return server.session("racemic_iv", "watching")


def test_the_person_leaves_with_their_escort(walk: As, watched: dict[str, Any]) -> None:
    nurse = walk("session_nurse").open(f"/sessions/{watched['session']}")
    page = nurse.page
    expect(page.locator("html")).to_have_attribute("data-drawn", "session")
    enter_vitals(page, sbp_mmhg=127, dbp_mmhg=79, heart_rate_bpm=70, spo2_percent=98)
    act(page, "leave").click()
    dialog = page.locator("#d-leave")
    answer(dialog)
    dialog.locator('[name="respiratory_rate_per_min"]').fill("14")
    dialog.get_by_role("button", name="Judge").click()
    expect(dialog.locator("[data-verdict-word]")).to_have_text("May leave")
    dialog.get_by_role("button", name="Declare ready to leave").click()
    dialog.locator('[data-left-part] [name="escort"]').fill("Sam Example, sister")
    dialog.get_by_role("button", name="Record leaving").click()
    expect(page.locator("[data-phase-word]")).to_have_text("Closed")


def test_the_note_is_a_page_and_a_document(walk: As, watched: dict[str, Any]) -> None:
    doctor = walk("prescriber", accept_downloads=True).open(f"/sessions/{watched['session']}/note")
    doctor.says(watched["name"]).says("What happened").says("Left with Sam Example, sister")
    doctor.says("127/79").says("Floating, calm").says("Signatures")
    assert doctor.page.get_by_text("Not finished:").count() == 0
    doctor.shot(doctor.page, "note", full_page=True)
    answered = doctor.page.request.get(f"{doctor.page.url}.pdf")
    assert answered.status == 200
    assert answered.headers["content-type"] == "application/pdf"
    assert answered.body().startswith(b"%PDF-")
    assert len(answered.body()) > 10_000


def test_the_call_next_day_is_owed_and_a_worry_holds_the_next_dose(
    walk: As, watched: dict[str, Any]
) -> None:
    desk = walk("session_nurse").open("/day/").follow("The day after")
    desk.says("The day after the dosing").follow("Call", within=".call-list", exact=True)
    desk.says(f"Call {watched['name']}").says("988")
    desk.fill(reached="no", attempt_note="Voicemail").press("Save the call")
    desk.says("Noted. The call stays on the list", within="body")
    desk.open("/day/").follow("The day after").says("tried 1 time")
    desk.follow("Call", within=".call-list", exact=True).says("Voicemail")
    said = {
        "reached": "yes", "wellbeing": "worse", "side_effects": "headache", "sleep": "poor",
        "mood": "lower", "suicidal_thoughts": "passive", "agreed_next": "Seen today at four.",
    }  # fmt: skip
    desk.fill(**said)
    with desk.refusal(422):
        desk.press("Save the call")
    assert desk.page.input_value('[name="agreed_next"]') == "Seen today at four."
    desk.fill(drove="no").shot(desk.page, "call", full_page=True)
    desk.press("Save the call")
    desk.says("No dose starts until a named clinician has closed", within="body")
    desk.says("wishes to be dead").says("What was said on the telephone").says("today. No dose")
    desk.open(f"/courses/{watched['course']}").says("Said on the telephone")
    therapist = walk("therapist").open("/safety/").follow(watched["name"])
    therapist.fill(note="Called back and seen. Safe tonight, sister stays.")
    therapist.press("Close this safety signal").says("The hold on the next dose is lifted")
    therapist.open(f"/courses/{watched['course']}").says("Nothing open")


def test_who_leaves_before_ready_is_written_down_and_watched_over_the_months(
    server: Served, walk: As
) -> None:
    session = server.session("racemic_iv", "watching")
    nurse = walk("session_nurse").open(f"/sessions/{session['session']}")
    page = nurse.page
    expect(page.locator("html")).to_have_attribute("data-drawn", "session")
    act(page, "leave").click()
    page.get_by_role("button", name="Leaving anyway, before ready").click()
    early = page.locator("#d-early")
    with nurse.refusal(422):
        early.get_by_role("button", name="Record leaving").click()
        expect(early.locator(".field-wrong").first).to_contain_text("Write what the person said")
    nurse.shot(page, "early-dialog")
    early.locator('[name="said"]').fill("My train leaves at four")
    early.locator('[name="capacity"][value="yes"]').check(force=True)
    early.locator('[name="risks_explained"][value="true"]').check(force=True)
    early.locator('[name="clinician_told"]').fill("Dr Invented")
    early.locator('[name="follow_up"]').fill("Sister stays tonight")
    early.get_by_role("button", name="Record leaving").click()
    expect(page.locator("[data-phase-word]")).to_have_text("Closed")
    expect(page.locator("[data-leaving-count]")).to_contain_text("Left early")
    nurse.open(f"/sessions/{session['session']}/note").says("My train leaves at four")
    nurse.shot(page, "early-note", full_page=True)
    nurse.open("/board").says("Left before ready today").says(session["name"])
    nurse.shot(page, "early-board")
    nurse.open(f"/courses/{session['course']}").says("before ready")
    nurse.follow("Long term").says("Not asked yet")
    nurse.fill(**{"answer-urinary": "mild", "answer-craving": "2", "answer-use_outside": "other"})
    nurse.press("Write down").says("3 answers are written down", within="body")
    nurse.says("No dose starts until a named clinician has reviewed this")
    nurse.shot(page, "long-term", full_page=True)
    doctor = walk("prescriber").open(f"/courses/{session['course']}/long-term")
    hold = doctor.page.locator(".watch-open.hold")
    hold.locator("textarea").fill("Once, at a party. Spoken with the person.")
    doctor.press("Close under my name", within=".watch-open.hold").says(
        "I have reviewed this entry"
    )
    expect(doctor.page.locator(".watch-open.hold")).to_have_count(0)


def test_the_auditor_sees_who_did_what_and_that_the_record_is_whole(
    server: Served, walk: As, watched: dict[str, Any]
) -> None:
    auditor = walk("auditor").open("/oversight/audit").says("Who did what")
    auditor.fill(patient=watched["mrn"], what="safety.close").press("Show", within="main")
    auditor.says("safety.close").says(server.clinic["names"]["therapist"]).says(watched["mrn"])
    assert watched["mrn"] not in auditor.page.url
    auditor.fill(what="follow_up.record").press("Show", within="main")
    expect(auditor.page.locator("main tbody tr")).to_have_count(2)
    auditor.shot(auditor.page, "audit", full_page=True)
    auditor.follow("Check the record").press("Check now").says("The record is whole")
    auditor.says(re.compile(r"\d+ entries and \d+ rows were checked"))
    auditor.shot(auditor.page, "verified", full_page=True)
    with auditor.refusal(403):
        auditor.open("/setup/")
