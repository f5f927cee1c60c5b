"""Consent: to these very words, by this very person, never under the drug, always revocable."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from evenkeel.clinic.course.actions.agree_touch import (
    agree_touch,
    standing_agreement,
    withdraw_touch,
)
from evenkeel.clinic.course.actions.move_course import move_course
from evenkeel.clinic.course.actions.publish_document import publish_defaults, publish_document
from evenkeel.clinic.course.actions.take_consent import MEANING
from evenkeel.clinic.course.actions.withdraw_consent import withdraw_consent
from evenkeel.clinic.course.consent_text import (
    GROUPS,
    MUST_NAME,
    default_document,
    not_named,
    parts_of,
    words_hash,
)
from evenkeel.clinic.course.models import Consent, ConsentDocument, Course, TouchAgreement
from evenkeel.clinic.course.queries import course_summary
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Forbidden, Invalid, NotFound, Refused
from tests.clinic.course.makers import Case
from tests.clinic.course.test_course import refused

pytestmark = pytest.mark.django_db


@action("test.dose", permission="session.administer")
def dose(act: Act, *, course_id: object, since: datetime | None) -> None:
    """What a session does at its first administration, and at readiness."""
    course = act.open(Course, course_id)
    course.dosed_since = since
    act.write(course)


def dosed(case: Case, is_dosed: bool = True) -> None:
    since = case.clinic.clock.now() if is_dosed else None
    dose(case.nurse, course_id=case.course.pk, since=since)


def standing(case: Case) -> str:
    return course_summary(case.fresh(), case.clinic.clock.now()).consent_standing


def publish(case: Case, body: str, group: str = "off_label") -> ConsentDocument:
    return publish_document(
        case.clinic.as_("medical_director"),
        site_id=case.clinic.site.pk,
        product_group=group,
        title="Consent",
        body=body,
    )


@pytest.mark.parametrize("group", GROUPS)
def test_the_texts_we_ship_name_every_risk_and_every_source(group: str) -> None:
    _, body = default_document(group)
    assert not_named(group, body) == []
    points = [
        line
        for part in parts_of(body)
        if "risk" in part.heading.lower()
        for line in part.lines
        if line.is_point
    ]
    assert len(points) >= 8
    assert all(line.sources for line in points)
    assert all(
        source.url.startswith("http")
        for part in parts_of(body)
        for line in part.lines
        for source in line.sources
        if source.mark == "sourced"
    )
    words = body.split()
    assert sum(len(w) for w in words) / len(words) < 8, "plain words are short"


def test_a_consent_keeps_name_time_meaning_and_hash(case: Case) -> None:
    consent = case.consented()
    assert consent.signed_name == "Ada Sample"
    assert consent.signed_at == case.clinic.clock.now()
    assert consent.meaning == MEANING
    assert consent.taken_by == case.clinic.staff["session_nurse"]
    document = consent.document
    assert consent.document_hash == words_hash(document.title, document.body)
    assert standing(case) == "current"


@pytest.mark.parametrize("name", ["ada sample", "  Ada   SAMPLE ", "Áda Sample"])
def test_a_name_is_read_kindly(case: Case, name: str) -> None:
    assert case.consented(signed_name=name).signed_name == " ".join(name.split())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"signed_name": ""}, "signature_missing"),
        ({"signed_name": "Bo Beispiel"}, "signature_name"),
        ({"agreed": False}, "not_agreed"),
        ({"document_hash": "0" * 64}, "document_changed"),
        ({"document_hash": ""}, "document_changed"),
    ],
)
def test_what_is_no_consent(case: Case, changes: dict[str, object], code: str) -> None:
    with refused(code):
        case.consented(**changes)
    assert not Consent.objects.exists()
    assert case.fresh().state == "screening"


def test_a_new_version_asks_again(case: Case) -> None:
    first = case.consented()
    _, body = default_document("off_label")
    second = publish(case, body + "\nOne more line.")
    first.document.refresh_from_db()
    assert (first.document.retired_at, second.number) == (case.clinic.clock.now(), 2)
    assert standing(case) == "old_document"
    with refused("document_changed"):
        case.consents(document_hash=first.document_hash)
    case.planned()
    with refused("consent_old_document"):
        move_course(case.prescriber, course_id=case.course.pk, to="induction")
    case.consents()
    assert standing(case) == "current"


def test_a_consent_is_asked_anew_after_a_year(case: Case) -> None:
    case.consented()
    case.clinic.clock.advance(timedelta(days=366))
    assert standing(case) == "expired"


def test_without_a_document_nobody_consents(case: Case) -> None:
    case.screened()
    with refused("no_document"):
        case.consents()
    assert standing(case) == "no_document"


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("which", range(6))
def test_a_document_that_leaves_out_a_risk_is_not_published(
    case: Case, group: str, which: int
) -> None:
    name, words = MUST_NAME[group][which]
    _, body = default_document(group)
    lines = [ln for ln in body.split("\n") if not any(w in ln.lower() for w in words)]
    with pytest.raises(Invalid) as raised:
        publish(case, "\n".join(lines), group)
    assert name in raised.value.fields["body"]


def test_a_risk_without_source_and_the_same_words_again_are_not_published(case: Case) -> None:
    _, body = default_document("off_label")
    bare = body.replace("## The risks we know", "## The risks we know\n- It may snow.")
    with pytest.raises(Invalid) as raised:
        publish(case, bare)
    assert "It may snow." in raised.value.fields["body"]
    publish(case, body)
    with pytest.raises(Refused):
        publish(case, body + "   \r\n")


def test_defaults_are_published_once_and_only_by_the_director(case: Case) -> None:
    director, site = case.clinic.as_("medical_director"), case.clinic.site.pk
    assert len(publish_defaults(director, site)) == len(GROUPS)
    assert publish_defaults(director, site) == []
    with pytest.raises(Forbidden):
        publish_document(
            case.prescriber, site_id=site, product_group="off_label", title="x", body="y"
        )
    with pytest.raises(NotFound):
        publish_defaults(director, case.clinic.other_site.pk)


def test_under_the_drug_nothing_new_is_agreed_and_withdrawal_always_works(case: Case) -> None:
    consent = case.consented()
    case.planned()
    move_course(case.prescriber, course_id=case.course.pk, to="induction")
    dosed(case)
    with refused("altered_state"):
        case.consents()
    withdraw_consent(
        case.clinic.patient_context(case.patient), consent_id=consent.pk, note="I want to stop"
    )
    course = case.fresh()
    assert (course.state, course.state_before_pause) == ("paused", "induction")
    assert standing(case) == "withdrawn"
    with refused("altered_state"):
        case.consents()
    dosed(case, is_dosed=False)
    case.consents()
    assert standing(case) == "current"
    assert case.fresh().state == "paused", "a new consent does not resume by itself"


def test_withdrawal_before_a_dose_goes_back_and_twice_is_once(case: Case) -> None:
    consent = case.consented()
    withdraw_consent(case.nurse, consent_id=consent.pk, note="Not sure")
    assert case.fresh().state == "screening"
    case.clinic.clock.advance(timedelta(hours=1))
    again = withdraw_consent(case.nurse, consent_id=consent.pk, note="Again")
    assert (again.withdrawal_note, again.version) == ("Not sure", 2)


def test_one_person_does_not_withdraw_for_another(case: Case) -> None:
    consent = case.consented()
    with pytest.raises(NotFound):
        withdraw_consent(case.clinic.as_("prescriber_elsewhere"), consent_id=consent.pk)
    with pytest.raises(Forbidden):
        withdraw_consent(case.clinic.as_("front_desk"), consent_id=consent.pk)


def agree(case: Case, level: str, **changes: str) -> TouchAgreement:
    given = {"stop_word": "Lighthouse", "signed_name": "Ada Sample", **changes}
    return agree_touch(case.nurse, course_id=case.course.pk, level=level, **given)


@pytest.mark.parametrize(
    ("before", "after", "is_taken"),
    [
        (None, "none", True),
        (None, "hand", False),
        ("hand", "hand", True),
        ("hand", "none", True),
        ("hand", "hand_shoulder", False),
        ("hand_shoulder", "hand", True),
        ("none", "hand", False),
    ],
)
def test_under_the_drug_touch_only_narrows(
    case: Case, before: str | None, after: str, is_taken: bool
) -> None:
    case.opened()
    if before:
        agree(case, before)
    dosed(case)
    if is_taken:
        assert agree(case, after).level == after
        return
    with refused("altered_state"):
        agree(case, after)
    held = standing_agreement(case.fresh())
    assert (held.level if held else None) == before


def test_touch_is_taken_back_at_any_time(case: Case) -> None:
    case.opened()
    agreement = agree(case, "hand_shoulder")
    dosed(case)
    withdraw_touch(case.clinic.patient_context(case.patient), agreement_id=agreement.pk)
    assert standing_agreement(case.fresh()) is None
    with refused("altered_state"):
        agree(case, "hand")


@pytest.mark.parametrize(
    ("level", "changes", "field"),
    [
        ("everything", {}, "level"),
        ("hand", {"stop_word": " "}, "stop_word"),
        ("hand", {"stop_word": "x" * 41}, "stop_word"),
        ("hand", {"signed_name": "Somebody"}, "signed_name"),
    ],
)
def test_an_agreement_is_complete(
    case: Case, level: str, changes: dict[str, str], field: str
) -> None:
    case.opened()
    with pytest.raises(Invalid) as raised:
        agree(case, level, **changes)
    assert field in raised.value.fields
