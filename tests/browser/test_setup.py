"""The first day of an installation in a browser: a one-time link, the wizard, the first staff."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import ROOT, Served, free_port
from tests.browser.walking import PHONE, Walk, authenticator_code
from tests.needs import chromium

OPEN = Callable[..., Page]
PASSWORD = "a lantern over a quiet harbour"
PIN = "274916"


@dataclass
class Fresh:
    """An installation on its first day, and what its people were given."""

    served: Served
    links: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    #: A browser's memory with a sign-in in it; a code of the second factor is good only once.
    signed_in: dict[str, Any] = field(default_factory=dict)

    def command(self, *arguments: str) -> str:
        """What a command of the product prints."""
        done = subprocess.run(
            [sys.executable, "-m", "evenkeel.cli", *arguments],
            cwd=ROOT,
            env=self.served.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    """An installation with nobody in it, made and served by the product's own commands."""
    chromium()
    made = Fresh(Served(tmp_path_factory.mktemp("fresh"), free_port(), free_port()))
    made.command("upgrade")
    said = made.command("first-administrator", "--address", made.served.url)
    made.links["administrator"] = re.search(r"http://\S+", said).group()  # type: ignore[union-attr]
    try:
        made.served.start()
        yield made
    finally:
        made.served.stop()


@pytest.fixture
def walk(fresh: Fresh, open_page: OPEN, shot: Any) -> Callable[..., Walk]:
    """Opens a browser in which somebody goes through the pages."""

    def begin(size: str = "wide", **options: Any) -> Walk:
        return Walk(open_page(size, **options), fresh.served.url, shot)

    return begin


def daylight_zone(now: datetime) -> str:
    """A place where it is about noon, so that today is today."""
    places = (
        "Pacific/Honolulu", "America/Los_Angeles", "America/New_York", "America/Sao_Paulo",
        "Atlantic/Azores", "Europe/Berlin", "Asia/Dubai", "Asia/Dhaka", "Asia/Tokyo",
        "Australia/Sydney", "Pacific/Auckland",
    )  # fmt: skip
    return min(places, key=lambda place: abs(now.astimezone(ZoneInfo(place)).hour - 12))


def add_authenticator(person: Walk) -> str:
    """Add an authenticator app by hand, as somebody who cannot scan; the secret."""
    person.follow("Authenticator app")
    person.page.get_by_text("I cannot scan it").click()
    secret = person.page.locator(".secret").inner_text().strip()
    person.shot(person.page, "authenticator")
    person.fill(code=authenticator_code(secret)).press("Add the app")
    return secret


def test_nobody_comes_in_before_the_first_administrator(walk: Callable[..., Walk]) -> None:
    person = walk()
    with person.refusal(404):
        person.open("/setup/first/not-the-link-that-was-printed")
    person.open("/").says("Sign in")
    assert person.path.startswith("/accounts/login/")


def test_the_first_administrator_comes_by_a_link_and_must_add_a_second_factor(
    fresh: Fresh, walk: Callable[..., Walk]
) -> None:
    person = walk()
    person.open(fresh.links["administrator"]).says("first administrator")
    person.fill(
        organisation="Harbour Clinics", site_name="Harbour",
        timezone=daylight_zone(datetime.now(UTC)),
        full_name="Mara Muster", credentials="MHA", email="mara@harbour.invalid",
        password=PASSWORD, password_again=PASSWORD, pin=PIN, pin_again="123456",
    )  # fmt: skip
    with person.refusal(422):
        person.press("Make my account")
    person.says("The two PINs are not the same")
    assert person.page.input_value('[name="full_name"]') == "Mara Muster"
    person.shot(person.page, "first-administrator", full_page=True)
    person.fill(password=PASSWORD, password_again=PASSWORD, pin=PIN, pin_again=PIN)
    person.press("Make my account").says("Add a second factor")
    for elsewhere in ("/setup/", "/people/", "/board"):
        person.open(elsewhere).says("Add a second factor")
    fresh.secrets["administrator"] = add_authenticator(person)
    person.says("Recovery codes").follow("I have kept them")
    assert person.path == "/setup/"


