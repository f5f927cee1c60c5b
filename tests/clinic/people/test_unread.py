"""What no list of names knows stays before the clinic's eyes until somebody says what it is."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.clinic.people.actions.read_entry import read_entry
from evenkeel.clinic.people.actions.record_fact import record_fact, record_facts
from evenkeel.clinic.people.actions.register_patient import register_patient
from evenkeel.clinic.people.fact_item import FactItem
from evenkeel.clinic.people.facts import assemble_facts, facts_of
from evenkeel.clinic.people.models import Fact, Patient
from evenkeel.clinic.people.queries import fact_sheet
from evenkeel.clinic.people.unread import unread_of
from evenkeel.clinic.record.chain import verify_links
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.protocol.facts import Facts
from tests.clinic_factory import Clinic, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(clinic: Clinic) -> Patient:
    """Ada Sample, born 2 February 1980."""
    return register_patient(
        clinic.as_("front_desk"),
        site_id=clinic.site.pk,
        given_name="Ada",
        family_name="Sample",
        birth_date=date(1980, 2, 2),
        sex="female",
    )


def put(clinic: Clinic, patient: Patient, key: str, label: str, **more: Any) -> Fact:
    value = {"label": label, **more.pop("value", {})}
    return record_fact(
        clinic.as_("session_nurse"), patient_id=patient.pk, key=key, value=value, **more
    )


def facts(clinic: Clinic, patient: Patient) -> Facts:
    return assemble_facts(patient, now=clinic.clock.now())


def unread(patient: Patient) -> list[str]:
    return [row.value["label"] for row in unread_of(facts_of(patient))]


def other(clinic: Clinic, patient: Patient) -> object:
    return facts(clinic, patient)["other_conditions"].value


@pytest.mark.parametrize(
    ("key", "label", "more", "listed"),
    [
        ("condition", "Quux fever", {}, True),
        ("condition", "Quux fever", {"status": "refuted"}, False),
        ("condition", "family history of psychosis", {}, True),
        ("condition", "Asthma", {}, False),
        ("condition", "Quux", {"value": {"codings": [{"system": "icd-10", "code": "I10"}]}}, False),
        ("medicine", "Mystery drops", {}, True),
        ("medicine", "Mystery drops", {"status": "inactive"}, False),
        ("medicine", "Zoloft 50 mg", {}, False),
        ("allergy", "716186", {}, True),
        ("allergy", "Shellfish", {}, False),
    ],
)
def test_an_entry_is_listed_when_it_counts_and_nobody_knows_it(
    clinic: Clinic, ada: Patient, key: str, label: str, more: dict[str, Any], listed: bool
) -> None:
    put(clinic, ada, key, label, **more)
    assert unread(ada) == ([label] if listed else [])
    assert len(fact_sheet(ada, clinic.clock.now()).unread) == listed


def test_a_medicine_is_known_by_its_rxnorm_code_when_its_label_says_nothing(
    clinic: Clinic, ada: Patient
) -> None:
    rxnorm = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "3322"}
    put(clinic, ada, "medicine", "Tablets from the blue box", value={"codings": [rxnorm]})
    assert unread(ada) == []
    (use,) = facts(clinic, ada)["medicines"].value  # type: ignore[misc]
    assert "benzodiazepine" in use.classes


def test_a_condition_read_as_a_known_one_reaches_the_rules_under_the_reader_s_name(
    clinic: Clinic, ada: Patient
) -> None:
    fact = put(clinic, ada, "condition", "Apoplexia cerebri sin.", origin="letter")
    assert other(clinic, ada) == ("Apoplexia cerebri sin.",)
    assert facts(clinic, ada)["stroke"].state == "unknown"
    (new,) = read_entry(
        clinic.as_("prescriber"), fact_id=fact.pk, kind="known", name="Ischemic stroke"
    )
    assert unread(ada) == []
    assert facts(clinic, ada)["stroke"].state == "known"
    assert facts(clinic, ada)["other_conditions"].state == "unknown"
    # What was written stays as it was written.
    assert new.value["label"] == "Apoplexia cerebri sin."
    reader = clinic.staff["prescriber"].full_name
    assert new.origin == f"read by {reader}: letter"
    entry = ChainEntry.objects.filter(action="fact.read").get()
    assert entry.actor_name == reader
    assert verify_links().whole


def test_a_medicine_read_as_a_known_one_is_judged_as_that(clinic: Clinic, ada: Patient) -> None:
    fact = put(clinic, ada, "medicine", "Mystery drops")
    read_entry(clinic.as_("prescriber"), fact_id=fact.pk, kind="known", name="Valium")
    (use,) = facts(clinic, ada)["medicines"].value  # type: ignore[misc]
    assert use.name == "Mystery drops (read as Valium)"
    assert "benzodiazepine" in use.classes
    assert unread(ada) == []


def test_what_is_of_no_concern_needs_a_reason_and_stays_in_the_record(
    clinic: Clinic, ada: Patient
) -> None:
    condition = put(clinic, ada, "condition", "Quux fever")
    medicine = put(clinic, ada, "medicine", "Mystery drops")
    act = clinic.as_("prescriber")
    with pytest.raises(Invalid) as refused:
        read_entry(act, fact_id=condition.pk, kind="no_concern", reason=" ")
    assert "reason" in refused.value.fields
    for fact in (condition, medicine):
        read_entry(act, fact_id=fact.pk, kind="no_concern", reason="harmless, looked it up")
    assert unread(ada) == []
    assert facts(clinic, ada)["other_conditions"].state == "unknown"
    assert facts(clinic, ada)["medicines"].value == ()
    kept = {
        row.key: words
        for rows in fact_sheet(ada, clinic.clock.now()).lists.values()
        for row, words in rows
    }
    assert kept == {
        "condition": "Quux fever (read, of no concern here)",
        "medicine": "Mystery drops (read, of no concern here)",
    }


@pytest.mark.parametrize(
    ("kind", "name", "field"),
    [("known", "quux", "name"), ("known", "", "name"), ("", "", "kind"), ("else", "x", "kind")],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    clinic: Clinic, ada: Patient, kind: str, name: str, field: str
) -> None:
    fact = put(clinic, ada, "condition", "Quux fever")
    with pytest.raises(Invalid) as refused:
        read_entry(clinic.as_("prescriber"), fact_id=fact.pk, kind=kind, name=name)
    assert field in refused.value.fields
    assert unread(ada) == ["Quux fever"]


def test_only_who_prescribes_reads_and_only_what_stands(clinic: Clinic, ada: Patient) -> None:
    fact = put(clinic, ada, "condition", "Quux fever")
    with pytest.raises(Forbidden):
        read_entry(clinic.as_("session_nurse"), fact_id=fact.pk, kind="known", name="stroke")
    read_entry(clinic.as_("prescriber"), fact_id=fact.pk, kind="known", name="stroke")
    with pytest.raises(Conflict):
        read_entry(clinic.as_("medical_director"), fact_id=fact.pk, kind="known", name="asthma")
    weight = record_fact(clinic.as_("prescriber"), patient_id=ada.pk, key="weight_kg", value=72)
    with pytest.raises(Invalid):
        read_entry(clinic.as_("prescriber"), fact_id=weight.pk, kind="known", name="asthma")


def test_a_second_import_of_the_same_file_does_not_ask_again(clinic: Clinic, ada: Patient) -> None:
    item = FactItem("condition", {"label": "Quux fever"}, source_key="bundle/condition/1")
    desk, doctor = clinic.as_("front_desk"), clinic.as_("prescriber")
    record_facts(desk, patient_id=ada.pk, items=[item])
    read_entry(doctor, fact_id=Fact.objects.get().pk, kind="no_concern", reason="looked it up")
    assert record_facts(desk, patient_id=ada.pk, items=[item]).unchanged == 1
    assert unread(ada) == []
    # Another content is another statement, and must be read again.
    changed = FactItem("condition", {"label": "Quux fever, worse"}, source_key="bundle/condition/1")
    record_facts(desk, patient_id=ada.pk, items=[changed])
    assert unread(ada) == ["Quux fever, worse"]


def test_what_is_written_the_same_is_one_line_and_is_read_at_once(
    clinic: Clinic, ada: Patient
) -> None:
    first = put(clinic, ada, "condition", "Quux fever")
    put(clinic, ada, "condition", "quux fever")
    coded = {"codings": [{"system": "urn:local", "code": "Q1"}]}
    put(clinic, ada, "condition", "Quux fever", value=coded)
    lines = fact_sheet(ada, clinic.clock.now()).unread
    assert sorted(line.times for line in lines) == [1, 2]
    read = read_entry(
        clinic.as_("prescriber"), fact_id=first.pk, kind="no_concern", reason="looked it up"
    )
    assert len(read) == 2
    # The same words with a code of their own may be another thing.
    assert unread(ada) == ["Quux fever"]


def test_the_page_suggests_and_the_person_decides(
    clinic: Clinic, ada: Patient, client: Client
) -> None:
    fact = put(clinic, ada, "medicine", "Sertaline 50")
    near = put(clinic, ada, "condition", "hypertention")
    sign_in(client, clinic.staff["prescriber"])
    person = client.get(reverse("patient", args=[ada.pk])).content.decode()
    assert "Not recognized, please read" in person
    assert reverse("fact_read", args=[ada.pk, fact.pk]) in person
    path = reverse("fact_read", args=[ada.pk, near.pk])
    assert "<b>hypertension</b>" in client.get(path).content.decode()
    wrong = client.post(path, {"act_id": "a1", "kind": "known", "name": "quux", "reason": ""})
    assert wrong.status_code == 422
    assert "Choose a name from the list." in wrong.content.decode()
    good = {"act_id": "a2", "kind": "known", "name": "hypertension", "reason": ""}
    assert client.post(path, good).status_code == 302
    assert facts(clinic, ada)["hypertension"].state == "known"
    # A nurse sees what is unread and who may read it, and no way to do it.
    sign_in(client, clinic.staff["session_nurse"])
    seen = client.get(reverse("patient", args=[ada.pk])).content.decode()
    assert "a prescriber says what it is" in seen
    assert reverse("fact_read", args=[ada.pk, fact.pk]) not in seen
