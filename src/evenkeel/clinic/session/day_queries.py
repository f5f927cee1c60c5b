"""What is asked of a day: who is expected, who is here, who did not come, whom to call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet

from evenkeel.clinic.course.models import Course, Plan
from evenkeel.clinic.people.models import Account, Chair, Site
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.session.booking import CLOSES, OPENS, STANDING
from evenkeel.clinic.session.models import Appointment, AppointmentStatus, SessionState
from evenkeel.protocol.products import PRODUCTS
from evenkeel.web import svg

#: Minutes after which somebody expected counts as late. Assumed.
LATE_MIN: Final = 15
#: Who is expected within this is shown as next to arrive. Assumed.
SOON: Final = timedelta(minutes=60)
TALKS_LANE, CALLS_LANE, NO_CHAIR_LANE = "Talks", "Calls", "No chair"
Place = Literal["expected", "here", "in_chair", "done", "did_not_come", "gone"]
PLACES: Final[dict[Place, str]] = {
    "expected": "Expected",
    "here": "Checked in",
    "in_chair": "In the chair",
    "done": "Done",
    "did_not_come": "Did not come",
    "gone": "Moved or cancelled",
}
_RELATED: Final = ("patient", "course", "chair", "nurse", "therapist", "session", "moved_to")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the day. ``late_min`` is set while somebody expected is late, ``is_soon`` from an
    hour before their time."""

    appointment: Appointment
    place: Place
    word: str
    product: str
    session_id: Any = None
    late_min: int | None = None
    is_soon: bool = False
    open_findings: int = 0

    @property
    def settle_words(self) -> str:
        """How many findings of the check-in are open: "3 to settle"."""
        return f"{self.open_findings} to settle"

    @property
    def is_call(self) -> bool:
        """Whether the person is telephoned and does not come."""
        return bool(self.appointment.kind == "follow_up_call")


@dataclass(frozen=True, slots=True)
class DayView:
    """A day at a site, its entries by time; ``calls`` are those due on it or left from before."""

    site: Site
    day: date
    now: datetime
    zone: ZoneInfo
    entries: Sequence[Entry]
    calls: Sequence[Appointment]
    unbooked: Sequence[Course] = field(default_factory=tuple)

    @property
    def is_today(self) -> bool:
        """Whether it is the day it is now at the site."""
        return self.now.astimezone(self.zone).date() == self.day

    @property
    def tally(self) -> list[tuple[str, int]]:
        """How many stand where, calls and what was moved or cancelled left out."""
        counted = [e.place for e in self.entries if not e.is_call]
        return [(word, counted.count(place)) for place, word in PLACES.items() if place != "gone"]

    @property
    def groups(self) -> list[tuple[str, Place, list[Entry]]]:
        """The entries under the place they stand at, empty groups left out."""
        found = []
        for place, word in PLACES.items():
            rows = [e for e in self.entries if e.place == place and not e.is_call]
            if rows:
                found.append((word, place, rows))
        return found


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first moment of a day at a place, and that of the next."""
    start = datetime.combine(day, time(0), tzinfo=zone)
    return start, datetime.combine(day + timedelta(days=1), time(0), tzinfo=zone)


def sites_for(ctx: Context, permission: str) -> list[Site]:
    """The active sites where the caller holds a permission, by name."""
    sites = ctx.actor.sites(permission)
    rows = Site.objects.filter(active=True).order_by("name", "created_at")
    return list(rows if sites is None else rows.filter(pk__in=sites))


def appointments_on(site: Site, day: date) -> QuerySet[Appointment]:
    """Those of a day at a site, by time."""
    start, end = bounds(day, ZoneInfo(site.timezone))
    rows: QuerySet[Appointment] = (
        Appointment.objects.filter(site=site, starts_at__gte=start, starts_at__lt=end)
        .select_related(*_RELATED)
        .order_by("starts_at", "chair__order", "patient__family_name")
    )
    return rows


def day_view(site: Site, day: date, now: datetime, *, staff_id: Any = None) -> DayView:
    """A day at a site, for everybody or for one colleague; three queries."""
    zone = ZoneInfo(site.timezone)
    rows = appointments_on(site, day)
    if staff_id:
        rows = rows.filter(Q(nurse_id=staff_id) | Q(therapist_id=staff_id))
    entries = [entry_of(appointment, now) for appointment in rows]
    calls = [e.appointment for e in entries if e.is_call and e.place == "expected"]
    unbooked: list[Course] = []
    if now.astimezone(zone).date() == day:
        calls = [*_left_calls(site, day, zone, staff_id), *calls]
        unbooked = unbooked_courses(site, now)
    return DayView(site, day, now, zone, entries, calls, unbooked)


def _left_calls(site: Site, day: date, zone: ZoneInfo, staff_id: Any) -> list[Appointment]:
    start, _ = bounds(day, zone)
    rows = Appointment.objects.filter(
        site=site, kind="follow_up_call", status=AppointmentStatus.BOOKED, starts_at__lt=start
    )
    if staff_id:
        rows = rows.filter(nurse_id=staff_id)
    return list(rows.select_related("patient", "nurse").order_by("starts_at")[:50])


def entry_of(appointment: Appointment, now: datetime) -> Entry:
    """How one appointment stands at ``now``; it must come with its relations."""
    session = getattr(appointment, "session", None)
    place, word = _place(appointment, session)
    late = None
    if place == "expected" and appointment.kind != "follow_up_call":
        minutes = int((now - appointment.starts_at) / timedelta(minutes=1))
        late = minutes if minutes >= LATE_MIN else None
    item = PRODUCTS.get(appointment.course.product)
    findings = (appointment.check_in or {}).get("findings", []) if place == "here" else []
    return Entry(
        appointment=appointment,
        place=place,
        word=word,
        product=item.label if item and appointment.kind == "dosing" else "",
        session_id=session.pk if session else None,
        late_min=late,
        is_soon=appointment.starts_at - now <= SOON,
        open_findings=sum(f["level"] in ("hold", "review") for f in findings),
    )


def _place(appointment: Appointment, session: Any) -> tuple[Place, str]:
    status = appointment.status
    if status == AppointmentStatus.CHECKED_IN and session is not None:
        return "in_chair", session.get_state_display()
    if status == AppointmentStatus.DONE:
        if session is not None and session.state == SessionState.ACCOUNTING:
            return "done", str(session.get_state_display())
        given = session is None or session.state != SessionState.ABANDONED
        return "done", "Done" if given else "Not given"
    places: dict[str, Place] = {
        AppointmentStatus.BOOKED: "expected",
        AppointmentStatus.CHECKED_IN: "here",
        AppointmentStatus.NO_SHOW: "did_not_come",
    }
    return places.get(status, "gone"), appointment.get_status_display()


def unbooked_courses(site: Site, now: datetime, most: int = 30) -> list[Course]:
    """Courses under treatment with no dose ahead, those waiting longest first; one query."""
    ahead = Appointment.objects.filter(
        course=OuterRef("pk"), kind="dosing", status__in=STANDING, ends_at__gte=now
    )
    plan = Plan.objects.filter(course=OuterRef("pk"), state="signed")
    return list(
        Course.objects.filter(
            Exists(plan), ~Exists(ahead), site=site, state__in=("induction", "maintenance")
        )
        .filter(patient__deceased=False)
        .select_related("patient")
        .order_by("state_since")[:most]
    )


def lane_of(appointment: Appointment) -> str:
    """The line of the day's drawing an appointment stands on."""
    if appointment.kind == "follow_up_call":
        return CALLS_LANE
    if appointment.chair_id is not None:
        return str(appointment.chair.name)
    return NO_CHAIR_LANE if appointment.kind == "dosing" else TALKS_LANE


