"""One person from the referral to the follow-up, through the pages alone, each by who may.

The tests tell one story in their order and share what came of each step.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import FRIDAY, Served, local_now
from tests.browser.walking import Walk

BUNDLES = Path(__file__).parents[1] / "interop" / "fhir" / "data"
As = Callable[..., Walk]
NAME = "Ida Probemann"


@dataclass
class Story:
    """Addresses and names that one step leaves to the next."""

    found: dict[str, str] = field(default_factory=dict)

    def __getattr__(self, name: str) -> str:
        try:
            return self.found[name]
        except KeyError:
            raise AssertionError(f"an earlier step did not leave {name!r}") from None


@pytest.fixture(scope="module")
def story() -> Story:
    """What was reached so far."""
    return Story()


def test_a_person_is_registered_and_a_twin_is_noticed(walk: As, story: Story) -> None:
    desk = walk("front_desk").open("/people/").follow("Register a person")
    given, family = NAME.split()
    who = {"given_name": given, "family_name": family, "sex": "female", "phone": "555 0117"}
    desk.fill(**who, emergency_contact="Sam Probemann, sister, 555 0118")
    with desk.refusal(422):
        desk.press("Register", within="main", exact=True)
    assert desk.page.input_value('[name="family_name"]') == family
    desk.fill(birth_date="1984-03-14").press("Register", within="main", exact=True)
    desk.says(NAME).says("555 0117")
    story.found["person"] = desk.path
    desk.open("/people/new").fill(**who, birth_date="1984-03-14")
    with desk.refusal(422):
        desk.press("Register", within="main", exact=True)
    desk.says("Somebody of this name and date of birth is registered")
    desk.open("/people/").page.get_by_label("Search").fill("1984-03-14")
    desk.press("Search", within="main").says(f"{family}, {given}")
    assert "1984" not in desk.path


def test_a_record_comes_from_a_file_and_the_same_file_changes_nothing(walk: As) -> None:
    bundle = next(BUNDLES.glob("Edward*.json"))
    nurse = walk("session_nurse").open("/people/").follow("Import")
    nurse.page.get_by_label("Bundle file").set_input_files(bundle)
    nurse.press("Read the file").says("was registered").says("New facts")
    nurse.shot(nurse.page, "import")
    nurse.follow("Another file")
    nurse.page.get_by_label("Bundle file").set_input_files(bundle)
    nurse.press("Read the file").says("Nothing new for").follow("Open the record")
    nurse.says("Gulgowski").says("Medicines")
    nurse.open("/people/import")
    nurse.page.get_by_label("Bundle file").set_input_files(
        {"name": "broken.json", "mimeType": "application/json", "buffer": b'{"resourceType": "Bun'}
    )
    with nurse.refusal(422):
        nurse.press("Read the file")
    nurse.says("nothing was stored")


#: Facts as the nurse enters them: key, the fields of its form.
FACTS: dict[str, dict[str, Any]] = {
    "diagnoses": {"value": "Major depressive disorder"},
    "failed_adequate_trials": {"value": 2},
    "scores": {"score": "phq9", "total": 18},
    "pregnancy": {"value": "negative"},
    "breastfeeding": {"value": "no"},
    "conditions_reviewed": {"value": "yes"},
    "allergies_reviewed": {"value": "yes"},
    "medicines_reviewed": {"value": "yes"},
    "weight_kg": {"value": 74},
    "height_cm": {"value": 171},
    "liver_tests": {"value": "normal"},
    "renal_tests": {"value": "normal"},
    "ecg": {"value": "normal"},
    "capacity": {"value": "yes"},
    "cssrs": {"q1": "no", "q2": "no", "q6": "no"},
}


def test_facts_are_entered_with_their_day_and_origin(
    walk: As, story: Story, server: Served
) -> None:
    nurse = walk("session_nurse").open(story.person)
    nurse.page.get_by_role("link", name="Enter Weight").first.click()
    nurse.look().fill(value="7400")
    with nurse.refusal(422):
        nurse.press("Save", within="main")
    today = local_now(server).date().isoformat()
    for key, values in FACTS.items():
        nurse.page.goto(f"{server.url}{story.person}/facts?key={key}")
        nurse.fill(**values, found_on=today, origin="measured here")
        nurse.press("Save", within="main")
    nurse.open(f"{story.person}/facts?key=allergy").press("No allergy known")
    nurse.open(story.person).says("74 kg").says("measured here")
    nurse.shot(nurse.page, "patient", full_page=True)


def test_a_course_is_opened_screened_and_signed(walk: As, story: Story) -> None:
    doctor = walk("prescriber").open(story.person).follow("Open a course")
    doctor.fill(
        indication="Recurrent depression", referred_by="Dr Example, Hill Practice",
        goal="To read a book to the end again",
    )  # fmt: skip
    doctor.press("Open the course")
    story.found["course"] = "/courses/" + doctor.path.split("/")[2]
    doctor.open(f"{story.course}/move").says("Referred").says("Eligible screening")
    assert doctor.page.locator('[name="to"][value="induction"]').count() == 0
    doctor.press("Start screening")
    doctor.open(f"{story.course}/screening?product=racemic_iv").says("Findings")
    with doctor.refusal(422):
        doctor.press("Sign as")
    doctor.shot(doctor.page, "screening", full_page=True)
    doctor.fill(findings_read=True)
    doctor.page.locator('[name="decision"]').first.check(force=True)
    doctor.press("Sign as").says("Signed")
    nurse = walk("session_nurse").open(f"{story.course}/screening")
    nurse.says("A prescriber decides and signs")
    nurse.page.locator('main a[href^="/screenings/"]').first.click()
    nurse.look().says("What was known")


def test_consent_is_published_read_and_signed_and_touch_agreed(walk: As, story: Story) -> None:
    early = walk("session_nurse").open(f"{story.course}/consent").says("No document is in force")
    director = walk("medical_director").open("/setup/consent")
    director.fill(**{"for": "off_label"}).press("Show").press("Publish as").says("in force")
    early.open(f"{story.course}/consent").says(re.compile("off.label"), within=".consent-text")
    early.fill(signed_name=NAME)
    with early.refusal(422):
        early.press("Sign consent")
    assert early.page.input_value('[name="signed_name"]') == NAME
    early.fill(agreed=True).press("Sign consent").says("Consent stands").says(NAME)
    early.shot(early.page, "consent", full_page=True)
    early.open(f"{story.course}/touch").says("no touch")
    early.page.locator('[name="level"]:not([disabled])').nth(1).check(force=True)
    early.fill(stop_word="lighthouse", signed_name=NAME).press("Sign the agreement")
    early.says("lighthouse")


def test_the_plan_is_worked_out_while_it_is_typed_and_signed(walk: As, story: Story) -> None:
    doctor = walk("prescriber").open(f"{story.course}/plan?product=racemic_iv")
    page, figures = doctor.page, doctor.page.locator("#figures")
    ahead = page.locator("#forecast-shown")
    doctor.fill(dose="0.5", basis="mg_per_kg", duration_min="40", concentration_mg_ml="50")
    # 74 kg x 0.5 mg/kg = 37 mg; / 50 mg/mL = 0.74 mL; over 40 min = 1.11 mL/h, to the tenth 1.1
    expect(figures).to_contain_text("37")
    expect(figures).to_contain_text("0.74")
    expect(figures).to_contain_text("1.1")
    expect(figures).to_contain_text("Nothing stops this dose")
    # the first start of an installation compiles for some seconds
    expect(ahead.locator("svg.forecast-band")).to_have_count(5, timeout=90_000)
    expect(ahead).to_contain_text("never satisfies a discharge condition")
    expected = ahead.locator(".forecast-short").inner_text()
    doctor.fill(dose="1.6")
    expect(figures).to_contain_text("Needs a reason")
    expect(ahead.locator(".trust.extrapolated")).to_have_count(5)
    expect(ahead.locator(".forecast-short")).not_to_have_text(expected)
    doctor.fill(dose="3")
    expect(ahead).to_contain_text("What cannot be signed is not forecast")
    doctor.fill(dose="0.5")
    expect(figures).to_contain_text("Nothing stops this dose")
    expect(ahead.locator(".trust.derived")).to_have_count(5)
    assert ahead.locator(".forecast-short").inner_text() == expected
    doctor.shot(page, "plan", full_page=True)
    doctor.look().press("Sign as").says("in force")
    doctor.open(f"{story.course}/plan?product=esketamine_nasal")
    assert page.locator('[name="dose"][value="84"]').count() == 1
    expect(page.locator("#forecast-shown .trust.validated")).to_have_count(1)
    doctor.shot(page, "plan-nasal", full_page=True)
    doctor.open(f"{story.course}/move").press("Start induction").says("Go on to maintenance")


def test_an_appointment_is_booked_and_the_person_checked_in(
    walk: As, story: Story, server: Served
) -> None:
    desk = walk("front_desk").open("/day/").says("To book")
    desk.follow("Book", within=".day-split", exact=True)
    now = local_now(server)
    for name in ("chair_id", "nurse_id"):
        desk.page.locator(f'[name="{name}"]').select_option(index=1)
    story.found["chair"] = desk.page.locator('[name="chair_id"] option:checked').inner_text()
    desk.fill(kind="dosing", on=now.date().isoformat(), at=f"{now + timedelta(minutes=1):%H:%M}")
    if now.weekday() > FRIDAY:
        # The clinic is closed then, which is asked about.
        with desk.refusal(422):
            desk.press("Book", within="main")
        desk.page.locator('[name="confirmed"]').check()
    desk.press("Book", within="main")
    story.found["visit"] = desk.path
    desk.open("/day/").says(NAME)
    desk.shot(desk.page, "day", full_page=True)
    nurse = walk("session_nurse").open(f"{story.visit}/check-in")
    nurse.fill(said_name=NAME, said_birth_date="1984-03-15", last_food_at="02:00")
    answers = {
        "last_fluids_at": "04:00", "escort": "yes", "escort_name": "Sam Probemann",
        "escort_phone": "555 0118", "escort_until": "23:00", "allergies": "as_listed",
        "benzodiazepine": "no", "stimulant": "no", "maoi": "no", "changes": "no",
        "weight_kg": "74", "pregnancy_test": "negative",
    }  # fmt: skip
    nurse.fill(**answers)
    nurse.shot(nurse.page, "check-in", full_page=True)
    with nurse.refusal(422):
        nurse.press("Check in", within="main")
    assert nurse.page.input_value('[name="escort_name"]') == "Sam Probemann"
    nurse.fill(said_birth_date="1984-03-14").press("Check in", within="main")
    nurse.says("name and birth date").press("Open the session")
    expect(nurse.page.locator("html")).to_have_attribute("data-drawn", "session")
    story.found["session"] = nurse.path
