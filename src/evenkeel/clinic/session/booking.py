"""Setting a time aside: what an appointment needs, what stands against it, how it may change."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from evenkeel.clinic.course.models import Course, Plan
from evenkeel.clinic.course.queries import protocol_for
from evenkeel.clinic.people.models import Account, Chair, Membership, Patient
from evenkeel.clinic.people.standing import set_standing
from evenkeel.clinic.record.act import Act
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.clinic.record.permissions import Role
from evenkeel.clinic.session.models import Appointment, AppointmentStatus
from evenkeel.protocol.pack import Protocol

#: Hours and days (Monday is 0) a site is open; beyond them is asked, not refused. Clinic policy.
OPENS, CLOSES = time(8), time(18)
OPEN_DAYS: Final = frozenset(range(5))
#: Minutes set aside by kind, and before a dose for arriving and the checks. Assumed.
MINUTES: Final[dict[str, int]] = {
    "screening": 60,
    "preparation": 60,
    "dosing": 120,
    "integration": 60,
    "follow_up_call": 15,
}
BEFORE_DOSE_MIN: Final = 20
LONGEST_MIN: Final = 12 * 60
KINDS: Final[dict[str, str]] = dict(Appointment.KINDS)
#: Kinds for which the person does not come.
BY_TELEPHONE: Final = frozenset({"follow_up_call"})
#: Statuses in which an appointment takes up its chair and its people.
STANDING: Final = (AppointmentStatus.BOOKED, AppointmentStatus.CHECKED_IN)
#: From where to where an appointment may go. What is not listed never happens.
TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    "booked": frozenset({"checked_in", "done", "no_show", "moved", "cancelled"}),
    "checked_in": frozenset({"done", "cancelled"}),
    "no_show": frozenset({"checked_in"}),
    "done": frozenset(),
    "moved": frozenset(),
    "cancelled": frozenset(),
}
NURSES: Final = (Role.SESSION_NURSE, Role.PRESCRIBER, Role.MEDICAL_DIRECTOR)
THERAPISTS: Final = (Role.THERAPIST, Role.PRESCRIBER, Role.MEDICAL_DIRECTOR)


class NeedsConfirmation(Refused):
    """Nothing forbids it, but somebody should have seen the ``warnings`` first."""

    code = "needs_confirm"

    def __init__(self, warnings: Iterable[str]) -> None:
        self.warnings = tuple(warnings)
        super().__init__(
            " ".join(self.warnings),
            what_to_do="Choose another time, or confirm that this is meant.",
            fields={"confirmed": "Tick this if it is meant."},
        )


@dataclass(frozen=True, slots=True)
class Slot:
    """When, where and with whom. ``ends_at`` lies after ``starts_at``, both aware."""

    starts_at: datetime
    ends_at: datetime
    chair: Chair | None = None
    nurse: Account | None = None
    therapist: Account | None = None


def dosing_minutes(plan: Plan | None, protocol: Protocol | None) -> int:
    """Minutes to set aside for a dose: checks, drug, and the least time until leaving.

    Rounded up to a quarter of an hour.
    """
    if plan is None or protocol is None:
        return MINUTES["dosing"]
    drug_min = float(plan.duration_min or 0)
    stay_min = max(
        protocol.number("discharge.min_since_start_min"),
        drug_min + protocol.number("discharge.min_since_drug_end_min"),
    )
    return math.ceil((BEFORE_DOSE_MIN + stay_min) / 15) * 15


def minutes_for(kind: str, course: Course, plan: Plan | None = None, *, at: datetime) -> int:
    """Minutes usually set aside for an appointment of this kind, by the protocol of that time."""
    if kind == "dosing":
        return dosing_minutes(plan, protocol_for(course, at=at))
    return MINUTES[kind]


def staff_of(site_id: Any, roles: Iterable[Role]) -> Any:
    """Accounts that hold one of ``roles`` at the site now, by name."""
    holders = Membership.objects.filter(
        site_id=site_id, ended_at=None, role__in=[role.value for role in roles]
    ).values("account_id")
    return Account.objects.filter(pk__in=holders, is_active=True).order_by("full_name")


def read_slot(
    course: Course,
    kind: str,
    *,
    starts_at: datetime,
    minutes: int,
    chair_id: Any = None,
    nurse_id: Any = None,
    therapist_id: Any = None,
) -> Slot:
    """Check what was asked for in itself. Raises ``Invalid`` naming every field that is wrong."""
    wrong: dict[str, str] = {}
    if kind not in KINDS:
        wrong["kind"] = "Choose what the appointment is for."
    if starts_at.tzinfo is None:
        wrong["starts_at"] = "The time needs a time zone."
    if not 5 <= minutes <= LONGEST_MIN:
        wrong["minutes"] = f"Between 5 and {LONGEST_MIN} minutes."
    chair = _chair(course, chair_id, wrong) if kind not in BY_TELEPHONE else None
    if kind == "dosing" and chair is None and "chair_id" not in wrong:
        wrong["chair_id"] = "A dose needs a chair."
    nurse = _colleague(course, nurse_id, NURSES, "nurse_id", wrong)
    therapist = _colleague(course, therapist_id, THERAPISTS, "therapist_id", wrong)
    if wrong:
        raise Invalid("The appointment is not complete yet.", fields=wrong)
    return Slot(starts_at, starts_at + timedelta(minutes=minutes), chair, nurse, therapist)


def _chair(course: Course, chair_id: Any, wrong: dict[str, str]) -> Chair | None:
    if not chair_id:
        return None
    found: Chair | None = Chair.objects.filter(
        pk=chair_id, site_id=course.site_id, active=True
    ).first()
    if found is None:
        wrong["chair_id"] = "Choose a chair of this site."
    return found


def _colleague(
    course: Course, account_id: Any, roles: Iterable[Role], field: str, wrong: dict[str, str]
) -> Account | None:
    if not account_id:
        return None
    found: Account | None = staff_of(course.site_id, roles).filter(pk=account_id).first()
    if found is None:
        wrong[field] = "Choose a colleague from the list."
    return found


def check_bookable(course: Course) -> None:
    """Raise ``Refused`` for a closed course or a person who has died."""
    if course.patient.deceased:
        raise Refused("This person has died; nothing is booked.", code="deceased")
    if course.state == "closed":
        raise Refused(
            "This course is closed.",
            what_to_do="Open a new course for this person first.",
            code="course_closed",
        )


def check_free(
    course: Course,
    kind: str,
    slot: Slot,
    *,
    now: datetime,
    replacing: Appointment | None = None,
    beside: Collection[Any] = (),
) -> list[str]:
    """What should be confirmed; empty when nothing. Raises ``Conflict`` (``clash``).

    A chair and a person can be in one place at a time: a clash names who is there and when. Two
    doses under one nurse, a colleague booked twice, closed hours and the like are warnings; not
    so for the appointments whose keys are ``beside``, which are meant to share their staff.
    """
    others = (
        Appointment.objects.filter(
            site_id=course.site_id,
            status__in=STANDING,
            starts_at__lt=slot.ends_at,
            ends_at__gt=slot.starts_at,
        )
        .exclude(pk=replacing.pk if replacing else None)
        .select_related("patient", "chair", "nurse", "therapist")
    )
    zone = ZoneInfo(course.site.timezone)
    wrong: dict[str, str] = {}
    warnings: list[str] = []
    for other in others:
        what = f"{words_of(other, zone)} ({other.patient.name})"
        if slot.chair is not None and other.chair_id == slot.chair.pk:
            wrong["chair_id"] = f"{slot.chair.name} is taken: {what}."
        if other.patient_id == course.patient_id and kind not in BY_TELEPHONE:
            wrong["starts_at"] = f"{other.patient.name} has a {words_of(other, zone)} then."
        if other.pk not in beside:
            warnings += _shared_staff(slot, kind, other, what)
    if wrong:
        raise Conflict(
            " ".join(wrong.values()),
            what_to_do="Choose another time or chair.",
            fields=wrong,
            code="clash",
        )
    return warnings + _unusual(course, kind, slot, now, zone, replacing)


def words_of(appointment: Appointment, zone: ZoneInfo) -> str:
    """An appointment in a few words: "dosing session 13:00 to 15:00"."""
    start, end = appointment.starts_at.astimezone(zone), appointment.ends_at.astimezone(zone)
    return f"{appointment.get_kind_display().lower()} {start:%H:%M} to {end:%H:%M}"


def _shared_staff(slot: Slot, kind: str, other: Appointment, what: str) -> list[str]:
    if kind in BY_TELEPHONE or other.kind in BY_TELEPHONE:
        return []
    found = []
    if slot.nurse is not None and other.nurse_id == slot.nurse.pk:
        both = kind == other.kind == "dosing"
        also = "watches another dose then" if both else "is booked then"
        found.append(f"{slot.nurse.full_name} {also}: {what}.")
    if slot.therapist is not None and other.therapist_id == slot.therapist.pk:
        found.append(f"{slot.therapist.full_name} is booked then: {what}.")
    return found


def _unusual(
    course: Course,
    kind: str,
    slot: Slot,
    now: datetime,
    zone: ZoneInfo,
    replacing: Appointment | None,
) -> list[str]:
    found = []
    start, end = slot.starts_at.astimezone(zone), slot.ends_at.astimezone(zone)
    if slot.starts_at < now - timedelta(minutes=15):
        found.append("This time has passed.")
    if kind not in BY_TELEPHONE:
        if start.weekday() not in OPEN_DAYS:
            found.append(f"{course.site.name} is closed on a {start:%A}.")
        elif start.time() < OPENS or end.time() > CLOSES or end.date() != start.date():
            found.append(f"{course.site.name} is open from {OPENS:%H:%M} to {CLOSES:%H:%M}.")
    if kind == "dosing":
        if course.state in ("referred", "screening", "paused"):
            state = course.get_state_display().lower()
            found.append(f"The course is in {state}; no dose can be given as it stands.")
        found += _too_near(course, slot, replacing)
    return found


def _too_near(course: Course, slot: Slot, replacing: Appointment | None) -> list[str]:
    protocol = protocol_for(course, at=slot.starts_at)
    if protocol is None:
        return []
    least_h = protocol.number("session.min_interval_h")
    gap = timedelta(hours=least_h)
    near = (
        Appointment.objects.filter(
            patient_id=course.patient_id,
            kind="dosing",
            status__in=(*STANDING, AppointmentStatus.DONE),
            starts_at__gt=slot.starts_at - gap,
            starts_at__lt=slot.starts_at + gap,
        )
        .exclude(pk=replacing.pk if replacing else None)
        .exists()
    )
    return [f"Less than {least_h:g} hours from another dose of this person."] if near else []


def place(
    act: Act,
    course: Course,
    kind: str,
    slot: Slot,
    *,
    confirmed: bool,
    note: str = "",
    replacing: Appointment | None = None,
    follows: Appointment | None = None,
) -> Appointment:
    """Write an appointment that was read and found free.

    Raises ``Conflict`` (``clash``), :class:`NeedsConfirmation` unless ``confirmed``.
    """
    warnings = check_free(course, kind, slot, now=act.now, replacing=replacing)
    if warnings and not confirmed:
        raise NeedsConfirmation(warnings)
    if warnings:
        act.note(confirmed=warnings)
    return act.write(
        Appointment(
            site_id=course.site_id,
            patient=course.patient,
            course=course,
            kind=kind,
            chair=slot.chair,
            nurse=slot.nurse,
            therapist=slot.therapist,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            note=note.strip(),
            follows=follows,
        )
    )


def change_status(act: Act, appointment: Appointment, to: str, reason: str = "") -> Appointment:
    """Move an appointment along :data:`TRANSITIONS`. Raises ``Refused`` (``no_such_step``)."""
    if to not in TRANSITIONS[appointment.status]:
        now = appointment.get_status_display().lower()
        wanted = AppointmentStatus(to).label.lower()
        raise Refused(
            f"This appointment is {now}; it cannot become {wanted}.",
            what_to_do="Look at it as it stands now.",
            code="no_such_step",
        )
    appointment.status = AppointmentStatus(to)
    appointment.status_reason = reason.strip()
    act.reason = act.reason or reason.strip()
    act.write(appointment)
    keep_next_at(act, appointment.patient)
    return appointment


def keep_next_at(act: Act, patient: Patient) -> None:
    """Note on the person when they come next; telephone calls do not count."""
    coming = (
        Appointment.objects.filter(
            patient_id=patient.pk, status=AppointmentStatus.BOOKED, ends_at__gte=act.now
        )
        .exclude(kind__in=BY_TELEPHONE)
        .order_by("starts_at")
        .values_list("starts_at", flat=True)
        .first()
    )
    set_standing(act, patient, next_at=coming)
