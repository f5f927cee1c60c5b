"""Facts: entered, corrected, imported again, and put together for the rules."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evenkeel.clinic.people.actions.record_fact import correct_fact, record_fact, record_facts
from evenkeel.clinic.people.actions.register_patient import register_patient
from evenkeel.clinic.people.fact_item import FactItem, checked_item
from evenkeel.clinic.people.facts import assemble_facts
from evenkeel.clinic.people.models import Fact, Patient
from evenkeel.clinic.record.errors import Conflict, DomainError, Forbidden, Invalid
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.protocol.screening import screen
from tests.clinic_factory import Clinic

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


def put(clinic: Clinic, patient: Patient, key: str, value: Any = None, **more: Any) -> Fact:
    more.setdefault("as_of", clinic.clock.now())
    return record_fact(
        clinic.as_("session_nurse"), patient_id=patient.pk, key=key, value=value, **more
    )


def test_nothing_stated_is_unknown_and_never_no(clinic: Clinic, ada: Patient) -> None:
    facts = assemble_facts(ada, now=clinic.clock.now())
    assert facts["weight_kg"].state == "unknown"
    assert facts["allergies"].state == facts["medicines"].state == "unknown"
    assert facts["age_years"].value == 46
    assert facts["sex"].value == "female"
    assert facts["deceased"].value is False


def test_the_newest_by_the_date_found_stands_not_the_newest_entered(
    clinic: Clinic, ada: Patient
) -> None:
    now = clinic.clock.now()
    put(clinic, ada, "weight_kg", 72.5, as_of=now - timedelta(days=1))
    put(clinic, ada, "weight_kg", 80, as_of=now - timedelta(days=400))
    fact = assemble_facts(ada, now=now)["weight_kg"]
    assert (fact.value, fact.as_of) == (72.5, now - timedelta(days=1))


def test_a_correction_takes_the_place_and_keeps_what_it_corrected(
    clinic: Clinic, ada: Patient
) -> None:
    ctx = clinic.as_("session_nurse")
    wrong = put(clinic, ada, "weight_kg", 172)
    right = correct_fact(
        ctx, fact_id=wrong.pk, value=72, as_of=wrong.as_of, reason="typed a 1 too many"
    )
    assert assemble_facts(ada, now=clinic.clock.now())["weight_kg"].value == 72
    wrong.refresh_from_db()
    assert (wrong.value, wrong.replaced_by_id) == (172, right.pk)
    entry = ChainEntry.objects.latest("position")
    assert (entry.action, entry.reason) == ("fact.correct", "typed a 1 too many")
    with pytest.raises(Conflict):
        correct_fact(ctx, fact_id=wrong.pk, value=71, reason="again")
    with pytest.raises(Invalid):
        correct_fact(ctx, fact_id=right.pk, value=71, reason="  ")


def test_an_entry_taken_back_is_as_if_never_stated(clinic: Clinic, ada: Patient) -> None:
    fact = put(clinic, ada, "weight_kg", 72)
    correct_fact(
        clinic.as_("session_nurse"),
        fact_id=fact.pk,
        reason="another person's",
        status="entered_in_error",
    )
    assert assemble_facts(ada, now=clinic.clock.now())["weight_kg"].state == "unknown"


def test_lists_become_what_the_rules_read(clinic: Clinic, ada: Patient) -> None:
    now = clinic.clock.now()
    put(clinic, ada, "condition", {"label": "stroke"}, as_of=now - timedelta(days=20))
    put(clinic, ada, "condition", {"label": "flat feet of a rare kind"})
    put(clinic, ada, "condition", {"label": "major depressive disorder"})
    put(clinic, ada, "condition", {"label": "aortic aneurysm"}, status="refuted")
    put(clinic, ada, "medicine", {"label": "lorazepam", "dose_mg_per_day": 2})
    put(clinic, ada, "medicine", {"label": "lithium"}, status="inactive")
    put(clinic, ada, "allergy", None, state="absent")
    facts = assemble_facts(ada, now=now)
    assert facts["other_conditions"].value == ("flat feet of a rare kind",)
    assert facts["diagnoses"].state == "known"
    assert facts["aneurysmal_vascular_disease"].state == "unknown"
    assert [m.name for m in facts["medicines"].value] == ["lorazepam"]
    assert facts["medicines"].value[0].dose_mg_per_day == 2.0
    assert facts["allergies"].state == "absent"
    stroke = next(k for k in facts if "stroke" in k or "cerebro" in k)
    assert facts[stroke].value[0].days_ago == pytest.approx(20)


def test_a_listed_condition_outweighs_a_no(clinic: Clinic, ada: Patient) -> None:
    put(clinic, ada, "condition", {"label": "aortic aneurysm"})
    put(clinic, ada, "aneurysmal_vascular_disease", None, state="absent")
    facts = assemble_facts(ada, now=clinic.clock.now())
    assert facts["aneurysmal_vascular_disease"].state == "known"
    screening = screen(facts, product="esketamine_nasal", now=clinic.clock.now())
    assert screening.disposition == "contraindicated"


def test_a_circumstance_among_the_conditions_reaches_its_rule(clinic: Clinic, ada: Patient) -> None:
    now = clinic.clock.now()
    put(clinic, ada, "condition", {"label": "imminent suicide risk"})
    put(clinic, ada, "condition", {"label": "Child-Pugh C"})
    put(clinic, ada, "condition", {"label": "cirrhosis"})
    facts = assemble_facts(ada, now=now)
    assert facts["other_conditions"].state == "unknown"
    assert facts["diagnoses"].state == "unknown"
    effects = {f.id: f.effect for f in screen(facts, product="racemic_iv", now=now).findings}
    assert effects["suicide_risk"] == "needs_specialist_review"
    assert effects["child_pugh_c"] == "contraindicated"
    assert effects["liver_disease"] == "inform"


def test_readings_of_one_occasion_stand_together(clinic: Clinic, ada: Patient) -> None:
    now = clinic.clock.now()
    for minutes, sbp in ((0, 128), (10, 150), (60 * 24 * 30, 180)):
        put(
            clinic,
            ada,
            "blood_pressure",
            {"sbp_mmhg": sbp, "dbp_mmhg": 80},
            as_of=now - timedelta(minutes=minutes),
        )
    readings = assemble_facts(ada, now=now)["blood_pressure"].value
    assert [(r.sbp_mmhg, r.minutes_ago) for r in readings] == [(128, 0), (150, 10)]


def test_scores_of_the_same_time_are_merged_and_old_ones_left(clinic: Clinic, ada: Patient) -> None:
    now = clinic.clock.now()
    put(clinic, ada, "scores", {"phq9": 19}, as_of=now)
    put(clinic, ada, "scores", {"gad7": 9}, as_of=now - timedelta(days=3))
    put(clinic, ada, "scores", {"madrs": 30}, as_of=now - timedelta(days=90))
    assert dict(assemble_facts(ada, now=now)["scores"].value) == {"phq9": 19.0, "gad7": 9.0}


ITEMS = [
    FactItem("weight_kg", 72, source_key="Observation/1"),
    FactItem("condition", {"label": "asthma"}, source_key="Condition/1"),
]


def test_importing_twice_changes_nothing_and_a_change_replaces(
    clinic: Clinic, ada: Patient
) -> None:
    ctx = clinic.as_("front_desk")
    first = record_facts(ctx, patient_id=ada.pk, items=ITEMS)
    again = record_facts(ctx, patient_id=ada.pk, items=ITEMS)
    assert (first.added, again.added, again.unchanged) == (2, 0, 2)
    changed = [FactItem("weight_kg", 74, source_key="Observation/1"), ITEMS[1]]
    third = record_facts(ctx, patient_id=ada.pk, items=changed)
    assert (third.replaced, third.unchanged) == (1, 1)
    assert Fact.objects.filter(patient=ada).count() == 3
    assert assemble_facts(ada, now=clinic.clock.now())["weight_kg"].value == 74


def test_a_correction_here_survives_the_same_import(clinic: Clinic, ada: Patient) -> None:
    front, nurse = clinic.as_("front_desk"), clinic.as_("session_nurse")
    record_facts(front, patient_id=ada.pk, items=ITEMS)
    row = Fact.objects.get(source_key="Observation/1")
    correct_fact(nurse, fact_id=row.pk, value=70, reason="scale was wrong")
    again = record_facts(front, patient_id=ada.pk, items=ITEMS)
    assert (again.unchanged, again.added, again.replaced) == (2, 0, 0)
    assert assemble_facts(ada, now=clinic.clock.now())["weight_kg"].value == 70
    changed = [FactItem("weight_kg", 69, source_key="Observation/1")]
    assert record_facts(front, patient_id=ada.pk, items=changed).replaced == 1
    standing = Fact.objects.filter(patient=ada, key="weight_kg", replaced_by=None)
    assert [row.value for row in standing] == [69]


def test_one_bad_item_stores_none_of_them(clinic: Clinic, ada: Patient) -> None:
    items = [*ITEMS, FactItem("weight_kg", -3, source_key="Observation/2")]
    with pytest.raises(Invalid):
        record_facts(clinic.as_("front_desk"), patient_id=ada.pk, items=items)
    assert not Fact.objects.filter(patient=ada).exists()


@pytest.mark.parametrize(
    ("key", "value", "more"),
    [
        ("weight_kg", 0, {}),
        ("weight_kg", 900, {}),
        ("weight_kg", "72", {}),
        ("weight_kg", None, {}),
        ("weight_kg", float("nan"), {}),
        ("weight_kg", True, {}),
        ("age_years", 40, {}),
        ("no_such_fact", 1, {}),
        ("blood_pressure", {"sbp_mmhg": 80, "dbp_mmhg": 120}, {}),
        ("blood_pressure", {"sbp_mmhg": 120}, {}),
        ("condition", {"label": "  "}, {}),
        ("condition", {"label": "a\x00b"}, {}),
        ("condition", {"label": "x" * 20_000}, {}),
        ("pregnancy", "perhaps", {}),
        ("temperature_c", 400, {}),
        ("scores", {"phq9": 28}, {}),
        ("weight_kg", 72, {"status": "fine"}),
        ("weight_kg", 72, {"state": "unknown"}),
        ("weight_kg", 72, {"state": "absent"}),
    ],
)
def test_what_cannot_be_a_fact_is_refused(
    clinic: Clinic, ada: Patient, key: str, value: object, more: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as raised:
        put(clinic, ada, key, value, **more)
    assert raised.value.fields
    assert not Fact.objects.exists()


@pytest.mark.parametrize("days", [1, -47 * 366])
def test_a_date_ahead_or_before_birth_is_refused(clinic: Clinic, ada: Patient, days: int) -> None:
    with pytest.raises(Invalid):
        put(clinic, ada, "weight_kg", 72, as_of=clinic.clock.now() + timedelta(days=days))


def test_facts_are_for_those_who_care_for_the_person(clinic: Clinic, ada: Patient) -> None:
    for role in ("front_desk", "pharmacist", "auditor", "administrator"):
        with pytest.raises(Forbidden):
            record_fact(clinic.as_(role), patient_id=ada.pk, key="weight_kg", value=72)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = st.sampled_from(
    [
        "weight_kg",
        "blood_pressure",
        "scores",
        "cssrs",
        "condition",
        "medicine",
        "allergy",
        "stroke",
        "diagnoses",
        "pregnancy",
        "capacity",
        "medicines_reviewed",
        "temperature_c",
    ]
) | st.text(max_size=10)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(key=KEYS, value=JSON, state=st.sampled_from(["known", "absent", "?"]))
def test_any_value_at_all_is_stored_soundly_or_refused(
    clinic: Clinic, ada: Patient, key: str, value: object, state: str
) -> None:
    now = clinic.clock.now()
    try:
        item = checked_item(FactItem(key, value, state), now=now)
    except DomainError:
        return
    row = Fact(key=item.key, value=item.value, state=item.state, origin=item.origin, created_at=now)
    assemble_facts(ada, now=now, rows=[row])


def test_even_rows_from_elsewhere_never_break_the_reading(clinic: Clinic, ada: Patient) -> None:
    now = clinic.clock.now()
    for value in (None, 5, "x", [], {}, {"label": 3}, {"sbp_mmhg": "high"}, {"codings": [1]}):
        for key in ("weight_kg", "blood_pressure", "scores", "condition", "medicine", "cssrs"):
            row = Fact(key=key, value=value, state="known", origin="x", created_at=now)
            facts = assemble_facts(ada, now=now, rows=[row])
            assert facts["age_years"].state == "known"
