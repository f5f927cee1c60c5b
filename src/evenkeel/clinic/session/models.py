"""Appointments; the live session as its append-only list of events; what monitors sent."""

from __future__ import annotations

from django.db import models

from evenkeel.clinic.course.models import Course, Plan
from evenkeel.clinic.people.models import Account, Chair, Patient
from evenkeel.clinic.protocols.models import ProtocolVersion
from evenkeel.clinic.record.models import Appended, Record
from evenkeel.clinic.record.signed import Signed
from evenkeel.clinic.session.signed_events import meaning_of_event


class AppointmentStatus(models.TextChoices):
    """How an appointment stands."""

    BOOKED = "booked", "Booked"
    CHECKED_IN = "checked_in", "Checked in"
    DONE = "done", "Done"
    NO_SHOW = "no_show", "Did not come"
    MOVED = "moved", "Moved"
    CANCELLED = "cancelled", "Cancelled"


class Appointment(Record):
    """A time set aside for one person, in one chair or by telephone."""

    KINDS = (
        ("screening", "Screening visit"),
        ("preparation", "Preparation"),
        ("dosing", "Dosing session"),
        ("integration", "Integration"),
        ("follow_up_call", "Follow-up call"),
    )

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="appointments")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="appointments")
    kind = models.CharField(max_length=16, choices=KINDS)
    chair = models.ForeignKey(Chair, null=True, on_delete=models.PROTECT, related_name="+")
    nurse = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    therapist = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(
        max_length=12, choices=AppointmentStatus.choices, default=AppointmentStatus.BOOKED
    )
    status_reason = models.TextField(blank=True)
    moved_to = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="moved_from"
    )
    #: What this one was made for: the dosing session a call asks about, the visit missed.
    follows = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="follow_ups"
    )
    check_in = models.JSONField(null=True)
    checked_in_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    outcome = models.JSONField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["site", "starts_at"], name="appointment_by_day"),
            models.Index(fields=["patient", "starts_at"], name="appointment_by_person"),
        ]


class SessionState(models.TextChoices):
    """The phase of a session; it follows from its events and is kept for the board's sake."""

    BEFORE_DOSE = "before_dose", "Before dose"
    RUNNING = "running", "Drug running"
    PAUSED = "paused", "Paused"
    WATCHING = "watching", "Watching"
    #: The person has left; drawn, given and wasted do not agree yet.
    ACCOUNTING = "accounting", "Drug to account for"
    CLOSED = "closed", "Closed"
    ABANDONED = "abandoned", "Not given"


LIVE_STATES = (
    SessionState.BEFORE_DOSE,
    SessionState.RUNNING,
    SessionState.PAUSED,
    SessionState.WATCHING,
)


class Session(Record):
    """One dosing session. Everything that happens in it is a :class:`SessionEvent`."""

    added_later = frozenset({"protocol_used_id", "protocol_hash", "second_id", "ledger"})

    appointment = models.OneToOneField(
        Appointment, null=True, on_delete=models.PROTECT, related_name="session"
    )
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="sessions")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="sessions")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    chair = models.ForeignKey(Chair, null=True, on_delete=models.PROTECT, related_name="+")
    nurse = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    #: Who is called where an alarm is not answered; nobody is NULL.
    second = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(
        max_length=12, choices=SessionState.choices, default=SessionState.BEFORE_DOSE
    )
    product = models.CharField(max_length=24)
    protocol_name = models.CharField(max_length=80)
    protocol_version = models.CharField(max_length=20)
    #: The signed version that was in force, and its SHA-256; neither under a shipped protocol.
    protocol_used = models.ForeignKey(
        ProtocolVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    protocol_hash = models.CharField(max_length=64, null=True)
    dose_sheet = models.JSONField()
    #: Condition codes of the person at opening: some make an alarm louder.
    conditions = models.JSONField(default=list)
    opened_at = models.DateTimeField()
    first_dose_at = models.DateTimeField(null=True)
    last_dose_ended_at = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    #: When the person left; the state says whether the drug was accounted for since.
    closed_at = models.DateTimeField(null=True)
    #: How the site kept its controlled-drug ledger at opening: "here" or "elsewhere"; NULL where
    #: none was begun, or the session is older than the ledger.
    ledger = models.CharField(max_length=10, null=True)
    summary = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["site", "state"], name="session_by_state")]
        constraints = [
            models.UniqueConstraint(fields=["course", "number"], name="one_session_number")
        ]


class SessionEvent(Appended):
    """One thing that happened. ``id`` is made by the client, so a retry is stored once."""

    signed_kind = Signed(
        "Act in a session",
        "actor_name",
        "recorded_at",
        view="session.view",
        says_of=meaning_of_event,
    )

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="events")
    patient_id = models.UUIDField()
    kind = models.CharField(max_length=24)
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    raw_time = models.CharField(max_length=40, blank=True)
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)
    via = models.CharField(max_length=12)  # screen, monitor, paper, watcher
    device_id = models.UUIDField(null=True)
    #: For an alarm, the event that set it off.
    trigger_id = models.UUIDField(null=True)
    body = models.JSONField()
    body_digest = models.CharField(max_length=64)
    supersedes = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["session", "position"], name="event_by_session"),
            models.Index(fields=["session", "kind", "happened_at"], name="event_by_kind"),
        ]


