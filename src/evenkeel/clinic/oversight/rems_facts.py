"""What the session says of each field of the monitoring form: proposals, never answers.

Pure functions of the session's own events and rows. Nothing is taken from an earlier form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from evenkeel.clinic.oversight.given import lots_in
from evenkeel.clinic.oversight.models import Incident, RemsForm
from evenkeel.clinic.oversight.rems import PRODUCT, Definition, FieldSpec, standing_patient
from evenkeel.clinic.session.models import Session
from evenkeel.clinic.session.queries import timeline_of
from evenkeel.clinic.session.timeline import Timeline

#: A reading this near to the 40th minute counts as the one of the 40th minute. Clinic policy.
NEAR_40: Final = timedelta(minutes=10)
_AT_40: Final = timedelta(minutes=40)
#: MOAA/S of somebody who answers readily to their name; anything lower is sedation.
_ALERT: Final = 5


@dataclass(frozen=True, slots=True)
class Proposal:
    """A value as the form takes it, and where in the record it stands."""

    value: str
    where: str


@dataclass(frozen=True, slots=True)
class FieldState:
    """One field now. ``state``: "open", "confirmed", "unknown" or "reopened".

    "reopened" is one that was answered while the session said something else than it does now.
    """

    spec: FieldSpec
    proposal: Proposal | None
    state: str
    value: str
    by: str
    at: datetime | None

    @property
    def is_settled(self) -> bool:
        """Whether somebody has answered it, and the session still says the same."""
        return self.state in ("confirmed", "unknown")


def field_states(
    definition: Definition, form: RemsForm | None, proposals: Mapping[str, Proposal]
) -> list[FieldState]:
    """Every field with what is proposed and what was answered, in the form's order."""
    return [
        _state(spec, proposals.get(spec.origin), (form.fields if form else {}).get(spec.id))
        for spec in definition.fields
    ]


def _state(
    spec: FieldSpec, proposal: Proposal | None, said: Mapping[str, Any] | None
) -> FieldState:
    if said is None:
        return FieldState(spec, proposal, "open", "", "", None)
    now_says = proposal.value if proposal else ""
    state = said["state"] if said["proposed"] == now_says else "reopened"
    at = datetime.fromisoformat(said["at"])
    return FieldState(spec, proposal, state, said["value"], said["by"], at)


def proposals_for(session: Session, now: datetime) -> dict[str, Proposal]:
    """What the record says, by the name under which a form's field asks for it.

    What nobody recorded is left out: a missing reading proposes nothing. About six queries.
    """
    timeline = timeline_of(session, now)
    found: dict[str, Proposal] = {}
    for part in (_person, _site, _today, _dose, _signs):
        found |= part(session, timeline)
    return {name: one for name, one in found.items() if one.value}


def _person(session: Session, timeline: Timeline) -> dict[str, Proposal]:
    patient = session.patient
    earlier = Session.objects.filter(
        patient=patient, product=PRODUCT, first_dose_at__lt=session.first_dose_at
    ).exclude(pk=session.pk)
    enrolled = standing_patient(patient)
    sexes = {"male": "Male", "female": "Female", "other": "Other"}
    found = {
        "patient.given_name": Proposal(patient.given_name, "the person's record"),
        "patient.family_name": Proposal(patient.family_name, "the person's record"),
        "patient.birth_date": Proposal(patient.birth_date.isoformat(), "the person's record"),
        "patient.sex": Proposal(sexes.get(patient.sex, ""), "the person's record"),
        "course.first_treatment": Proposal(
            "no" if earlier.exists() else "yes", "the sessions here; elsewhere is not known"
        ),
    }
    if enrolled is not None:
        found["rems.enrolled"] = Proposal("yes", f"enrollment {enrolled.reference}")
    serious = Incident.objects.filter(session=session).exclude(seriousness=[])
    if serious.exists():
        found["incidents.serious"] = Proposal("yes", "an incident of this session")
    return found


def _site(session: Session, timeline: Timeline) -> dict[str, Proposal]:
    site, nurse = session.site, session.nurse
    found = {
        "site.name": Proposal(site.name, "the site"),
        "site.address": Proposal(" ".join(site.address.split()), "the site"),
        "site.phone": Proposal(site.phone, "the site"),
        "session.nurse_name": Proposal(timeline.in_charge["name"], "who watched at the end"),
    }
    if nurse is not None and str(nurse.pk) == timeline.in_charge["id"]:
        found["session.nurse_email"] = Proposal(nurse.email, "the account")
    return found


def _today(session: Session, timeline: Timeline) -> dict[str, Proposal]:
    appointment = session.appointment
    said = ((appointment.check_in if appointment else None) or {}).get("said", {})
    return {
        f"today.{name}": Proposal(said[name], "check-in of the day")
        for name in ("benzodiazepine", "stimulant", "maoi")
        if said.get(name) in ("yes", "no")
    }


def _dose(session: Session, timeline: Timeline) -> dict[str, Proposal]:
    start, end = timeline.started_at, timeline.discharged_at
    lots = lots_in(timeline)
    found = {"session.lot": Proposal(", ".join(lots), "the doses given")}
    if start is None:
        return found
    zone = ZoneInfo(session.site.timezone)
    found["session.date"] = Proposal(start.astimezone(zone).date().isoformat(), "the first device")
    found["session.given_mg"] = Proposal(f"{timeline.given_mg:g}", "the devices given")
    if end is not None:
        minutes = round((end - start) / timedelta(minutes=1))
        found["session.duration_min"] = Proposal(str(minutes), "first device to leaving")
    return found


def _signs(session: Session, timeline: Timeline) -> dict[str, Proposal]:
    start = timeline.started_at
    if start is None:
        return {}
    zone = ZoneInfo(session.site.timezone)

    def at(moment: datetime) -> str:
        return f"measured {moment.astimezone(zone):%H:%M}"

    found: dict[str, Proposal] = {}
    pairs = _pressures(timeline)
    before = [one for one in pairs if one[0] <= start]
    after = [one for one in pairs if one[0] > start]
    middle = start + _AT_40
    near = [one for one in after if abs(one[0] - middle) <= NEAR_40]
    chosen = {
        "session.pressure_before": before[-1:] and before[-1],
        "session.pressure_40": near and min(near, key=lambda one: abs(one[0] - middle)),
        "session.pressure_end": timeline.discharged_at and after[-1:] and after[-1],
    }
    for name, pair in chosen.items():
        if pair:
            found[name] = Proposal(pair[1], at(pair[0]))
    # an answer of "no" needs readings; one reading that says so is enough for "yes"
    questions: tuple[tuple[str, str, Callable[[float], bool]], ...] = (
        ("session.sedation", "moaas", lambda value: value < _ALERT),
        ("session.dissociation", "dissociation_0_10", lambda value: value > 0),
    )
    for name, quantity, shows in questions:
        points = [p for p in timeline.series.get(quantity, ()) if p.at > start]
        seen = next((p for p in points if shows(p.value)), None)
        if seen is not None:
            found[name] = Proposal("yes", at(seen.at))
        elif points:
            found[name] = Proposal("no", f"{len(points)} readings, none showed it")
    if any(p.at > start for p in timeline.series.get("spo2_percent", ())):
        found["session.oximetry"] = Proposal("yes", "the readings")
    return found


def _pressures(timeline: Timeline) -> list[tuple[datetime, str]]:
    lower = {p.event_id: p.value for p in timeline.series.get("dbp_mmhg", ())}
    return [
        (p.at, f"{p.value:g}/{lower[p.event_id]:g}")
        for p in timeline.series.get("sbp_mmhg", ())
        if p.event_id in lower
    ]
