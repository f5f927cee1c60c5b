"""Reports: MedWatch fields filled for a person to send, the proof, the PDF, and FHIR."""

from __future__ import annotations

import io
import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader

from evenkeel.clinic.oversight.actions.record_incident import newest_account
from evenkeel.clinic.oversight.actions.send_report import name_sender, note_sent, take_back
from evenkeel.clinic.oversight.medwatch import UNKNOWN, medwatch_form, patient_code
from evenkeel.clinic.oversight.models import Incident, Report
from evenkeel.clinic.record.errors import Forbidden, Invalid, Refused
from evenkeel.interop.fhir.adverse_event.writing import write_adverse_event
from tests.clinic.oversight.makers import recorded, serious, told
from tests.clinic.session.makers import Stage, open_stage
from tests.clinic.stock.makers import build_shelves
from tests.clinic_factory import Clinic, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(clinic: Clinic, nasal: Stage) -> Incident:
    """Taken to hospital after esketamine nasal spray of a known lot."""
    said = serious(clinic, seriousness=["life_threatening", "hospitalization"])
    return recorded(clinic, "session", nasal.session.pk, said)


def lines(incident: Incident, **more: Any) -> dict[str, str]:
    form = medwatch_form(incident, newest_account(incident), more.get("reporter"), more["now"])
    return {f"{line.number} {line.label}": line.value for s in form for line in s.lines}


def test_the_fields_say_what_is_known_and_unk_for_the_rest(
    clinic: Clinic, incident: Incident
) -> None:
    found = lines(incident, now=clinic.clock.now(), reporter=clinic.staff["prescriber"])
    assert found["A1 Patient identifier (in confidence)"] == patient_code(incident) == "EK-0001"
    assert found["A4 Weight"] == "74 kg"
    boxes = found["B2 Outcome attributed to the adverse event"]
    assert boxes == "Life-threatening; Hospitalization (initial or prolonged)"
    assert found["B3 Date of event"] == "23-Nov-2026"
    assert found["D1 Lot"] == "LOT-7"
    assert found["D1 NDC and expiration date"] == UNKNOWN
    assert found["D2 Dose or amount"] == "56 mg"
    assert found["D2 Route"] == "nasal"
    assert found["D5 Event abated after use stopped or dose reduced"] == UNKNOWN
    assert found["G1 Name"] == "Test prescriber"
    patient = incident.patient
    assert not any(patient.family_name in v or patient.mrn in v for v in found.values())


def test_where_the_ledger_is_kept_here_the_package_drawn_from_is_named(clinic: Clinic) -> None:
    shelves = build_shelves(clinic)
    kit = shelves.received(shelves.kit, lot="KIT-3")
    stage = open_stage(clinic, "esketamine_nasal").prepared()
    stage.says("drawn", body={"container_id": str(kit.pk), "amount_mg": 56})
    stage.says("device", body={"number": 1, "dose_mg": 28, "container_id": str(kit.pk)})
    row = recorded(clinic, "session", stage.session.pk, told(clinic))
    found = lines(row, now=clinic.clock.now())
    assert found["D1 Name, strength, manufacturer"] == "Esketamine nasal 84 mg kit (synthetic)"
    assert found["D1 Lot"] == "KIT-3"
    assert found["D1 NDC and expiration date"] == "00000-0000-02, expires 30-Jun-2028"
    assert found["D2 Dose or amount"] == "28 mg"


def test_the_program_is_told_within_seven_days_of_the_session(incident: Incident) -> None:
    due = {r.authority: r.due_at for r in incident.reports.all()}
    assert due["us-medwatch"] is None
    assert due["us-spravato-rems-sae"].isoformat() == "2026-12-01T00:00:00+00:00"


