"""Counts, discrepancies, and the clocks after a loss."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from evenkeel.clinic.people.actions.change_set_up import edit_site
from evenkeel.clinic.record.errors import Forbidden, Invalid
from evenkeel.clinic.record.verify import verify
from evenkeel.clinic.stock.actions.count_shelves import Seen, count_shelves, set_policy
from evenkeel.clinic.stock.actions.discrepancy import (
    declare_loss,
    explain,
    give_notice,
    look_into,
    report_discrepancy,
    still_different_mg,
)
from evenkeel.clinic.stock.deadlines import add_business_days, add_months, us_federal_holidays
from evenkeel.clinic.stock.models import Container, Discrepancy, Move, Notice
from evenkeel.clinic.stock.proof import prove_balances
from evenkeel.clinic.stock.queries import standing_of
from tests.clinic.stock.makers import Shelves, refused

pytestmark = pytest.mark.django_db

FULL = Seen(sealed=True)


def counted(shelves: Shelves, **seen: Seen) -> Any:
    """A routine count by the nurse with the pharmacist; what is not named is sealed and full."""
    rows = Container.objects.filter(state__in=("sealed", "open"))
    return count_shelves(
        shelves.clinic.as_("session_nurse"),
        site_id=shelves.clinic.site.pk,
        kind="routine",
        second_id=shelves.witness,
        seen={c.pk: seen.get(f"c{c.label}", FULL) for c in rows},
    )


def one_short(shelves: Shelves, counted_mg: Any = "440") -> tuple[Container, Discrepancy]:
    """A vial of which 450 mg are left by the ledger and less was counted."""
    vial = shelves.received()
    shelves.does("draw", vial, 50)
    shelves.clinic.clock.advance(timedelta(hours=1))
    counted(shelves, c1=Seen(amount_mg=Decimal(counted_mg)))
    vial.refresh_from_db()
    return vial, Discrepancy.objects.get()


def looked_into(shelves: Shelves, row: Discrepancy, by: str = "pharmacist") -> None:
    look_into(shelves.clinic.as_(by), discrepancy_id=row.pk, text="Asked everybody.")


def test_a_count_that_agrees_opens_nothing_and_changes_nothing(shelves: Shelves) -> None:
    shelves.received(count=2)
    shelves.does("draw", Container.objects.get(label="2"), 125)
    count = counted(shelves, c2=Seen(amount_mg="375"))
    assert not Discrepancy.objects.exists()
    lines = count.lines.order_by("container__label").values_list("counted_mg", "expected_mg")
    assert list(lines) == [(500, 500), (375, 375)]
    assert Move.objects.filter(kind="count_correction").count() == 0


def test_a_difference_opens_a_discrepancy_and_leaves_the_balance(shelves: Shelves) -> None:
    vial, row = one_short(shelves)
    assert (row.difference_mg, row.state, vial.remaining_mg) == (-10, "open", 450)
    assert row.what == "Counted 440 mg (8.8 mL); the ledger said 450 mg (9 mL)."


@pytest.mark.parametrize(
    ("seen", "opens"),
    [
        (Seen(amount_mg="450"), False),
        (Seen(amount_mg="455"), False),  # 0.1 mL of 50 mg/mL
        (Seen(amount_mg="444.999"), True),
        (Seen(amount_mg="0"), True),
        (Seen(sealed=True), True),
    ],
)
def test_a_measured_volume_may_differ_by_what_the_clinic_says(
    shelves: Shelves, seen: Seen, opens: bool
) -> None:
    set_policy(
        shelves.clinic.as_("pharmacist"),
        site_id=shelves.clinic.site.pk,
        count_every_h=12,
        tolerance_ml=Decimal("0.1"),
        expiring_days=30,
    )
    shelves.does("draw", shelves.received(), 50)
    counted(shelves, c1=seen)
    assert Discrepancy.objects.exists() is opens


def test_a_broken_seal_is_a_discrepancy_even_where_nothing_is_missing(shelves: Shelves) -> None:
    shelves.received()
    counted(shelves, c1=Seen(amount_mg="500"))
    row = Discrepancy.objects.get()
    assert (row.difference_mg, row.what) == (0, "The ledger has it sealed; it was found otherwise.")


def test_a_count_speaks_of_everything_on_the_shelf(shelves: Shelves) -> None:
    first, second = shelves.received(count=2)
    given: dict[str, Any] = {
        "site_id": shelves.clinic.site.pk,
        "kind": "routine",
        "second_id": shelves.witness,
    }
    nurse = shelves.clinic.as_("session_nurse")
    with pytest.raises(Invalid) as caught:
        count_shelves(nurse, seen={first.pk: FULL}, **given)
    assert list(caught.value.fields) == ["seen_2"]
    with refused("witness_is_actor"):
        count_shelves(
            nurse,
            **{**given, "second_id": shelves.clinic.staff["session_nurse"].pk},
            seen={first.pk: FULL, second.pk: FULL},
        )
    shelves.does("draw", first, 500)  # while they count it is used up
    with refused("shelf_changed"):
        count_shelves(nurse, seen={first.pk: FULL, second.pk: FULL}, **given)
    count_shelves(nurse, seen={second.pk: FULL}, extra="A vial without a number", **given)
    assert "without a number" in Discrepancy.objects.get().what


def test_an_explanation_corrects_the_ledger_in_a_line_that_names_it(shelves: Shelves) -> None:
    vial, row = one_short(shelves)
    pharmacist = shelves.clinic.as_("pharmacist")
    with refused("not_looked_into"):
        explain(pharmacist, discrepancy_id=row.pk, cause="Spilled.")
    looked_into(shelves, row)
    explain(pharmacist, discrepancy_id=row.pk, cause="Spilled while drawing, seen by both.")
    vial.refresh_from_db()
    line = Move.objects.get(kind="count_correction")
    assert (line.amount_mg, vial.remaining_mg) == (-10, 440)
    assert str(row.pk)[:8] in line.reference
    with refused("closed"):
        explain(pharmacist, discrepancy_id=row.pk, cause="Again.")
    assert prove_balances(shelves.clinic.site.pk).holds
    assert verify().whole


def test_a_draw_entered_late_explains_a_count_and_nothing_is_corrected(shelves: Shelves) -> None:
    vial, row = one_short(shelves)
    late = shelves.clinic.clock.now() - timedelta(minutes=30)
    shelves.does("draw", vial, 10, happened_at=late)
    assert still_different_mg(row) == 0
    looked_into(shelves, row)
    explain(shelves.clinic.as_("pharmacist"), discrepancy_id=row.pk, cause="A draw entered late.")
    vial.refresh_from_db()
    assert vial.remaining_mg == 440
    assert not Move.objects.filter(kind="count_correction").exists()
    with refused("before_count"):
        shelves.does("draw", vial, 10, happened_at=late)


def test_what_was_counted_and_agreed_is_not_changed_from_before(shelves: Shelves) -> None:
    vial = shelves.received()
    before = shelves.clinic.clock.now()
    shelves.clinic.clock.advance(timedelta(hours=2))
    counted(shelves)
    with refused("before_count") as caught:
        shelves.does("draw", vial, 10, happened_at=before + timedelta(hours=1))
    assert "discrepancy" in caught.value.what_to_do
    shelves.does("draw", vial, 10)


def test_whoever_found_it_does_not_close_it_alone(shelves: Shelves) -> None:
    pharmacist = shelves.clinic.as_("pharmacist")
    vial = shelves.received()
    row = report_discrepancy(
        pharmacist,
        site_id=shelves.clinic.site.pk,
        container_id=vial.pk,
        difference_mg=Decimal(-500),
        what="The vial is not there.",
    )
    looked_into(shelves, row)
    with refused("alone"):
        explain(pharmacist, discrepancy_id=row.pk, cause="Found in another safe.")
    looked_into(shelves, row, by="session_nurse")
    explain(pharmacist, discrepancy_id=row.pk, cause="Dropped and broken before two people.")
    vial.refresh_from_db()
    assert (vial.remaining_mg, vial.state) == (0, "empty")


@pytest.mark.parametrize("role", ["session_nurse", "prescriber", "auditor", "front_desk"])
def test_only_pharmacist_and_medical_director_close(shelves: Shelves, role: str) -> None:
    _, row = one_short(shelves)
    looked_into(shelves, row)
    for act in (
        lambda: explain(shelves.clinic.as_(role), discrepancy_id=row.pk, cause="So be it."),
        lambda: declare_loss(
            shelves.clinic.as_(role),
            discrepancy_id=row.pk,
            cause="Gone.",
            is_theft=True,
            is_significant=True,
        ),
    ):
        with pytest.raises(Forbidden):
            act()


def lost(shelves: Shelves, row: Discrepancy, **given: Any) -> Discrepancy:
    looked_into(shelves, row)
    body = {"cause": "Not found.", "is_theft": False, "is_significant": True, **given}
    return declare_loss(shelves.clinic.as_("medical_director"), discrepancy_id=row.pk, **body)


def test_a_loss_lowers_the_balance_and_starts_the_clocks(shelves: Shelves) -> None:
    vial, row = one_short(shelves)
    lost(shelves, row)
    vial.refresh_from_db()
    assert (Move.objects.get(kind="loss").amount_mg, vial.remaining_mg) == (-10, 440)
    notices = {n.kind: n for n in Notice.objects.all()}
    # found on Monday 23 November 2026 in UTC: Tuesday, and 45 days on is 7 January 2027
    assert notices["dea_written_notice"].due_at == datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC)
    assert notices["dea_form_106"].due_at == datetime(2027, 1, 7, 23, 59, 59, tzinfo=UTC)
    standing = standing_of(shelves.clinic.site)
    now = shelves.clinic.clock.now()
    assert standing.line(now) == "2 notices due."
    assert standing.line(now + timedelta(days=2)) == "2 notices due, 1 late; the count is due."
    notice = notices["dea_written_notice"]
    director = shelves.clinic.as_("medical_director")
    give_notice(director, notice_id=notice.pk, reference="e-mail of 23 November, 16:10")
    with refused("done"):
        give_notice(director, notice_id=notice.pk, reference="again")
    notice.refresh_from_db()
    assert notice.done_by == shelves.clinic.staff["medical_director"]
    assert verify().whole


@pytest.mark.parametrize(
    ("theft", "significant", "notices"), [(True, False, 2), (False, True, 2), (False, False, 0)]
)
def test_theft_is_always_reported_a_small_loss_is_not(
    shelves: Shelves, theft: bool, significant: bool, notices: int
) -> None:
    _, row = one_short(shelves)
    lost(shelves, row, is_theft=theft, is_significant=significant)
    assert Notice.objects.count() == notices


def test_the_clocks_run_in_the_time_of_the_site(shelves: Shelves) -> None:
    administrator = shelves.clinic.as_("administrator")
    edit_site(administrator, site_id=shelves.clinic.site.pk, timezone="Pacific/Auckland")
    # 15:00 UTC on Monday is 04:00 on Tuesday there: the next business day is Wednesday
    _, row = one_short(shelves)
    lost(shelves, row)
    due = Notice.objects.get(kind="dea_written_notice").due_at
    assert due == datetime(2026, 11, 25, 10, 59, 59, tzinfo=UTC)


def test_a_loss_is_discovered_between_its_finding_and_now(shelves: Shelves) -> None:
    _, row = one_short(shelves)
    for wrong in (timedelta(hours=-1), timedelta(hours=1)):
        with pytest.raises(Invalid):
            lost(shelves, row, discovered_at=row.found_at + wrong)


# Published dates: U.S. Office of Personnel Management, federal holidays 2026 and 2027.
OPM = {
    2026: "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25",
    2027: "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31",
}


@pytest.mark.parametrize("year", sorted(OPM))
def test_federal_holidays_are_those_published(year: int) -> None:
    published = {date.fromisoformat(f"{year}-{day}") for day in OPM[year].split()}
    assert us_federal_holidays(year) == published


@pytest.mark.parametrize(
    ("start", "holidays", "due"),
    [
        ("2026-11-23", "us_federal", "2026-11-24"),
        ("2026-11-25", "us_federal", "2026-11-27"),  # Thanksgiving between
        ("2026-11-25", None, "2026-11-26"),
        ("2026-11-27", "us_federal", "2026-11-30"),  # Friday
        ("2026-11-28", "us_federal", "2026-11-30"),
        ("2026-07-02", "us_federal", "2026-07-06"),  # Independence Day kept on Friday
        ("2027-12-30", "us_federal", "2028-01-03"),  # New Year kept on the last of December
    ],
)
def test_the_next_business_day(start: str, holidays: str | None, due: str) -> None:
    assert add_business_days(date.fromisoformat(start), 1, holidays) == date.fromisoformat(due)


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        ("2026-11-23", 24, "2028-11-23"),
        ("2024-02-29", 24, "2026-02-28"),
        ("2026-08-31", 6, "2027-02-28"),
    ],
)
def test_the_next_inventory(day: str, months: int, then: str) -> None:
    assert add_months(date.fromisoformat(day), months) == date.fromisoformat(then)
