"""Deliveries, transfers in two halves, returns, destruction, the rest of a vial."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from evenkeel.clinic.people.actions.set_up import grant_role
from evenkeel.clinic.record.act import Actor, Context
from evenkeel.clinic.record.errors import Forbidden, Invalid, NotFound
from evenkeel.clinic.record.idempotency import once
from evenkeel.clinic.record.permissions import Role
from evenkeel.clinic.record.verify import verify
from evenkeel.clinic.stock.actions.begin_ledger import begin_ledger
from evenkeel.clinic.stock.actions.correct_line import correct_line
from evenkeel.clinic.stock.actions.handle import open_container, waste_rest
from evenkeel.clinic.stock.actions.keep_item import add_item, edit_item
from evenkeel.clinic.stock.actions.receive import receive
from evenkeel.clinic.stock.actions.send_away import (
    arrive,
    destroy_container,
    return_container,
    send_to_site,
    take_back,
)
from evenkeel.clinic.stock.models import Container, Discrepancy, Move
from evenkeel.clinic.stock.proof import prove_balances
from evenkeel.clinic.stock.queries import on_the_way
from tests.clinic.stock.makers import FAR, INVOICE, Shelves, refused

pytestmark = pytest.mark.django_db


def at_the_other_site(shelves: Shelves) -> Context:
    """The pharmacist's context once they and the nurse work at the other site too."""
    clinic = shelves.clinic
    founder = Context(
        Actor("system:founder", "Founder", frozenset({(None, r) for r in Role})), clinic.clock
    )
    for role in ("pharmacist", "session_nurse"):
        grant_role(
            founder,
            account_id=clinic.staff[role].pk,
            site_id=clinic.other_site.pk,
            role=role,
        )
    return clinic.as_("pharmacist")


def sent(shelves: Shelves, pharmacist: Context) -> tuple[Container, Move]:
    clinic = shelves.clinic
    nurse = clinic.staff["session_nurse"].pk
    begin_ledger(pharmacist, site_id=clinic.other_site.pk, on_hand=(), second_id=nurse)
    vial = shelves.received()
    move = send_to_site(
        pharmacist,
        container_id=vial.pk,
        to_site_id=clinic.other_site.pk,
        reference="T-1",
        witness_id=nurse,
    )
    vial.refresh_from_db()
    return vial, move


def test_a_delivery_gets_numbers_and_is_stored_once(shelves: Shelves) -> None:
    pharmacist = shelves.clinic.as_("pharmacist")

    def do() -> dict[str, Any]:
        found = receive(
            pharmacist, item_id=shelves.vial.pk, lot="SYN-A", expires_on=FAR, count=3, **INVOICE
        )
        return {"labels": [c.label for c in found]}

    first, replayed = once(pharmacist, "k", {"n": 3}, do)
    again, replayed_again = once(pharmacist, "k", {"n": 3}, do)
    assert (first, again) == ({"labels": ["1", "2", "3"]},) * 2
    assert (replayed, replayed_again) == (False, True)
    assert Move.objects.filter(kind="receive").count() == 3
    assert Move.objects.filter(reference=INVOICE["invoice"], party=INVOICE["supplier"]).count() == 3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lot": " "}, "lot"),
        ({"expires_on": None}, "expires_on"),
        ({"expires_on": FAR.replace(year=2020)}, "expires_on"),
        ({"count": 0}, "count"),
        ({"count": 201}, "count"),
        ({"invoice": ""}, "invoice"),
        ({"supplier": ""}, "supplier"),
    ],
)
def test_an_incomplete_delivery_says_what_is_missing(
    shelves: Shelves, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        receive(
            shelves.clinic.as_("pharmacist"),
            **{
                "item_id": shelves.vial.pk,
                "lot": "A",
                "expires_on": FAR,
                "count": 1,
                **INVOICE,
                **change,
            },
        )
    assert list(caught.value.fields) == [field]
    assert not Container.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"product": ["racemic_iv", "esketamine_nasal"]}, "product"),
        ({"product": ["tea"]}, "product"),
        ({"product": []}, "product"),
        ({"form": "barrel"}, "form"),
        ({"volume_ml": None}, "volume_ml"),
        ({"volume_ml": "nan"}, "volume_ml"),
        ({"content_mg": 0}, "content_mg"),
        ({"form": "device_kit", "units": 3, "content_mg": 500}, "units"),
    ],
)
def test_an_item_that_cannot_be_is_refused(
    shelves: Shelves, change: dict[str, Any], field: str
) -> None:
    given = {
        "name": "Other",
        "product": ["racemic_iv"],
        "form": "vial",
        "content_mg": 500,
        "volume_ml": 10,
    }
    with pytest.raises(Invalid) as caught:
        add_item(
            shelves.clinic.as_("pharmacist"),
            **{"site_id": shelves.clinic.site.pk, **given, **change},
        )
    assert field in caught.value.fields