def test_sent_only_with_proof_by_who_may_and_then_kept(clinic: Clinic, incident: Incident) -> None:
    report = incident.reports.get(authority="us-medwatch")
    ctx, today = clinic.as_("prescriber"), clinic.clock.now().date()
    proof: dict[str, Any] = {"sent_on": today, "how": "online", "reference": "MW-1"}
    wrong: list[tuple[str, Any]] = [
        ("sent_on", None),
        ("sent_on", today + timedelta(days=1)),
        ("sent_on", today - timedelta(days=1)),
        ("how", "pigeon"),
        ("reference", " "),
        ("reference", "x" * 121),
    ]
    for field, value in wrong:
        with pytest.raises(Invalid) as refused:
            note_sent(ctx, report_id=report.pk, **{**proof, field: value})
        assert set(refused.value.fields) == {field}
    with pytest.raises(Forbidden):
        note_sent(clinic.as_("session_nurse"), report_id=report.pk, **proof)
    with pytest.raises(Invalid):
        name_sender(ctx, report_id=report.pk, account_id=clinic.staff["session_nurse"].pk)
    name_sender(ctx, report_id=report.pk, account_id=clinic.staff["medical_director"].pk)
    sent = note_sent(ctx, report_id=report.pk, **proof)
    assert (sent.reference, len(sent.document_hash)) == ("MW-1", 64)
    assert sent.sender_id == clinic.staff["prescriber"].pk  # who did send it
    with pytest.raises(Refused):
        note_sent(ctx, report_id=report.pk, **proof)
    with pytest.raises(Invalid):
        take_back(ctx, report_id=report.pk, reason="")
    assert take_back(ctx, report_id=report.pk, reason="More is known").sent_at is None


