"""Who did what: found by person, patient, act and day; as a file; one entry with its proof."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from evenkeel.clinic.oversight.head_rounds import export_once
from evenkeel.clinic.oversight.queries import COLUMNS, Asked, audit_page
from evenkeel.clinic.people.actions.register_patient import edit_patient
from evenkeel.clinic.people.actions.set_up import add_chair
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.record import audit_key, proofs
from evenkeel.clinic.record.act import Context, system_actor
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.errors import Forbidden, Invalid
from evenkeel.clinic.record.exporting import Exporter, exported, standing
from evenkeel.clinic.record.heads import proves_entry
from evenkeel.clinic.record.models import ChainEntry
from tests.clinic.course.makers import Case, make_case
from tests.clinic_factory import Clinic, sign_in
from tests.kept import kept

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(clinic: Clinic) -> Case:
    return kept("audit case", clinic.clock, lambda: make_case(clinic), clinic)


@pytest.fixture
def heads(clinic: Clinic, tmp_path: Path) -> Iterator[Path]:
    before = settings.AUDIT_KEYS_PATH, settings.HEADS_PATH
    settings.AUDIT_KEYS_PATH, settings.HEADS_PATH = tmp_path / "keys", tmp_path / "heads"
    audit_key.make_first_key(Context(system_actor("installer"), clinic.clock))
    yield tmp_path / "heads"
    settings.AUDIT_KEYS_PATH, settings.HEADS_PATH = before


def auditor(clinic: Clinic) -> Client:
    return sign_in(Client(), clinic.staff["auditor"])


def acts(clinic: Clinic, **asked: Any) -> set[str]:
    found = audit_page(clinic.as_("auditor"), Asked(**asked), "UTC")
    return {row["entry"].action for row in found.entries}


def test_entries_are_found_by_who_what_whom_and_when(clinic: Clinic, case: Case) -> None:
    nurse = clinic.as_("session_nurse")
    open_record(nurse, Patient, case.patient.pk, permission="people.view", what="page of a person")
    with pytest.raises(Forbidden):
        add_chair(nurse, site_id=clinic.site.pk, name="Throne")
    mine = acts(clinic, who="session_nurse")
    assert mine >= {"read page of a person", "chair.add"}
    assert "patient.register" not in mine
    assert acts(clinic, refused=True) == {"chair.add"}
    assert acts(clinic, kind="reads", patient=case.patient.mrn.lower()) == {"read page of a person"}
    assert "read page of a person" not in acts(clinic, kind="changes")
    today = f"{clinic.clock.now():%Y-%m-%d}"
    assert "chair.add" in acts(clinic, since=today, until=today)
    assert acts(clinic, since="2027-01-01") == set()
    assert "protocol.adopt" not in acts(clinic, since=today)
    with pytest.raises(Invalid):
        acts(clinic, since="yesterday")


def test_the_reason_of_a_reading_stands_in_its_entry(clinic: Clinic, case: Case) -> None:
    ctx = clinic.as_("session_nurse")
    why = Context(ctx.actor, ctx.clock, reason="Asked for at the desk")
    open_record(why, Patient, case.patient.pk, permission="people.view", what="page of a person")
    assert ChainEntry.objects.latest("position").reason == "Asked for at the desk"


def test_the_page_asks_by_post_and_says_what_is_no_day(clinic: Clinic, case: Case) -> None:
    client = auditor(clinic)
    shown = client.post("/oversight/audit", {"who": "front_desk", "refused": "yes"})
    assert 'value="front_desk"' in shown.content.decode()
    wrong = client.post("/oversight/audit", {"since": "soon"})
    assert wrong.status_code == 422
    assert "Write it as 2026-11-23" in wrong.content.decode()


def test_the_file_holds_what_was_asked_for_and_no_formula(clinic: Clinic, case: Case) -> None:
    edit_patient(
        Context(clinic.as_("front_desk").actor, clinic.clock, reason="=1+1"),
        patient_id=case.patient.pk,
        given_name="Ada",
        family_name="Changed",
        birth_date=case.patient.birth_date,
    )
    answer = auditor(clinic).post("/oversight/audit.csv", {"patient": case.patient.mrn})
    rows = list(csv.reader(io.StringIO(answer.content.decode())))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) > 3
    named = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert {row["record_number"] for row in named} == {case.patient.mrn}
    assert [row["reason"] for row in named if row["action"] == "patient.edit"] == ["'=1+1"]
    assert [int(row["position"]) for row in named] == sorted(int(r["position"]) for r in named)
    assert ChainEntry.objects.latest("position").action == "read audit log as a file"


def test_an_entry_shows_its_proof_and_never_the_words_it_wrote(
    clinic: Clinic, case: Case, heads: Path
) -> None:
    client = auditor(clinic)
    row = ChainEntry.objects.get(action="patient.register", patient_id=case.patient.pk)
    before = client.get(f"/oversight/entry/{row.position}").content.decode()
    assert "No exported head covers this entry yet" in before
    exporter = export_once(Exporter(), clinic.clock)
    assert exporter.tree.size > row.position
    page = client.get(f"/oversight/entry/{row.position}").content.decode()
    assert "Whoever holds that head can check it" in page
    assert row.hash in page
    assert case.patient.given_name not in page
    proof = proofs.proof_of(row.position, row.hash)
    assert proof is not None
    assert proves_entry(exported()[-1], row.position, row.hash, proof.path)
    assert not proves_entry(exported()[-1], row.position + 1, row.hash, proof.path)
    forged = ChainEntry.objects.get(pk=row.position + 1)
    ChainEntry.objects.filter(pk=forged.pk).update(hash="0" * 64)
    page = client.get(f"/oversight/entry/{row.position}").content.decode()
    assert "does not stand under the head" in page
    assert client.get("/oversight/entry/999999").status_code == 404


def test_a_missed_head_is_said_and_a_forged_chain_is_never_signed(
    clinic: Clinic, heads: Path
) -> None:
    client = auditor(clinic)
    assert "No head has left this database yet" in client.get("/oversight/audit").content.decode()
    exporter = export_once(Exporter(), clinic.clock)
    assert standing(clinic.clock.now()).well
    first = exported()[-1]
    assert [path.name for path in heads.glob("head-*")] == [first.filename]
    # nothing new: nothing more is written, and it is well
    export_once(exporter, clinic.clock)
    assert len(list(heads.glob("head-*"))) == 1
    ChainEntry.objects.filter(position=first.size).update(hash="1" * 64)
    export_once(Exporter(), clinic.clock)
    stands = standing(clinic.clock.now())
    assert "does not follow" in stands.problem or "is not the one whose head" in stands.problem
    assert len(list(heads.glob("head-*"))) == 1
    assert "No head of the record was signed" in client.get("/oversight/audit").content.decode()


def test_the_check_is_an_act_and_names_what_it_found(clinic: Clinic, heads: Path) -> None:
    export_once(Exporter(), clinic.clock)
    client = auditor(clinic)
    page = client.post("/oversight/verify").content.decode()
    assert "The record is whole" in page
    assert "under a signed head" in page
    assert ChainEntry.objects.filter(action="record.check").count() == 1
    with connection.cursor() as cursor:
        cursor.execute("UPDATE people_chair SET room = 'forged' WHERE name = 'Chair 2'")
    page = client.post("/oversight/verify").content.decode()
    assert "The record is not what was written" in page
    assert "(room)" in page
    assert "What no check can find" in page
