"""Filing a bundle through the page and the command: whole, once, or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from evenkeel.cli import main
from evenkeel.clinic.people.models import Fact, Patient
from evenkeel.clinic.record.chain import verify_links
from evenkeel.clinic.record.models import ChainEntry
from tests.clinic_factory import Clinic, sign_in

DATA = sorted((Path(__file__).parent / "data").glob("*.json"))
pytestmark = pytest.mark.django_db


def small(**person: Any) -> dict[str, Any]:
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "name": [{"given": ["Ada"], "family": "Sample"}],
        "birthDate": "1984-02-01",
        "gender": "female",
        **person,
    }
    observation = {
        "resourceType": "Observation",
        "id": "w1",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "effectiveDateTime": "2026-11-01T09:00:00Z",
        "valueQuantity": {
            "value": 68.04,
            "unit": "kg",
            "code": "kg",
            "system": "http://unitsofmeasure.org",
        },
    }
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": patient}, {"resource": observation}],
    }


def post(client: Client, clinic: Clinic, data: bytes, act_id: str = "a1", **more: str) -> Any:
    return client.post(
        reverse("people_import"),
        {
            "bundle": SimpleUploadedFile("b.json", data),
            "site": str(clinic.site.pk),
            "act_id": act_id,
            **more,
        },
    )


def counts() -> tuple[int, int]:
    return Patient.objects.count(), Fact.objects.count()


@pytest.mark.parametrize("path", DATA, ids=lambda p: p.stem[:12])
def test_a_real_record_becomes_facts_and_a_second_time_changes_nothing(
    clinic: Clinic, client: Client, path: Path
) -> None:
    sign_in(client, clinic.staff["front_desk"])
    first = post(client, clinic, path.read_bytes())
    assert first.status_code == 200
    report = first.context["report"]
    assert report["is_new"]
    assert report["added"] == Fact.objects.count() > 0
    before = counts()
    again = post(client, clinic, path.read_bytes(), act_id="a2").context["report"]
    assert (again["added"], again["replaced"], again["is_new"]) == (0, 0, False)
    assert again["unchanged"] == report["added"]
    assert counts() == before
    kept = json.dumps(Patient.objects.get().identifiers)
    assert "us-ssn" not in kept
    assert verify_links().whole


def test_a_correction_at_the_source_replaces_and_keeps(clinic: Clinic, client: Client) -> None:
    sign_in(client, clinic.staff["front_desk"])
    bundle = small()
    post(client, clinic, json.dumps(bundle).encode())
    bundle["entry"][1]["resource"]["valueQuantity"]["value"] = 71.2
    report = post(client, clinic, json.dumps(bundle).encode(), "a2").context["report"]
    assert (report["added"], report["replaced"]) == (0, 1)
    assert [f.value for f in Fact.objects.filter(replaced_by=None)] == [71.2]
    assert [f.value for f in Fact.objects.exclude(replaced_by=None)] == [68.0]


def test_somebody_who_has_died_is_flagged(clinic: Clinic, client: Client) -> None:
    sign_in(client, clinic.staff["front_desk"])
    data = json.dumps(small(deceasedDateTime="2025-05-01")).encode()
    answer = post(client, clinic, data)
    assert Patient.objects.get().deceased
    assert "has died" in answer.content.decode()


TWO = small()
TWO["entry"].append({"resource": {**TWO["entry"][0]["resource"], "id": "p2"}})
HOSTILE = [
    ("not JSON", b"hello"),
    ("wrong type", b"[1, 2, 3]"),
    ("nested", b'{"resourceType":"Bundle","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    (
        "no patient",
        json.dumps({"resourceType": "Bundle", "type": "collection", "entry": []}).encode(),
    ),
    ("two patients", json.dumps(TWO).encode()),
    ("no birth date", json.dumps(small(birthDate=None)).encode()),
    ("only a year", json.dumps(small(birthDate="1984")).encode()),
    ("50 MB", b" " * (50 * 1024 * 1024)),
    ("empty", b""),
]


@pytest.mark.parametrize(("what", "data"), HOSTILE, ids=[name for name, _ in HOSTILE])
def test_a_broken_bundle_is_refused_with_a_report_and_writes_nothing(
    clinic: Clinic, client: Client, what: str, data: bytes
) -> None:
    sign_in(client, clinic.staff["front_desk"])
    before = counts()
    answer = post(client, clinic, data)
    assert answer.status_code == 422
    assert counts() == before
    shown = answer.content.decode()
    assert "othing was stored" in shown
    assert answer.context.get("problems") or answer.context.get("refused")


def test_somebody_of_the_same_name_and_birth_date_asks_first(
    clinic: Clinic, client: Client
) -> None:
    sign_in(client, clinic.staff["front_desk"])
    post(client, clinic, json.dumps(small()).encode())
    other = small(id="p9")
    other["entry"][1]["resource"]["subject"]["reference"] = "Patient/p9"
    refused = post(client, clinic, json.dumps(other).encode(), "a2")
    assert refused.status_code == 422
    assert Patient.objects.count() == 1
    taken = post(client, clinic, json.dumps(other).encode(), "a3", confirm_duplicate="yes")
    assert taken.context["report"]["is_new"]
    assert Patient.objects.count() == 2


def test_the_same_form_posted_twice_is_one_import(clinic: Clinic, client: Client) -> None:
    sign_in(client, clinic.staff["front_desk"])
    data = json.dumps(small()).encode()
    one, two = post(client, clinic, data), post(client, clinic, data)
    assert one.context["report"] == two.context["report"]
    assert ChainEntry.objects.filter(action="fhir.import").count() == 1


@pytest.mark.parametrize("role", ["auditor", "pharmacist", "administrator"])
def test_other_roles_may_not_import(clinic: Clinic, client: Client, role: str) -> None:
    sign_in(client, clinic.staff[role])
    assert post(client, clinic, json.dumps(small()).encode()).status_code == 403
    assert Patient.objects.count() == 0


def test_not_into_a_site_one_does_not_work_at(clinic: Clinic, client: Client) -> None:
    sign_in(client, clinic.staff["front_desk"])
    answer = post(client, clinic, json.dumps(small()).encode(), site=str(clinic.other_site.pk))
    assert answer.status_code == 422
    assert Patient.objects.count() == 0


def test_the_command_imports_once(
    clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ada.json"
    path.write_text(json.dumps(small()))
    assert main(["import-fhir", str(path), "--site", "Harbour", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["added"], report["is_new"]) == (1, True)
    assert main(["import-fhir", str(path), "--site", "Harbour"]) == 0
    assert "0 new facts, 0 changed, 1 known already" in capsys.readouterr().out
    assert main(["import-fhir", str(path)]) == 1
    assert "Harbour, Hill" in capsys.readouterr().err
    path.write_text("{")
    assert main(["import-fhir", str(path), "--site", "Harbour"]) == 1
    assert "nothing was stored" in capsys.readouterr().err
    assert counts() == (1, 1)
