"""One signed record of every kind, made through the product's own actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from evenkeel.clinic.course.actions.agree_touch import agree_touch
from evenkeel.clinic.course.models import Consent, ConsentDocument, Plan, Screening, TouchAgreement
from evenkeel.clinic.groups.actions.join_group import take_group_consent
from evenkeel.clinic.groups.actions.manage_group import open_group
from evenkeel.clinic.groups.models import GroupConsent
from evenkeel.clinic.library.actions.review_answer import review_answer
from evenkeel.clinic.library.models import AnswerReview
from evenkeel.clinic.outcome.actions.ask_questionnaire import ask_questionnaire
from evenkeel.clinic.outcome.actions.close_signal import close_signal
from evenkeel.clinic.outcome.actions.decide_spacing import decide_spacing
from evenkeel.clinic.outcome.actions.record_watch import record_watch, review_watch
from evenkeel.clinic.outcome.models import SafetySignal, SpacingDecision, WatchEntry
from evenkeel.clinic.programs.models import ProgramVersion
from evenkeel.clinic.protocols.models import ProtocolVersion
from evenkeel.clinic.session.actions.choose_forecast import choose_forecast
from evenkeel.clinic.session.forecast.calibration import calibration_of
from evenkeel.clinic.session.models import ForecastChoice, SessionEvent
from evenkeel.evidence.plain_answers import plain_answers
from tests.clinic.outcome.conftest import say_items
from tests.clinic.programs.test_programs import drafted, signed
from tests.clinic.session.makers import Stage, open_stage
from tests.clinic_factory import Clinic

ANSWER = "is-it-legal"


@dataclass
class SignedWorld:
    """The stage of a session under way, and a row of each signed kind by its label."""

    stage: Stage
    rows: dict[str, Any]

    def pages(self) -> dict[str, list[str]]:
        """By label, every page for people on which the signature must stand whole."""
        course, session = self.stage.case.course.pk, self.stage.session.pk
        row = self.rows
        note, own = f"/sessions/{session}/note", "/own/download"
        return {
            "course.screening": [f"/screenings/{row['course.screening'].pk}"],
            "course.consentdocument": ["/setup/consent?for=off_label"],
            "course.consent": [f"/courses/{course}/consent", own],
            "course.touchagreement": [f"/courses/{course}/touch", note, own],
            "course.plan": [f"/courses/{course}/plan", note],
            "protocols.protocolversion": [
                f"/protocols/{row['protocols.protocolversion'].pk}",
                f"/protocols/{row['protocols.protocolversion'].pk}/print",
            ],
            "programs.programversion": [f"/programs/{row['programs.programversion'].pk}"],
            "library.answerreview": [f"/answers/{ANSWER}"],
            "groups.groupconsent": [f"/courses/{course}/group", own],
            "session.forecastchoice": ["/oversight/forecast"],
            "session.sessionevent": [note],
            "outcome.spacingdecision": [f"/courses/{course}/coming-back"],
            "outcome.safetysignal": [f"/safety/{row['outcome.safetysignal'].pk}"],
            "outcome.watchentry": [f"/courses/{course}/long-term"],
        }


def build(clinic: Clinic) -> SignedWorld:
    """Everything that somebody can sign, signed once."""
    stage = open_stage(clinic)
    case = stage.case
    course = case.course
    assert course is not None
    agree_touch(
        case.nurse,
        course_id=course.pk,
        level="hand",
        stop_word="lantern",
        signed_name=case.patient.name,
    )
    rest(clinic, course)
    group = open_group(
        clinic.as_("therapist"),
        site_id=clinic.site.pk,
        name="Circle",
        program="group",
        account_ids=[clinic.staff["therapist"].pk],
    )
    take_group_consent(
        case.nurse,
        course_id=course.pk,
        group_id=group.pk,
        signed_name=case.patient.name,
        agreed=True,
    )
    stage.started()
    return SignedWorld(stage, rows_of())


def rest(clinic: Clinic, course: Any) -> None:
    """What is signed outside a session."""
    director, prescriber = clinic.as_("medical_director"), clinic.as_("prescriber")
    signed(clinic, drafted(clinic))
    review_answer(
        director,
        site_id=clinic.site.pk,
        answer_id=ANSWER,
        content_digest=plain_answers()[ANSWER].content_digest,
        agreed=True,
    )
    choose_forecast(
        director,
        site_id=clinic.site.pk,
        product="racemic_iv",
        shown=False,
        seen_hash=calibration_of(clinic.site.pk, "racemic_iv").hash,
        reason="Too few readings yet",
    )
    asked = ask_questionnaire(clinic.as_("therapist"), course_id=course.pk, instrument_id="phq9")
    say_items(clinic, asked.ask, [1, 1, 1, 1, 1, 1, 1, 1, 2])
    close_signal(prescriber, signal_id=SafetySignal.objects.get().pk, note="Spoke. Safe plan made.")
    entry = record_watch(
        clinic.as_("session_nurse"), course_id=course.pk, item="use_outside", value="other"
    )
    review_watch(prescriber, entry_id=entry.pk, note="Talked over")
    decide_spacing(
        prescriber, course_id=course.pk, decision="keep", reason="Doing well", proposed={}
    )


def rows_of() -> dict[str, Model]:
    """The newest row of each kind; of a session the first dose."""
    models = (Screening, ConsentDocument, Consent, TouchAgreement, Plan, ProtocolVersion)
    models += (ProgramVersion, AnswerReview, ForecastChoice, SpacingDecision, SafetySignal)
    models += (WatchEntry, GroupConsent)
    found: dict[str, Model] = {}
    for model in models:
        rows = model.objects.order_by("created_at")
        if model is ProtocolVersion:
            rows = rows.filter(product="racemic_iv")
        if model is ConsentDocument:
            rows = rows.filter(product_group="off_label")
        found[model._meta.label_lower] = rows.last()
    found["session.sessionevent"] = SessionEvent.objects.get(kind="infusion_start")
    return found
