"""Containers that leave: returned, destroyed, or sent to another site of the organization."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, NotFound, Refused
from evenkeel.clinic.stock.amounts import NOTHING, mass_mg
from evenkeel.clinic.stock.drawing import HERE, ledger_mode
from evenkeel.clinic.stock.lines import add_line
from evenkeel.clinic.stock.models import (
    ON_SHELF,
    Container,
    ContainerState,
    Discrepancy,
    Item,
    Move,
    MoveKind,
)
from evenkeel.clinic.stock.shelving import put_on_shelf, require_begun
from evenkeel.clinic.stock.witnessing import account_of, witness_of


@action("stock.return", permission="stock.send")
def return_container(
    act: Act,
    *,
    container_id: Any,
    party: str,
    reference: str,
    witness_id: Any,
    reason: str = "",
    happened_at: datetime | None = None,
) -> Move:
    """Send a whole container back to the supplier, or to a reverse distributor, with its paper."""
    container = _on_shelf(act, container_id)
    _complete(
        party=(party, "Enter name, address and registration number of who takes it."),
        reference=(reference, "Enter the number of the invoice or consignment."),
    )
    witness = witness_of(act, container.site_id, witness_id)
    return add_line(
        act,
        container,
        MoveKind.RETURN_SUPPLIER,
        -container.remaining_mg,
        happened_at=happened_at,
        witness=witness,
        party=party.strip()[:200],
        reference=reference.strip()[:80],
        reason=reason.strip()[:1000],
    )


@action("stock.destroy", permission="stock.send")
def destroy_container(
    act: Act,
    *,
    container_id: Any,
    method: str,
    reference: str,
    witness_id: Any,
    reason: str,
    happened_at: datetime | None = None,
) -> Move:
    """Destroy a container of stock before a second employee, with the number of its form.

    In the US that is Form 41 and two employees (21 CFR 1317.95).
    """
    container = _on_shelf(act, container_id)
    _complete(
        method=(method, "Say how it was destroyed."),
        reference=(reference, "Enter the number of the form."),
        reason=(reason, "Say why it was destroyed."),
    )
    witness = witness_of(act, container.site_id, witness_id)
    return add_line(
        act,
        container,
        MoveKind.DESTROYED,
        -container.remaining_mg,
        happened_at=happened_at,
        witness=witness,
        method=method.strip()[:60],
        reference=reference.strip()[:80],
        reason=reason.strip()[:1000],
    )


@action("stock.send", permission="stock.send")
def send_to_site(
    act: Act,
    *,
    container_id: Any,
    to_site_id: Any,
    reference: str,
    witness_id: Any,
    happened_at: datetime | None = None,
) -> Move:
    """The first half of a transfer: a sealed container leaves for another site.

    Until it arrives there it is on its way and stands on no shelf.
    """
    container = _on_shelf(act, container_id)
    to_site = Site.objects.filter(pk=_key(to_site_id), active=True).first()
    if to_site is None or to_site.pk == container.site_id:
        raise Invalid("Choose the other site.", fields={"to_site": "Choose another site."})
    if ledger_mode(to_site.pk) != HERE:
        raise Refused(
            f"{to_site.name} keeps no ledger here.",
            what_to_do="Begin the ledger there first.",
            code="not_begun",
        )
    if container.state != ContainerState.SEALED:
        raise Refused(
            "Only a sealed container is sent to another site.",
            what_to_do="Waste what is left of an opened one.",
            code="not_sealed",
        )
    _complete(reference=(reference, "Enter the number of the invoice that goes with it."))
    witness = witness_of(act, container.site_id, witness_id)
    return add_line(
        act,
        container,
        MoveKind.TRANSFER_OUT,
        -container.remaining_mg,
        happened_at=happened_at,
        witness=witness,
        to_site=to_site,
        reference=reference.strip()[:80],
    )


@action("stock.arrive", permission="stock.receive")
def arrive(
    act: Act,
    *,
    move_id: Any,
    found_mg: Any,
    witness_id: Any,
    location: str = "",
    happened_at: datetime | None = None,
) -> Container:
    """The second half: what another site sent has come, and two people looked at it.

    It is taken in as it was sent; where something else was found that opens a discrepancy.
    """
    sent = _on_its_way(move_id)
    assert sent.to_site_id is not None
    site = act.open(Site, sent.to_site_id)
    require_begun(site)
    found = mass_mg(found_mg, field="found_mg", zero=True)
    witness = witness_of(act, site.pk, witness_id)
    at = happened_at or act.now
    if at < sent.happened_at:
        raise Refused(
            "It was sent later than this time.", what_to_do="Check the time.", code="before_receipt"
        )
    there = sent.container
    container, move = put_on_shelf(
        act,
        _same_item(act, there.item, site),
        MoveKind.TRANSFER_IN,
        lot=there.lot,
        expires_on=there.expires_on,
        location=location,
        happened_at=at,
        witness=witness,
        reference=sent.reference,
        party=sent.site.name,
        answers=sent,
    )
    if found != move.balance_mg:
        act.write(
            Discrepancy(
                site=site,
                container=container,
                difference_mg=found - move.balance_mg,
                what=f"Came from {sent.site.name} otherwise than it was sent.",
                found_at=at,
                found_by=account_of(act),
            )
        )
    return container


@action("stock.take_back", permission="stock.send")
def take_back(act: Act, *, move_id: Any, witness_id: Any, reason: str) -> Move:
    """What was on its way did not go, or came back unopened: it stands where it was."""
    sent = _on_its_way(move_id)
    container = act.open(Container, sent.container_id, "item", "site")
    _complete(reason=(reason, "Say why it came back."))
    return add_line(
        act,
        container,
        MoveKind.TRANSFER_IN,
        sent.stated_mg,
        witness=witness_of(act, container.site_id, witness_id),
        reason=reason.strip()[:1000],
        reference=sent.reference,
        answers=sent,
    )


def _on_shelf(act: Act, container_id: Any) -> Container:
    container = act.open(Container, container_id, "item", "site")
    if container.state not in ON_SHELF or container.remaining_mg <= NOTHING:
        raise Refused(
            f"Container {container.label} does not stand on the shelf any more.", code="not_here"
        )
    return container


def _key(value: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(value))
    except ValueError:
        return None


def _on_its_way(move_id: Any) -> Move:
    rows = Move.objects.filter(pk=_key(move_id), kind=MoveKind.TRANSFER_OUT)
    sent = rows.select_related("container__item", "site").first()
    if sent is None:
        raise NotFound("There is nothing here with that address.")
    if Move.objects.filter(answers=sent).exists():
        raise Refused("This has arrived or come back already.", code="arrived")
    return sent


def _same_item(act: Act, item: Item, site: Site) -> Item:
    """The item of the receiving site that is the same; made where there is none yet."""
    alike = {
        "name": item.name,
        "form": item.form,
        "substance": item.substance,
        "content_mg": item.content_mg,
        "volume_ml": item.volume_ml,
        "units": item.units,
    }
    found = Item.objects.filter(site=site, active=True, **alike).first()
    if found is not None:
        return found
    return act.write(
        Item(
            site=site,
            product=list(item.product),
            strength_mg_per_ml=item.strength_mg_per_ml,
            code=item.code,
            schedule=item.schedule,
            opened_for_h=item.opened_for_h,
            **alike,
        )
    )


def _complete(**given: tuple[str, str]) -> None:
    fields = {name: said for name, (value, said) in given.items() if not value.strip()}
    if fields:
        raise Invalid("Something is missing.", fields=fields)


__all__ = ["arrive", "destroy_container", "return_container", "send_to_site", "take_back"]
