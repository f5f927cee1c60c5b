"""What a session asks of the ledger. Every verb joins the caller's act, so that the session's
event and the ledger's line are stored together or not at all.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from evenkeel.clinic.record.act import Act
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.stock.accounts import ContainerAccount, SessionAccount, session_account
from evenkeel.clinic.stock.amounts import NOTHING, check_units, mass_mg, plain
from evenkeel.clinic.stock.days import day_at
from evenkeel.clinic.stock.lines import add_line, counted_after
from evenkeel.clinic.stock.models import (
    ON_SHELF,
    Container,
    ContainerState,
    LedgerBegun,
    Move,
    MoveKind,
)
from evenkeel.clinic.stock.voiding import void
from evenkeel.clinic.stock.witnessing import witness_of

HERE, ELSEWHERE = "here", "elsewhere"


def ledger_mode(site_id: Any, at: datetime | None = None) -> str | None:
    """How a site accounts for its drugs: "here", "elsewhere", or ``None``: not begun.

    With ``at`` how it did so at that moment: what was given before the ledger began is not in it.
    """
    rows = LedgerBegun.objects.filter(site_id=site_id).order_by("-number")
    if at is not None:
        rows = rows.filter(since__lte=at)
    return rows.values_list("mode", flat=True).first()


def containers_for(site_id: Any, product: str, at: datetime) -> list[Container]:
    """The containers of a site that may be drawn from at a moment for a product.

    What is open comes first, then what expires earliest. Each has its ``item``. For a moment that
    has passed, what came later or was counted since, and agreed, is left out. Two queries.
    """
    rows = (
        Container.objects.filter(
            site_id=site_id, state__in=ON_SHELF, remaining_mg__gt=0, item__active=True
        )
        .select_related("item", "site")
        .order_by("expires_on")
    )
    fitting = [
        c
        for c in rows
        if product in c.item.product and c.received_at <= at and not why_unusable(c, at)
    ]
    later = counted_after({c.pk for c in fitting}, at)
    usable = [c for c in fitting if c.pk not in later]
    return sorted(
        usable, key=lambda c: (c.state != ContainerState.OPEN, c.expires_on, c.place_in_line)
    )


def why_unusable(container: Container, at: datetime) -> str:
    """Why nothing may be drawn from a container at a moment; empty where it may.

    It may be used up to the end of the day of its expiry, in the time zone of its site.
    """
    if container.state not in ON_SHELF:
        return f"Container {container.label} is {container.get_state_display().lower()}."
    if day_at(container.site, at) > container.expires_on:
        return f"Container {container.label} expired on {container.expires_on:%d %B %Y}."
    if container.use_by is not None and at > container.use_by:
        return f"Container {container.label} was opened too long ago."
    return ""


def draw(
    act: Act,
    *,
    container_id: Any,
    amount_mg: Any,
    session_id: uuid.UUID,
    patient_id: uuid.UUID | None,
    happened_at: datetime | None = None,
    witness_id: Any = None,
) -> Move:
    """Take an amount out of a container for a session.

    Raises ``Invalid`` (``amount``, ``witness_…``), ``Refused`` (``not_enough``, ``unusable``,
    ``future``, ``before_receipt``, ``before_count``), ``NotFound`` for a container elsewhere.
    """
    container = _container(act, container_id)
    amount = mass_mg(amount_mg)
    check_units(container.item, amount)
    why_not = why_unusable(container, happened_at or act.now)
    if why_not:
        raise Refused(
            why_not,
            what_to_do="Draw from another container. What may not be used is wasted or returned.",
            code="unusable",
        )
    witness = witness_of(act, container.site_id, witness_id) if witness_id else None
    return add_line(
        act,
        container,
        MoveKind.DRAW,
        -amount,
        happened_at=happened_at,
        witness=witness,
        session_id=session_id,
        patient_id=patient_id,
    )


def put_back(
    act: Act,
    *,
    container_id: Any,
    amount_mg: Any,
    session_id: uuid.UUID,
    patient_id: uuid.UUID | None,
    witness_id: Any,
    happened_at: datetime | None = None,
    given_mg: Any = 0,
) -> Move:
    """Put whole unopened pieces that were drawn back where they came from, before a witness.

    Raises ``Refused`` (``not_returnable``) for what was drawn out of a vial: that is wasted.
    """
    container = _container(act, container_id)
    if container.item.is_measured:
        raise Refused(
            "What was drawn up is not put back into a container.",
            what_to_do="Waste it with a witness.",
            code="not_returnable",
        )
    amount = mass_mg(amount_mg)
    check_units(container.item, amount)
    witness = witness_of(act, container.site_id, witness_id)
    _check_left(session_id, container, amount, given_mg, "put back")
    return add_line(
        act,
        container,
        MoveKind.PUT_BACK,
        amount,
        happened_at=happened_at,
        witness=witness,
        session_id=session_id,
        patient_id=patient_id,
    )


def waste(
    act: Act,
    *,
    container_id: Any,
    amount_mg: Any,
    session_id: uuid.UUID,
    patient_id: uuid.UUID | None,
    witness_id: Any,
    method: str,
    happened_at: datetime | None = None,
    given_mg: Any = 0,
) -> Move:
    """State that some of what was drawn was made irretrievable, before a witness.

    It does not lower the container again. ``given_mg`` is what the session says was given out of
    this container: no more is wasted than what is left of the draw. Raises ``Refused``
    (``too_much``), ``Invalid``.
    """
    container = _container(act, container_id)
    amount = mass_mg(amount_mg)
    if not method.strip():
        raise Invalid(
            "Say how it was wasted.", fields={"method": "Choose how it was made irretrievable."}
        )
    witness = witness_of(act, container.site_id, witness_id)
    _check_left(session_id, container, amount, given_mg, "wasted")
    return add_line(
        act,
        container,
        MoveKind.WASTE,
        NOTHING,
        stated_mg=amount,
        happened_at=happened_at,
        witness=witness,
        session_id=session_id,
        patient_id=patient_id,
        method=method.strip()[:60],
    )


def _container(act: Act, container_id: Any) -> Container:
    return act.open(Container, container_id, "item", "site")


def _check_left(
    session_id: uuid.UUID, container: Container, amount: Decimal, given_mg: Any, done: str
) -> None:
    drawn = session_account(session_id).of(container.pk)
    left = (drawn.left_mg if drawn else NOTHING) - mass_mg(given_mg, field="given_mg", zero=True)
    if amount > left:
        raise Refused(
            f"{plain(max(left, NOTHING))} mg of container {container.label} is left in this "
            f"session; {plain(amount)} mg cannot be {done}.",
            what_to_do="Check the amount, and whether every draw is entered.",
            code="too_much",
        )


__all__ = [
    "ELSEWHERE",
    "HERE",
    "ContainerAccount",
    "SessionAccount",
    "containers_for",
    "draw",
    "ledger_mode",
    "put_back",
    "session_account",
    "void",
    "waste",
    "why_unusable",
]