def test_an_item_on_the_shelf_is_not_closed(shelves: Shelves) -> None:
    shelves.received()
    pharmacist = shelves.clinic.as_("pharmacist")
    with refused("on_shelf"):
        edit_item(pharmacist, item_id=shelves.vial.pk, low_mg="", opened_for_h=None, active=False)


def test_a_transfer_is_on_its_way_until_it_arrives(shelves: Shelves) -> None:
    pharmacist = at_the_other_site(shelves)
    vial, move = sent(shelves, pharmacist)
    clinic = shelves.clinic
    assert (vial.state, vial.remaining_mg) == ("gone", 0)
    assert on_the_way(clinic.other_site)[0] == [move]
    assert on_the_way(clinic.site)[1] == [move]
    nurse = clinic.staff["session_nurse"].pk
    came = arrive(pharmacist, move_id=move.pk, found_mg=500, witness_id=nurse)
    assert (came.site, came.remaining_mg, came.state, came.lot) == (
        clinic.other_site,
        500,
        "sealed",
        vial.lot,
    )
    assert on_the_way(clinic.other_site)[0] == []
    for again in (
        lambda: arrive(pharmacist, move_id=move.pk, found_mg=500, witness_id=nurse),
        lambda: take_back(pharmacist, move_id=move.pk, witness_id=nurse, reason="x"),
    ):
        with refused("arrived"):
            again()
    assert prove_balances(clinic.site.pk).holds
    assert prove_balances(clinic.other_site.pk).holds
    assert not Discrepancy.objects.exists()
    assert verify().whole


def test_what_arrives_otherwise_opens_a_discrepancy(shelves: Shelves) -> None:
    pharmacist = at_the_other_site(shelves)
    _, move = sent(shelves, pharmacist)
    nurse = shelves.clinic.staff["session_nurse"].pk
    came = arrive(pharmacist, move_id=move.pk, found_mg=0, witness_id=nurse)
    row = Discrepancy.objects.get()
    assert (row.container, row.difference_mg, row.site) == (came, -500, shelves.clinic.other_site)


def test_what_came_back_stands_where_it_was(shelves: Shelves) -> None:
    pharmacist = at_the_other_site(shelves)
    vial, move = sent(shelves, pharmacist)
    nurse = shelves.clinic.staff["session_nurse"].pk
    with refused("witness_is_actor"):
        take_back(
            pharmacist,
            move_id=move.pk,
            witness_id=shelves.clinic.staff["pharmacist"].pk,
            reason="No courier.",
        )
    take_back(pharmacist, move_id=move.pk, witness_id=nurse, reason="No courier.")
    vial.refresh_from_db()
    assert (vial.state, vial.remaining_mg) == ("sealed", 500)


def test_nothing_is_sent_where_no_ledger_is_kept(shelves: Shelves) -> None:
    pharmacist = at_the_other_site(shelves)
    vial = shelves.received()
    given: dict[str, Any] = {
        "container_id": vial.pk,
        "reference": "T",
        "witness_id": shelves.clinic.staff["session_nurse"].pk,
    }
    with refused("not_begun"):
        send_to_site(pharmacist, to_site_id=shelves.clinic.other_site.pk, **given)
    for nowhere in (shelves.clinic.site.pk, "x"):
        with pytest.raises(Invalid):
            send_to_site(pharmacist, to_site_id=nowhere, **given)


