"""A person's own copy: everything about them, nothing of others, and it holds together."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from evenkeel.clinic.outcome.actions.enter_answers import enter_answers, enter_total
from evenkeel.instruments import from_fhir_response, load
from evenkeel.interop.fhir import read_bundle
from tests.clinic.course.makers import Case
from tests.clinic.outcome.conftest import PHQ9, make_patient
from tests.clinic.outcome.histories import make_history
from tests.clinic.outcome.test_own_pages import signed_in
from tests.clinic_factory import Clinic
from tests.kept import kept

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(clinic: Clinic) -> Case:
    began = clinic.clock.now()

    def build() -> Case:
        made = make_history(clinic, 1)
        ctx = clinic.as_("therapist")
        enter_answers(
            ctx,
            course_id=made.fresh().pk,
            instrument_id="phq9",
            answers=dict.fromkeys(PHQ9, 1),
            follow_up={"follow-up-thinking-now": 0, "follow-up-plan": 0},
        )
        enter_total(
            clinic.as_("prescriber"),
            course_id=made.fresh().pk,
            instrument_id="madrs",
            total=24,
        )
        clinic.clock.advance(began - clinic.clock.now())
        return made

    made = kept("own copy", clinic.clock, build, clinic)
    clinic.clock.advance(timedelta(days=60))
    return made


def bundle_of(client: Client) -> dict[str, Any]:
    answer = client.get("/own/download.json")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/fhir+json"
    assert "attachment" in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]
    found: dict[str, Any] = json.loads(answer.content)
    return found


@pytest.fixture
def bundle(clinic: Clinic, case: Case, pass_time: Any) -> dict[str, Any]:
    pass_time(timedelta(0))
    return bundle_of(signed_in(clinic, case.patient))


def resources(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    every = [entry["resource"] for entry in bundle["entry"]]
    return [resource for resource in every if resource["resourceType"] == kind]


def test_it_holds_everything_once(bundle: dict[str, Any]) -> None:
    kinds = Counter(entry["resource"]["resourceType"] for entry in bundle["entry"])
    assert kinds["Patient"] == 1
    assert kinds["QuestionnaireResponse"] == 3 + 1 + 1  # three PHQ-9, the total, the follow-up
    assert kinds["Questionnaire"] == 3
    assert kinds["Consent"] == 1
    assert kinds["Procedure"] == 1
    assert kinds["Appointment"] >= 1
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(urls)) == len(urls)


def test_every_reference_leads_to_something_in_it(bundle: dict[str, Any]) -> None:
    urls = {entry["fullUrl"] for entry in bundle["entry"]}

    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["reference"]] if isinstance(node.get("reference"), str) else []
            return own + [r for value in node.values() for r in references(value)]
        return [r for each in node for r in references(each)] if isinstance(node, list) else []

    found = references(bundle)
    assert found
    assert set(found) <= urls
    forms = {f"{q['url']}|{q['version']}" for q in resources(bundle, "Questionnaire")}
    assert {r["questionnaire"] for r in resources(bundle, "QuestionnaireResponse")} <= forms


def test_the_answers_come_back_as_they_were_given(bundle: dict[str, Any]) -> None:
    given = [
        from_fhir_response(load("phq9"), resource)
        for resource in resources(bundle, "QuestionnaireResponse")
        if resource["questionnaire"].endswith("phq9|1.0.0")
    ]
    assert dict.fromkeys(PHQ9, 1) in given


def test_a_total_entered_alone_is_a_total_alone(bundle: dict[str, Any]) -> None:
    madrs = next(
        r for r in resources(bundle, "QuestionnaireResponse") if "madrs" in r["questionnaire"]
    )
    assert [item["linkId"] for item in madrs["item"]] == ["madrs-total"]
    assert madrs["item"][0]["answer"] == [{"valueInteger": 24}]


def test_another_house_can_read_it(clinic: Clinic, bundle: dict[str, Any]) -> None:
    reading = read_bundle(json.dumps(bundle).encode(), now=clinic.clock.now())
    assert reading.patient.family_name == "Sample"
    assert {fact.kind for fact in reading.facts} >= {"condition"} or reading.facts


def test_nobody_has_another_persons_copy(clinic: Clinic, case: Case, pass_time: Any) -> None:
    pass_time(timedelta(0))
    other = bundle_of(signed_in(clinic, make_patient(clinic, "Nia", "Notional")))
    assert "Sample" not in json.dumps(other)
    assert [entry["resource"]["resourceType"] for entry in other["entry"]] == ["Patient"]


def test_the_page_to_read_says_the_same(clinic: Clinic, case: Case, pass_time: Any) -> None:
    pass_time(timedelta(0))
    page = signed_in(clinic, case.patient).get("/own/download").content.decode()
    for words in ("PHQ-9", "MADRS", "Only the total was kept.", "Session 1", "Dosing session"):
        assert words in page, words