def draw_day(view: DayView, chairs: Sequence[Chair], url_of: Any) -> Any:
    """The day as a drawing, a line a chair; ``url_of`` makes an appointment's address."""
    states: dict[Place, Any] = {
        "done": "done",
        "in_chair": "live",
        "here": "live",
        "expected": "planned",
        "did_not_come": "gone",
    }
    shown = [e for e in view.entries if e.place in states]
    lanes = [str(c.name) for c in chairs]
    for extra in (NO_CHAIR_LANE, TALKS_LANE, CALLS_LANE):
        if any(lane_of(e.appointment) == extra for e in shown):
            lanes.append(extra)
    others = {lane_of(e.appointment) for e in shown} - set(lanes)  # chairs no longer in use
    start, end = _hours(view, shown)
    return svg.day_timeline(
        svg.Day(
            start=start,
            end=end,
            now=view.now,
            lanes=[*lanes, *sorted(others)],
            appointments=[
                svg.Appointment(
                    lane=lane_of(e.appointment),
                    start=e.appointment.starts_at,
                    end=e.appointment.ends_at,
                    name=e.appointment.patient.name,
                    note=_note(e),
                    state=states[e.place],
                    url=url_of(e.appointment),
                )
                for e in shown
            ],
            title="The day by chair",
        ),
        width=1340,
    )


def _note(entry: Entry) -> str:
    if entry.place in ("in_chair", "here", "did_not_come"):
        return entry.word.lower()
    return entry.product or str(entry.appointment.get_kind_display()).lower()


def _hours(view: DayView, shown: Sequence[Entry]) -> tuple[datetime, datetime]:
    """Opening hours, widened to hold what is booked, on whole hours."""
    start = datetime.combine(view.day, OPENS, tzinfo=view.zone)
    end = datetime.combine(view.day, CLOSES, tzinfo=view.zone)
    _, midnight = bounds(view.day, view.zone)
    for entry in shown:
        begins = entry.appointment.starts_at.astimezone(view.zone)
        ends = min(entry.appointment.ends_at.astimezone(view.zone), midnight)
        start = min(start, begins.replace(minute=0, second=0, microsecond=0))
        if ends > end:
            end = ends
    return start, end


def staff_on(site: Site, day: date) -> list[Account]:
    """Everybody who has an appointment to look after on a day, by name."""
    start, end = bounds(day, ZoneInfo(site.timezone))
    rows = Appointment.objects.filter(site=site, starts_at__gte=start, starts_at__lt=end)
    ids = {pk for pair in rows.values_list("nurse_id", "therapist_id") for pk in pair if pk}
    return list(Account.objects.filter(pk__in=ids).order_by("full_name"))


def history_of(appointment: Appointment) -> list[Appointment]:
    """Everything this appointment was before it was moved, oldest first, and what it became."""
    chain = [appointment]
    while len(chain) < 50:
        before = Appointment.objects.filter(moved_to=chain[0]).first()
        if before is None:
            break
        chain.insert(0, before)
    while chain[-1].moved_to_id is not None and len(chain) < 100:
        chain.append(chain[-1].moved_to)
    return chain
