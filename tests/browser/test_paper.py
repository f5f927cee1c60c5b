"""When the system is away: the day on paper, and a session entered afterwards with its times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Served, local_now
from tests.browser.walking import Walk

As = Callable[..., Walk]


@pytest.fixture(scope="module")
def away(server: Served) -> dict[str, Any]:
    """Somebody who was booked this morning, when the system was away."""
    return server.session("racemic_iv", "on_paper")


def test_the_day_and_a_blank_sheet_print(walk: As, away: dict[str, Any]) -> None:
    desk = walk("front_desk").open("/day/").follow("Paper for this day")
    desk.says("Everybody on this day").says(away["name"]).says("Crisis line: 988")
    # the front desk hands out the sheet; the dose on it is for those who may see the plan
    expect(desk.page.locator(".dose-line")).to_have_count(0)
    nurse = walk("session_nurse").open("/day/").follow("Paper for this day")
    sheet = nurse.page.locator(".sheet-page").filter(has_text=away["name"])
    expect(sheet).to_contain_text("Session sheet")
    expect(sheet.locator(".dose-line")).to_contain_text("37 mg")
    expect(sheet).to_contain_text("Second person")
    nurse.page.emulate_media(media="print")
    expect(nurse.page.get_by_role("button", name="Print")).not_to_be_visible()
    expect(sheet).to_be_visible()
    nurse.shot(nurse.page, "paper", full_page=True)
    nurse.page.emulate_media(media="screen")
    document = nurse.page.request.get(nurse.page.url.replace("/downtime", "/downtime.pdf"))
    assert document.body().startswith(b"%PDF-")


def typed(begun: datetime) -> dict[str, Any]:
    """A whole session as it stands on the paper, begun at this time of the clinic."""

    def at(minute: int) -> str:
        return f"{begun + timedelta(minutes=minute):%H:%M}"

    def vitals(n: int, minute: int, sbp: int, dbp: int, dissociation: int) -> dict[str, Any]:
        row = {
            "time": at(minute), "sbp_mmhg": sbp, "dbp_mmhg": dbp, "heart_rate_bpm": 72,
            "spo2_percent": 98, "moaas": 5, "dissociation_0_10": dissociation,
            "respiratory_rate_per_min": 14,
        }  # fmt: skip
        return {f"vitals-{n}-{name}": value for name, value in row.items()}

    return {
        "on": begun.date().isoformat(), "opened": at(0), "kept_by": "Noor Fiktiv, RN",
        "checked": at(4), "second-by_name": "Otto Sampleton", "second-dose_mg": 37,
        "second-volume_ml": "0.74", "second-rate_ml_per_h": "1.11",
        **vitals(1, 5, 124, 78, 0), **vitals(2, 25, 139, 86, 4), **vitals(3, 145, 127, 79, 0),
        "drug-1-time": at(10), "drug-1-what": "infusion_start", "drug-1-amount_mg": 37,
        "drug-1-rate_mg_per_h": 55.5,
        "drug-2-time": at(50), "drug-2-what": "infusion_stop",
        "notes-1-time": at(30), "notes-1-text": "Asked for the curtain to be drawn.",
        "leaving-oriented": "yes", "leaving-dissociation_resolved": "yes",
        "leaving-gait": "independent", "leaving-cssrs_intent": "no",
        "leaving-escort_present": "yes", "leaving-instructions_given": "yes",
        "leaving-plans_to_drive": "no", "leaving-aldrete": 10, "leaving-symptoms": "none",
        "leaving-ready": at(150), "leaving-left": at(155), "leaving-escort": "Eve Escort",
    }  # fmt: skip


def test_a_session_kept_on_paper_is_entered_with_its_true_times(
    server: Served, walk: As, away: dict[str, Any]
) -> None:
    begun = local_now(server) - timedelta(minutes=235)
    sheet = typed(begun)
    nurse = walk("session_nurse").open("/day/").follow("Enter from paper")
    nurse.page.locator("tr").filter(has_text=away["name"]).get_by_role("link").click()
    nurse.look()
    for check in nurse.page.locator('[name^="check-"][value="yes"]').all():
        check.check(force=True)
    nurse.fill(**{**sheet, "vitals-2-sbp_mmhg": 39})
    nurse.shot(nurse.page, "paper-entering", full_page=True)
    with nurse.refusal(422):
        nurse.press("Enter the sheet")
    nurse.says("Vital signs, line 2").says("Nothing was stored")
    assert nurse.page.input_value('[name="notes-1-text"]') == sheet["notes-1-text"]
    nurse.fill(**{"vitals-2-sbp_mmhg": 139}).press("Enter the sheet")
    expect(nurse.page.locator("[data-phase-word]")).to_have_text("Closed")
    events = server.events(nurse.path.rsplit("/", 1)[1])
    assert {e["via"] for e in events} == {"paper"}
    start = next(e for e in events if e["kind"] == "infusion_start")
    happened = datetime.fromisoformat(start["happened_at"])
    assert happened == (begun + timedelta(minutes=10)).replace(second=0, microsecond=0)
    recorded = datetime.fromisoformat(start["recorded_at"])
    assert timedelta(hours=3) < recorded - happened < timedelta(hours=5)
    nurse.open(f"{nurse.path}/note").says("Entered from the paper record kept by Noor Fiktiv, RN")
    nurse.says("Asked for the curtain to be drawn").says(f"{begun + timedelta(minutes=30):%H:%M}")
