"""A discrepancy from the moment it is found until somebody answers for it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.stock.amounts import NOTHING, STEP_MG, plain
from evenkeel.clinic.stock.deadlines import due_at
from evenkeel.clinic.stock.lines import AHEAD, add_line
from evenkeel.clinic.stock.models import (
    UNRESOLVED,
    Container,
    CountLine,
    Discrepancy,
    DiscrepancyNote,
    DiscrepancyState,
    Move,
    MoveKind,
    Notice,
)
from evenkeel.clinic.stock.register import register_of


@action("stock.report", permission="stock.report")
def report_discrepancy(
    act: Act,
    *,
    site_id: Any,
    what: str,
    container_id: Any = None,
    difference_mg: Decimal = NOTHING,
    found_at: datetime | None = None,
) -> Discrepancy:
    """Report that something is missing, broken or otherwise than the ledger says.

    ``difference_mg`` is signed: below zero where something is missing.
    """
    site = act.open(Site, site_id)
    at = found_at or act.now
    container = None
    if container_id:
        container = act.open(Container, container_id)
        if container.site_id != site.pk:
            raise Invalid("This container stands at another site.")
        if container.remaining_mg + difference_mg < 0:
            raise Invalid(
                "More cannot be missing than the ledger says is there.",
                fields={"difference_mg": f"At most {plain(container.remaining_mg)} mg."},
            )
    fields = {}
    if not what.strip():
        fields["what"] = "Say what you found."
    if at > act.now + AHEAD:
        fields["found_at"] = "This time is still to come."
    if difference_mg != difference_mg.quantize(STEP_MG):
        fields["difference_mg"] = "At most three decimals."
    if fields:
        raise Invalid("The report is not complete.", fields=fields)
    return act.write(
        Discrepancy(
            site=site,
            container=container,
            difference_mg=difference_mg,
            what=what.strip()[:2000],
            found_at=at,
            found_by=signer(act),
        )
    )


@action("stock.look_into", permission="stock.report")
def look_into(act: Act, *, discrepancy_id: Any, text: str) -> DiscrepancyNote:
    """Add what was found out. Raises ``Refused`` where it is closed."""
    row = _unresolved(act, discrepancy_id)
    if not text.strip():
        raise Invalid("Write what was found out.", fields={"text": "Write what was found out."})
    note = DiscrepancyNote(
        site_id=row.site_id, discrepancy=row, by=signer(act), at=act.now, text=text.strip()[:4000]
    )
    act.append(note)
    if row.state == DiscrepancyState.OPEN:
        row.state = DiscrepancyState.LOOKED_INTO
        act.write(row)
    return note


@action("stock.explain", permission="stock.adjust")
def explain(act: Act, *, discrepancy_id: Any, cause: str) -> Discrepancy:
    """Close a discrepancy whose cause is known, and set the ledger right.

    Lines entered since for the time before the count are set off against the difference: a draw
    that was entered late explains it, and nothing is left to correct.
    """
    row = _unresolved(act, discrepancy_id)
    _close(act, row, DiscrepancyState.EXPLAINED, cause)
    rest = still_different_mg(row)
    if row.container_id and rest:
        container = act.open(Container, row.container_id, "item", "site")
        add_line(
            act, container, MoveKind.COUNT_CORRECTION, rest, reason=row.cause, reference=_ref(row)
        )
    return act.write(row)


@action("stock.declare_loss", permission="stock.adjust")
def declare_loss(
    act: Act,
    *,
    discrepancy_id: Any,
    cause: str,
    is_theft: bool,
    is_significant: bool,
    discovered_at: datetime | None = None,
) -> Discrepancy:
    """Close a discrepancy as a loss or theft; where it must be reported, the clocks start.

    They run from when it was found, unless it was discovered later to be a loss; theft is always
    reported. Raises ``Invalid``, ``Refused``.
    """
    row = _unresolved(act, discrepancy_id)
    at = discovered_at or row.found_at
    if not row.found_at <= at <= act.now + AHEAD:
        raise Invalid(
            "It was discovered between then and now.",
            fields={"discovered_at": "Not before it was found, and not in the future."},
        )
    _close(act, row, DiscrepancyState.LOSS, cause)
    row.is_theft, row.is_significant = is_theft, is_theft or is_significant
    row.discovered_at = at
    rest = still_different_mg(row)
    if row.container_id and rest:
        container = act.open(Container, row.container_id, "item", "site")
        kind = MoveKind.LOSS if rest < 0 else MoveKind.COUNT_CORRECTION
        add_line(act, container, kind, rest, reason=row.cause, reference=_ref(row))
    row = act.write(row)
    if row.is_significant:
        site = row.site
        for notice in register_of(site.jurisdiction).notices:
            act.write(
                Notice(
                    site=site,
                    discrepancy=row,
                    kind=notice.kind,
                    label=notice.label,
                    due_at=due_at(site, at, notice),
                )
            )
    return row


@action("stock.give_notice", permission="stock.adjust")
def give_notice(act: Act, *, notice_id: Any, reference: str) -> Notice:
    """Note that a notice was given, by whom and under which number."""
    notice = act.open(Notice, notice_id)
    if notice.done_at is not None:
        raise Refused("This was noted already.", code="done")
    if not reference.strip():
        raise Invalid(
            "The number is missing.",
            fields={"reference": "Enter the number or how it can be found again."},
        )
    notice.done_at, notice.done_by = act.now, signer(act)
    notice.reference = reference.strip()[:120]
    return act.write(notice)


def still_different_mg(row: Discrepancy) -> Decimal:
    """What is left of a difference once lines entered late, for before it was found, are set off.

    Signed, mg.
    """
    if row.container_id is None:
        return NOTHING
    late = Move.objects.filter(container_id=row.container_id, happened_at__lte=row.found_at)
    if row.count_id:
        line = CountLine.objects.filter(count_id=row.count_id, container_id=row.container_id)
        position = line.values_list("position", flat=True).first()
        late = late.filter(position__gt=position) if position is not None else late.none()
    else:
        late = late.filter(recorded_at__gt=row.created_at)
    return row.difference_mg - sum((m.amount_mg for m in late), NOTHING)


def _unresolved(act: Act, discrepancy_id: Any) -> Discrepancy:
    row = act.open(Discrepancy, discrepancy_id, "site")
    if row.state not in UNRESOLVED:
        raise Refused("This discrepancy is closed.", code="closed")
    return row


def _close(act: Act, row: Discrepancy, state: DiscrepancyState, cause: str) -> None:
    if not cause.strip():
        raise Invalid("Say what caused it.", fields={"cause": "Say what caused it."})
    if not row.notes.exists():
        raise Refused(
            "Nobody has looked into this yet.",
            what_to_do="Write down what was found out first.",
            code="not_looked_into",
        )
    closer = signer(act)
    if closer.pk == row.found_by_id and not _others_looked(row):
        raise Refused(
            "Whoever found it does not close it alone.",
            what_to_do="Have somebody else look into it and write what they found.",
            code="alone",
        )
    row.state, row.cause = state, cause.strip()[:4000]
    row.closed_at, row.closed_by = act.now, closer


def _others_looked(row: Discrepancy) -> bool:
    return row.notes.exclude(by_id=row.found_by_id).exists()


def _ref(row: Discrepancy) -> str:
    return f"discrepancy {str(row.pk)[:8]}"


__all__ = [
    "declare_loss",
    "explain",
    "give_notice",
    "look_into",
    "report_discrepancy",
    "still_different_mg",
]
