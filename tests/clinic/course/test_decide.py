"""Helping to decide: the numbers, this person against them, and what they say of it."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.clinic.course.actions.publish_document import publish_defaults
from evenkeel.clinic.course.actions.record_decision import record_decision
from evenkeel.clinic.course.decision import decision_for
from evenkeel.clinic.course.models import DecisionTalk
from evenkeel.clinic.people.facts import assemble_facts
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.evidence.answering import answer
from evenkeel.evidence.decision import decision_aid, parse_decision
from evenkeel.evidence.library import questions
from evenkeel.evidence.plain_answers import AnswerError, plain_answers
from evenkeel.protocol.facts import Fact, Facts
from evenkeel.protocol.products import PRODUCTS
from tests.clinic.course.makers import Case
from tests.clinic.course.test_pages import as_

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("page_clock")]


def known(case: Case, product: str = "racemic_iv") -> Any:
    facts = assemble_facts(case.patient, now=case.clinic.clock.now(), product=product)
    return decision_for(product, facts)


def say(case: Case, **changes: Any) -> DecisionTalk:
    assert case.course is not None
    decision = known(case, case.course.product)
    given = {"decision": decision, "shown_digest": decision.shown_digest, "leaning": "talk"}
    return record_decision(
        case.clinic.as_("therapist"), course_id=case.course.pk, **{**given, **changes}
    )


def test_every_question_the_pages_name_exists() -> None:
    named = {
        one
        for treatment in decision_aid().treatments.values()
        for ids in (treatment.better, treatment.fades, treatment.harms, treatment.long_term)
        for one in ids
    }
    named |= {one for item in plain_answers().values() for one in item.numbers}
    assert named <= set(questions())


@pytest.mark.parametrize("product", sorted(PRODUCTS))
def test_each_product_gets_its_own_trials(product: str) -> None:
    found = decision_for(product, Facts([]))
    asked = {share.answer.question.id for share in found.better}
    assert ("response-28d-esketamine" in asked) == (product == "esketamine_nasal")
    assert ("may not hold" in found.treatment.note) == (PRODUCTS[product].route in _FEW_TRIALS)


_FEW_TRIALS = {"intramuscular", "subcutaneous", "oral", "sublingual"}


def test_the_numbers_are_those_of_the_evidence() -> None:
    share = decision_for("racemic_iv", Facts([])).better[0]
    counted = answer(share.answer.question.id).absolute
    assert counted is not None
    assert (share.treated, share.without) == (round(counted.treated), round(counted.without))
    assert share.low is not None
    assert share.high is not None
    assert share.low <= round(counted.treated) <= share.high


@pytest.mark.parametrize(
    ("facts", "named"),
    [
        ([Fact("age_years", "known", 71)], "over 64"),
        ([Fact("age_years", "known", 64)], ""),
        ([Fact("age_years", "known", 17)], "under 18"),
        ([Fact("age_years", "known", 18)], ""),
        ([Fact("psychosis", "known", True)], "psychosis"),
        ([Fact("psychosis", "absent")], ""),
        ([Fact("bipolar", "known", True)], "bipolar"),
    ],
)
def test_whom_the_trials_would_not_have_taken(facts: list[Fact], named: str) -> None:
    outside = " ".join(rule.words for rule in decision_for("racemic_iv", Facts(facts)).not_admitted)
    assert (named in outside) if named else outside == ""


def test_what_is_not_known_is_not_called_admitted() -> None:
    nothing = decision_for("racemic_iv", Facts([]))
    assert nothing.not_admitted == ()
    assert any("psychosis" in words for words in nothing.asked)


def test_a_rule_that_looks_for_two_things_is_refused() -> None:
    rule = {"words": "x", "source": {"title": "t", "url": "https://e"}, "condition": "a"}
    raw = {"compiled_on": "2026-11-26", "treatments": {}, "alternatives": [], "unknown": []}
    assert parse_decision({**raw, "admission": [rule]}).admission[0].condition == "a"
    with pytest.raises(AnswerError, match="one thing"):
        parse_decision({**raw, "admission": [{**rule, "fact": "age_years", "above": 3}]})
    with pytest.raises(AnswerError, match="one limit"):
        parse_decision({**raw, "admission": [{**rule, "condition": "", "fact": "age_years"}]})


def test_what_was_said_stands_beside_the_numbers_shown(case: Case) -> None:
    case.screened()
    row = say(case, matters="To hold my niece.", questions="Does it hurt?", leaning="time")
    assert row.talked_with is not None
    assert any("midazolam" in words for words in row.shown["numbers"])
    for wrong, error in (
        ({"leaning": "sure"}, Invalid),
        ({"shown_digest": "0" * 64}, Conflict),
        ({"matters": "x" * 4001}, Invalid),
    ):
        with pytest.raises(error):
            say(case, **wrong)
    assert DecisionTalk.objects.count() == 1


def test_a_no_holds_the_consent_until_it_is_talked_over_again(case: Case) -> None:
    case.screened()
    publish_defaults(case.clinic.as_("medical_director"), case.clinic.site.pk)
    say(case, leaning="no")
    with pytest.raises(Refused, match="ended with a no"):
        case.consents()
    case.clinic.clock.advance(timedelta(minutes=5))
    say(case, leaning="yes")
    case.consents()


def test_the_page_shows_both_sides_and_keeps_what_is_said(client: Client, case: Case) -> None:
    case.screened()
    as_(client, case, "prescriber")
    assert case.course is not None
    address = reverse("decide", args=[case.course.pk])
    html = client.get(address).content.decode()
    for said in ("of 100", "very low certainty", "What nobody knows yet", "ECT", "Not for me"):
        assert said in html
    digest = re.search(r'name="shown_digest" value="([0-9a-f]{64})"', html)
    assert digest is not None
    sent = {"act_id": str(uuid.uuid4()), "shown_digest": digest[1], "matters": "My garden"}
    missing = client.post(address, sent)
    assert missing.status_code == 422
    assert "My garden" in missing.content.decode(), "what was typed is lost"
    done = client.post(address, {**sent, "act_id": str(uuid.uuid4()), "leaning": "talk"})
    assert done.status_code == 302
    assert "My garden" in client.get(address).content.decode()
    assert "My garden" in client.get(reverse("consent", args=[case.course.pk])).content.decode()


def test_the_person_reads_and_writes_at_home(client: Client, case: Case) -> None:
    case.screened()
    account = case.clinic.patient_context(case.patient).actor
    from evenkeel.clinic.people.models import Account

    client.force_login(
        Account.objects.get(pk=account.id),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    html = client.get("/own/decide").content.decode()
    digest = re.search(r'name="shown_digest" value="([0-9a-f]{64})"', html)
    assert digest is not None
    sent = {"act_id": str(uuid.uuid4()), "shown_digest": digest[1], "leaning": "time"}
    assert client.post("/own/decide", {**sent, "questions": "May I sleep?"}).status_code == 303
    row = DecisionTalk.objects.get()
    assert row.talked_with is None
    assert row.questions == "May I sleep?"
