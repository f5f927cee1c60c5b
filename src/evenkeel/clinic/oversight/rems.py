"""The risk programme of esketamine nasal spray: who is enrolled, which forms are owed, by when.

The clock of a form runs from the session, whether anybody has begun the form or not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from evenkeel.clinic.oversight.models import RemsDefinition, RemsForm, RemsPatient, RemsSite
from evenkeel.clinic.oversight.terms import Source, end_of_day_after
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.record.chain import canonical, digest
from evenkeel.clinic.record.errors import Invalid
from evenkeel.clinic.record.installation import is_demo
from evenkeel.clinic.session.models import Appointment, Session, SessionState

PROGRAM: Final = "us-spravato"
PRODUCT: Final = "esketamine_nasal"
JURISDICTION: Final = "US"
FORMAT: Final = "evenkeel-rems-form/1"
#: What a field may be; "unread" is one that nobody has read in the official form yet.
KINDS: Final = frozenset({"text", "date", "yes_no", "number", "choice", "pressure", "unread"})
HOW: Final[dict[str, str]] = {"online": "Online", "fax": "By fax"}
_LONGEST: Final = 200
_MOST_FIELDS: Final = 200


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a form. ``origin`` names what of the session it may be proposed from."""

    id: str
    label: str
    kind: str
    required: bool
    origin: str
    source: Source
    unit: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A version of the form: blocks of fields, and how many days from the session it is due."""

    title: str
    edition: str
    due_days: int
    official: bool
    blocks: tuple[tuple[str, tuple[FieldSpec, ...]], ...]
    document: dict[str, Any]
    hash: str

    @property
    def fields(self) -> tuple[FieldSpec, ...]:
        """Every field in its order."""
        return tuple(field for _, fields in self.blocks for field in fields)

    @property
    def unread(self) -> int:
        """How many of its fields nobody has read in the official form."""
        return sum(field.kind == "unread" for field in self.fields)


@dataclass(frozen=True, slots=True)
class OwedForm:
    """A session whose form was not submitted. ``form`` is ``None`` where nobody has begun it."""

    session: Session
    due_at: datetime
    form: RemsForm | None


def covers(product: str, jurisdiction: str) -> bool:
    """Whether the programme is about this product at a site of this jurisdiction."""
    return product == PRODUCT and jurisdiction == JURISDICTION


def standing_site(site_id: Any) -> RemsSite | None:
    """The enrollment of a site that stands."""
    rows = RemsSite.objects.filter(site_id=site_id, program=PROGRAM, ended_on=None)
    return rows.order_by("-recorded_at").first()  # type: ignore[no-any-return]


def standing_patient(patient: Patient) -> RemsPatient | None:
    """The enrollment of a person that stands."""
    rows = RemsPatient.objects.filter(patient=patient, program=PROGRAM, ended_at=None)
    found = rows.select_related("prescriber").order_by("-recorded_at").first()
    return found  # type: ignore[no-any-return]


def reasons_not_to_open(appointment: Appointment) -> list[str]:
    """Why no session of this appointment may be opened; nothing in a demonstration.

    A first dose needs the enrollment of the person, signed by both, and of the site.
    """
    if is_demo() or not covers(appointment.course.product, appointment.site.jurisdiction):
        return []
    reasons = []
    if standing_site(appointment.site_id) is None:
        reasons.append(f"{appointment.site.name} is not on record as enrolled in the REMS.")
    if standing_patient(appointment.patient) is None:
        reasons.append("No REMS enrollment signed by patient and prescriber is on record.")
    return reasons


def due_at(session: Session, days: int) -> datetime:
    """The end of the last day for a session's form, at the clock of its site."""
    start = session.first_dose_at or session.opened_at
    return end_of_day_after(start, days, session.site.timezone)


def owed_sessions(site_ids: Iterable[UUID] | None, now: datetime) -> list[OwedForm]:
    """The sessions with drug given whose form was not submitted, the earliest due first.

    Only those of the product at sites where the programme holds, and none from before the site's
    enrollment was first put on record here: their forms are kept elsewhere. Three queries.
    """
    rows = Session.objects.filter(
        product=PRODUCT,
        site__jurisdiction=JURISDICTION,
        first_dose_at__isnull=False,
        first_dose_at__lte=now,
        rems_form__submitted_at=None,
    ).exclude(state__in=(SessionState.BEFORE_DOSE, SessionState.ABANDONED))
    if site_ids is not None:
        rows = rows.filter(site_id__in=list(site_ids))
    rows = rows.select_related("site", "patient", "rems_form").order_by("first_dose_at")
    days: dict[UUID, int] = {}
    kept_since = kept_here_since()
    found = []
    for session in rows:
        if session.first_dose_at < kept_since.get(session.site_id, session.first_dose_at):
            continue
        if session.site_id not in days:
            days[session.site_id] = definition_for(session.site_id).due_days
        form = getattr(session, "rems_form", None)
        due = form.due_at if form is not None else due_at(session, days[session.site_id])
        found.append(OwedForm(session, due, form))
    return sorted(found, key=lambda one: one.due_at)


