"""No page breaks a rule of WCAG 2.2 AA that a program can see: axe-core over every address.

The pages come from the product in this process and are handed to the browser with their own
scripts and styles, wide and light or narrow and dark. Which addresses there are is asked of the
product; one that nobody can open here fails, so that a new page cannot stay outside.
"""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import resources
from urllib.parse import urlsplit

import pytest
from bench.clinic import Shape, fill
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, Route, sync_playwright

from evenkeel.clinic.outcome.actions.ask_questionnaire import ask_questionnaire
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record import installation
from evenkeel.clinic.record.permissions import PERMISSIONS, PUBLIC, SIGNED_IN, Role
from tests.browser.conftest import ARGUMENTS
from tests.browser.walking import STICKS_OUT
from tests.clinic import test_query_baseline as baseline
from tests.clinic.test_permissions import our_routes
from tests.clinic_factory import Clinic, sign_in
from tests.kept import kept
from tests.needs import chromium
from tests.security.test_objects import ROUTES, address
from tests.security.world import World, build_world

SITE = "http://clinic.invalid"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(found =>
  found.violations.map(one => `${one.id} [${one.impact}] ${one.nodes.length} x ` +
    one.nodes.slice(0, 2).map(node => node.html.slice(0, 200) +
      ' ' + node.failureSummary.slice(0, 300)).join(' | ')))"""
HIGHEST = 12_000
SOAK = bool(os.environ.get("EVENKEEL_SOAK"))
LOOKS = (("light", 1440), ("dark", 360))
#: It leads on to what is looked at, or is no page: something is only sent there.
NO_PAGE = frozenset({302, 405})
#: Addresses that name what is shipped, with one of each.
NAMED = {
    "library_answer": "does-it-work",
    "evidence_question": "alcohol",
    "api_question": "alcohol",
    "instrument": "auditc",
    "instrument_template": "phq9",
    "program_shipped": "montreal",
    "quality_measure": "holds",
}
#: Behind a secret of its own; and a form that only opens where an answer waits for its review.
LINKS = frozenset({"invitation", "first_administrator", "answer", "library_review"})


@dataclass
class Rendered:
    """What the product answered, by path; what a page then asks for comes from here too."""

    pages: dict[str, str] = field(default_factory=dict)
    answers: dict[str, tuple[bytes, str]] = field(default_factory=dict)

    def take(self, name: str, path: str, client: Client) -> int:
        """Open ``path``; keep it as a page where it is one. Returns the status."""
        answer = client.get(path)
        if answer.status_code == 200 and not answer.streaming:
            kind = answer.headers["Content-Type"]
            self.answers[path] = (answer.content, kind)
            if kind.startswith("text/html") and b"<html" in answer.content:
                self.pages[name] = path
        return int(answer.status_code)

    def serve(self, route: Route) -> None:
        """Answer the browser."""
        asked = urlsplit(route.request.url)
        path = asked.path + (f"?{asked.query}" if asked.query else "")
        if asked.path.startswith("/static/"):
            found = finders.find(asked.path.removeprefix("/static/"))
            if found:
                kind = mimetypes.guess_type(str(found))[0] or "application/octet-stream"
                route.fulfill(path=str(found), content_type=kind)
                return
        body = self.answers.get(path)
        if body is None:
            route.fulfill(status=404, body="")
        else:
            route.fulfill(body=body[0], content_type=body[1])


def _caller(world: World, permission: str) -> Client:
    """Somebody who holds it; the patient where only patients do."""
    if permission == PUBLIC:
        return Client()
    if permission == SIGNED_IN:
        return world.caller("medical_director")
    roles = PERMISSIONS[permission]
    for role in (Role.MEDICAL_DIRECTOR, *Role):
        if role in roles and role not in (Role.PATIENT, Role.SYSTEM):
            return world.caller(role.value)
    return world.caller("patient")


@pytest.fixture
def world(clinic: Clinic) -> World:
    return kept("world", clinic.clock, lambda: build_world(clinic), clinic)


def look(rendered: Rendered, looks: tuple[tuple[str, int], ...] = LOOKS) -> list[str]:
    """What is wrong with the pages, each looked at in each of these ways."""
    axe = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    wrong = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        eyes = browser.new_page()
        eyes.route("**/*", rendered.serve)
        for number, (name, path) in enumerate(rendered.pages.items()):
            eyes.goto(SITE + path, wait_until="load")
            eyes.evaluate(axe)
            # one look a page, in turns; the soak takes every look at every page
            turn = looks if SOAK else looks[number % len(looks) :][:1]
            wrong += [f"{name} {one}" for one in _seen(eyes, turn)]
        browser.close()
    return wrong


def _seen(eyes: Page, looks: tuple[tuple[str, int], ...]) -> Iterator[str]:
    for theme, width in looks:
        # as high as the page, so that what stays in place at its end covers nothing
        eyes.set_viewport_size({"width": width, "height": 900})
        high = eyes.evaluate("document.documentElement.scrollHeight")
        eyes.set_viewport_size({"width": width, "height": min(high + 200, HIGHEST)})
        eyes.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        for found in eyes.evaluate(RUN, RULES):
            yield f"({theme}, {width}): {found}"
    eyes.set_viewport_size({"width": 360, "height": 900})
    for found in eyes.evaluate(STICKS_OUT):
        yield f"sticks out at 360: {found}"


@pytest.mark.django_db
def test_every_address(world: World) -> None:
    rendered, closed = Rendered(), []
    for pattern, entry in our_routes():
        name = str(entry.name)
        if "(" in pattern or name in NAMED or name in LINKS:
            continue
        if not entry.pattern.converters:
            caller, path, expected = _caller(world, entry.callback.permission), f"/{pattern}", 200
        else:
            row = ROUTES[name]
            caller, path, expected = world.caller(row.holder), address(world, name), row.shown
        status = rendered.take(name, path, caller)
        if status != expected and status not in NO_PAGE:
            closed.append(f"{name}: {status}")
    assert closed == ["demo_sign_in: 403"], "a demonstration is not open here, all else is"
    director = world.caller("medical_director")
    for name, argument in NAMED.items():
        assert rendered.take(name, reverse(name, args=[argument]), director) == 200, name
    therapist, course = world.clinic.as_("therapist"), world.ids["course_id"]
    asked = ask_questionnaire(therapist, course_id=course, instrument_id="phq9")
    phone, link = Client(), f"/q/{asked.token}"
    assert rendered.take("answer", link, phone) == 200
    phone.post(link, {"go": "language", "language": "es"})
    phone.post(link, {"go": "start"})
    assert rendered.take("answer in another language", link, phone) == 200
    wrong = look(rendered)
    assert not wrong, "\n".join(wrong)


@pytest.mark.soak
def test_pages_with_much_on_them(db: None) -> None:
    installation.forget()
    cache.clear()
    filled = fill(datetime.now(UTC), Shape(24, 2, 3, 8))
    baseline.stock(filled, 2)
    baseline.gather(filled)
    client = sign_in(Client(), Account.objects.get(pk=filled.accounts["medical_director"]))
    rendered = Rendered()
    for name, path in baseline.paths(filled).items():
        assert rendered.take(name, path, client) == 200, name
    for api in (f"/api/sessions/{filled.sessions[0]}",):
        assert rendered.take("api", api, client) == 200
    installation.forget()
    wrong = look(rendered, LOOKS[-1:])
    assert not wrong, "\n".join(wrong)
