"""Shelves for the tests, filled through the product's own actions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import DomainError
from evenkeel.clinic.stock import drawing
from evenkeel.clinic.stock.actions.begin_ledger import OnHand, begin_ledger
from evenkeel.clinic.stock.actions.keep_item import add_item
from evenkeel.clinic.stock.actions.receive import receive
from evenkeel.clinic.stock.models import Container, Item, Move
from tests.clinic_factory import Clinic

FAR = date(2028, 6, 30)
INVOICE = {"invoice": "INV-1001", "supplier": "Synthetic Supply, 1 Test Way, RT0000000"}


@action("test.drawing", permission="session.administer")
def in_session(act: Act, do: str, **given: Any) -> Move:
    """One verb of the interface, as a session's act calls it."""
    move: Move = getattr(drawing, do)(act, **given)
    return move


@dataclass
class Shelves:
    """A begun ledger with a vial of 500 mg and a kit of three devices of 28 mg."""

    clinic: Clinic
    vial: Item
    kit: Item
    session_id: UUID = field(default_factory=uuid4)
    patient_id: UUID | None = None

    @property
    def witness(self) -> UUID:
        return self.clinic.staff["pharmacist"].pk

    def received(self, item: Item | None = None, count: int = 1, **given: Any) -> Any:
        """Containers of a delivery; the only one itself where there is one."""
        found = receive(
            self.clinic.as_("pharmacist"),
            **{
                "item_id": (item or self.vial).pk,
                "lot": "SYN-A",
                "expires_on": FAR,
                "count": count,
                **INVOICE,
                **given,
            },
        )
        return found[0] if count == 1 else found

    def does(self, do: str, container: Container, amount_mg: Any, **given: Any) -> Move:
        """``draw``, ``waste`` or ``put_back`` in the session, by the nurse."""
        body: dict[str, Any] = {
            "container_id": container.pk,
            "amount_mg": amount_mg,
            "session_id": self.session_id,
            "patient_id": self.patient_id,
        }
        if do != "draw":
            body["witness_id"] = self.witness
        if do == "waste":
            body["method"] = "Disposal container"
        return in_session(self.clinic.as_("session_nurse"), do, **{**body, **given})

    def void(self, move: Move, **given: Any) -> Move:
        body = {"move_id": move.pk, "reason": "Wrong vial.", "witness_id": self.witness}
        return in_session(self.clinic.as_("session_nurse"), "void", **{**body, **given})


def build_shelves(clinic: Clinic, *on_hand: OnHand) -> Shelves:
    """Begin the ledger of the first site, with nothing on hand unless told otherwise."""
    pharmacist = clinic.as_("pharmacist")
    vial = add_item(
        pharmacist,
        site_id=clinic.site.pk,
        name="Ketamine 50 mg/mL, 10 mL (synthetic)",
        product=["racemic_iv", "racemic_im"],
        form="vial",
        content_mg=500,
        volume_ml=10,
        code="00000-0000-01",
        schedule="CIII",
        low_mg=600,
        opened_for_h=28,
    )
    kit = add_item(
        pharmacist,
        site_id=clinic.site.pk,
        name="Esketamine nasal 84 mg kit (synthetic)",
        product=["esketamine_nasal"],
        form="device_kit",
        content_mg=84,
        units=3,
        code="00000-0000-02",
        schedule="CIII",
    )
    begin_ledger(
        pharmacist,
        site_id=clinic.site.pk,
        on_hand=on_hand,
        second_id=clinic.staff["session_nurse"].pk,
    )
    return Shelves(clinic, vial, kit)


@contextmanager
def refused(code: str) -> Iterator[Any]:
    """Expects a refusal with this stable code, that says something to a person."""
    with pytest.raises(DomainError) as caught:
        yield caught
    assert caught.value.code == code, (caught.value.code, caught.value.message)
    assert caught.value.message