def kept_here_since() -> dict[UUID, datetime]:
    """Since when each site has kept the programme here: its first enrollment on record."""
    rows = RemsSite.objects.filter(program=PROGRAM).order_by("-recorded_at")
    return dict(rows.values_list("site_id", "recorded_at"))


def definition_for(site_id: Any) -> Definition:
    """The form a site fills in: its own newest version, else the one that ships."""
    own = (
        RemsDefinition.objects.filter(site_id=site_id, program=PROGRAM, withdrawn_at=None)
        .order_by("-loaded_at")
        .first()
    )
    return shipped() if own is None else read_definition(own.document)


@cache
def shipped() -> Definition:
    """The form as it ships: what was read of it, the rest said to be unread."""
    path = Path(__file__).parent / "rems_forms" / "spravato-outpatient.json"
    return read_definition(json.loads(path.read_text()))


def read_definition(document: Any) -> Definition:
    """A form from its document. Raises ``Invalid`` saying what is wrong with it."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _wrong(f"The file must say its format: {FORMAT}.")
    if document.get("program") != PROGRAM:
        raise _wrong(f"The file must be for the programme {PROGRAM}.")
    days, blocks, sources = (document.get(name) for name in ("due_days", "blocks", "sources"))
    if type(days) is not int or not 1 <= days <= 60:
        raise _wrong("due_days must be a whole number of days from 1 to 60.")
    if not isinstance(blocks, list) or not blocks or not isinstance(sources, dict):
        raise _wrong("The file needs blocks with fields, and sources.")
    known = {name: _source(said) for name, said in sources.items()}
    read = tuple(_block(block, known) for block in blocks)
    ids = [field.id for _, fields in read for field in fields]
    if len(ids) > _MOST_FIELDS or len(set(ids)) != len(ids):
        raise _wrong("Each field needs an id of its own, and there are at most 200.")
    return Definition(
        title=_text(document, "title"),
        edition=_text(document, "edition"),
        due_days=days,
        official=document.get("official") is True,
        blocks=read,
        document=document,
        hash=digest(canonical(document)),
    )


def _block(block: Any, sources: dict[str, Source]) -> tuple[str, tuple[FieldSpec, ...]]:
    if not isinstance(block, dict) or not isinstance(block.get("fields"), list):
        raise _wrong("Each block needs a title and fields.")
    return _text(block, "title"), tuple(_field(said, sources) for said in block["fields"])


def _field(said: Any, sources: dict[str, Source]) -> FieldSpec:
    if not isinstance(said, dict):
        raise _wrong("A field is an object with id, label and kind.")
    name, kind = _text(said, "id"), said.get("kind")
    if not all(c.isascii() and (c.islower() or c.isdigit() or c == "_") for c in name):
        raise _wrong(f"The id {name[:40]!r} may hold small letters, digits and underscores only.")
    if not isinstance(kind, str) or kind not in KINDS:
        raise _wrong(
            f"The field {name} is of no known kind; use one of {', '.join(sorted(KINDS))}."
        )
    choices = said.get("choices", [])
    if not isinstance(choices, list) or not all(isinstance(one, str) and one for one in choices):
        raise _wrong(f"The choices of {name} must be a list of words.")
    if (kind == "choice") != bool(choices):
        raise _wrong(f"The field {name} needs choices where it is a choice, and only then.")
    source = said.get("source")
    if not isinstance(source, str) or source not in sources:
        raise _wrong(f"The field {name} must name one of the file's sources.")
    origin = said.get("from", "")
    return FieldSpec(
        id=name,
        label=_text(said, "label"),
        kind=kind,
        required=said.get("required") is True,
        origin=origin if isinstance(origin, str) else "",
        source=sources[source],
        unit=str(said.get("unit", ""))[:20],
        choices=tuple(one[:_LONGEST] for one in choices),
    )


def _source(said: Any) -> Source:
    if not isinstance(said, dict):
        raise _wrong("A source is an object with title, url and mark.")
    url = said.get("url", "")
    if not isinstance(url, str) or (url and not url.startswith("https://")):
        raise _wrong("The address of a source begins with https://, or is empty.")
    return Source(_text(said, "title"), url, _text(said, "mark"))


def _text(said: dict[str, Any], name: str) -> str:
    found = said.get(name)
    if not isinstance(found, str) or not found.strip() or len(found) > _LONGEST or "\x00" in found:
        raise _wrong(f"Something has no {name}, or one longer than {_LONGEST} letters.")
    return found.strip()


def _wrong(words: str) -> Invalid:
    return Invalid(words, fields={"file": words}, code="not_a_form")
