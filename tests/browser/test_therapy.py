"""A course with therapy, as those who walk it see it: prepared, held back, dosed, integrated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Served
from tests.browser.test_session import act, save
from tests.browser.walking import Walk

As = Callable[..., Walk]
PRIVATE = "Father was there. I have told nobody."


@pytest.fixture(scope="module")
def ready(server: Served) -> dict[str, Any]:
    """Somebody in the chair with everything settled, the drug not yet started."""
    return server.session("racemic_iv", "ready")


@pytest.fixture(scope="module")
def own(server: Served, ready: dict[str, Any]) -> Callable[[As], Walk]:
    """Opens a phone on which that person is signed in."""
    cookie = server.fill("own", ready["patient"])["cookie"]

    def begin(walk: As) -> Walk:
        phone = walk(size="phone")
        cookies = [{"name": "evenkeel", "value": cookie, "url": server.url}]
        phone.page.context.add_cookies(cookies)
        return phone

    return begin


def live(walk: As, role: str, ready: dict[str, Any]) -> tuple[Walk, Page]:
    somebody = walk(role).open(f"/sessions/{ready['session']}")
    expect(somebody.page.locator("html")).to_have_attribute("data-drawn", "session")
    return somebody, somebody.page


def test_a_course_is_put_on_a_program_and_says_what_is_missing(
    walk: As, ready: dict[str, Any]
) -> None:
    here = f"/courses/{ready['course']}"
    therapist = walk("therapist").open(f"{here}/touch").press("Take back: no touch")
    therapist.open(here).follow("Choose one").says("Montreal model")
    therapist.shot(therapist.page, "programs", full_page=True)
    therapist.fill(program="montreal").press("Put the course on it")
    therapist.says("Preparation 1").says("Touch agreement and stop word are not signed")
    therapist.shot(therapist.page, "therapy", full_page=True)
    therapist.follow("Preparation", within=".therapy-parts").says("Working together")
    therapist.press("Treatment frame")
    ticked = therapist.page.get_by_role("button", name="Treatment frame")
    expect(ticked).to_have_attribute("aria-pressed", "true")


def test_the_person_brings_their_own_part_on_a_phone(
    walk: As, ready: dict[str, Any], own: Callable[[As], Walk]
) -> None:
    person = own(walk).open("/own/").follow("Before my sessions")
    person.says("0 of 11 done")
    person.press("I can say no to my therapist").says("1 of 11 done")
    person.fill(intention="To rest from arguing", fears="To lose hold", calm="4")
    person.fill(call_name="Rowan", call_phone="555-0142").press("Keep it").says(
        "Kept.", within="body"
    )
    person.shot(person.page, "own-before", full_page=True)
    therapist = walk("therapist").open(f"/courses/{ready['course']}/therapy/preparation")
    therapist.says("To rest from arguing").says("Not talked over yet")
    therapist.press("We talked it over").says("Talked over")


def test_the_dose_waits_for_the_touch_agreement(
    server: Served, walk: As, ready: dict[str, Any]
) -> None:
    nurse, page = live(walk, "session_nurse", ready)
    act(page, "start").click()
    page.expected.append("409")  # type: ignore[attr-defined]
    save(page)
    expect(page.locator("#d-start [data-problem]")).to_contain_text("No touch agreement")
    nurse.shot(page, "dose-without-touch")
    assert not [e for e in server.events(ready["session"]) if e["kind"] == "infusion_start"]
    therapist = walk("therapist").open(f"/courses/{ready['course']}/touch")
    therapist.fill(level="hand", stop_word="lantern", stop_sign="two fingers")
    therapist.fill(boundaries="No filming.", signed_name=ready["name"])
    therapist.press("Sign the agreement").says("two fingers").says("No filming.")
    save(page)
    expect(page.locator("[data-phase-word]")).to_have_text("Drug running")


def test_the_room_is_written_down_as_it_happens_and_corrected(
    server: Served, walk: As, ready: dict[str, Any]
) -> None:
    therapist, page = live(walk, "therapist", ready)
    room = page.locator("#room")
    room.get_by_role("button", name="Music", exact=True).click()
    dialog = page.locator("#d-music")
    dialog.get_by_label("What is played").fill("Slow water")
    save(page)
    expect(room.locator("[data-room-music]")).to_contain_text("“Slow water”")
    room.locator('[data-step-done="check_in"]').click()
    expect(room.locator('[data-step="check_in"]')).to_contain_text("Done ")
    room.get_by_role("button", name="Touch", exact=True).click()
    dialog = page.locator("#d-touch")
    dialog.get_by_text("Touch used").click()
    page.expected.append("422")  # type: ignore[attr-defined]
    save(page)
    expect(dialog.locator(".field-wrong")).to_have_text("Say where.")
    dialog.get_by_text("shoulder", exact=True).click()
    save(page)
    expect(room.locator("[data-room-happened]")).to_contain_text("Wider than agreed")
    # it was the hand: corrected, and both stay
    page.locator("[data-entries] .entry-link", has_text="Touch used").click()
    page.locator("[data-correct]").click()
    dialog.get_by_text("hand", exact=True).click()
    save(page)
    expect(room.locator("[data-room-happened]")).to_contain_text("Touch used, hand")
    expect(room.locator("[data-room-happened]")).not_to_contain_text("Wider than agreed")
    expect(page.locator("[data-entries] .superseded")).to_contain_text("Touch used, shoulder")
    therapist.refused.clear()  # the touch that did not say where
    page.set_viewport_size({"width": 360, "height": 740})
    therapist.look().shot(page, "room-phone", full_page=True)
    kinds = [e["kind"] for e in server.events(ready["session"])]
    assert kinds.count("touch") == 2
    assert {"music", "guide_step"} <= set(kinds)


def test_a_private_entry_stays_with_the_person_and_a_shared_part_is_shared(
    walk: As, ready: dict[str, Any], own: Callable[[As], Walk]
) -> None:
    there = f"/courses/{ready['course']}/therapy/integration"
    person = own(walk).open("/own/").follow("My journal").says("Yours alone")
    person.fill(text=PRIVATE).press("Keep it").says(PRIVATE).says("only me")
    person.shot(person.page, "own-journal", full_page=True)
    for role in ("therapist", "medical_director"):
        staff = walk(role).open(there).says("Nothing is shared")
        assert "told nobody" not in staff.page.content()
    person.follow("Change or share").fill(sharing="part", shared_part="Father was there.")
    person.press("Keep it").says("a part is shared")
    therapist = walk("therapist").open(there).says("Father was there.")
    assert "told nobody" not in therapist.page.content()
    therapist.shot(therapist.page, "integration", full_page=True)


def test_a_psychotherapy_note_is_closed_to_the_medical_director(
    walk: As, ready: dict[str, Any]
) -> None:
    there = f"/courses/{ready['course']}/therapy/notes"
    therapist = walk("therapist").open(there)
    therapist.fill(text="My own unease.").press("Keep the note").says("open to you")
    therapist.page.locator(".wall-list a").first.click()
    therapist.look().says("My own unease.")
    note = therapist.path
    director = walk("medical_director").open(there).says("closed to you")
    with director.refusal(403):
        director.open(note)
    director.says("Only its author and whom they name can open this note")
    director.open("/oversight/audit").says("psychotherapy note").says("refused")
