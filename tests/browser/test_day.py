"""The day does not go as planned: somebody does not come, somebody comes another time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import expect

from tests.browser.conftest import FRIDAY, Served, local_now
from tests.browser.walking import Walk

As = Callable[..., Walk]


def test_who_did_not_come_is_called_and_booked_again(server: Served, walk: As) -> None:
    missed = server.session("racemic_iv", "on_paper")
    desk = walk("front_desk").open(f"/appointments/{missed['appointment']}")
    change = "#change details:has-text('Did not come')"
    with desk.refusal(422):
        desk.page.locator(f"{change} form").evaluate("form => form.noValidate = true")
        desk.press("Note it")
    desk.says("Not saved")
    desk.page.locator(f'{change} [name="reason"]').fill("Asleep, by the sister's word")
    desk.press("Note it").says("A call is booked", within="body").says("Book again")
    desk.open("/day/").says("Did not come")
    calls = desk.page.locator(".call-list li").filter(has_text=missed["name"])
    expect(calls).to_contain_text("Did not come to the dosing session: ask how they are")
    expect(calls.get_by_role("link", name="Call")).to_have_count(0)  # the desk does not call
    desk.shot(desk.page, "did-not-come", full_page=True)
    desk.open(f"/appointments/{missed['appointment']}").follow("Book again")
    desk.says(missed["name"])


def test_another_time_keeps_the_first_and_the_reason(server: Served, walk: As) -> None:
    booked = server.session("racemic_iv", "booked")
    desk = walk("front_desk").open(f"/appointments/{booked['appointment']}")
    # The next day on which the clinic is open.
    later = local_now(server).date() + timedelta(days=1)
    while later.weekday() > FRIDAY:
        later += timedelta(days=1)
    desk.fill(on=later.isoformat(), at="03:00")
    desk.page.locator('#change [name="reason"]').first.fill("A cold; feels better soon")
    with desk.refusal(422):
        desk.press("Move", within="#change", exact=True)
    desk.says("open from 08:00 to 18:00")
    desk.fill(at="11:00").press("Move", within="#change", exact=True)
    desk.says("Moved.", within="body").says("How it came about").says("A cold; feels better soon")
    assert booked["appointment"] not in desk.path
    desk.open("/day/").says("Moved or cancelled")
    gone = desk.page.locator(".visit-row.gone").filter(has_text=booked["name"])
    expect(gone).to_contain_text("11:00")
    desk.open(f"/day/?date={later}").says(booked["name"])
    # the chair is taken now: nobody else is put there
    other = server.session("racemic_iv", "booked")
    desk.open(f"/appointments/{other['appointment']}")
    desk.fill(on=later.isoformat(), at="11:15")
    desk.page.locator('#change [name="chair_id"]').select_option(label=booked["chair"])
    with desk.refusal(422):
        desk.press("Move", within="#change", exact=True)
    desk.says(booked["chair"])
