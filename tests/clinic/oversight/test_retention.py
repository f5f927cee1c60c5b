"""Until when a record is kept: the files, the periods on the calendar, what is still open."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from evenkeel.clinic.course.actions.move_course import close_course
from evenkeel.clinic.oversight import retention
from evenkeel.clinic.oversight.actions.ask_privacy import ask_privacy
from evenkeel.clinic.oversight.retention import RetentionError, jurisdictions, rules_of
from evenkeel.clinic.oversight.retention.keeping import may_erase
from evenkeel.clinic.people.actions.register_patient import register_patient
from evenkeel.clinic.people.models import Patient
from tests.clinic.outcome.conftest import make_course, make_patient
from tests.clinic.oversight.makers import recorded, serious
from tests.clinic_factory import Clinic, sign_in


def test_every_file_says_where_its_numbers_stand() -> None:
    assert set(jurisdictions()) == {"AU", "EU", "UK", "US"}
    for one in jurisdictions().values():
        assert {"medical_record", "controlled_drugs"} <= {rule.covers for rule in one.rules}
        for rule in one.rules:
            assert rule.source.text
            assert rule.note
            assert rule.mark == "clinic policy" or rule.source.url.startswith("https://")


#: What the sources say, read again for this table: years, and the time to answer.
PUBLISHED = [
    ("US", "us.controlled_drugs", 2),
    ("US", "us.hipaa_documents", 6),
    ("UK", "uk.mental_health_record", 20),
    ("UK", "uk.controlled_drugs", 2),
    ("EU", "eu.medical_record", 10),
    ("EU", "eu.controlled_drugs", 3),
    ("AU", "au.medical_record", 7),
]


@pytest.mark.parametrize(("code", "rule_id", "years"), PUBLISHED)
def test_periods_are_those_of_the_sources(code: str, rule_id: str, years: int) -> None:
    assert {rule.id: rule.years for rule in rules_of(code).rules}[rule_id] == years


BROKEN: list[tuple[str, Any]] = [
    ("mark", "guessed"),
    ("covers", "everything"),
    ("from", "yesterday"),
    ("years", 0),
    ("source", {"text": ""}),
    ("title", None),
]


@pytest.mark.parametrize(("name", "value"), BROKEN)
def test_a_file_that_cannot_be_used_is_refused(name: str, value: Any) -> None:
    path = Path(retention.__file__).parent / "us.json"
    document = json.loads(path.read_text())
    if value is None:
        del document["rules"][0][name]
    else:
        document["rules"][0][name] = value
    with pytest.raises(RetentionError):
        retention._read(document, "us.json")


def registered(clinic: Clinic, born: date) -> Patient:
    return register_patient(
        clinic.as_("front_desk"),
        site_id=clinic.site.pk,
        given_name="Mina",
        family_name="Minor",
        birth_date=born,
        sex="female",
    )


@pytest.mark.django_db
def test_a_record_is_kept_from_the_last_contact_on(clinic: Clinic) -> None:
    adult = make_patient(clinic)
    last_day = date(2036, 11, 22)
    assert [one.id for one in may_erase(adult, last_day)] == ["us.medical_record"]
    assert may_erase(adult, last_day + timedelta(days=1)) == []


@pytest.mark.django_db
def test_of_a_minor_until_the_birthday(clinic: Clinic) -> None:
    minor = registered(clinic, date(2014, 2, 28))
    assert may_erase(minor, date(2039, 2, 27))[0].until == date(2039, 2, 28)
    assert may_erase(minor, date(2039, 2, 28)) == []


@pytest.mark.django_db
def test_after_a_death_by_the_rule_of_the_place(clinic: Clinic) -> None:
    person = make_patient(clinic)
    person.site.jurisdiction = "UK"
    assert may_erase(person, date(2046, 11, 22))[0].id == "uk.mental_health_record"
    person.deceased_at = datetime(2027, 3, 1, tzinfo=UTC)
    assert may_erase(person, date(2037, 2, 28))[0].until == date(2037, 3, 1)
    assert may_erase(person, date(2037, 3, 1)) == []


@pytest.mark.django_db
def test_what_is_open_keeps_a_record_whatever_the_period(clinic: Clinic) -> None:
    person = make_patient(clinic)
    course = make_course(clinic, person)
    ask_privacy(
        clinic.as_("front_desk"),
        patient_id=person.pk,
        kind="restriction",
        place="whole",
        said="Less.",
    )
    recorded(clinic, "person", person.pk, serious(clinic))
    far = date(2100, 1, 1)
    assert {one.id for one in may_erase(person, far)} == {
        "open.course",
        "open.incident",
        "open.request",
    }
    close_course(clinic.as_("prescriber"), course_id=course.pk, reason="Moved away")
    assert {one.id for one in may_erase(person, far)} == {"open.incident", "open.request"}


@pytest.mark.django_db
def test_the_page_says_why_and_puts_no_number_into_an_address(clinic: Clinic) -> None:
    person = make_patient(clinic)
    client = sign_in(Client(), clinic.staff["auditor"])
    page = client.post("/oversight/retention", {"mrn": person.mrn}).content.decode()
    assert "Must be kept." in page
    assert "21 CFR 1304.04(a)" in page
    elsewhere = sign_in(Client(), clinic.staff["prescriber_elsewhere"])
    assert elsewhere.get("/oversight/retention").status_code == 403
