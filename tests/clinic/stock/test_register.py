"""The registers of several countries as data."""

from __future__ import annotations

import copy
import json
from importlib import resources
from typing import Any

import pytest

from evenkeel.clinic.people.actions.change_set_up import edit_site
from evenkeel.clinic.session.queries import prescribers
from evenkeel.clinic.stock.paper import _READERS, register_pages, safe_cell
from evenkeel.clinic.stock.register import COLUMNS, read_register, register_of, registers
from tests.clinic.session.makers import open_stage
from tests.clinic.stock.makers import Shelves
from tests.clinic_factory import Clinic

FOLDER = resources.files("evenkeel.clinic.stock") / "registers"


def document(name: str = "us.json") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return found


def test_every_shipped_register_holds_and_every_column_has_a_reader() -> None:
    assert set(registers()) == {"US", "UK", "AU", "NZ", "EU"}
    assert set(_READERS) == COLUMNS
    for one in registers().values():
        assert one.facts
        assert one.retention_years >= 2
        assert {c.key for c in one.columns} >= {"date", "received", "drawn", "wasted", "by"}


def test_a_place_without_a_register_has_the_cautious_one() -> None:
    assert register_of("XX").code == "EU"
    assert register_of("US").notices[0].business_days == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d["columns"].append({"key": "color", "heading": "Color"}),
        lambda d: d["facts"][0].update(mark="certain"),
        lambda d: d["facts"][0].update(source=""),
        lambda d: d["notices"][0].update(after={}),
        lambda d: d["notices"][0].update(after={"days": 1, "business_days": 1}),
    ],
)
def test_a_register_that_does_not_hold_is_refused(spoil: Any) -> None:
    wrong = copy.deepcopy(document())
    spoil(wrong)
    with pytest.raises(ValueError, match=r"wrong\.json"):
        read_register(wrong, "wrong.json")


@pytest.mark.django_db
@pytest.mark.parametrize("code", sorted(registers()))
def test_each_register_prints_the_same_ledger(shelves: Shelves, code: str) -> None:
    clinic = shelves.clinic
    edit_site(clinic.as_("administrator"), site_id=clinic.site.pk, jurisdiction=code)
    vial, kit = shelves.received(), shelves.received(shelves.kit)
    shelves.does("draw", vial, "50")
    shelves.does("waste", vial, "10")
    shelves.does("draw", kit, 84)
    shelves.does("put_back", kit, 28)
    clinic.site.refresh_from_db()
    held = register_of(code)
    assert held.code == code
    day = clinic.clock.now().date()
    pages = register_pages(clinic.site, held, day, day, show_patients=False)
    assert len(pages) == (2 if held.a_page_each else 1)
    total = {"received": 0.0, "drawn": 0.0, "wasted": 0.0}
    for page in pages:
        for row in page.rows:
            for column, (text, _) in zip(held.columns, row.cells, strict=True):
                if column.key in total and text:
                    total[column.key] += float(text)
    assert total == {"received": 584.0, "drawn": 134.0, "wasted": 38.0}
    assert sum(page.closing_mg for page in pages) == 584 - 134 + 28


@pytest.mark.django_db
def test_who_prescribed_is_who_signed_the_plan(clinic: Clinic) -> None:
    session = open_stage(clinic).session
    assert prescribers({session.pk}) == {session.pk: session.plan.signed_by.shown_name}
    assert prescribers(set()) == {}


@pytest.mark.parametrize(
    ("text", "cell"),
    [("=1+1", "'=1+1"), ("@x", "'@x"), ("-5", "-5"), ("-5+2", "'-5+2"), ("", ""), ("a", "a")],
)
def test_a_spreadsheet_takes_no_cell_for_a_formula(text: str, cell: str) -> None:
    assert safe_cell(text) == cell
