"""An unfinished session goes on: handed over, through sign-out, and through a restart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Served
from tests.browser.test_session import PRESSURE, enter_vitals, figure, go, save, show

OPEN = Callable[..., Page]


@pytest.fixture(scope="module")
def running(server: Served) -> dict[str, Any]:
    """An infusion under way."""
    return server.session("racemic_iv", "running")


def test_the_session_is_handed_over_and_the_board_names_who_watches(
    server: Served, open_page: OPEN, running: dict[str, Any], shot: Any
) -> None:
    leaving, board = open_page(), open_page()
    show(server, leaving, running)
    server.sign_in(board, "prescriber")
    board.goto(server.path("board"))
    expect(board.locator("[data-live-words]")).to_contain_text("Live")
    leaving.locator('[data-dialog="d-hand-over"]').click()
    to = server.clinic["names"]["medical_director"]
    leaving.locator('#d-hand-over [name="to_id"]').select_option(label=to)
    leaving.locator('#d-hand-over [name="note"]').fill("Floating since 13:20, no touch wanted")
    shot(leaving, "hand-over")
    save(leaving)
    expect(leaving.locator("[data-nurse]").first).to_have_text(to)
    expect(board.locator(".team")).to_contain_text(to)
    event = next(e for e in server.events(running["session"]) if e["kind"] == "hand_over")
    assert event["body"]["from_name"] == server.clinic["names"]["session_nurse"]
    assert event["body"]["note"] == "Floating since 13:20, no touch wanted"


def test_signing_out_keeps_the_session_for_whoever_comes_next(
    server: Served, open_page: OPEN, running: dict[str, Any]
) -> None:
    first = open_page()
    server.sign_in(first, "session_nurse spare")
    go(server, first, running)
    enter_vitals(first, sbp_mmhg=143, dbp_mmhg=91)
    expect(figure(first, PRESSURE)).to_have_text("143/91")
    expect(first.locator("[data-waiting]")).to_have_text("nothing waiting")
    first.locator(".menu summary").click()
    first.get_by_role("button", name="Sign out").click()
    expect(first.locator("body")).to_contain_text("Sign in")
    first.goto(server.path("sessions", running["session"]))
    expect(first.locator("body")).to_contain_text("Sign in")
    assert "143/91" not in first.content()
    second = open_page()
    show(server, second, running, "medical_director")
    expect(figure(second, PRESSURE)).to_have_text("143/91")
    expect(second.locator("[data-phase-word]")).to_have_text("Drug running")


def test_a_restart_loses_nothing_and_the_open_screen_goes_on(
    server: Served, open_page: OPEN, running: dict[str, Any]
) -> None:
    page = open_page()
    # while nobody answers the browser says so on its console
    page.expected += ["Failed to load resource", "ERR_", "net::"]  # type: ignore[attr-defined]
    show(server, page, running, "prescriber")
    expect(page.locator("[data-live-words]")).to_contain_text("Live")
    page.evaluate("window.notReloaded = true")
    before = [e["id"] for e in server.events(running["session"])]
    server.stop()
    enter_vitals(page, sbp_mmhg=145, dbp_mmhg=92)
    expect(page.locator("[data-waiting]")).to_have_text("1 entry waiting to be sent")
    server.start()
    expect(page.locator("[data-waiting]")).to_have_text("nothing waiting", timeout=40_000)
    expect(figure(page, PRESSURE)).to_have_text("145/92")
    expect(page.locator("[data-live-words]")).to_contain_text("Live", timeout=40_000)
    assert page.evaluate("window.notReloaded")
    after = server.events(running["session"])
    assert [e["id"] for e in after][: len(before)] == before
    assert sum(e["body"].get("sbp_mmhg") == 145 for e in after) == 1
