"""What an event does beside being stored: what it fills in, and how it moves the session's row.

``prepare`` looks and refuses before anything is written; what it returns is run after the event
was stored, in the same act. Plain observations, notes and checks have no effect at all, so that
they cost no further query.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from evenkeel.clinic.course.actions.agree_touch import standing_agreement, width
from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.queries import UNSIGNED_PROTOCOL, against_dosing, course_summary
from evenkeel.clinic.programs.queries import against_first_dose
from evenkeel.clinic.record.act import Act
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.clinic.session import handing_over, leaving, ledger_lines, rules
from evenkeel.clinic.session.account import COUNTED
from evenkeel.clinic.session.alarm_story import answers_among
from evenkeel.clinic.session.answers import MUST_SAY
from evenkeel.clinic.session.drug_events import LEDGER_KINDS
from evenkeel.clinic.session.follow_up import propose_follow_up
from evenkeel.clinic.session.models import (
    Appointment,
    AppointmentStatus,
    Session,
    SessionEvent,
    SessionState,
)
from evenkeel.clinic.session.phases import DRUG, FIRST_DOSE, Drug, fold, standing
from evenkeel.clinic.session.raising import (
    age_in,
    last_pressure,
    open_alarms,
    protocol_of,
    unresolved,
)
from evenkeel.clinic.session.setting_events import SETTING_KINDS
from evenkeel.clinic.session.summary import summarize
from evenkeel.protocol.discharge import discharge_check
from evenkeel.protocol.watching.doses import SLACK_MG

Apply = Callable[[], None]
_PLAIN: Final = frozenset({"observation", "note", "check", "rescue_medicine"}) | (
    SETTING_KINDS - {"touch"}
)
#: Kinds that are many and say nothing of phase; left aside when the story is read.
_MANY: Final = (
    *("observation", "note", "alarm_raised", "alarm_acknowledged", "alarm_escalated"),
    *SETTING_KINDS,
)


def prepare(
    act: Act,
    session: Session,
    event: SessionEvent,
    target: SessionEvent | None,
    witness_id: UUID | None = None,
) -> Apply | None:
    """Check an event against the session and fill it in. Raises as ``record`` does."""
    kind = target.kind if event.kind == "void" and target is not None else event.kind
    if kind in _PLAIN:
        return None
    if kind in LEDGER_KINDS:
        return ledger_lines.write_line(act, session, event, target, witness_id)
    if kind in DRUG or kind == "dose_check":
        return _drug(act, session, event, target, kind)
    if event.kind == "void":
        return None
    if kind == "alarm_acknowledged":
        return _acknowledge(session, event, target)
    return _OTHERS[kind](act, session, event)


def story(session: Session) -> list[SessionEvent]:
    """Everything in a session that may move its phase."""
    rows = SessionEvent.objects.filter(session=session).exclude(kind__in=_MANY)
    return list(rows.order_by("position"))


def _drug(
    act: Act, session: Session, event: SessionEvent, target: SessionEvent | None, kind: str
) -> Apply | None:
    before = story(session)
    gives = event.kind in FIRST_DOSE | {"resume", "rate_change"}
    if gives and target is None and session.ready_at is not None:
        raise Refused(
            "The person was declared ready to leave; nothing more is given.",
            code="already_ready",
        )
    if event.kind != "void":
        _check(act, session, event, target, before)
    if kind == "dose_check":
        return None

    def apply() -> None:
        _settle(act, session, fold(standing([*before, event])))

    return apply


def _check(
    act: Act,
    session: Session,
    event: SessionEvent,
    target: SessionEvent | None,
    before: Sequence[SessionEvent],
) -> None:
    others = standing(e for e in before if target is None or e.pk != target.pk)
    on_paper = event.via == "paper"  # it has happened: it is described, not allowed or refused
    doses = event.kind in FIRST_DOSE and not on_paper
    more = doses or (event.kind in {"resume", "rate_change"} and not on_paper)
    sheet = rules.Sheet.of(session.dose_sheet)
    scene = rules.Scene(
        product=session.product,
        protocol=protocol_of(session),
        sheet=sheet,
        events=others,
        actor_id=act.actor.id,
        at=event.happened_at,
        pressure=last_pressure(session, event.happened_at) if doses else None,
        age_years=age_in(session, event.happened_at) if doses else None,
        against=_against(act, session) if more else (),
        unresolved=unresolved(session) if more and target is None else (),
    )
    if more and target is None and rules.gives_more(event.kind, scene, event.body):
        # what was given is always written down; to give more, credentials must stand
        act.require("session.dose", session.site_id, session.product)
    if event.kind == "infusion_start" and "planned_mg" not in event.body:
        left_mg = (sheet.dose_mg or 0.0) - scene.before().given_mg(event.happened_at)
        event.body["planned_mg"] = round(max(left_mg, 0.0), 2)
    if on_paper:
        rules.check_route(event.kind, session.product)
    elif target is None:
        rules.check(event.kind, scene, event.body)
    else:
        rules.check_again(event.kind, scene, event.body)
    ledger_lines.name_source(session, event, target, others, act.now)


def _against(act: Act, session: Session) -> tuple[str, ...]:
    course = Course.objects.select_related("patient", "site").get(pk=session.course_id)
    summary = course_summary(course, act.now)
    found = against_dosing(summary)
    if session.first_dose_at is None:
        found += against_first_dose(course.pk, summary.touch)
    # A session keeps the protocol it was opened under, and what was begun goes on.
    keeps = session.protocol_used_id is not None or session.first_dose_at is not None
    return tuple(
        refusal.message for refusal in found if not (keeps and refusal.code == UNSIGNED_PROTOCOL)
    )


def phase_of(session: Session, drug: Drug) -> SessionState:
    """The state of the row that follows from the drug; nasal devices count as one giving."""
    state = drug.state()
    planned = rules.Sheet.of(session.dose_sheet).dose_mg
    if state == "watching" and drug.devices and planned is not None:
        given = sum(mg for _, mg, kind in drug.doses if kind == "device")
        if given < planned - SLACK_MG:
            state = "running"
    return SessionState(state)


def _settle(act: Act, session: Session, drug: Drug) -> None:
    """Write what follows from the drug, on the session and on its course, where it changed."""
    ended = None if drug.is_infusing else drug.ended_at
    now = (phase_of(session, drug), drug.started_at, ended)
    if session.closed_at is not None:
        now = (SessionState(session.state), drug.started_at, ended)
    was = (SessionState(session.state), session.first_dose_at, session.last_dose_ended_at)
    if now != was:
        session.state, session.first_dose_at, session.last_dose_ended_at = now
        act.write(session)
    if session.ready_at is None and session.closed_at is None:
        _mark_dosed(act, session, drug.started_at)


def _mark_dosed(act: Act, session: Session, since: Any) -> None:
    course = Course.objects.get(pk=session.course_id)
    if course.dosed_since != since:
        course.dosed_since = since
        act.write(course)


def _acknowledge(session: Session, event: SessionEvent, target: SessionEvent | None) -> None:
    named = event.body["alarm_event"]
    alarm = SessionEvent.objects.filter(pk=named, session=session, kind="alarm_raised").first()
    if alarm is None:
        raise Invalid(
            "There is no such alarm in this session.",
            fields={"alarm_event": "This alarm is not here."},
            code="no_such_alarm",
        )
    said = event.body.get("done") or event.body.get("note", "").strip()
    if alarm.body["level"] in MUST_SAY and not said:
        raise Invalid(
            "Say what was done before this alarm is acknowledged.",
            fields={"done": "Choose what was done, or write it in a few words."},
            code="say_what_was_done",
        )
    if target is not None:
        if target.body["alarm_event"] != named:
            raise Invalid(
                "A correction speaks of the same alarm.",
                fields={"alarm_event": "This is another alarm than the one answered."},
                code="other_alarm",
            )
        return
    rows = SessionEvent.objects.filter(session=session, kind__in=("alarm_acknowledged", "void"))
    for earlier in answers_among(rows):
        if earlier.stands and earlier.first.body["alarm_event"] == named:
            raise Conflict(
                f"{earlier.first.actor_name} has acknowledged this alarm already.",
                code="acknowledged",
            )


def _touch(act: Act, session: Session, event: SessionEvent) -> None:
    """Write beside a touch what was agreed to, and whether it went beyond; it is never refused."""
    event.body.pop("agreed", None)
    event.body.pop("beyond", None)
    agreement = standing_agreement(session.course)
    level = agreement.level if agreement else "none"
    event.body["agreed"] = level
    if event.body["what"] in ("used", "asked"):
        where = event.body["where"]
        event.body["beyond"] = where == "other" or width(where) > width(level)


def _discharge_check(act: Act, session: Session, event: SessionEvent) -> None:
    rows = SessionEvent.objects.filter(session=session).exclude(kind__startswith="alarm_")
    stands = standing(rows)
    protocol = protocol_of(session)
    facts = leaving.facts_of(stands, event.body["answers"], event.happened_at, protocol)
    event.body.update(leaving.judge(facts, protocol))


def _leaves_early(act: Act, session: Session, event: SessionEvent) -> None:
    """Write beside what was said what was still missing; nothing here keeps the person.

    Raises ``Refused`` only where this is not the story: no drug, or declared ready.
    """
    if session.first_dose_at is None:
        raise Refused(
            "No drug was given.", what_to_do="Close the session as not given.", code="not_given"
        )
    if session.ready_at is not None:
        raise Refused(
            "The person was declared ready to leave.",
            what_to_do="Record leaving in the usual way.",
            code="already_ready",
        )
    rows = SessionEvent.objects.filter(session=session).exclude(kind__startswith="alarm_")
    stands = standing(rows)
    protocol = protocol_of(session)
    answers = leaving.answers_lately(stands, event.happened_at, protocol)
    facts = leaving.facts_of(stands, answers, event.happened_at, protocol, insists_on_leaving=True)
    early = event.body["early"]
    early["missing"] = leaving.still_missing(discharge_check(facts, protocol))
    early["open_alarms"] = [
        key for key, level, done in open_alarms(session) if done is None and level != "review"
    ]
    act.reason = early["said"]
    act.note(
        left_before_ready=", ".join(one["label"] for one in early["missing"]),
        capacity=early["capacity"],
        told=early["clinician_told"],
    )


def _ready(act: Act, session: Session, event: SessionEvent) -> Apply:
    stands = standing(story(session))
    _refuse_while_running(fold(stands))
    if session.ready_at is not None:
        raise Refused("The person was declared ready already.", code="already_ready")
    checks = [e for e in stands if e.kind == "discharge_check"]
    if not checks or checks[-1].body.get("disposition") != "discharge":
        _need_override(
            act,
            event,
            "The leaving checks are not all met."
            if checks
            else "The leaving checks have not been done.",
        )

    def apply() -> None:
        session.ready_at = event.happened_at
        act.write(session)
        _mark_dosed(act, session, None)

    return apply


def _discharged(act: Act, session: Session, event: SessionEvent) -> Apply:
    _refuse_while_running(fold(standing(story(session))))
    given = session.first_dose_at is not None
    is_early = "early" in event.body
    if is_early:
        _leaves_early(act, session, event)
    else:
        _refuse_unready(act, session, event)

    def apply() -> None:
        session.closed_at = event.happened_at
        session.state = ledger_lines.state_after_leaving(session, act.now)
        session.summary = summarize(session)
        act.write(session)
        _mark_dosed(act, session, None)
        if session.appointment_id is not None:
            appointment = Appointment.objects.select_related("site").get(pk=session.appointment_id)
            appointment.status = AppointmentStatus.DONE
            act.write(appointment)
            if given:
                propose_follow_up(act, appointment, left_early=is_early)

    return apply


def _refuse_unready(act: Act, session: Session, event: SessionEvent) -> None:
    if session.first_dose_at is not None and session.ready_at is None:
        _need_override(act, event, "The person was not declared ready to leave.")
    loud = [key for key, level, done in open_alarms(session) if done is None and level != "review"]
    if loud:
        _need_override(act, event, "An alarm is still open: " + ", ".join(loud) + ".")


def refresh_closed(
    act: Act, session: Session, event: SessionEvent, target: SessionEvent | None
) -> None:
    """Bring a session whose person has left in line with what was entered or corrected since.

    It closes in the very act that accounts for its drug, and waits again where a correction
    undoes that.
    """
    if session.closed_at is None:
        return
    now = SessionState(session.state)
    if event.kind != "discharged" and COUNTED & {event.kind, target.kind if target else ""}:
        now = ledger_lines.state_after_leaving(session, act.now)
    summary = summarize(session)
    if (summary, now) != (session.summary, SessionState(session.state)):
        session.summary, session.state = summary, now
        act.write(session)


def _refuse_while_running(drug: Drug) -> None:
    if drug.is_infusing:
        raise Refused(
            "The infusion has not been stopped.", what_to_do="Stop it first.", code="still_running"
        )


def _need_override(act: Act, event: SessionEvent, why: str) -> None:
    reason = str(event.body.get("override_reason", "")).strip()
    if not reason:
        raise Refused(
            why, what_to_do="Settle it, or give the reason for going on.", code="needs_override"
        )
    act.reason = reason
    act.note(overridden=why)


_OTHERS: Final[dict[str, Callable[[Act, Session, SessionEvent], Apply | None]]] = {
    "second_person": handing_over.second_person,
    "hand_over": handing_over.hand_over,
    "touch": _touch,
    "discharge_check": _discharge_check,
    "ready": _ready,
    "discharged": _discharged,
}
