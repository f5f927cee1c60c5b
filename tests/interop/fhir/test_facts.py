"""Small bundles, one question each: what becomes of each kind of record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from evenkeel.interop.fhir import ReadFact

from .samples import (
    LOINC,
    allergy,
    bundle,
    concept,
    condition,
    medicine,
    observation,
    panel,
    quantity,
    read,
)


def only_fact(*resources: dict[str, Any]) -> ReadFact:
    reading = read(bundle(*resources))
    assert len(reading.facts) == 1, reading
    return reading.facts[0]


# The expected numbers follow from the definitions of the units: the avoirdupois pound is
# 0.45359237 kg and the inch 2.54 cm exactly (NIST SP 811, B.8), 0 degC is 32 degF.
@pytest.mark.parametrize(
    ("loinc", "value", "unit", "kind", "expected"),
    [
        ("29463-7", 70.5, "kg", "weight_kg", 70.5),
        ("29463-7", 70500, "g", "weight_kg", 70.5),
        ("29463-7", 150, "[lb_av]", "weight_kg", 68.0389),
        ("8302-2", 170, "cm", "height_cm", 170),
        ("8302-2", 1.7, "m", "height_cm", 170),
        ("8302-2", 70, "[in_i]", "height_cm", 177.8),
        ("8867-4", 64, "/min", "heart_rate_bpm", 64),
        ("8867-4", 64, "{beats}/min", "heart_rate_bpm", 64),
        ("2708-6", 97, "%", "spo2_percent", 97),
        ("59408-5", 97, "%", "spo2_percent", 97),
        ("9279-1", 14, "/min", "respiratory_rate_per_min", 14),
        ("8310-5", 37.1, "Cel", "temperature_c", 37.1),
        ("8310-5", 98.6, "[degF]", "temperature_c", 37.0),
        ("39156-5", 24.4, "kg/m2", "bmi_kg_m2", 24.4),
        ("44261-6", 16, "{score}", "phq9_total", 16),
    ],
)
def test_measure(loinc: str, value: float, unit: str, kind: str, expected: float) -> None:
    fact = only_fact(observation(loinc, value, unit))
    assert fact.kind == kind
    assert fact.value == {kind: expected, "source_value": value, "source_unit": unit}
    assert fact.effective_at == datetime(2024, 3, 1, 9, tzinfo=UTC)
    assert fact.recorded_at == datetime(2024, 3, 1, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("loinc", "written", "kind"),
    [
        ("29463-7", "lbs", "weight_kg"),
        ("8867-4", "beats/minute", "heart_rate_bpm"),
        ("8310-5", "°C", "temperature_c"),
        ("44261-6", None, "phq9_total"),
    ],
)
def test_unit_without_a_ucum_code(loinc: str, written: str | None, kind: str) -> None:
    value: dict[str, Any] = {"value": 20} | ({"unit": written} if written else {})
    assert only_fact(observation(loinc, valueQuantity=value)).kind == kind


def test_phq9_total_as_an_integer() -> None:
    assert only_fact(observation("44261-6", valueInteger=27)).value["phq9_total"] == 27


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"valueQuantity": quantity(70, "[stone_av]")}, "its unit"),
        ({"valueQuantity": {"value": 70}}, "no unit"),
        ({"valueQuantity": quantity(7000, "kg")}, "impossible"),
        ({"valueQuantity": quantity(-70, "kg")}, "impossible"),
        ({"valueQuantity": quantity(1e308, "kg")}, "impossible"),
        ({"valueQuantity": quantity(70, "kg") | {"comparator": ">"}}, "only a bound"),
        ({"valueQuantity": {"unit": "kg"}}, "no value"),
        ({"valueString": "about seventy"}, "not a measured quantity"),
        ({"dataAbsentReason": concept("not performed")}, "no value"),
        ({"valueQuantity": quantity(70, "kg"), "status": "cancelled"}, "cancelled"),
        ({"valueQuantity": quantity(70, "kg"), "focus": [{"reference": "Patient/x"}]}, "focus"),
    ],
)
def test_a_value_that_cannot_be_charted_is_set_aside_by_name(
    over: dict[str, Any], reason: str
) -> None:
    reading = read(bundle(observation("29463-7", **over), condition()))
    assert [fact.kind for fact in reading.facts] == ["condition"]
    (left_out,) = reading.set_aside
    assert left_out.origin == "FHIR Observation/o-29463-7"
    assert reason in left_out.reason
    assert reading.used == {"Patient": 1, "Condition": 1}


@pytest.mark.parametrize("value", [28, -1, 12.5])
def test_phq9_total_beyond_its_scale_is_set_aside(value: float) -> None:
    assert len(read(bundle(observation("44261-6", value, "{score}"))).set_aside) == 1


@pytest.mark.parametrize("code", ["85354-9", "55284-4"])
def test_blood_pressure_panel(code: str) -> None:
    source = panel(121, 73, code={"coding": [{"system": LOINC, "code": code}]})
    fact = only_fact(source)
    assert fact.kind == "blood_pressure"
    assert fact.value == {"sbp_mmhg": 121, "dbp_mmhg": 73, "source_unit": "mm[Hg]"}


def test_blood_pressure_in_kilopascal() -> None:
    # 1 kPa = 7.50062 mmHg (conventional millimeter of mercury, 133.3224 Pa: NIST SP 811, B.8).
    value = only_fact(panel(16, 10, unit="kPa")).value
    assert value["sbp_mmhg"] == pytest.approx(120.0099, abs=1e-3)
    assert value["dbp_mmhg"] == pytest.approx(75.0062, abs=1e-3)


def test_panel_with_one_pressure_leaves_the_other_unknown() -> None:
    value = only_fact(panel(121, None)).value
    assert (value["sbp_mmhg"], value["dbp_mmhg"]) == (121, None)


def test_panel_the_wrong_way_round_is_set_aside() -> None:
    (left_out,) = read(bundle(panel(73, 121))).set_aside
    assert "not below" in left_out.reason


def test_pressures_sent_apart_are_joined_at_one_instant() -> None:
    fact = only_fact(observation("8480-6", 121, "mm[Hg]"), observation("8462-4", 73, "mm[Hg]"))
    assert fact.value == {"sbp_mmhg": 121, "dbp_mmhg": 73, "source_unit": "mm[Hg]"}
    assert fact.origin == "FHIR Observation/o-8480-6 + FHIR Observation/o-8462-4"


def test_pressures_at_different_times_stay_apart() -> None:
    later = {"effectiveDateTime": "2024-03-01T10:30:00+01:00"}
    reading = read(
        bundle(observation("8480-6", 121, "mm[Hg]"), observation("8462-4", 73, "mm[Hg]", **later))
    )
    pressures = [(fact.value["sbp_mmhg"], fact.value["dbp_mmhg"]) for fact in reading.facts]
    assert pressures == [(121, None), (None, 73)]


def test_pressures_of_one_day_without_a_time_are_not_joined() -> None:
    day = {"effectiveDateTime": "2024-03-01"}
    halves = [observation(code, 90, "mm[Hg]", **day) for code in ("8480-6", "8462-4")]
    assert len(read(bundle(*halves)).facts) == 2


def test_pressures_sent_apart_the_wrong_way_round_are_set_aside() -> None:
    halves = [observation("8480-6", 73, "mm[Hg]"), observation("8462-4", 121, "mm[Hg]")]
    reading = read(bundle(*halves))
    assert (reading.facts, reading.used) == ((), {"Patient": 1})
    assert len(reading.set_aside) == 2


def test_an_allergy_may_be_named_by_its_reaction() -> None:
    fact = only_fact(allergy(code=None, reaction=[{"substance": concept("Amoxicillin")}]))
    assert fact.value["label"] == "Amoxicillin"


def test_a_refuted_allergy_is_never_active() -> None:
    system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
    refuted = {"coding": [{"system": system, "code": "refuted"}]}
    assert only_fact(allergy(verificationStatus=refuted)).status == "refuted"


def test_an_observation_over_a_period_stands_at_its_start() -> None:
    period = {"start": "2024-03-01T10:00:00Z", "end": "2024-03-01T11:00:00Z"}
    fact = only_fact(
        observation("8867-4", 64, "/min", effectiveDateTime=None, effectivePeriod=period)
    )
    assert fact.effective_at == datetime(2024, 3, 1, 10, tzinfo=UTC)


def test_an_observation_without_a_time_has_none() -> None:
    fact = only_fact(observation("29463-7", 70, effectiveDateTime=None))
    assert (fact.effective_at, fact.effective_precision) == (None, None)


def test_other_observations_are_counted_and_not_read() -> None:
    reading = read(bundle(observation("2093-3", 190, "mg/dL")))
    assert (reading.facts, reading.not_used) == ((), {"Observation": 1})


@pytest.mark.parametrize(
    ("clinical", "status"),
    [
        ("active", "active"),
        ("recurrence", "active"),
        ("relapse", "active"),
        ("inactive", "inactive"),
        ("remission", "inactive"),
        ("resolved", "resolved"),
        (None, "unknown"),
    ],
)
def test_condition_status(clinical: str | None, status: str) -> None:
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    holder = {"coding": [{"system": system, "code": clinical}]} if clinical else None
    fact = only_fact(condition(clinicalStatus=holder))
    assert (fact.status, fact.value["source_status"]) == (status, clinical)


def test_a_refuted_condition_is_never_active() -> None:
    system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    refuted = {"coding": [{"system": system, "code": "refuted"}]}
    assert only_fact(condition(verificationStatus=refuted)).status == "refuted"


@pytest.mark.parametrize(
    ("onset", "at", "precision"),
    [
        ({"onsetDateTime": "2018"}, datetime(2018, 1, 1, tzinfo=UTC), "year"),
        ({"onsetDateTime": "2018-09"}, datetime(2018, 9, 1, tzinfo=UTC), "month"),
        ({"onsetDateTime": "2018-09-17"}, datetime(2018, 9, 17, tzinfo=UTC), "day"),
        (
            {"onsetDateTime": "2018-09-17T23:30:00.125-05:00"},
            datetime(2018, 9, 18, 4, 30, 0, 125000, tzinfo=UTC),
            "instant",
        ),
        ({"onsetPeriod": {"start": "2017"}}, datetime(2017, 1, 1, tzinfo=UTC), "year"),
        ({"onsetString": "as a child"}, None, None),
        ({"onsetAge": {"value": 12, "unit": "years"}}, None, None),
        ({}, None, None),
    ],
)
def test_onset_as_exact_as_the_source_and_no_more(
    onset: dict[str, Any], at: datetime | None, precision: str | None
) -> None:
    fact = only_fact(condition(**({"onsetDateTime": None} | onset)))
    assert (fact.effective_at, fact.effective_precision) == (at, precision)
    if not onset:
        assert fact.value["onset"] is None
    elif precision is None:
        assert fact.value["onset"] in ("as a child", "at age 12 years")
    else:
        assert fact.effective_text == fact.value["onset"]


def test_all_codings_are_kept() -> None:
    codings = [
        {"system": "http://snomed.info/sct", "code": "38341003", "display": "Hypertension"},
        {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I10", "display": None},
    ]
    fact = only_fact(condition(code={"coding": codings}))
    assert fact.value["codings"] == codings
    assert (fact.value["label"], fact.value["text"]) == ("Hypertension", None)


@pytest.mark.parametrize(
    ("kind", "source", "status"),
    [
        ("MedicationRequest", "active", "active"),
        ("MedicationRequest", "on-hold", "inactive"),
        ("MedicationRequest", "stopped", "inactive"),
        ("MedicationRequest", "completed", "inactive"),
        ("MedicationRequest", "draft", "planned"),
        ("MedicationRequest", "unknown", "unknown"),
        ("MedicationStatement", "active", "active"),
        ("MedicationStatement", "intended", "planned"),
        ("MedicationStatement", "not-taken", "inactive"),
    ],
)
def test_medicine_status(kind: str, source: str, status: str) -> None:
    fact = only_fact(medicine(kind, status=source))
    assert (fact.status, fact.value["source_status"]) == (status, source)


def test_medication_statement_times() -> None:
    fact = only_fact(medicine("MedicationStatement"))
    assert (fact.effective_text, fact.effective_precision) == ("2019-05", "month")
    assert fact.recorded_at == datetime(2020, 1, 2, tzinfo=UTC)


def test_dosage_text_is_kept() -> None:
    dosage = [{"text": "one in the morning", "asNeededBoolean": False}]
    value = only_fact(medicine(dosageInstruction=dosage)).value
    assert (value["dosage"], value["as_needed"]) == (["one in the morning"], False)


MEDICATION = {"resourceType": "Medication", "id": "med1", "code": concept("Lithium carbonate")}


@pytest.mark.parametrize(
    ("extra", "reference"),
    [
        ({"contained": [MEDICATION]}, {"reference": "#med1"}),
        ({}, {"reference": "Medication/med1"}),
        ({}, {"reference": "Medication/med1/_history/3"}),
        ({}, {"reference": "Medication/elsewhere", "display": "Lithium carbonate"}),
        ({}, {"display": "Lithium carbonate"}),
    ],
)
def test_medicine_named_by_reference(extra: dict[str, Any], reference: dict[str, str]) -> None:
    request = medicine(medicationCodeableConcept=None, medicationReference=reference, **extra)
    fact = only_fact(request, MEDICATION)
    assert fact.value["label"] == "Lithium carbonate"


def test_a_named_medication_is_used_and_another_is_not() -> None:
    request = medicine(
        medicationCodeableConcept=None, medicationReference={"reference": "Medication/med1"}
    )
    reading = read(bundle(request, MEDICATION, MEDICATION | {"id": "med2"}))
    assert reading.used == {"Medication": 1, "MedicationRequest": 1, "Patient": 1}
    assert reading.not_used == {"Medication": 1}


def test_an_order_not_to_give_is_no_medicine() -> None:
    reading = read(bundle(medicine(doNotPerform=True)))
    assert reading.facts == ()
    assert "not to give" in reading.set_aside[0].reason


def test_allergy() -> None:
    reaction = [{"manifestation": [concept("Hives"), concept("Wheeze")]}]
    fact = only_fact(allergy(reaction=reaction, category=["environment"], type="allergy"))
    assert (fact.kind, fact.status) == ("allergy", "unknown")
    assert fact.value["label"] == "Latex"
    assert fact.value["manifestations"] == ["Hives", "Wheeze"]
    assert (fact.value["criticality"], fact.value["categories"]) == ("high", ["environment"])


@pytest.mark.parametrize("code", ["716186003", "409137002", "429625007", "160244002"])
def test_none_known_is_not_an_allergy(code: str) -> None:
    assert only_fact(allergy(code=concept("No known allergy", code=code))).kind == (
        "no_known_allergy"
    )


@pytest.mark.parametrize(
    "resource",
    [
        condition(
            verificationStatus={
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
                        "code": "entered-in-error",
                    }
                ]
            },
            code=None,
        ),
        medicine(status="entered-in-error", medicationCodeableConcept=None),
        medicine("MedicationStatement", status="entered-in-error"),
        observation("29463-7", 70, status="entered-in-error"),
    ],
    ids=lambda resource: str(resource["resourceType"]),
)
def test_entered_in_error_is_skipped_and_counted(resource: dict[str, Any]) -> None:
    reading = read(bundle(resource))
    assert reading.facts == ()
    assert reading.entered_in_error == {resource["resourceType"]: 1}


def test_a_repeat_is_taken_once() -> None:
    reading = read(bundle(condition(), condition()))
    assert (len(reading.facts), reading.repeated) == (1, 1)


def test_entries_without_a_resource_are_counted() -> None:
    document = bundle(condition())
    document["entry"].append({"request": {"method": "GET", "url": "Patient"}})
    assert read(document).not_used == {"entry without a resource": 1}


def test_one_page_of_a_longer_answer_is_told() -> None:
    document = bundle(condition(), type="searchset", link=[{"relation": "next", "url": "x"}])
    assert any("one page" in note for note in read(document).notes)
