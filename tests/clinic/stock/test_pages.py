"""The pages of the ledger: who may open them, and the ways a person goes through them."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.clinic.people.actions.register_patient import register_patient
from evenkeel.clinic.people.sign_in import hash_pin
from evenkeel.clinic.record.clock import FixedClock
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.record.permissions import STAFF_ROLES, roles_for
from evenkeel.clinic.stock.actions.discrepancy import report_discrepancy
from evenkeel.clinic.stock.models import Container, Count, Discrepancy, Item, Move, Notice
from evenkeel.clinic.stock.pages.urls import urlpatterns
from tests.clinic.stock.makers import FAR, INVOICE, Shelves
from tests.clinic_factory import PASSWORD, build_clinic, sign_in

pytestmark = pytest.mark.django_db

PIN = "482913"
#: route -> (permission, what GET and an empty POST answer to those who may)
TABLE: dict[str, tuple[str, int, int]] = {
    "stock": ("stock.view", 200, 405),
    "stock_receive": ("stock.receive", 200, 422),
    "stock_items": ("stock.begin", 200, 422),
    "stock_item": ("stock.begin", 200, 302),
    "stock_begin": ("stock.begin", 200, 422),
    "stock_count": ("stock.count", 200, 422),
    "stock_counted": ("stock.view", 200, 405),
    "stock_inventory": ("stock.view", 200, 405),
    "stock_container": ("stock.view", 200, 422),
    "stock_arrival": ("stock.receive", 404, 404),
    "stock_discrepancies": ("stock.view", 200, 422),
    "stock_discrepancy": ("stock.view", 200, 422),
    "stock_papers": ("stock.view", 200, 405),
    "stock_register": ("stock.view", 200, 405),
    "stock_register_csv": ("stock.view", 200, 405),
}


def paths(shelves: Shelves) -> dict[str, str]:
    """An address of each route, of things that exist."""
    vial = Container.objects.first() or shelves.received()
    row = Discrepancy.objects.first() or found_missing(shelves, vial)
    given = {
        "item_id": shelves.kit.pk,
        "count_id": Count.objects.earliest("counted_at").pk,
        "container_id": vial.pk,
        "move_id": uuid4(),
        "discrepancy_id": row.pk,
    }
    return {
        p.name: reverse(p.name, kwargs={k: given[k] for k in p.pattern.converters})
        for p in urlpatterns
        if p.name
    }


def found_missing(shelves: Shelves, vial: Container) -> Discrepancy:
    return report_discrepancy(
        shelves.clinic.as_("session_nurse"),
        site_id=shelves.clinic.site.pk,
        container_id=vial.pk,
        what="The cap is loose.",
    )


def test_the_table_covers_every_route() -> None:
    assert {p.name for p in urlpatterns} == set(TABLE)
    for pattern in urlpatterns:
        assert pattern.callback.permission == TABLE[str(pattern.name)][0]


@pytest.mark.parametrize("role", [r.value for r in STAFF_ROLES])
def test_each_role_gets_what_the_table_says(shelves: Shelves, role: str) -> None:
    client = sign_in(Client(), shelves.clinic.staff[role])
    for name, path in paths(shelves).items():
        permission, on_get, on_post = TABLE[name]
        may = role in roles_for(permission)
        assert client.get(path).status_code == (on_get if may else 403), ("GET", name)
        answer = client.post(path, {"act_id": str(uuid4())}).status_code
        if name == "stock_discrepancies" and role == "auditor":
            on_post = 403  # reads, and reports nothing
        if name == "stock_discrepancy" and role not in roles_for("stock.adjust"):
            on_post = 403
        # 405: the route knows no such method, whoever asks
        assert answer == (on_post if may or on_post == 405 else 403), ("POST", name, role)


def test_another_sites_things_look_like_nothing(shelves: Shelves) -> None:
    client = sign_in(Client(), shelves.clinic.staff["prescriber_elsewhere"])
    found = paths(shelves)
    for name in ("stock_counted", "stock_inventory", "stock_container", "stock_discrepancy"):
        assert client.get(found[name]).status_code == 404, name
    for name in ("stock", "stock_papers", "stock_register", "stock_register_csv"):
        answer = client.get(f"{found[name]}?site={shelves.clinic.site.pk}")
        assert answer.status_code == 404, name
        own = client.get(found[name]).content.decode()
        assert "SYN-A" not in own, name
    assert ChainEntry.objects.filter(outcome="refused", action__startswith="read").exists()


@pytest.fixture
def walker(shelves: Shelves) -> Any:
    return Walker(shelves)


class Walker:
    """A person at the screen, with the nurse beside them who types their own PIN."""

    def __init__(self, shelves: Shelves) -> None:
        self.shelves = shelves
        self.second = shelves.clinic.staff["session_nurse"]
        self.second.pin_hash = hash_pin(PIN)
        self.second.save()
        self.client = sign_in(Client(), shelves.clinic.staff["pharmacist"])

    def post(self, path: str, *, act_id: str = "", **given: Any) -> Any:
        body = {
            "act_id": act_id or str(uuid4()),
            **{k: v for k, v in given.items() if v is not None},
        }
        return self.client.post(path, body, follow=True)

    def signed(self, path: str, **given: Any) -> Any:
        return self.post(path, **{"email": self.second.email, "pin": PIN, **given})


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_from_an_item_to_a_delivery_on_the_shelf(walker: Walker) -> None:
    answer = walker.post(
        "/stock/items",
        do="add",
        name="Ketamine 10 mg/mL, 20 mL (synthetic)",
        product="racemic_iv",
        form="vial",
        content_mg="200",
        volume_ml="20",
    )
    item = Item.objects.get(name__startswith="Ketamine 10")
    assert item.strength_mg_per_ml == 10
    given = {
        "item": item.pk,
        "lot": "SYN-C",
        "expires_on": FAR.isoformat(),
        "count": "2",
        **INVOICE,
        "act_id": "once",
    }
    for _ in range(2):  # the second is the same request again
        answer = walker.post("/stock/receive", **given)
    assert "Write the number on each: 1 to 2." in text_of(answer)
    assert Container.objects.filter(item=item).count() == 2
    assert "400 mg to use" in text_of(answer)


def test_a_refused_form_keeps_what_was_typed_and_says_what_to_do(walker: Walker) -> None:
    answer = walker.post(
        "/stock/receive",
        item=walker.shelves.vial.pk,
        lot="SYN-C",
        expires_on="2020-01-31",
        count="2",
        **INVOICE,
    )
    assert answer.status_code == 422
    assert "This lot has expired. Check the date; send it back" in text_of(answer)
    assert 'value="SYN-C"' in answer.content.decode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pin": "000000"}, "E-mail and PIN do not fit together."),
        ({"email": "pharmacist@harbour.invalid", "pin": PASSWORD}, "must be somebody else"),
        ({"email": "front_desk@harbour.invalid", "pin": PASSWORD}, "no role at this site"),
        ({"email": ""}, "This field is required."),
        ({"amount_mg": "399"}, "The ledger does not hold 399 mg"),
    ],
)
def test_a_waste_needs_a_second_person_and_the_right_amount(
    walker: Walker, change: dict[str, str], said: str
) -> None:
    shelves = walker.shelves
    vial = shelves.received()
    shelves.does("draw", vial, 100)
    path = reverse("stock_container", args=[vial.pk])
    given = {
        "do": "waste_rest",
        "amount_mg": "400",
        "method": "Drug disposal container",
        "reason": "Opened too long ago",
    }
    answer = walker.signed(path, **{**given, **change})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert not Move.objects.filter(kind="waste_rest").exists()
    answer = walker.signed(path, **given)
    assert "The rest is wasted and witnessed." in text_of(answer)
    line = Move.objects.get(kind="waste_rest")
    assert (line.witness, line.by) == (walker.second, shelves.clinic.staff["pharmacist"])


def test_a_blind_count_shows_nothing_of_the_ledger_until_it_is_recorded(walker: Walker) -> None:
    shelves = walker.shelves
    first, second = shelves.received(count=2)
    kit = shelves.received(shelves.kit)
    shelves.does("draw", second, "37.125")
    shown = walker.client.get("/stock/count").content.decode()
    # the head of the page says what time it is, which may hold any digits
    assert "462" not in shown.partition("<main")[2]
    assert "37.125" not in shown
    given = {
        "kind": "routine",
        f"is_{first.pk}": "sealed",
        f"is_{second.pk}": "part",
        f"amount_{second.pk}": "9,2",
        f"is_{kit.pk}": "part",
        f"amount_{kit.pk}": "3",
    }
    missing = dict(given)
    del missing[f"is_{first.pk}"]
    answer = walker.signed("/stock/count", **missing)
    assert "Say what you see of container 1." in text_of(answer)
    assert 'value="9,2"' in answer.content.decode()
    answer = walker.signed("/stock/count", **given)
    said = text_of(answer)
    # 9.2 mL of 50 mg/mL is 460 mg where 462.875 are expected; the kit is whole but not sealed
    assert "Counted 460 mg (9.2 mL); the ledger said 462.875 mg (9.258 mL)." in said
    assert "2 discrepancies" in said
    assert Count.objects.latest("counted_at").second == walker.second


def test_from_a_discrepancy_to_a_loss_and_its_notices(walker: Walker) -> None:
    shelves = walker.shelves
    vial = shelves.received()
    shelves.does("draw", vial, 100)
    answer = walker.post(
        "/stock/discrepancies", what="The vial fell.", container=vial.pk, missing_mg="400"
    )
    row = Discrepancy.objects.get()
    path = reverse("stock_discrepancy", args=[row.pk])
    loss = {"do": "loss", "cause": "Nobody knows.", "kind": "significant"}
    answer = walker.post(path, **loss)
    assert "Nobody has looked into this yet." in text_of(answer)
    walker.post(path, do="note", text="Searched the room.")
    assert "does not close it alone" in text_of(walker.post(path, **loss))
    other = sign_in(Client(), walker.second)
    other.post(path, {"act_id": "n", "do": "note", "text": "Nothing found."})
    assert other.post(path, {"act_id": "l", **loss}).status_code == 403
    answer = walker.post(path, **loss)
    assert "Closed as a loss. The clocks run." in text_of(answer)
    notice = Notice.objects.get(kind="dea_form_106")
    empty = walker.post(path, do="notice", notice=str(notice.pk), reference="")
    assert "Enter the number or how it can be found again." in text_of(empty)
    answer = walker.post(path, do="notice", notice=str(notice.pk), reference="106-000-TEST")
    assert "106-000-TEST" in text_of(answer)
    assert "DEA Form 106, online: due by" not in text_of(walker.client.get("/stock/"))
    assert "Written notice to the DEA field division office: due by" in text_of(
        walker.client.get("/stock/")
    )


def test_a_wrong_line_is_answered_from_its_container(walker: Walker) -> None:
    shelves = walker.shelves
    vial = shelves.received()
    drawn = shelves.does("draw", vial, 100)
    other = shelves.received()
    path = reverse("stock_container", args=[vial.pk])
    shown = walker.client.get(f"{path}?correct={drawn.pk}").content.decode()
    assert f'value="{drawn.pk}"' in shown
    body = {"do": "correct", "move": str(drawn.pk), "reason": "Wrong vial"}
    elsewhere = reverse("stock_container", args=[other.pk])
    assert walker.signed(elsewhere, **body).status_code == 404
    answer = walker.signed(path, **body)
    assert "answers line 2: Wrong vial" in text_of(answer)


def test_the_register_names_people_only_to_those_who_may(walker: Walker) -> None:
    shelves, clinic = walker.shelves, walker.shelves.clinic
    ada = register_patient(
        clinic.as_("front_desk"),
        site_id=clinic.site.pk,
        given_name="Ada",
        family_name="Sample",
        birth_date=date(1980, 2, 2),
        address="1 Synthetic Way",
    )
    shelves.patient_id = ada.pk
    vial = shelves.received()
    shelves.does("draw", vial, "50")
    shelves.does("waste", vial, "9.5")
    day = clinic.clock.now().date()
    address = f"/stock/register?from={day}&to={day}"
    shown = text_of(walker.client.get(address))
    assert "Ada Sample, 1 Synthetic Way" in shown
    assert "Wasted of what was drawn (Disposal container)" in shown
    assert "Held after: 450 mg" in shown
    assert ChainEntry.objects.filter(action__startswith="read register of the ledger").exists()
    file = walker.client.get(f"/stock/register.csv?from={day}&to={day}")
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert rows[0][0] == "Date"
    by_what = {row[5].split(" (")[0]: row for row in rows[1:]}
    assert by_what["Drawn for a session"][6:10] == ["", "50", "", "450"]
    assert by_what["Wasted of what was drawn"][6:10] == ["", "", "9.5", "450"]
    assert by_what["Received"][6:10] == ["500", "", "", "500"]
    before = f"/stock/register?from={day - timedelta(days=9)}&to={day - timedelta(days=8)}"
    assert "No line of the ledger falls into these days." in text_of(walker.client.get(before))


@pytest.mark.parametrize(
    "asked", ["from=x&to=y", "from=0001-01-01&to=9999-12-31", "from=2026-13-40", "site="]
)
def test_a_range_that_is_none_gives_the_last_thirty_days(walker: Walker, asked: str) -> None:
    assert walker.client.get(f"/stock/register?{asked}").status_code == 200


def test_an_inventory_lists_packages_and_part_used_amounts(walker: Walker) -> None:
    shelves = walker.shelves
    first, second, third = shelves.received(count=3)
    shelves.does("draw", third, 100)
    walker.signed(
        "/stock/count",
        kind="biennial",
        moment="close",
        **{f"is_{first.pk}": "sealed", f"is_{second.pk}": "sealed"},
        **{f"is_{third.pk}": "part", f"amount_{third.pk}": "8"},
    )
    count = Count.objects.get(kind="biennial")
    shown = text_of(walker.client.get(reverse("stock_inventory", args=[count.pk])))
    assert "close of business" in shown
    assert re.search(r"SYN-A .* 2 500.mg 400.mg \(8 mL\) 1400.mg", shown)
    empty = Count.objects.get(kind="initial")
    shown = text_of(walker.client.get(reverse("stock_inventory", args=[empty.pk])))
    assert "No controlled substance was on hand." in shown


def test_the_ledger_begins_on_its_page(db: None, clock: FixedClock, client: Client) -> None:
    clinic = build_clinic(clock, with_protocols=False, with_ledger=False)
    pharmacist, nurse = clinic.staff["pharmacist"], clinic.staff["session_nurse"]
    sign_in(client, pharmacist)
    body: dict[str, Any] = {"do": "begin", "moment": "opening", "email": nurse.email}
    assert "Begin the ledger" in text_of(client.get("/stock/"))
    client.post(
        "/stock/items",
        {
            "act_id": "i",
            "do": "add",
            "name": "Vial",
            "product": "racemic_im",
            "form": "vial",
            "content_mg": "500",
            "volume_ml": "5",
        },
    )
    item = Item.objects.get()
    row = {"item_1": item.pk, "lot_1": "SYN", "expires_on_1": "2028-01-31", "holds_mg_1": "250"}
    wrong = client.post(
        "/stock/begin",
        {"act_id": "1", **body, "pin": PASSWORD, **row, "expires_on_1": "soon"},
    )
    assert "Line 1: enter the date of expiry." in text_of(wrong)
    done = client.post("/stock/begin", {"act_id": "2", **body, "pin": PASSWORD, **row}, follow=True)
    assert "The ledger of Harbour has begun." in text_of(done)
    assert Container.objects.get().remaining_mg == 250
    refused = client.post("/stock/begin", {"act_id": "3", "do": "elsewhere", "system": "A book"})
    assert refused.status_code == 403


def test_wrong_pins_are_limited(walker: Walker) -> None:
    shelves = walker.shelves
    vial = shelves.received()
    path = reverse("stock_container", args=[vial.pk])
    given = {"do": "return", "party": "Supply", "reference": "R", "pin": "111222"}
    for _ in range(6):
        assert walker.signed(path, **given).status_code == 422
    answer = walker.signed(path, **{**given, "pin": PIN})
    assert answer.status_code == 429
    assert not Move.objects.filter(kind="return_supplier").exists()


def test_hostile_text_is_shown_as_text(walker: Walker) -> None:
    walker.post("/stock/discrepancies", what="<script>alert(1)</script> =1+1")
    shown = walker.client.get("/stock/discrepancies").content.decode()
    assert "<script>alert(1)" not in shown
    assert "&lt;script&gt;alert(1)" in shown