@pytest.mark.parametrize(
    ("act", "given", "kind"),
    [
        (
            return_container,
            {"party": "Synthetic Reverse Ltd", "reference": "R-1"},
            "return_supplier",
        ),
        (
            destroy_container,
            {"method": "Incinerated", "reference": "41-1", "reason": "Expired"},
            "destroyed",
        ),
    ],
    ids=["returned", "destroyed"],
)
def test_what_leaves_takes_its_paper_and_a_witness(
    shelves: Shelves, act: Any, given: dict[str, str], kind: str
) -> None:
    vial = shelves.received()
    pharmacist = shelves.clinic.as_("pharmacist")
    nurse = shelves.clinic.staff["session_nurse"].pk
    for name in given:
        with pytest.raises(Invalid) as caught:
            act(pharmacist, container_id=vial.pk, witness_id=nurse, **{**given, name: " "})
        assert name in caught.value.fields
    with refused("witness_missing"):
        act(pharmacist, container_id=vial.pk, witness_id=None, **given)
    with pytest.raises(Forbidden):
        act(
            shelves.clinic.as_("session_nurse"),
            container_id=vial.pk,
            witness_id=shelves.witness,
            **given,
        )
    act(pharmacist, container_id=vial.pk, witness_id=nurse, **given)
    vial.refresh_from_db()
    assert (vial.state, vial.remaining_mg, Move.objects.get(kind=kind).amount_mg) == (
        "gone",
        0,
        -500,
    )
    with refused("not_here"):
        act(pharmacist, container_id=vial.pk, witness_id=nurse, **given)


def test_the_rest_is_wasted_only_as_it_stands_in_the_ledger(shelves: Shelves) -> None:
    vial = shelves.received()
    nurse = shelves.clinic.as_("session_nurse")
    given: dict[str, Any] = {
        "container_id": vial.pk,
        "witness_id": shelves.witness,
        "method": "Drug disposal container",
        "reason": "Opened too long ago",
    }
    with refused("not_open"):
        waste_rest(nurse, amount_mg=500, **given)
    shelves.does("draw", vial, 120)
    shelves.clinic.clock.advance(timedelta(hours=30))
    with refused("differs") as caught:
        waste_rest(nurse, amount_mg=379, **given)
    assert "380" not in caught.value.message  # what is expected is not given away
    waste_rest(nurse, amount_mg=380, **given)
    vial.refresh_from_db()
    assert (vial.state, vial.remaining_mg) == ("gone", 0)


def test_opening_begins_the_time_in_which_it_may_be_used(shelves: Shelves) -> None:
    vial = shelves.received()
    opened = open_container(shelves.clinic.as_("session_nurse"), container_id=vial.pk)
    assert opened.use_by == shelves.clinic.clock.now() + timedelta(hours=28)
    with refused("not_sealed"):
        open_container(shelves.clinic.as_("session_nurse"), container_id=vial.pk)


def test_a_wrong_delivery_is_answered_and_the_container_was_never_here(shelves: Shelves) -> None:
    vial = shelves.received()
    move = Move.objects.get(container=vial)
    given = {"reason": "Wrong item.", "witness_id": shelves.clinic.staff["session_nurse"].pk}
    with pytest.raises(Forbidden):
        correct_line(shelves.clinic.as_("session_nurse"), move_id=move.pk, **given)
    correct_line(shelves.clinic.as_("pharmacist"), move_id=move.pk, **given)
    vial.refresh_from_db()
    assert (vial.state, vial.remaining_mg) == ("gone", 0)
    other = shelves.received()
    shelves.does("draw", other, 5)
    # what was drawn meanwhile cannot be un-received
    with refused("not_enough"):
        correct_line(
            shelves.clinic.as_("pharmacist"),
            move_id=Move.objects.get(container=other, kind="receive").pk,
            **given,
        )


def test_another_sites_shelves_look_like_nothing(shelves: Shelves) -> None:
    vial = shelves.received()
    elsewhere = shelves.clinic.as_("prescriber_elsewhere")
    for act in (
        lambda: open_container(elsewhere, container_id=vial.pk),
        lambda: receive(
            elsewhere, item_id=shelves.vial.pk, lot="A", expires_on=FAR, count=1, **INVOICE
        ),
        lambda: waste_rest(
            elsewhere,
            container_id=vial.pk,
            amount_mg=Decimal(1),
            witness_id=shelves.witness,
            method="x",
            reason="x",
        ),
    ):
        with pytest.raises(NotFound):
            act()
