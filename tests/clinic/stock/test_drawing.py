"""What a session draws, wastes and puts back, and how it adds up."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from evenkeel.clinic.people.actions.change_set_up import edit_site
from evenkeel.clinic.people.actions.set_up import end_role
from evenkeel.clinic.people.models import Membership
from evenkeel.clinic.record.clock import FixedClock
from evenkeel.clinic.record.errors import NotFound
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.record.verify import verify
from evenkeel.clinic.stock.actions.begin_ledger import OnHand, begin_ledger, keep_elsewhere
from evenkeel.clinic.stock.drawing import containers_for, ledger_mode, session_account
from evenkeel.clinic.stock.models import Container, Move
from evenkeel.clinic.stock.proof import prove_balances
from tests.clinic.stock.makers import FAR, Shelves, build_shelves, in_session, refused
from tests.clinic_factory import Clinic, build_clinic

pytestmark = pytest.mark.django_db


def test_a_session_adds_up_container_by_container(shelves: Shelves) -> None:
    first, second = shelves.received(count=2)
    shelves.does("draw", first, "40.5")
    shelves.does("draw", first, "10")
    shelves.does("draw", second, "7.125")
    shelves.does("waste", first, "12.25")
    account = session_account(shelves.session_id)
    assert (account.drawn_mg, account.wasted_mg, account.put_back_mg, account.left_mg) == (
        Decimal("57.625"),
        Decimal("12.25"),
        0,
        Decimal("45.375"),
    )
    assert [(c.label, c.left_mg) for c in account.by_container] == [
        (first.label, Decimal("38.25")),
        (second.label, Decimal("7.125")),
    ]
    first.refresh_from_db()
    assert (first.remaining_mg, first.state) == (Decimal("449.500"), "open")
    assert first.use_by == first.opened_at + timedelta(hours=28)
    assert session_account(uuid4()).by_container == ()
    assert prove_balances(shelves.clinic.site.pk).holds
    assert verify().whole


def test_what_was_drawn_last_empties_the_container(shelves: Shelves) -> None:
    vial = shelves.received()
    shelves.does("draw", vial, 500)
    vial.refresh_from_db()
    assert (vial.remaining_mg, vial.state) == (0, "empty")
    with refused("unusable"):
        shelves.does("draw", vial, "0.001")


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("500.001", "not_enough"),
        ("0", "amount"),
        ("-1", "amount"),
        ("0.0005", "amount"),
        ("nan", "amount"),
        ("Infinity", "amount"),
        ("1e12", "amount"),
        ("", "amount"),
        (None, "amount"),
        (True, "amount"),
    ],
)
def test_an_amount_that_cannot_be_changes_nothing(
    shelves: Shelves, amount: object, code: str
) -> None:
    vial = shelves.received()
    with refused(code):
        shelves.does("draw", vial, amount)
    vial.refresh_from_db()
    assert vial.remaining_mg == 500
    assert Move.objects.filter(container=vial).count() == 1


def test_devices_are_drawn_whole_and_may_go_back_unopened(shelves: Shelves) -> None:
    kit = shelves.received(shelves.kit)
    with refused("amount"):
        shelves.does("draw", kit, 30)
    shelves.does("draw", kit, 84)
    shelves.does("put_back", kit, 28, given_mg=56)
    kit.refresh_from_db()
    assert (kit.remaining_mg, kit.state) == (28, "open")
    with refused("too_much"):
        shelves.does("put_back", kit, 28, given_mg=56)
    assert session_account(shelves.session_id).left_mg == 56
    vial = shelves.received()
    shelves.does("draw", vial, 50)
    with refused("not_returnable"):
        shelves.does("put_back", vial, 10)


def test_no_more_is_wasted_than_was_drawn_less_what_was_given(shelves: Shelves) -> None:
    vial, other = shelves.received(count=2)
    shelves.does("draw", vial, 50)
    for given_mg, amount in ((0, "50.001"), (35, "15.001"), (50, "0.001")):
        with refused("too_much"):
            shelves.does("waste", vial, amount, given_mg=given_mg)
    with refused("too_much"):
        shelves.does("waste", other, 1)
    with refused("too_much"):
        shelves.does("waste", vial, 1, session_id=uuid4())
    shelves.does("waste", vial, 15, given_mg=35)
    assert session_account(shelves.session_id).left_mg == 35


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("session_nurse", "witness_is_actor"),
        (None, "witness_missing"),
        ("nobody", "witness_unknown"),
        ("not a key", "witness_unknown"),
        ("prescriber_elsewhere", "witness_not_allowed"),
        ("front_desk", "witness_not_allowed"),
        ("auditor", "witness_not_allowed"),
    ],
)
def test_the_witness_is_another_active_member_of_the_sites_staff(
    shelves: Shelves, who: str | None, code: str
) -> None:
    vial = shelves.received()
    shelves.does("draw", vial, 50)
    staff = shelves.clinic.staff
    witness = staff[who].pk if who in staff else uuid4() if who == "nobody" else who
    with refused(code):
        shelves.does("waste", vial, 5, witness_id=witness)
    assert session_account(shelves.session_id).wasted_mg == 0


def test_a_witness_whose_role_ended_or_account_closed_is_none(shelves: Shelves) -> None:
    vial = shelves.received()
    shelves.does("draw", vial, 50)
    pharmacist = shelves.clinic.staff["pharmacist"]
    held = Membership.objects.get(account=pharmacist)
    end_role(shelves.clinic.as_("administrator"), membership_id=held.pk)
    with refused("witness_not_allowed"):
        shelves.does("waste", vial, 5)
    pharmacist.is_active = False
    pharmacist.save()
    with refused("witness_unknown"):
        shelves.does("waste", vial, 5)


def test_only_what_may_be_used_now_is_offered_open_ones_first(shelves: Shelves) -> None:
    clinic = shelves.clinic
    today = clinic.clock.now().date()
    late = shelves.received(lot="LATE")
    soon = shelves.received(lot="SOON", expires_on=today + timedelta(days=3))
    opened = shelves.received(lot="OPEN")
    shelves.does("draw", opened, 1)

    def lots(product: str = "racemic_iv") -> list[str]:
        return [c.lot for c in containers_for(clinic.site.pk, product, clinic.clock.now())]

    assert lots() == ["OPEN", "SOON", "LATE"]
    assert lots("esketamine_nasal") == []
    clinic.clock.advance(timedelta(hours=29))
    assert lots() == ["SOON", "LATE"]  # opened 28 hours ago: not to be used any more
    with refused("unusable"):
        shelves.does("draw", opened, 1)
    clinic.clock.advance(timedelta(days=3))
    assert lots() == ["LATE"]
    with refused("unusable"):
        shelves.does("draw", soon, 1)
    assert lots() == [late.lot]


def test_a_wrong_line_stays_and_a_counter_line_answers_it(shelves: Shelves) -> None:
    wrong, right = shelves.received(count=2)
    drawn = shelves.does("draw", wrong, 40)
    counter = shelves.void(drawn)
    assert (counter.amount_mg, counter.corrects_id) == (Decimal(40), drawn.pk)
    wrong.refresh_from_db()
    assert (wrong.remaining_mg, wrong.state, wrong.opened_at, wrong.use_by) == (
        500,
        "sealed",
        None,
        None,
    )
    shelves.does("draw", right, 40)
    account = session_account(shelves.session_id)
    assert [(c.label, c.drawn_mg) for c in account.by_container] == [(right.label, 40)]
    assert Move.objects.filter(session_id=shelves.session_id).count() == 3
    with refused("voided"):
        shelves.void(drawn)
    with refused("not_voidable"):
        shelves.void(counter)
    with refused("not_voidable"):
        shelves.void(Move.objects.get(container=right, kind="receive"))
    assert prove_balances(shelves.clinic.site.pk).holds


def test_a_counter_line_never_leaves_more_wasted_than_drawn(shelves: Shelves) -> None:
    vial = shelves.received()
    drawn = shelves.does("draw", vial, 40)
    wasted = shelves.does("waste", vial, 10)
    with refused("too_much"):
        shelves.void(drawn)
    with refused("witness_is_actor"):
        shelves.void(wasted, witness_id=shelves.clinic.staff["session_nurse"].pk)
    shelves.void(wasted)
    shelves.void(drawn)
    assert session_account(shelves.session_id).drawn_mg == 0
    vial.refresh_from_db()
    assert vial.remaining_mg == 500


@pytest.mark.parametrize(
    ("hours", "code"), [(-1, "before_receipt"), (1, "future"), (24 * 400, "future")]
)
def test_a_time_at_which_nothing_can_have_happened_is_refused(
    shelves: Shelves, hours: int, code: str
) -> None:
    vial = shelves.received()
    at = shelves.clinic.clock.now() + timedelta(hours=hours)
    with refused(code) as caught:
        shelves.does("draw", vial, 1, happened_at=at)
    assert caught.value.what_to_do


def test_where_the_clock_went_back_nothing_is_drawn_before_it_came(shelves: Shelves) -> None:
    vial = shelves.received()
    shelves.clinic.clock.advance(timedelta(days=-2))
    with refused("before_receipt") as caught:
        shelves.does("draw", vial, 1)
    assert "clock" in caught.value.what_to_do
    shelves.clinic.clock.advance(timedelta(days=2, hours=1))
    drawn = shelves.does("draw", vial, 1)
    shelves.clinic.clock.advance(timedelta(hours=-1))
    # the counter-line takes the time of its line where the clock stands earlier by now
    with refused("future"):
        shelves.void(drawn)
    assert prove_balances(shelves.clinic.site.pk).holds


def test_the_day_of_expiry_is_the_sites_own(clinic: Clinic) -> None:
    shelves = build_shelves(clinic)
    zone = "America/Los_Angeles"
    edit_site(clinic.as_("administrator"), site_id=clinic.site.pk, timezone=zone)
    vial = shelves.received(expires_on=date(2026, 11, 23))
    # 14:00 UTC and 18 hours: midnight at the site, the next morning in UTC
    clinic.clock.advance(timedelta(hours=17, minutes=59))
    shelves.does("draw", vial, 1)
    clinic.clock.advance(timedelta(minutes=1))
    with refused("unusable"):
        shelves.does("draw", vial, 1)


def test_another_sites_container_looks_like_nothing(shelves: Shelves) -> None:
    vial = shelves.received()
    elsewhere = shelves.clinic.as_("prescriber_elsewhere")
    for do in ("draw", "waste", "put_back"):
        given = {
            "container_id": vial.pk,
            "amount_mg": 1,
            "session_id": shelves.session_id,
            "patient_id": None,
        }
        if do != "draw":
            given["witness_id"] = shelves.witness
        if do == "waste":
            given["method"] = "Sink"
        with pytest.raises(NotFound):
            in_session(elsewhere, do, **given)
    move = Move.objects.get(container=vial)
    for key in (move.pk, uuid4(), "x"):
        with pytest.raises(NotFound):
            in_session(elsewhere, "void", move_id=key, reason="x", witness_id=shelves.witness)


def test_a_ledger_begins_once_with_what_is_on_hand(db: None, clock: FixedClock) -> None:
    clinic = build_clinic(clock, with_ledger=False)
    assert ledger_mode(clinic.site.pk) is None
    director = clinic.as_("medical_director")
    keep_elsewhere(director, site_id=clinic.site.pk, system="The hospital's book", reason="Theirs.")
    assert ledger_mode(clinic.site.pk) == "elsewhere"
    shelves = build_shelves(clinic)
    assert ledger_mode(clinic.site.pk) == "here"
    assert ledger_mode(clinic.other_site.pk) is None
    now = clinic.clock.now()
    assert ledger_mode(clinic.site.pk, now) == "here"
    assert ledger_mode(clinic.site.pk, now - timedelta(seconds=1)) is None
    with refused("begun"):
        begin_ledger(director, site_id=clinic.site.pk, on_hand=(), second_id=shelves.witness)
    shelves.received()
    with refused("on_shelf"):
        keep_elsewhere(director, site_id=clinic.site.pk, system="A book", reason="Why not.")


def test_an_initial_inventory_counts_part_used_amounts(clinic: Clinic) -> None:
    shelves = build_shelves(clinic)
    item = shelves.vial
    director = clinic.as_("medical_director")
    # a second beginning is only possible after it was kept elsewhere
    keep_elsewhere(director, site_id=clinic.site.pk, system="A book", reason="For a while.")
    begin_ledger(
        director,
        site_id=clinic.site.pk,
        on_hand=[
            OnHand(item.pk, "SYN-A", FAR, count=2),
            OnHand(item.pk, "SYN-B", FAR, holds_mg=Decimal("312.5")),
        ],
        second_id=shelves.witness,
    )
    found = Container.objects.order_by("label").values_list("label", "remaining_mg", "state")
    assert list(found) == [
        ("1", 500, "sealed"),
        ("2", 500, "sealed"),
        ("3", Decimal("312.5"), "open"),
    ]
    assert prove_balances(clinic.site.pk).holds
    assert ChainEntry.objects.filter(action="stock.begin", outcome="done").count() == 2