class ForecastChoice(Record):
    """Whether a site shows the live forecast of a product, since when, and on whose word.

    The newest stands. Without one a forecast is made and scored in the shadow, and not shown.
    """

    added_later = frozenset({"meaning"})
    signed_kind = Signed(
        "Decision on the live forecast",
        "decided_by",
        "decided_at",
        view="forecast.view",
        says="I have seen how the forecast does here and decide whether it is shown.",
        confirmed="confirmed_by",
    )

    product = models.CharField(max_length=24)
    shown = models.BooleanField()
    reason = models.TextField(blank=True)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    #: What the calibration page said when this was decided, and its SHA-256.
    calibration = models.JSONField(default=dict)
    calibration_hash = models.CharField(max_length=64, blank=True)
    confirmed_by = models.CharField(max_length=40, blank=True)
    meaning = models.CharField(max_length=300, null=True)

    class Meta:
        indexes = [models.Index(fields=["site", "product", "decided_at"], name="forecast_choice")]


class SessionForecast(models.Model):
    """What the forecasting process made of a session last.

    No clinical record: it follows from the session's events, a version and a seed, so it is
    overwritten, and can be made again from them.
    """

    session = models.OneToOneField(
        Session, primary_key=True, on_delete=models.PROTECT, related_name="forecast"
    )
    site_id = models.UUIDField()
    #: Counted up with every writing, over all sessions: what a stream follows.
    serial = models.BigIntegerField(unique=True)
    #: The newest event that is in it.
    position = models.BigIntegerField()
    made_at = models.DateTimeField()
    shown = models.BooleanField(default=False)
    version = models.CharField(max_length=80, blank=True)
    payload = models.JSONField()
    #: What the session taught of the person, for the next; only once it is closed.
    learned = models.JSONField(null=True)


class ForecastScore(models.Model):
    """How one reading fell among what had been forecast of it before it was taken.

    No clinical record: it follows from the session's events, a version and a seed.
    """

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="forecast_scores")
    site_id = models.UUIDField()
    product = models.CharField(max_length=24)
    event_id = models.UUIDField()
    kind = models.CharField(max_length=16)
    version = models.CharField(max_length=80)
    scored_at = models.DateTimeField()
    score = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "event_id", "kind"], name="one_score_a_reading"
            )
        ]
        indexes = [models.Index(fields=["site_id", "product"], name="forecast_score_of")]


class Monitor(Record):
    """A bedside monitor: which chair it stands at and how far its clock is off."""

    identifier = models.CharField(max_length=80, unique=True)
    model_name = models.CharField(max_length=80, blank=True)
    chair = models.ForeignKey(Chair, null=True, on_delete=models.PROTECT, related_name="monitors")
    timezone = models.CharField(max_length=64, blank=True)
    active = models.BooleanField(default=True)


class MonitorSource(Record):
    """An address from which monitor messages are taken."""

    address = models.GenericIPAddressField(unique=True)
    label = models.CharField(max_length=80, blank=True)
    active = models.BooleanField(default=True)


class MonitorStatus(models.Model):
    """What the listener last saw of a monitor; no clinical record, so it is simply overwritten."""

    identifier = models.CharField(max_length=80, primary_key=True)
    last_heard_at = models.DateTimeField()
    clock_offset_s = models.FloatField(null=True)
    demonstration = models.BooleanField(default=False)
    peer = models.CharField(max_length=64, blank=True)
    messages = models.BigIntegerField(default=0)
    counters = models.JSONField(default=dict)


class TrayMessage(Record):
    """A monitor message that could not be matched to a session; it waits, and is never guessed."""

    STATES = (("waiting", "Waiting"), ("assigned", "Assigned"), ("discarded", "Discarded"))

    device_identifier = models.CharField(max_length=80, blank=True)
    location = models.CharField(max_length=80, blank=True)
    patient_ids = models.JSONField(default=list)
    received_at = models.DateTimeField()
    measured_from = models.DateTimeField(null=True)
    readings = models.JSONField()
    raw = models.TextField()
    digest = models.CharField(max_length=64, unique=True)
    why = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=STATES, default="waiting")
    session = models.ForeignKey(Session, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["site", "state"], name="tray_by_state")]


__all__ = [
    "LIVE_STATES",
    "Appointment",
    "AppointmentStatus",
    "ForecastChoice",
    "ForecastScore",
    "Monitor",
    "MonitorSource",
    "MonitorStatus",
    "Session",
    "SessionEvent",
    "SessionForecast",
    "SessionState",
    "TrayMessage",
]