def test_the_link_of_the_first_administrator_works_once(
    fresh: Fresh, walk: Callable[..., Walk]
) -> None:
    person = walk()
    with person.refusal(404):
        person.open(fresh.links["administrator"])


def sign_in(person: Walk, email: str, secret: str) -> Walk:
    person.open("/accounts/login/").fill(login=email, password=PASSWORD).press(
        "Sign in", exact=True
    )
    person.says("One more thing")
    return person.fill(code=authenticator_code(secret)).press("Sign in", exact=True)


def test_the_wizard_sets_up_organisation_site_chairs_and_staff(
    fresh: Fresh, walk: Callable[..., Walk]
) -> None:
    person = sign_in(walk(), "mara@harbour.invalid", fresh.secrets["administrator"])
    assert person.path == "/setup/"
    fresh.signed_in["administrator"] = person.page.context.storage_state()
    person.press("The set-up is complete").says("There is no chair yet", within=".messages")
    person.fill(organisation="Harbour Clinics of Evenhaven").press("Save and go on")
    person.says("not entered").follow("Change Harbour")
    person.fill(
        address="1 Quay Street\nEvenhaven", phone="555 0100", crisis_line="988 Lifeline, 988"
    )
    person.press("Save the site").says("988 Lifeline").follow("Go on to chairs")
    for number in (1, 2):
        person.fill(name=f"Chair {number}", room="North room", bed_label=f"BED{number}")
        person.fill(order=number).press("Add the chair")
    person.says("BED2")
    person.shot(person.page, "setup-chairs")
    person.follow("Go on to staff")
    for full_name, role in (("Dr Otto Probe", "prescriber"), ("Noor Fiktiv", "session_nurse")):
        email = f"{role}@harbour.invalid"
        person.fill(full_name=full_name, email=email, roles=role).press("Make the link")
        person.says(f"A link for {full_name}")
        fresh.links[role] = person.page.get_by_label("Link").input_value()
        person.follow("Done")
    person.shot(person.page, "setup-staff", full_page=True)
    person.says("Invited, not here yet").open("/setup/")
    person.press("The set-up is complete")
    person.says("Nobody can prescribe yet", within=".messages")


def test_an_invitation_becomes_an_account_that_signs_in_on_a_phone_with_keys_alone(
    fresh: Fresh, walk: Callable[..., Walk]
) -> None:
    invited = walk("phone")
    invited.open(fresh.links["session_nurse"]).says("Welcome, Noor Fiktiv").says("session nurse")
    invited.fill(password=PASSWORD, password_again=PASSWORD, pin=PIN, pin_again=PIN)
    invited.press("Open my account").says("Add a second factor")
    secret = add_authenticator(invited)
    invited.follow("I have kept them")

    keys = walk("phone")
    keys.open("/board")
    page = keys.page
    keys.tab_to("Email")
    page.keyboard.type("session_nurse@harbour.invalid")
    keys.tab_to("Password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    keys.says("One more thing").tab_to("code")
    page.keyboard.type(authenticator_code(secret))
    page.keyboard.press("Enter")
    page.wait_for_url("**/board")
    keys.look()
    assert keys.path == "/board"
    assert page.viewport_size == PHONE


def test_a_set_up_is_complete_once_a_prescriber_is_here(
    fresh: Fresh, walk: Callable[..., Walk]
) -> None:
    invited = walk(color_scheme="dark")
    invited.open(fresh.links["prescriber"]).says("Welcome, Dr Otto Probe")
    invited.fill(password=PASSWORD, password_again=PASSWORD, pin=PIN, pin_again=PIN)
    invited.press("Open my account")
    add_authenticator(invited)
    invited.follow("I have kept them").open("/people/").says("Nobody registered yet")
    with invited.refusal(403):
        invited.open("/setup/")
    person = walk(storage_state=fresh.signed_in["administrator"]).open("/setup/")
    person.press("The set-up is complete").says("Complete since")
    assert "whole" in fresh.command("verify")
