"""The session's half of the ledger: drawn, given, wasted, and when a session closes."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.clinic.people.sign_in import hash_pin
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, DomainError, Refused
from evenkeel.clinic.session.account import account_of
from evenkeel.clinic.session.actions.enter_downtime import enter_downtime
from evenkeel.clinic.session.actions.open_session import open_session
from evenkeel.clinic.session.models import LIVE_STATES, Session, SessionEvent
from evenkeel.clinic.session.paper import PaperRow
from evenkeel.clinic.session.queries import board_timelines
from evenkeel.clinic.session.watch import tick
from evenkeel.clinic.stock import drawing
from evenkeel.clinic.stock.models import Container, Move
from evenkeel.interop.fhir.own_bundle import own_bundle, own_record_of
from tests.clinic.session.makers import (
    Stage,
    checked_in_appointment,
    open_stage,
    treatable_case,
)
from tests.clinic.session.test_timeline import T0, happened
from tests.clinic.stock.makers import Shelves, build_shelves, refused
from tests.clinic_factory import Clinic, build_clinic, sign_in
from tests.kept import kept

PIN = "271828"
JSON = "application/json"


@dataclass
class Kept:
    """A session at a site whose ledger is kept here, and a vial of 500 mg on its shelf."""

    stage: Stage
    shelves: Shelves
    vial: Container

    @property
    def witness(self) -> uuid.UUID:
        return self.shelves.witness

    @property
    def dose_mg(self) -> float:
        return float(self.stage.session.dose_sheet["dose_mg"])

    def draw(self, amount_mg: float, vial: Container | None = None, **said: Any) -> SessionEvent:
        key = str((vial or self.vial).pk)
        body = {"container_id": key, "amount_mg": amount_mg}
        return self.stage.says("drawn", body=body, **said).event

    def waste(self, amount_mg: float, vial: Container | None = None, **said: Any) -> SessionEvent:
        key = str((vial or self.vial).pk)
        body = {"container_id": key, "amount_mg": amount_mg, "method": "Denaturing pouch"}
        return self.stage.says("wasted", body=body, **{"witness": self.witness, **said}).event

    def start(self, **said: Any) -> SessionEvent:
        return self.stage.says("infusion_start", body={**self.stage.start_body(), **said}).event

    def leaves(self) -> str:
        """The person goes, before ready where a dose was given; the state of the session then."""
        early = {
            "said": "I must go.",
            "capacity": "yes",
            "risks_explained": True,
            "clinician_told": "Dr Sample",
            "follow_up": "Call tomorrow.",
        }
        given = self.stage.row().first_dose_at is not None
        self.stage.says("discharged", body={"early": early} if given else {})
        return self.state

    @property
    def state(self) -> str:
        return self.stage.row().state

    def holds(self) -> Decimal:
        return Container.objects.get(pk=self.vial.pk).remaining_mg


def build_kept(clinic: Clinic) -> Kept:
    shelves = build_shelves(clinic)
    vial = shelves.received()
    return Kept(open_stage(clinic).prepared(), shelves, vial)


@pytest.fixture
def here(clinic: Clinic) -> Kept:
    return kept("session with ledger", clinic.clock, lambda: build_kept(clinic), clinic)


# ---- opening ----


def test_a_session_opens_only_where_somebody_accounts_for_the_drug(db: None, clock: Any) -> None:
    clinic = build_clinic(clock, with_ledger=False)
    case = treatable_case(clinic)
    appointment = checked_in_appointment(case.nurse, case=case, chair=clinic.chairs[0])
    with pytest.raises(Refused, match="ledger has been begun at Harbour"):
        open_session(case.nurse, appointment_id=appointment.pk)
    page = sign_in(Client(), clinic.staff["medical_director"])
    shown = page.get(f"/appointments/{appointment.pk}").content.decode()
    assert "No controlled-drug ledger has been begun at Harbour" in shown
    build_shelves(clinic)
    assert open_session(case.nurse, appointment_id=appointment.pk).ledger == "here"


def test_where_the_ledger_is_kept_elsewhere_the_lot_stands_with_the_dose(stage: Stage) -> None:
    assert stage.session.ledger == "elsewhere"
    stage.prepared()
    said = stage.says(
        "infusion_start",
        body={**stage.start_body(), "lot": "L-77", "container_id": str(uuid.uuid4())},
    ).event
    assert said.body["lot"] == "L-77"
    assert "container_id" not in said.body
    with refused("ledger_elsewhere"):
        stage.says("drawn", body={"container_id": str(uuid.uuid4()), "amount_mg": 5})
    stage.wait(60)
    stage.says("infusion_stop")
    stage.says("discharged", body={"override_reason": "Seen by the prescriber."})
    row = stage.row()
    assert (row.state, row.summary["lots"]) == ("closed", ["L-77"])


# ---- the gate ----


def test_a_dose_waits_until_enough_is_drawn(here: Kept) -> None:
    with refused("nothing_drawn"):
        here.start()
    here.draw(here.dose_mg - 1)
    with refused("nothing_drawn") as caught:
        here.start()
    assert f"{here.dose_mg:g} mg" in caught.value.message
    here.draw(1)
    said = here.start()
    assert (said.body["container_id"], said.body["lot"]) == (str(here.vial.pk), "SYN-A")
    assert said.body["label"] == here.vial.label


def test_a_dose_given_before_it_could_be_drawn_is_taken_and_keeps_the_session_open(
    here: Kept,
) -> None:
    here.start(given_before_drawn=True)
    here.stage.wait(60)
    here.stage.says("infusion_stop")
    assert here.leaves() == "accounting"
    here.draw(here.dose_mg)
    assert here.state == "closed"


def test_a_dose_names_only_a_container_that_was_drawn_from(here: Kept) -> None:
    other = here.shelves.received()
    here.draw(here.dose_mg)
    with refused("not_drawn_from"):
        here.start(container_id=str(other.pk))


def test_a_rescue_medicine_and_a_stop_need_no_draw(here: Kept) -> None:
    here.stage.says("rescue_medicine", name="ondansetron", dose_mg=4)
    here.stage.says("infusion_stop")
    assert Move.objects.filter(session_id=here.stage.session.pk).count() == 0


# ---- closing: the table ----

#: What happens after the dose sheet's amount was drawn, and the state once the person has left.
#: ``d`` is the dose of the sheet.
CLOSING: list[tuple[str, Callable[[Kept], Any], str]] = [
    ("given whole", lambda k: k.start() and k.stage.wait(60) and stop(k), "closed"),
    ("stopped early", lambda k: k.start() and k.stage.wait(10) and stop(k), "accounting"),
    (
        "stopped early, rest wasted",
        lambda k: k.start() and k.stage.wait(10) and stop(k) and k.waste(rest(k)),
        "closed",
    ),
    (
        "a thousandth is missing",
        lambda k: k.start() and k.stage.wait(10) and stop(k) and k.waste(rest(k) - 0.001),
        "accounting",
    ),
    ("drawn and not given", lambda k: None, "accounting"),
    ("drawn and all wasted", lambda k: k.waste(k.dose_mg), "abandoned"),
    (
        "the draw struck out",
        lambda k: k.stage.says(
            "void", supersedes=events(k, "drawn")[0].pk, reason="Wrong vial", witness=k.witness
        ),
        "abandoned",
    ),
    (
        "more drawn than given",
        lambda k: k.draw(3.5) and k.start() and k.stage.wait(60) and stop(k),
        "accounting",
    ),
    (
        "more drawn, the rest wasted",
        lambda k: k.draw(3.5) and k.start() and k.stage.wait(60) and stop(k) and k.waste(3.5),
        "closed",
    ),
]


def stop(here: Kept) -> Any:
    return here.stage.says("infusion_stop")


def events(here: Kept, kind: str) -> list[SessionEvent]:
    return list(SessionEvent.objects.filter(session=here.stage.session, kind=kind))


def rest(here: Kept) -> float:
    account = here.stage.timeline().account
    assert account is not None
    return float(account.rest_mg)


@pytest.mark.parametrize(("does", "state"), [c[1:] for c in CLOSING], ids=[c[0] for c in CLOSING])
def test_a_session_closes_when_drawn_is_given_and_wasted(
    here: Kept, does: Callable[[Kept], Any], state: str
) -> None:
    here.draw(here.dose_mg)
    does(here)
    assert here.leaves() == state
    account = here.stage.timeline().account
    assert account is not None
    assert account.agrees == (state != "accounting")
    assert bool(account.open_words()) == (state == "accounting")


def test_nobody_is_kept_and_a_session_that_waits_is_not_live(here: Kept) -> None:
    here.draw(here.dose_mg)
    here.start()
    here.stage.wait(10)
    stop(here)
    assert here.leaves() == "accounting"
    session = here.stage.row()
    assert session.state not in LIVE_STATES
    assert session.appointment.status == "done"
    here.stage.wait(300)
    assert tick(here.stage.now) == 0
    with refused("session_closed"):
        here.start(given_before_drawn=True)
    here.waste(rest(here))
    session = here.stage.row()
    assert session.state == "closed"
    assert session.summary["wasted_mg"] + session.summary["total_mg"] == pytest.approx(here.dose_mg)
    with refused("session_closed"):
        here.draw(1)


def test_the_own_copy_of_a_person_names_the_lot(here: Kept) -> None:
    here.draw(here.dose_mg)
    here.start()
    here.stage.wait(60)
    stop(here)
    here.leaves()
    copy = own_bundle(own_record_of(here.stage.case.patient), here.stage.now)
    found = [e["resource"] for e in copy["entry"] if e["resource"]["resourceType"] == "Procedure"]
    assert found[0]["contained"][0]["batch"] == {"lotNumber": "SYN-A"}
    assert found[0]["usedReference"] == [{"reference": "#" + found[0]["contained"][0]["id"]}]


def test_a_correction_after_closing_opens_the_account_again(here: Kept) -> None:
    here.draw(here.dose_mg)
    here.start()
    here.stage.wait(60)
    ended = here.stage.says("infusion_stop").event
    assert here.leaves() == "closed"
    at = here.stage.now - timedelta(minutes=50)
    here.stage.says("infusion_stop", supersedes=ended.pk, at=at, body={})
    assert here.state == "accounting"
    here.waste(rest(here))
    assert here.state == "closed"


def test_a_clock_that_goes_back_changes_no_account(here: Kept) -> None:
    here.draw(here.dose_mg + 5)
    here.start()
    here.stage.wait(60)
    stop(here)
    here.stage.wait(-30)
    here.waste(5)
    assert here.leaves() == "closed"
    assert drawing.session_account(here.stage.session.pk).wasted_mg == 5


def test_what_was_kept_on_paper_waits_for_its_draw(here: Kept) -> None:
    clinic = here.stage.clinic
    case = treatable_case(clinic, named="Paula")
    appointment = checked_in_appointment(case.nurse, case=case, chair=clinic.chairs[1])
    begun = clinic.clock.now()
    clinic.clock.advance(timedelta(hours=3))
    at = begun + timedelta(minutes=10)
    rows = [
        PaperRow("drug-1", "infusion_start", at, {"rate_mg_per_h": 55.5, "planned_mg": 37}),
        PaperRow("drug-2", "infusion_stop", at + timedelta(minutes=40), {}),
        PaperRow("left", "discharged", at + timedelta(minutes=130), {"override_reason": "paper"}),
    ]
    session = enter_downtime(
        case.nurse, appointment_id=appointment.pk, opened_at=begun, rows=rows,
        batch=uuid.uuid4(), kept_by="Nurse Sample",
    )  # fmt: skip
    assert session.state == "accounting"
    on_paper = Kept(Stage(clinic, case, session), here.shelves, here.vial)
    on_paper.draw(37, at=at)
    assert on_paper.state == "closed"


# ---- lines ----


def test_the_event_and_the_line_stand_together(here: Kept) -> None:
    drawn = here.draw(40)
    move = Move.objects.get(pk=drawn.body["move_id"])
    assert (move.session_id, move.patient_id) == (drawn.session_id, drawn.patient_id)
    assert (move.position, move.happened_at) == (drawn.position, drawn.happened_at)
    assert (drawn.body["lot"], here.holds()) == ("SYN-A", Decimal(460))
    wasted = here.waste(1.5)
    assert wasted.body["witness_name"] == here.stage.clinic.staff["pharmacist"].shown_name
    assert here.holds() == Decimal(460)


REFUSED: list[tuple[str, Callable[[Kept], Any], str]] = [
    ("more than it holds", lambda k: k.draw(500.001), "not_enough"),
    ("four decimals", lambda k: k.draw(1.0001), "amount"),
    ("no such container", lambda k: k.draw(1, Container(pk=uuid.uuid4())), "not_found"),
    ("in the future", lambda k: k.draw(1, at=k.stage.now + timedelta(seconds=59)), ""),
    (
        "before it came",
        lambda k: k.draw(1, at=k.stage.now - timedelta(hours=3)),
        "before_receipt",
    ),
    ("wasted more than drawn", lambda k: k.draw(5) and k.waste(5.001), "too_much"),
    ("wasted what runs", lambda k: k.draw(k.dose_mg) and k.start() and k.waste(1), "too_much"),
    ("nobody witnessed", lambda k: k.draw(5) and k.waste(5, witness=None), "witness_missing"),
    (
        "witnessed by who did it",
        lambda k: k.draw(5) and k.waste(5, witness=staff(k, "session_nurse")),
        "witness_is_actor",
    ),
    (
        "witnessed elsewhere",
        lambda k: k.draw(5) and k.waste(5, witness=staff(k, "prescriber_elsewhere")),
        "witness_not_allowed",
    ),
    (
        "witnessed by who may not",
        lambda k: k.draw(5) and k.waste(5, witness=staff(k, "front_desk")),
        "witness_not_allowed",
    ),
    (
        "put back into a vial",
        lambda k: k.draw(5) and k.stage.says(
            "put_back", body={"container_id": str(k.vial.pk), "amount_mg": 5}, witness=k.witness
        ),
        "not_returnable",
    ),
    (
        "changed, not struck out",
        lambda k: k.draw(4, supersedes=k.draw(5).pk),
        "strike_instead",
    ),
    (
        "struck out alone",
        lambda k: k.stage.says("void", supersedes=k.draw(5).pk, reason="Slip"),
        "witness_missing",
    ),
    ("by who may not", lambda k: k.draw(5, role="therapist"), "forbidden"),
]  # fmt: skip


def staff(here: Kept, role: str) -> uuid.UUID:
    return here.stage.clinic.staff[role].pk


@pytest.mark.parametrize(("does", "code"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_a_refused_line_leaves_neither_half(
    here: Kept, does: Callable[[Kept], Any], code: str
) -> None:
    if not code:  # a clock a minute ahead: it happened now
        assert does(here).happened_at == here.stage.now
        return
    with refused(code):
        does(here)
    lines = Move.objects.filter(session_id=here.stage.session.pk)
    told = [e for kind in ("drawn", "wasted", "put_back") for e in events(here, kind)]
    assert {e.body["move_id"] for e in told} == {str(m.pk) for m in lines}


def test_where_the_event_fails_the_line_is_gone_too(
    here: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evenkeel.clinic.session.actions import record_event

    def fails() -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(record_event, "announce", fails)
    with pytest.raises(OSError, match="disk"):
        here.draw(40)
    assert (here.holds(), events(here, "drawn")) == (Decimal(500), [])


def test_a_replayed_line_is_written_once_and_another_under_its_name_is_refused(here: Kept) -> None:
    first = here.draw(40)
    body = {"container_id": str(here.vial.pk), "amount_mg": 40}
    again = here.stage.says("drawn", id=first.pk, at=first.happened_at, body=body)
    assert (again.replayed, here.holds()) == (True, Decimal(460))
    with pytest.raises(Conflict):
        here.stage.says("drawn", id=first.pk, at=first.happened_at, body={**body, "amount_mg": 41})
    wasted = here.waste(2)
    with pytest.raises(Conflict):  # the same waste before another witness is another waste
        here.stage.says(
            "wasted", id=wasted.pk, at=wasted.happened_at, witness=staff(here, "prescriber"),
            body={"container_id": str(here.vial.pk), "amount_mg": 2, "method": "Denaturing pouch"},
        )  # fmt: skip
    assert Move.objects.filter(session_id=here.stage.session.pk).count() == 2


def test_a_struck_draw_goes_back_by_a_counter_line(here: Kept) -> None:
    drawn = here.draw(40)
    struck = here.stage.says(
        "void", supersedes=drawn.pk, reason="Wrong vial", witness=here.witness
    ).event
    counter = Move.objects.get(pk=struck.body["move_id"])
    assert (str(counter.corrects_id), here.holds()) == (drawn.body["move_id"], Decimal(500))
    assert drawing.session_account(here.stage.session.pk).drawn_mg == 0


def beside(here: Kept) -> Kept:
    """Another session at the same site, that draws from the same vial."""
    clinic = here.stage.clinic
    case = treatable_case(clinic, named="Petra")
    appointment = checked_in_appointment(case.nurse, case=case, chair=clinic.chairs[1])
    session = open_session(case.nurse, appointment_id=appointment.pk)
    return Kept(Stage(clinic, case, session), here.shelves, here.vial)


def test_two_sessions_draw_from_one_vial_and_never_below_zero(here: Kept) -> None:
    other = beside(here)
    here.draw(300)
    with refused("not_enough"):
        other.draw(200.001)
    other.draw(200)
    with refused("unusable"):
        here.draw(0.001)
    assert here.holds() == 0


@pytest.mark.django_db(transaction=True)
def test_draws_at_the_same_time_take_no_more_than_there_is(here: Kept) -> None:
    other = beside(here)
    refusals: list[str] = []

    def draw(session: Kept) -> None:
        for _ in range(6):
            try:
                session.draw(50)
            except DomainError as refusal:
                refusals.append(refusal.code)
        connection.close()

    threads = [threading.Thread(target=draw, args=(one,)) for one in (here, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(refusals), set(refusals)) == (2, {"unusable"})
    drawn = [drawing.session_account(one.stage.session.pk).drawn_mg for one in (here, other)]
    assert (sum(drawn), here.holds()) == (500, 0)


def test_devices_are_drawn_one_by_one_and_an_unopened_one_goes_back(clinic: Clinic) -> None:
    shelves = build_shelves(clinic)
    kit = shelves.received(shelves.kit)
    stage = open_stage(clinic, "esketamine_nasal").prepared()
    box = Kept(stage, shelves, kit)
    with refused("amount"):
        box.draw(20)
    box.draw(84)
    stage.says("device", number=1, dose_mg=28)
    stage.wait(6)
    stage.says("device", number=2, dose_mg=28)
    assert box.leaves() == "accounting"
    body = {"container_id": str(kit.pk), "amount_mg": 28}
    stage.says("put_back", body=body, witness=shelves.witness)
    assert (box.state, box.holds()) == ("closed", Decimal(28))
    assert stage.row().summary["put_back_mg"] == 28


# ---- the account, pure ----

A, B = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
LINES = {A: {"container_id": A, "label": "1", "lot": "X"}, B: {"container_id": B, "label": "2"}}


@settings(max_examples=60)
@given(st.data())
def test_nothing_is_lost_or_made_whatever_is_drawn_given_and_wasted(data: Any) -> None:
    amount = st.integers(1, 90_000).map(lambda thousandth: thousandth / 1000)
    kinds = st.sampled_from(["drawn", "wasted", "put_back", "injection"])
    rows = data.draw(st.lists(st.tuples(kinds, st.sampled_from([A, B]), amount), max_size=12))
    said = [
        happened(n, kind, n, dose_mg=mg, container_id=key)
        if kind == "injection"
        else happened(n, kind, n, amount_mg=mg, **LINES[key])
        for n, (kind, key, mg) in enumerate(rows)
    ]
    found = account_of(said, T0)
    total = {k: sum(round(mg * 1000) for kind, _, mg in rows if kind == k) for k in
             ("drawn", "wasted", "put_back", "injection")}  # fmt: skip
    assert found.drawn_mg * 1000 == total["drawn"]
    assert found.given_mg * 1000 == total["injection"]
    left = total["drawn"] - total["injection"] - total["wasted"] - total["put_back"]
    assert (found.rest_mg - found.undrawn_mg) * 1000 == left
    if found.agrees:
        assert left == 0
    assert data.draw(st.permutations(said)) is not None
    assert account_of(data.draw(st.permutations(said)), T0).agrees == found.agrees


# ---- pages ----


@pytest.fixture
def nurse(here: Kept, page_clock: None) -> Client:
    pharmacist = here.stage.clinic.staff["pharmacist"]
    pharmacist.pin_hash = hash_pin(PIN)
    pharmacist.save(update_fields=["pin_hash"])
    return sign_in(Client(), here.stage.clinic.staff["session_nurse"])


def post(nurse: Client, here: Kept, kind: str, **said: Any) -> Any:
    sent = {
        "id": str(said.pop("id", uuid.uuid4())),
        "kind": kind,
        "happened_at": here.stage.now.isoformat(),
        "supersedes": said.pop("supersedes", None),
    }
    who = {name: said.pop(name) for name in ("email", "pin") if name in said}
    body = said or {}
    path = f"/sessions/{here.stage.session.pk}/ledger"
    document = json.dumps({**sent, **who, "body": body})
    return nurse.post(path, document, content_type=JSON, HTTP_ACCEPT=JSON)


def test_the_witness_shows_by_pin_who_they_are(here: Kept, nurse: Client) -> None:
    vial = str(here.vial.pk)
    assert post(nurse, here, "drawn", container_id=vial, amount_mg=40).status_code == 201
    waste = {"container_id": vial, "amount_mg": 2.5, "method": "Denaturing pouch"}
    pharmacist = here.stage.clinic.staff["pharmacist"]
    for who, code in (
        ({}, "witness_missing"),
        ({"email": pharmacist.email, "pin": "111222"}, "second_person_unknown"),
        ({"email": "session_nurse@harbour.invalid", "pin": "x"}, "second_person_unknown"),
    ):
        answer = post(nurse, here, "wasted", **waste, **who)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    forged = post(nurse, here, "wasted", **waste, witness_id=str(pharmacist.pk))
    assert forged.json()["fields"]["witness_id"] == "This field is not known here."
    key = uuid.uuid4()
    signed = {"email": pharmacist.email, "pin": PIN, "id": key}
    first = post(nurse, here, "wasted", **waste, **signed)
    assert first.status_code == 201
    assert first.json()["event"]["body"]["witness_name"] == pharmacist.shown_name
    assert post(nurse, here, "wasted", **waste, **signed).status_code == 200
    assert Move.objects.filter(kind="waste").count() == 1
    drawn = events(here, "drawn")[0]
    struck = post(nurse, here, "void", supersedes=str(drawn.pk), reason="Wrong vial", **{
        "email": pharmacist.email, "pin": PIN})  # fmt: skip
    assert struck.json()["code"] == "too_much"
    assert post(nurse, here, "note", text="x").json()["code"] == "unknown_kind"


def test_a_waste_comes_by_no_other_way(here: Kept, nurse: Client) -> None:
    here.draw(5)
    path = f"/api/sessions/{here.stage.session.pk}/events"
    document = {
        "id": str(uuid.uuid4()), "kind": "wasted", "happened_at": here.stage.now.isoformat(),
        "body": {"container_id": str(here.vial.pk), "amount_mg": 5, "method": "Sink"},
    }  # fmt: skip
    answer = nurse.post(path, json.dumps(document), content_type=JSON, HTTP_ACCEPT=JSON)
    assert answer.json()["code"] == "witness_missing"


def test_the_containers_to_draw_from_are_those_of_the_product(here: Kept, nurse: Client) -> None:
    here.shelves.received(here.shelves.kit)
    shown = nurse.get(f"/sessions/{here.stage.session.pk}/containers").json()["containers"]
    assert [(c["label"], c["remaining_mg"], c["lot"]) for c in shown] == [
        (here.vial.label, 500.0, "SYN-A")
    ]


def test_a_session_that_waits_is_found(here: Kept, nurse: Client) -> None:
    here.draw(40)
    here.leaves()
    name = here.stage.case.patient.family_name
    for path, words in (
        ("/sessions/to-account", "40 mg drawn from container"),
        ("/day/", "Drug to account for"),
        ("/board", "Drug to account for"),
        (f"/sessions/{here.stage.session.pk}", "Drug to account for"),
        (f"/sessions/{here.stage.session.pk}/note", "Not accounted for"),
    ):
        shown = nurse.get(path).content.decode()
        assert words in shown, path
        assert name in shown, path
    here.waste(40)
    assert "Nothing waits" in nurse.get("/sessions/to-account").content.decode()


@action("test.before_the_ledger", permission="session.administer")
def before_the_ledger(act: Act, session: Session) -> Session:
    session.ledger = None
    return act.write(session)


def test_old_sessions_are_told_without_an_account(here: Kept) -> None:
    old = before_the_ledger(here.stage.clinic.as_("session_nurse"), here.stage.row())
    assert board_timelines([old], here.stage.now)[old.pk].account is None
    here.stage.says("infusion_start", body=here.stage.start_body())
    here.stage.wait(60)
    stop(here)
    assert here.leaves() == "closed"
