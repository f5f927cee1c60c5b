"""A questionnaire by a link on a phone, a worrying answer, and the dose that waits for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Served
from tests.browser.test_session import act, save
from tests.browser.walking import Walk

As = Callable[..., Walk]


@pytest.fixture(scope="module")
def ready(server: Served) -> dict[str, Any]:
    """Somebody in the chair with everything settled, the drug not yet started."""
    return server.session("racemic_iv", "ready")


@pytest.fixture(scope="module")
def link() -> dict[str, str]:
    """The link that one step leaves to the next."""
    return {}


def answer(person: Walk, value: str) -> Walk:
    """Choose an answer and go on. The whole choice is pressed, as a thumb does."""
    person.page.locator(f'input[name="answer"][value="{value}"]').check(force=True)
    last = person.page.get_by_role("button", name="Send").count()
    return person.press("Send" if last else "Next")


def test_a_questionnaire_is_sent_by_a_link(
    walk: As, ready: dict[str, Any], link: dict[str, str]
) -> None:
    desk = walk("therapist").open(f"/courses/{ready['course']}/questionnaires")
    desk.fill(instrument="phq9", occasion="before session 1").press("Make the link")
    link["url"] = desk.page.get_by_label("Link", exact=True).input_value()
    desk.says("Sent, not opened yet").shot(desk.page, "asked", full_page=True)
    assert ready["name"].split()[0] not in link["url"]


def test_it_is_answered_on_a_phone_and_a_thought_of_death_brings_help_at_once(
    walk: As, ready: dict[str, Any], link: dict[str, str]
) -> None:
    person = walk(size="phone").open(link["url"]).press("Start")
    for number in range(1, 9):
        person.says(f"Question {number} of")
        answer(person, "1")
    person.shot(person.page, "phq9-item-9")
    answer(person, "2")
    # help stands before anything else is asked
    person.says("Thank you for telling us").says("988")
    expect(person.page.locator('main a[href="tel:988"]')).to_be_visible()
    person.shot(person.page, "phq9-help")
    # and the clinic knows already, before the rest is answered
    nurse = walk("session_nurse").open(f"/courses/{ready['course']}")
    nurse.says("PHQ-9 question 9").says("2 of 3")
    person.press("Go on").says("Are you thinking about this now?")
    answer(person, "1").says("Have you made a plan?")
    answer(person, "0")
    while person.page.locator('input[name="answer"]').count():
        answer(person, "0" if "hurt yourself in the last" in person.page.content() else "1")
    person.says("Thank you. That is all.").says("988")
    again = walk(size="phone").open(link["url"]).says("Thank you. That is all.")
    assert again.page.locator('input[name="answer"]').count() == 0


def test_the_next_dose_waits_until_a_named_clinician_closes_it(
    server: Served, walk: As, ready: dict[str, Any]
) -> None:
    nurse = walk("session_nurse").open(f"/sessions/{ready['session']}")
    page = nurse.page
    expect(page.locator("html")).to_have_attribute("data-drawn", "session")
    act(page, "start").click()
    page.expected.append("409")  # type: ignore[attr-defined]
    save(page)
    expect(page.locator("#d-start [data-problem]")).to_contain_text("PHQ-9 question 9")
    assert not [e for e in server.events(ready["session"]) if e["kind"] == "infusion_start"]
    nurse.shot(page, "dose-held")
    seen = walk("session_nurse").open("/safety/").follow(ready["name"])
    seen.says("A prescriber, therapist or medical director closes it")
    doctor = walk("prescriber").open("/safety/").follow(ready["name"])
    doctor.says("Are you thinking about this now?").says("Why this urgency")
    with doctor.refusal(422):
        doctor.press("Close this safety signal")
    doctor.fill(note="Spoken with her at 14:10. No intent, a safety plan is agreed.")
    doctor.press("Close this safety signal").says("The hold on the next dose is lifted")
    doctor.says(f"Closed by {server.clinic['names']['prescriber']}")
    doctor.shot(doctor.page, "signal-closed", full_page=True)
    save(page)
    expect(page.locator("[data-phase-word]")).to_have_text("Drug running")


def test_the_score_stands_on_the_course(walk: As, ready: dict[str, Any]) -> None:
    doctor = walk("prescriber").open(f"/courses/{ready['course']}")
    doctor.says(re.compile(r"PHQ-9\s+10")).says("Session 1 is under way")
    doctor.says("Safety signal closed").says("Nothing open")
    expect(doctor.page.locator(".course-chart svg")).to_be_visible()
    doctor.page.get_by_text("The same as a table").click()
    doctor.says("PHQ-9")
    doctor.shot(doctor.page, "course-one-page", full_page=True)
