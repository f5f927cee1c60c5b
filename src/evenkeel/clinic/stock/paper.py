"""What the law wants on paper: the register for a range of dates, and the inventory.

The register prints lines of the ledger; the inventory prints a count. They are separate
documents, as 21 CFR 1304 has it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from evenkeel.clinic.people.models import Patient, Site
from evenkeel.clinic.stock.amounts import NOTHING, plain
from evenkeel.clinic.stock.days import end_of, start_of
from evenkeel.clinic.stock.models import Count, CountLine, Item, Move, MoveKind
from evenkeel.clinic.stock.register import Column, Register

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_IN: Final = frozenset({MoveKind.INITIAL, MoveKind.RECEIVE, MoveKind.TRANSFER_IN})


@dataclass(slots=True)
class RegisterRow:
    """One line of the ledger as a register prints it."""

    move: Move
    item_balance_mg: Decimal
    patient: Patient | None
    prescriber: str
    zone: ZoneInfo
    show_patients: bool
    #: Text, and whether it is a number, by column.
    cells: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def is_struck(self) -> bool:
        """Whether a counter-line answers it."""
        return hasattr(self.move, "corrected_by")


@dataclass(slots=True)
class RegisterPage:
    """The lines of one item, or of all where the register does not part them."""

    title: str
    opening_mg: Decimal
    rows: list[RegisterRow] = field(default_factory=list)
    closing_mg: Decimal = NOTHING


#: Who prescribed in a session, by session; the app that knows sessions tells it here.
_PRESCRIBERS: list[Callable[[set[UUID]], dict[UUID, str]]] = []


def prescribers_from(ask: Callable[[set[UUID]], dict[UUID, str]]) -> None:
    """Let an app that knows sessions say who prescribed: session ids to names."""
    _PRESCRIBERS[:] = [ask]


def register_pages(
    site: Site, register: Register, first: date, last: date, *, show_patients: bool
) -> list[RegisterPage]:
    """The register of a site from one day to another, both included, by its own time zone.

    Without ``show_patients`` people stand as their record number alone.
    """
    zone = ZoneInfo(site.timezone)
    start, end = start_of(site, first), end_of(site, last)
    moves = list(
        Move.objects.filter(site=site, happened_at__lte=end)
        .select_related("container__item", "by", "witness", "to_site", "corrects", "corrected_by")
        .order_by("happened_at", "position", "number")
    )
    shown = [move for move in moves if move.happened_at >= start]
    patients = Patient.objects.in_bulk({m.patient_id for m in shown if m.patient_id})
    sessions = {m.session_id for m in shown if m.session_id}
    prescribers = _PRESCRIBERS[0](sessions) if _PRESCRIBERS and sessions else {}
    items = {item.pk: item for item in Item.objects.filter(site=site).order_by("name")}
    balances: dict[UUID, Decimal] = defaultdict(lambda: NOTHING)
    pages: dict[UUID | None, RegisterPage] = {}
    for move in moves:
        item_id = move.container.item_id
        key = item_id if register.a_page_each else None
        if move.happened_at >= start:
            page = pages.get(key)
            if page is None:
                title = items[item_id].name if key else ""
                opening = balances[item_id] if key else sum(balances.values(), NOTHING)
                page = pages[key] = RegisterPage(title, opening)
        balances[item_id] += move.amount_mg
        if move.happened_at < start:
            continue
        row = RegisterRow(
            move,
            balances[item_id],
            patients.get(move.patient_id) if move.patient_id else None,
            prescribers.get(move.session_id, "") if move.session_id else "",
            zone,
            show_patients,
        )
        row.cells = [(_READERS[column.key](row), column.number) for column in register.columns]
        page = pages[key]
        page.rows.append(row)
        page.closing_mg = balances[item_id] if key else sum(balances.values(), NOTHING)
    return list(pages.values())


def _person(row: RegisterRow) -> str:
    if row.patient is None:
        return ""
    if not row.show_patients:
        return row.patient.mrn
    address = " ".join(row.patient.address.split())
    return f"{row.patient.name}, {address or 'address not known'}"


def _party(row: RegisterRow) -> str:
    move = row.move
    if move.to_site is not None:
        return f"to {move.to_site.name}"
    return move.party


def _what(row: RegisterRow) -> str:
    move = row.move
    words = MoveKind(move.kind).label
    if move.method:
        words += f" ({move.method})"
    if move.corrects is not None:
        words += f" to line {move.corrects.number}: {move.reason}"
    elif move.reason:
        words += f": {move.reason}"
    return words


def _received(row: RegisterRow) -> str:
    move = row.move
    gain = move.kind in _IN or (
        move.amount_mg > 0 and move.kind in {MoveKind.VOID, MoveKind.COUNT_CORRECTION}
    )
    return plain(move.amount_mg) if gain else ""


def _drawn(row: RegisterRow) -> str:
    move = row.move
    if move.kind == MoveKind.WASTE_REST or move.amount_mg >= 0:
        return ""
    return plain(-move.amount_mg)


def _wasted(row: RegisterRow) -> str:
    kinds = {MoveKind.WASTE, MoveKind.WASTE_REST, MoveKind.PUT_BACK}
    return plain(row.move.stated_mg) if row.move.kind in kinds else ""


def _container(row: RegisterRow) -> str:
    container = row.move.container
    return f"{container.label}, lot {container.lot}"


_READERS: Final[dict[str, Callable[[RegisterRow], str]]] = {
    "date": lambda row: f"{row.move.happened_at.astimezone(row.zone):%Y-%m-%d}",
    "time": lambda row: f"{row.move.happened_at.astimezone(row.zone):%H:%M}",
    "person": _person,
    "party": _party,
    "party_or_person": lambda row: _person(row) or _party(row),
    "prescriber": lambda row: row.prescriber,
    "item": lambda row: row.move.container.item.name,
    "container": _container,
    "what": _what,
    "received": _received,
    "drawn": _drawn,
    "wasted": _wasted,
    "balance": lambda row: plain(row.move.balance_mg),
    "item_balance": lambda row: plain(row.item_balance_mg),
    "by": lambda row: row.move.by.shown_name if row.move.by else "the system",
    "witness": lambda row: row.move.witness.shown_name if row.move.witness else "",
    "reference": lambda row: row.move.reference,
}


@dataclass(slots=True)
class InventoryRow:
    """One finished form of an inventory: packages, contents, part-used amounts. Masses in mg."""

    item: Item
    lot: str
    expires_on: date
    packages: int = 0
    each_mg: Decimal = NOTHING
    part_used: list[Decimal] = field(default_factory=list)

    @property
    def total_mg(self) -> Decimal:
        """Everything of it."""
        return self.packages * self.each_mg + sum(self.part_used, NOTHING)


def inventory_rows(count: Count) -> list[InventoryRow]:
    """A count as an inventory, by substance, item and lot (21 CFR 1304.11(e)). One query."""
    lines: Iterable[CountLine] = count.lines.select_related("container__item").order_by(
        "container__item__substance", "container__item__name", "container__lot"
    )
    rows: dict[Any, InventoryRow] = {}
    for line in lines:
        container = line.container
        key = (container.item_id, container.lot, container.expires_on)
        row = rows.setdefault(
            key,
            InventoryRow(
                container.item,
                container.lot,
                container.expires_on,
                each_mg=container.item.content_mg,
            ),
        )
        if line.sealed:
            row.packages += 1
        elif line.counted_mg:
            row.part_used.append(line.counted_mg)
    return list(rows.values())


def csv_rows(columns: tuple[Column, ...], pages: list[RegisterPage]) -> Iterable[list[str]]:
    """The register as rows of text, headings first."""
    yield [column.heading for column in columns]
    for page in pages:
        for row in page.rows:
            yield [safe_cell(text) for text, _ in row.cells]


def safe_cell(text: str) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()


__all__ = [
    "InventoryRow",
    "RegisterPage",
    "RegisterRow",
    "csv_rows",
    "inventory_rows",
    "prescribers_from",
    "register_pages",
    "safe_cell",
]