def test_the_pdf_holds_the_fields_and_says_it_is_not_sent(
    clinic: Clinic, incident: Incident, pass_time: Any
) -> None:
    report = incident.reports.get(authority="us-medwatch")
    client = sign_in(Client(), clinic.staff["prescriber"])
    answer = client.get(f"/oversight/reports/{report.pk}/pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert incident.patient.family_name not in answer["Content-Disposition"]
    text = " ".join(
        "".join(p.extract_text() for p in PdfReader(io.BytesIO(answer.content)).pages).split()
    )
    assert "Not sent." in text
    assert "LOT-7" in text
    assert "Life-threatening; Hospitalization (initial or prolonged)" in text


#: Element -> (least, most) of R4's AdverseEvent and its parts, from
#: https://hl7.org/fhir/R4/adverseevent.html; what is not here may not stand.
_R4: dict[str, tuple[int, int]] = {
    "resourceType": (1, 1), "id": (0, 1), "contained": (0, 99), "identifier": (0, 1),
    "actuality": (1, 1), "category": (0, 99), "event": (0, 1), "subject": (1, 1),
    "encounter": (0, 1), "date": (0, 1), "detected": (0, 1), "recordedDate": (0, 1),
    "resultingCondition": (0, 99), "location": (0, 1), "seriousness": (0, 1),
    "severity": (0, 1), "outcome": (0, 1), "recorder": (0, 1), "contributor": (0, 99),
    "suspectEntity": (0, 99), "subjectMedicalHistory": (0, 99), "referenceDocument": (0, 99),
    "study": (0, 99),
}  # fmt: skip
#: The code systems of R4's bindings, required and example.
_CODES = {
    "seriousness": {
        *("Non-serious", "Serious", "SeriousResultsInDeath", "SeriousIsLifeThreatening"),
        *("SeriousResultsInHospitalization", "SeriousResultsInDisability"),
        *("SeriousIsBirthDefect", "SeriousRequiresPreventImpairment"),
    },
    "severity": {"mild", "moderate", "severe"},
    "outcome": {"resolved", "recovering", "ongoing", "resolvedWithSequelae", "fatal", "unknown"},
}
_CAUSALITY = {
    *("Certain", "Probably-Likely", "Possible", "Unlikely"),
    *("Conditional-Classified", "Unassessable-Unclassifiable"),
}


def check_r4(resource: dict[str, Any]) -> None:
    """The structure of R4, written down from the specification and not from our own code."""
    assert set(resource) <= set(_R4)
    for name, (least, most) in _R4.items():
        if most == 1:
            assert least <= (name in resource), name
            assert not isinstance(resource.get(name), list), name
        elif name in resource:
            assert isinstance(resource[name], list), name
            assert resource[name], name
    assert resource["actuality"] in ("actual", "potential")
    for name, known in _CODES.items():
        for coding in resource.get(name, {}).get("coding", []):
            assert coding["code"] in known
            assert coding["system"] == f"http://terminology.hl7.org/CodeSystem/adverse-event-{name}"
    for entity in resource.get("suspectEntity", []):
        assert set(entity) <= {"instance", "causality"}
        assert "instance" in entity
        for cause in entity.get("causality", []):
            assert {c["code"] for c in cause["assessment"]["coding"]} <= _CAUSALITY
    if resource["subject"].get("reference") == "#subject":
        assert [c["id"] for c in resource["contained"]] == ["subject"]


def test_as_fhir_it_is_a_sound_adverse_event_without_the_name_unless_asked(
    clinic: Clinic, incident: Incident, pass_time: Any
) -> None:
    client = sign_in(Client(), clinic.staff["prescriber"])
    where = f"/oversight/incidents/{incident.pk}/adverse-event.json"
    answer = client.get(where)
    assert answer["Content-Type"] == "application/fhir+json"
    resource = json.loads(answer.content)
    check_r4(resource)
    assert incident.patient.family_name not in answer.content.decode()
    codes = [c["code"] for c in resource["seriousness"]["coding"]]
    assert codes == ["SeriousIsLifeThreatening", "SeriousResultsInHospitalization"]
    assert "lot LOT-7" in resource["suspectEntity"][0]["instance"]["display"]
    named = json.loads(client.get(f"{where}?named=yes").content)
    check_r4(named)
    assert named["contained"][0]["name"][0]["family"] == incident.patient.family_name


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"kind": "near_miss", "is_serious": ""},
        {"causality": "unassessable", "severity": "moderate", "outcome": "sequelae"},
        {"is_serious": "yes", "seriousness": ["important"], "serious_words": "Needed oxygen"},
        {"is_serious": "yes", "seriousness": ["death"], "outcome": "fatal"},
        {"is_serious": "yes", "seriousness": ["congenital", "intervention", "disability"]},
    ],
)
def test_every_kind_of_incident_is_sound_r4(
    clinic: Clinic, stage: Stage, changes: dict[str, Any]
) -> None:
    row = recorded(clinic, "session", stage.session.pk, told(clinic, **changes))
    for named in (False, True):
        check_r4(write_adverse_event(row, newest_account(row), named=named))


def test_no_patient_at_all_still_has_a_subject(clinic: Clinic) -> None:
    said = told(clinic, kind="near_miss", is_serious="")
    row = recorded(clinic, "site", clinic.site.pk, said)
    check_r4(write_adverse_event(row, newest_account(row), named=True))
    assert not Report.objects.filter(incident=row).exists()


def test_the_page_walks_from_naming_a_sender_to_the_proof(
    clinic: Clinic, incident: Incident, pass_time: Any
) -> None:
    report = incident.reports.get(authority="us-spravato-rems-sae")
    client = sign_in(Client(), clinic.staff["medical_director"])
    where = f"/oversight/reports/{report.pk}"

    def post(**said: str) -> Any:
        return client.post(where, {"act_id": str(uuid.uuid4()), **said})

    assert "evenkeel sends nothing" in client.get(where).content.decode()
    assert post(do="nothing").status_code == 422
    assert post(do="name", sender=str(clinic.staff["prescriber"].pk)).status_code == 303
    today = clinic.clock.now().date().isoformat()
    assert post(do="sent", sent_on="soon", how="fax", reference="F-1").status_code == 422
    assert post(do="sent", sent_on=today, how="fax", reference="F-1").status_code == 303
    page = client.get(where).content.decode()
    assert "As it was sent" in page
    assert "F-1" in page
    assert client.get(f"{where}/print").status_code == 200
