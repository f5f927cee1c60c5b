"""A medical director changes a limit, compares, signs; and a session runs under it."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Served
from tests.browser.walking import Walk, authenticator_code

SECRET = "JBSWY3DPEHPK3PXP"  # that of every account of the filled clinic
RISE = "threshold.alarm.sbp_rise_mmhg"


def test_a_limit_is_changed_compared_signed_and_a_session_runs_under_it(
    walk: Callable[..., Walk], server: Served
) -> None:
    booked = server.session("racemic_iv", "booked")
    director = walk("medical_director").open("/protocols/")
    director.press("Start a new draft for Ketamine (racemic) IV infusion")
    director.says("Nothing changes until it is signed", "body")
    director.says("Every value is the shipped one", "#edit")
    field = director.page.locator(f'[id="{RISE}"]')
    why = director.page.locator(f'[id="why.{RISE}"]')
    expect(why).to_be_hidden()  # nobody is asked why a shipped value stands
    field.fill("25")
    expect(why).to_be_visible()
    director.says("1 value is your clinic's own", "#edit")
    with director.refusal(422):
        director.press("Save the draft")
    expect(field).to_have_value("25")
    director.says("Say why the clinic decides so")
    why.fill("Two falls last year.")
    director.fill(reason="Yearly review.").press("Save the draft")
    director.says("The draft is saved", "body")
    director.follow("Compare", "main").says("1 change from version 1").says("Two falls last year.")
    director.shot(director.page, "protocol-compare", full_page=True)
    director.follow("Back to the version").follow("Read and sign")
    director.fill(code=authenticator_code(SECRET)).press("Go on", "main")
    director.says("What changes from version 1").fill(agreed=True).press("Sign as")
    director.says("Version 2 is signed", "body").says(re.compile("[0-9a-f]{64}"))
    version = director.path

    nurse = walk("session_nurse").open(f"/appointments/{booked['appointment']}")
    nurse.follow("Check in", "main")
    answers = {
        "last_food_at": "02:00", "last_fluids_at": "04:00", "escort": "yes",
        "escort_name": "Sam Probemann", "escort_phone": "555 0118", "escort_until": "23:00",
        "allergies": "as_listed", "benzodiazepine": "no", "stimulant": "no", "maoi": "no",
        "changes": "no", "weight_kg": "68", "pregnancy_test": "negative",
    }  # fmt: skip
    nurse.fill(said_name=booked["name"], said_birth_date="1984-03-01", **answers)
    nurse.press("Check in", within="main").press("Open the session")
    expect(nurse.page.locator("html")).to_have_attribute("data-drawn", "session")
    nurse.follow("harbour-racemic-iv, version 2")
    assert nurse.path == version
    nurse.says("25 mmHg")
