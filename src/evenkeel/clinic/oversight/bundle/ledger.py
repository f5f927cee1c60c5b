"""The controlled-drug ledger of the time: containers, every line, counts, discrepancies."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from evenkeel.clinic.oversight.bundle.asked import Asked, Table, when
from evenkeel.clinic.oversight.bundle.pseudonyms import People
from evenkeel.clinic.stock.models import Container, Count, CountLine, Discrepancy, Move, Notice


def tables(asked: Asked, people: People) -> list[Table]:
    """Five tables. Containers carry their balance before and after the time, lines their own."""
    moves = list(
        Move.objects.filter(
            site_id__in=asked.site_ids, recorded_at__gte=asked.since, recorded_at__lt=asked.until
        )
        .select_related("container__item", "by", "witness", "site")
        .order_by("container__label", "container_id", "number")
    )
    return [
        _containers(asked, moves),
        _lines(moves, people),
        _counts(asked, people),
        _discrepancies(asked, people),
        _notices(asked),
    ]


def _mg(amount: Decimal) -> str:
    return f"{amount:.3f}"


def _containers(asked: Asked, moves: list[Move]) -> Table:
    """Containers that a line of the time touches, and those that held something all through it."""
    touched: dict[Any, list[Move]] = {}
    for move in moves:
        touched.setdefault(move.container_id, []).append(move)
    newest: dict[Any, Move] = {}
    earlier = Move.objects.filter(site_id__in=asked.site_ids, recorded_at__lt=asked.since)
    for move in earlier.order_by("container_id", "number").iterator():
        newest[move.container_id] = move
    standing = {pk for pk, move in newest.items() if move.balance_mg > 0}
    rows = []
    found = Container.objects.filter(pk__in=standing | set(touched)).select_related("item", "site")
    for container in found.order_by("site__name", "label"):
        before = newest.get(container.pk)
        lines = touched.get(container.pk, [])
        opening = before.balance_mg if before else Decimal(0)
        rows.append(
            {
                "container": str(container.pk),
                "site": container.site.name,
                "label": container.label,
                "item": container.item.name,
                "substance": container.item.substance,
                "schedule": container.item.schedule,
                "lot": container.lot,
                "expires_on": container.expires_on.isoformat(),
                "lines_before": before.number if before else 0,
                "opening_mg": _mg(opening),
                "closing_mg": _mg(lines[-1].balance_mg if lines else opening),
            }
        )
    return Table(
        "containers",
        "Containers and balances",
        "Every container that held something in this time: what it held before the first line of "
        "the time and after the last, in milligrams.",
        [
            ("container", "Container id"),
            ("site", "Site"),
            ("label", "Label"),
            ("item", "Item"),
            ("substance", "Substance"),
            ("schedule", "Schedule"),
            ("lot", "Lot"),
            ("expires_on", "Expires"),
            ("lines_before", "Lines before"),
            ("opening_mg", "Held before, mg"),
            ("closing_mg", "Held after, mg"),
        ],
        rows,
    )


def _lines(moves: list[Move], people: People) -> Table:
    rows = [
        {
            "container": str(move.container_id),
            "label": move.container.label,
            "number": move.number,
            "happened_at": when(move.happened_at),
            "recorded_at": when(move.recorded_at),
            "entry": move.position,
            "kind": move.get_kind_display(),
            "change_mg": _mg(move.amount_mg),
            "stated_mg": _mg(move.stated_mg),
            "balance_mg": _mg(move.balance_mg),
            "by": move.by.shown_name if move.by else "",
            "witness": move.witness.shown_name if move.witness else "",
            "person": people.person(move.patient_id),
            "session": str(move.session_id or "") if people.asked.identified else "",
            "party": move.party,
            "reference": move.reference,
            "method": move.method,
            "reason": people.text(move.reason, move.patient_id),
        }
        for move in moves
    ]
    return Table(
        "lines",
        "Lines of the ledger",
        "Every line recorded in this time, by container. A waste of what was drawn states an "
        "amount and changes nothing, for the draw lowered the container. A counter-line answers "
        "a wrong one; nothing was ever deleted.",
        [
            ("container", "Container id"),
            ("label", "Label"),
            ("number", "Line"),
            ("happened_at", "Happened (UTC)"),
            ("recorded_at", "Recorded (UTC)"),
            ("entry", "Entry of the record"),
            ("kind", "What"),
            ("change_mg", "Change, mg"),
            ("stated_mg", "Amount, mg"),
            ("balance_mg", "Balance, mg"),
            ("by", "By"),
            ("witness", "Witness"),
            ("person", "Person"),
            ("session", "Session id"),
            ("party", "From or to"),
            ("reference", "Reference"),
            ("method", "Method"),
            ("reason", "Reason"),
        ],
        rows,
    )


def _counts(asked: Asked, people: People) -> Table:
    counts = Count.objects.filter(
        site_id__in=asked.site_ids, counted_at__gte=asked.since, counted_at__lt=asked.until
    ).select_related("counted_by", "second", "site")
    lines = (
        CountLine.objects.filter(count__in=counts)
        .select_related("count__counted_by", "count__second", "count__site", "container")
        .order_by("count__counted_at", "count_id", "container__label")
    )
    rows = [
        {
            "site": line.count.site.name,
            "counted_at": when(line.count.counted_at),
            "kind": line.count.get_kind_display(),
            "moment": line.count.get_moment_display(),
            "label": line.container.label,
            "counted_mg": _mg(line.counted_mg),
            "ledger_mg": _mg(line.expected_mg),
            "difference_mg": _mg(line.counted_mg - line.expected_mg),
            "sealed": line.sealed,
            "by": line.count.counted_by.shown_name,
            "second": line.count.second.shown_name,
        }
        for line in lines
    ]
    return Table(
        "counts",
        "Counts and inventories",
        "What two people counted on the shelves, and what the ledger said at that moment.",
        [
            ("site", "Site"),
            ("counted_at", "Counted (UTC)"),
            ("kind", "Count"),
            ("moment", "Moment"),
            ("label", "Label"),
            ("counted_mg", "Counted, mg"),
            ("ledger_mg", "Ledger, mg"),
            ("difference_mg", "Difference, mg"),
            ("sealed", "Sealed"),
            ("by", "Counted by"),
            ("second", "And by"),
        ],
        rows,
    )


def _discrepancies(asked: Asked, people: People) -> Table:
    found = (
        Discrepancy.objects.filter(
            site_id__in=asked.site_ids, found_at__gte=asked.since, found_at__lt=asked.until
        )
        .select_related("container", "found_by", "closed_by", "site")
        .order_by("found_at", "pk")
    )
    rows = [
        {
            "id": str(row.pk),
            "site": row.site.name,
            "found_at": when(row.found_at),
            "label": row.container.label if row.container else "",
            "difference_mg": _mg(row.difference_mg),
            "what": people.text(row.what),
            "found_by": row.found_by.shown_name,
            "state": row.get_state_display(),
            "cause": people.text(row.cause),
            "theft": row.is_theft,
            "significant": row.is_significant,
            "closed_at": when(row.closed_at),
            "closed_by": row.closed_by.shown_name if row.closed_by else "",
        }
        for row in found
    ]
    return Table(
        "discrepancies",
        "Discrepancies",
        "Where shelf and ledger did not agree, or something was missing, and what came of it.",
        [
            ("id", "Id"),
            ("site", "Site"),
            ("found_at", "Found (UTC)"),
            ("label", "Container"),
            ("difference_mg", "Found less ledger, mg"),
            ("what", "What"),
            ("found_by", "Found by"),
            ("state", "State"),
            ("cause", "Cause"),
            ("theft", "Theft"),
            ("significant", "Significant"),
            ("closed_at", "Closed (UTC)"),
            ("closed_by", "Closed by"),
        ],
        rows,
    )


def _notices(asked: Asked) -> Table:
    found = (
        Notice.objects.filter(
            site_id__in=asked.site_ids,
            discrepancy__found_at__gte=asked.since,
            discrepancy__found_at__lt=asked.until,
        )
        .select_related("done_by")
        .order_by("due_at", "pk")
    )
    rows = [
        {
            "discrepancy": str(row.discrepancy_id),
            "notice": row.label,
            "due_at": when(row.due_at),
            "done_at": when(row.done_at),
            "done_by": row.done_by.shown_name if row.done_by else "",
            "reference": row.reference,
        }
        for row in found
    ]
    return Table(
        "notices",
        "Notices of loss",
        "What the law asks for after a loss, when it was due and when it was done.",
        [
            ("discrepancy", "Discrepancy id"),
            ("notice", "Notice"),
            ("due_at", "Due (UTC)"),
            ("done_at", "Done (UTC)"),
            ("done_by", "By"),
            ("reference", "Reference"),
        ],
        rows,
    )
