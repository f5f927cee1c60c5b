"""The monitoring form: each field confirmed or marked unknown by a person, then noted as submitted.

What the session says is a proposal. It becomes an answer only by somebody's confirming this very
field for this very session; nothing comes from an earlier form.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from evenkeel.clinic.oversight.models import RemsForm
from evenkeel.clinic.oversight.rems import (
    HOW,
    PROGRAM,
    Definition,
    FieldSpec,
    covers,
    definition_for,
    due_at,
    read_definition,
)
from evenkeel.clinic.oversight.rems_facts import FieldState, field_states, proposals_for
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, NotFound, Refused
from evenkeel.clinic.session.models import Session

_LONGEST: Final = 400
_PRESSURE: Final = re.compile(r"(\d{2,3})\s*/\s*(\d{2,3})")
_HIGHEST_MMHG: Final = 350


@action("rems.confirm", permission="rems.fill")
def confirm_field(
    act: Act, *, session_id: Any, field_id: str, value: str, unknown: bool = False
) -> RemsForm:
    """Answer one field: with a value, or as unknown.

    Raises ``Invalid`` for a value the field cannot hold, ``Refused`` once the form was submitted.
    """
    session = open_session_of_form(act, session_id)
    definition, form = form_of(session)
    _not_submitted(form)
    spec = next((one for one in definition.fields if one.id == field_id), None)
    if spec is None:
        raise NotFound("This form has no such field.")
    proposal = proposals_for(session, act.now).get(spec.origin)
    entry = {
        "state": "unknown" if unknown else "confirmed",
        "value": "" if unknown else read_value(spec, value),
        "proposed": proposal.value if proposal else "",
        "by": act.actor.name,
        "at": act.now.isoformat(),
    }
    if form is None:
        form = RemsForm(
            site=session.site,
            program=PROGRAM,
            session=session,
            patient=session.patient,
            definition=definition.document,
            definition_hash=definition.hash,
            begun_at=act.now,
            due_at=due_at(session, definition.due_days),
        )
    form.fields = {**form.fields, spec.id: entry}
    return act.write(form)


@action("rems.open_field", permission="rems.fill")
def open_field(act: Act, *, session_id: Any, field_id: str) -> RemsForm:
    """Take the answer to one field back; it is open again."""
    _, form = form_of(open_session_of_form(act, session_id))
    _not_submitted(form)
    if form is None or field_id not in form.fields:
        raise Refused("This field is open.", code="open")
    form.fields = {name: said for name, said in form.fields.items() if name != field_id}
    return act.write(form)


@action("rems.submit", permission="rems.fill")
def note_submitted(
    act: Act, *, session_id: Any, submitted_on: date | None, how: str, reference: str
) -> RemsForm:
    """Note that the caller has submitted the form, with its proof.

    Raises ``Refused`` while any field is neither confirmed nor marked unknown, or while the
    session says otherwise than when it was; ``Invalid`` by field.
    """
    session = open_session_of_form(act, session_id)
    definition, form = form_of(session)
    _not_submitted(form)
    states = field_states(definition, form, proposals_for(session, act.now))
    waiting = [state for state in states if not state.is_settled]
    if form is None or waiting:
        raise Refused(
            f"{len(waiting)} of {len(states)} fields are not settled: {_names(waiting)}.",
            what_to_do="Confirm each, or mark it as unknown.",
            code="not_settled",
        )
    zone = ZoneInfo(session.site.timezone)
    first = (session.first_dose_at or session.opened_at).astimezone(zone).date()
    wrong: dict[str, str] = {}
    if submitted_on is None or not first <= submitted_on <= act.now.astimezone(zone).date():
        wrong["submitted_on"] = "A day from the session on, not in the future."
    if how not in HOW:
        wrong["how"] = "Choose how it was submitted."
    reference = reference.strip()
    if not reference or len(reference) > 120 or "\x00" in reference:
        wrong["reference"] = "Enter the confirmation number, or that of the fax receipt."
    if wrong or submitted_on is None:
        raise Invalid("The proof is not complete yet.", fields=wrong)
    form.submitted_by, form.noted_at = signer(act), act.now
    form.submitted_at = noon_of(submitted_on, zone, act.now)
    form.submitted_how, form.reference = how, reference
    return act.write(form)


@action("rems.reopen", permission="rems.fill")
def reopen_form(act: Act, *, session_id: Any, reason: str) -> RemsForm:
    """Open a submitted form again, so that a corrected one can go; the earlier proof is kept."""
    _, form = form_of(open_session_of_form(act, session_id))
    if form is None or form.submitted_at is None:
        raise Refused("This form was not submitted.", code="open")
    reason = reason.strip()
    if not reason or len(reason) > _LONGEST or "\x00" in reason:
        raise Invalid("Say why.", fields={"reason": "Say why a corrected form must go."})
    kept = {
        "submitted_at": form.submitted_at.isoformat(),
        "how": form.submitted_how,
        "reference": form.reference,
        "by": form.submitted_by.shown_name if form.submitted_by else "",
        "reopened_by": act.actor.name,
        "reopened_at": act.now.isoformat(),
        "reason": reason,
    }
    form.earlier = [*form.earlier, kept]
    form.submitted_at = form.submitted_by = form.noted_at = None
    form.submitted_how = form.reference = ""
    return act.write(form)


def open_session_of_form(act: Act, session_id: Any) -> Session:
    """The session behind a form. Raises ``NotFound`` for one that the programme is not about."""
    session = act.open(
        Session, session_id, "site", "patient", "nurse", "second", "appointment", "course"
    )
    if not covers(session.product, session.site.jurisdiction) or session.first_dose_at is None:
        raise NotFound("No monitoring form is owed for this session.")
    return session


def form_of(session: Session) -> tuple[Definition, RemsForm | None]:
    """The form of a session and the version it is filled under; one begun keeps its own."""
    form = RemsForm.objects.filter(session=session).select_related("submitted_by").first()
    if form is None:
        return definition_for(session.site_id), None
    return read_definition(form.definition), form


def read_value(spec: FieldSpec, value: str) -> str:
    """A value as it is kept. Raises ``Invalid`` (field ``value``) for one that cannot be."""
    words = " ".join(value.split())
    if len(words) > _LONGEST or "\x00" in words:
        raise _cannot(f"At most {_LONGEST} letters.")
    if not words:
        if spec.required:
            raise _cannot("Enter a value, or mark the field as unknown.")
        return ""
    if spec.kind == "yes_no" and words not in ("yes", "no"):
        raise _cannot("Choose yes or no.")
    if spec.kind == "choice" and words not in spec.choices:
        raise _cannot("Choose one of the list.")
    if spec.kind == "number":
        return _number(words)
    if spec.kind == "date":
        return _date(words)
    if spec.kind == "pressure":
        return _pressure(words)
    return words


def _number(words: str) -> str:
    if not re.fullmatch(r"\d{1,6}(?:\.\d{1,3})?", words):
        raise _cannot("Enter a number, such as 56.")
    return f"{float(words):g}"


def _date(words: str) -> str:
    try:
        return date.fromisoformat(words).isoformat()
    except ValueError:
        raise _cannot("Enter a day.") from None


def _pressure(words: str) -> str:
    found = _PRESSURE.fullmatch(words)
    if found is None:
        raise _cannot("Enter upper and lower, such as 128/80.")
    upper, lower = int(found[1]), int(found[2])
    if not lower < upper <= _HIGHEST_MMHG:
        raise _cannot("The upper pressure must be above the lower.")
    return f"{upper}/{lower}"


def noon_of(day: date, zone: ZoneInfo, now: datetime) -> datetime:
    """Noon of a day at the site's clock, or now if that is still ahead: the hour is not asked."""
    return min(now, datetime.combine(day, time(12), tzinfo=zone))


def _not_submitted(form: RemsForm | None) -> None:
    if form is not None and form.submitted_at is not None:
        raise Refused(
            "This form was submitted.",
            what_to_do="To send a corrected one, open it again with a reason.",
            code="submitted",
        )


def _names(states: list[FieldState]) -> str:
    names = [state.spec.label for state in states[:4]]
    more = len(states) - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _cannot(words: str) -> Invalid:
    return Invalid(words, fields={"value": words})
