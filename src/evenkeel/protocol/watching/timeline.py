"""Fold a whole timeline: what should have sounded, what is refused, which vitals were missed."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from ..alarms import Alarm, AlarmLevel, Reading, rank
from ..conditions import recognize_condition
from ..findings import source_document
from ..pack import Protocol
from ..schedule import missed_sets, overdue
from ..sources import CLINIC_POLICY, cite
from .case import Case, Moment, minute_of, moment_of, product_dose_mg, read_case, reading_of
from .doses import Block
from .drug import DRUG, FIRST_DOSE, Drug
from .medicines import disclosed, rescue
from .plausible import believed
from .reading import LOOK_BACK, alarms_for, asks_history
from .refusals import Giving, refusals

_BY_QUANTITY: Final = {
    "pressure": ("sbp_mmhg", "dbp_mmhg"),
    "oxygen": ("spo2_percent",),
    "sedation": ("moaas",),
    "breathing": ("respiratory_rate_per_min",),
    "heart_rate": ("heart_rate_bpm",),
}


def watch_document(document: object, protocol: Protocol | None = None) -> dict[str, Any]:
    """Return what ``evenkeel watch`` prints for a timeline document.

    ``FactsError`` names what does not fit; ``ProtocolError`` when no protocol is shipped.
    """
    case = read_case(document, protocol)
    watch = _Watch(case)
    for event in case.events:
        watch.take(event)
    alarms = sorted(watch.alarms, key=lambda one: (one["at_min"], -rank(one["level"])))
    return {
        "alarms": alarms,
        "blocked": watch.blocked,
        "overdue": watch.missed(),
        "protocol": {"name": case.protocol.name, "version": case.protocol.version},
    }


@dataclass(slots=True)
class _Watch:
    """The state of a session between two events.

    ``told`` is the drug as the events tell it, ``allowed`` only what was not refused: a refused
    dose starts the watching all the same, for it may have been given, but counts for no amount.
    """

    case: Case
    told: Drug = field(default_factory=Drug)
    allowed: Drug = field(default_factory=Drug)
    readings: list[Reading] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    sets: list[datetime] = field(default_factory=list)
    full: list[Reading] = field(default_factory=list)
    standing: dict[str, Alarm] = field(default_factory=dict)
    emergencies: dict[str, Alarm] = field(default_factory=dict)
    baseline: Reading | None = None
    place: int = 0
    moaas: float | None = None
    alarms: list[dict[str, Any]] = field(default_factory=list)
    blocked: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        protocol = self.case.protocol
        self.readings = [reading_of(e) for e in self.case.events if e.kind == "observation"]
        self.times = [reading.at for reading in self.readings]
        for reading in self.readings:
            read = believed(reading, protocol)
            if read.sbp_mmhg is not None:
                self.sets.append(read.at)
                if read.dbp_mmhg is not None:
                    self.full.append(read)
        first = moment_of(self.case.events[0].at_min if self.case.events else 0)
        for name in self.case.medicines:
            known = disclosed(name, known_before=True)
            if known.id != "medicine.noted":
                self._sound(known, first)
        for name in self.case.conditions:
            if recognize_condition(name) is None:
                self._sound(_unread_condition(name), first)

    def take(self, event: Moment) -> None:
        """Follow one event."""
        if event.kind == "observation":
            self._observe(self.readings[self.place])
            self.place += 1
        elif event.kind == "medicine_disclosed":
            self._sound(disclosed(event.body["name"]), event.happened_at)
        elif event.kind == "rescue_medicine":
            self._sound(rescue(event.body["name"]), event.happened_at)
        elif event.kind in DRUG or event.kind == "dose_entered":
            self._give(event)

    def missed(self) -> list[dict[str, Any]]:
        """The missed sets of vital signs until the end of the document."""
        until = moment_of(self.case.until_min)
        found = missed_sets(
            self.sets,
            self.told.started_at,
            self._ended_at(until),
            until,
            self.case.protocol,
            every_min=self.case.every_min,
        )
        return [
            {
                "at_min": minute_of(one.at),
                "level": one.alarm.level,
                "what": f"vital signs due at minute {minute_of(one.due):g}",
                "id": one.alarm.id,
                "explanation": f"{one.alarm.statement}. {one.alarm.why}",
                "advice": one.alarm.look_at,
                "source": source_document(one.alarm.source),
            }
            for one in found
        ]

    def _ended_at(self, now: datetime) -> datetime | None:
        if not self.told.is_infusing:
            return self.told.ended_at
        runs_out = self.told.runs_out_at(now)
        return runs_out if runs_out is not None and runs_out <= now else None

    def _observe(self, reading: Reading) -> None:
        protocol = self.case.protocol
        found = alarms_for(
            reading,
            self._baseline(),
            self._earlier(reading),
            protocol,
            self.case.conditions,
            started_at=self.told.started_at,
        )
        before = dict(self.standing)
        read = believed(reading, protocol)
        self._settle(read)
        for alarm in found:
            stood = before.get(alarm.subject)
            repeats = stood is not None and rank(stood.level) >= rank(alarm.level)
            self._sound(alarm, reading.at, repeats=repeats)
        if read.moaas is not None:
            self.moaas = read.moaas

    def _earlier(self, reading: Reading) -> list[Reading]:
        """The other readings until this moment that could change what this one sounds."""
        keys = asks_history(reading, self.case.protocol, informs=True).keys()
        found: list[Reading] = []
        if not keys:
            return found
        for place in range(bisect_right(self.times, reading.at) - 1, -1, -1):
            old = self.readings[place]
            # An empty list of symptoms says there are none, and is no reading to look at.
            if old is not reading and any(getattr(old, k) not in (None, ()) for k in keys):
                found.append(old)
                if len(found) == LOOK_BACK:
                    break
        return found

    def _settle(self, read: Reading) -> None:
        """Let go of what this reading measured anew; its alarms are set again right after."""
        for subject in list(self.standing):
            if subject.startswith("symptom."):
                gone = read.asked or bool(read.symptoms)
            else:
                names = _BY_QUANTITY.get(subject.split(".")[0], ())
                gone = any(getattr(read, name) is not None for name in names)
            if gone:
                del self.standing[subject]

    def _sound(self, alarm: Alarm, at: datetime, *, repeats: bool = False) -> None:
        if alarm.level != "inform":
            self.standing[alarm.subject] = alarm
        if alarm.level == "emergency":
            self.emergencies.setdefault(alarm.subject, alarm)
        entry = {
            "at_min": minute_of(at),
            "level": alarm.level,
            "id": alarm.id,
            "explanation": _explanation(alarm),
            "advice": alarm.look_at,
            "source": source_document(alarm.source),
        }
        if repeats and alarm.level != "inform":
            entry["standing"] = True
        self.alarms.append(entry)

    def _baseline(self) -> Reading | None:
        """The last full plausible pressure before the drug; failing that, the last of any."""
        started_at = self.told.started_at
        if started_at is None or self.baseline is not None:
            return self.baseline
        place = bisect_right(self.full, started_at, key=lambda one: one.at)
        if place:
            self.baseline = self.full[place - 1]
            return self.baseline
        before = self.readings[: bisect_right(self.times, started_at)]
        reads = (believed(old, self.case.protocol) for old in reversed(before))
        partial = (r for r in reads if r.sbp_mmhg is not None or r.dbp_mmhg is not None)
        self.baseline = next(partial, Reading(at=started_at))
        return self.baseline

    def _give(self, event: Moment) -> None:
        self._complete(event)
        giving = Giving(
            case=self.case,
            told=self.told,
            allowed=self.allowed,
            unresolved=self._unresolved(event.happened_at),
            moaas=self.moaas,
            pressure=self._pressure_before(event.happened_at),
        )
        blocks = refusals(giving, event)
        reason = str(event.body.get("reason", "")).strip()
        refused = [block for block in blocks if not (block.passable and reason)]
        for block in refused:
            self.blocked.append(_blocked(event, block))
        if event.kind == "dose_entered":
            return
        if not refused:
            self.allowed.take(event)
        self.told.take(event)

    def _complete(self, event: Moment) -> None:
        """Fill in what the plan says where an event leaves it out."""
        ordered, body, at = self.case.ordered, event.body, event.happened_at
        if event.kind == "infusion_start":
            if "rate_mg_per_h" not in body:
                known = ordered.dose_mg and ordered.duration_min
                body["rate_mg_per_h"] = (
                    (ordered.dose_mg or 0) * 60 / (ordered.duration_min or 1) if known else 0.0
                )
            planned = body.get("dose_mg")
            if planned is None and ordered.dose_mg is not None:
                planned = max(0.0, ordered.dose_mg - self.allowed.given_mg(at))
            if planned is not None:
                body["planned_mg"] = planned
        elif event.kind == "rate_change" and "rate_mg_per_h" not in body:
            body["rate_mg_per_h"] = self.told.rate_mg_per_h
            body["unstated"] = True
        elif event.kind in FIRST_DOSE:
            body["dose_mg"] = product_dose_mg(self.case, event) or 0.0

    def _unresolved(self, at: datetime) -> list[str]:
        """What stands against more drug, in words."""
        loud = {**self.standing, **self.emergencies}
        found = [a.statement for a in loud.values() if rank(a.level) >= rank("hold")]
        place = bisect_right(self.sets, at)
        late = overdue(
            self.sets[place - 1] if place else None,
            self.told.started_at,
            self._ended_at(at),
            at,
            self.case.protocol,
            every_min=self.case.every_min,
        )
        if late is not None and late.level == "hold":
            found.append(late.statement)
        return found

    def _pressure_before(self, at: datetime) -> tuple[datetime, float, float] | None:
        """The newest full plausible pressure until ``at``."""
        place = bisect_right(self.full, at, key=lambda one: one.at)
        if not place:
            return None
        newest = self.full[place - 1]
        return newest.at, newest.sbp_mmhg or 0.0, newest.dbp_mmhg or 0.0


def _explanation(alarm: Alarm) -> str:
    value = "" if alarm.value in ("", alarm.statement) else f" ({alarm.value})"
    return f"{alarm.statement}{value}. {alarm.why}".strip()


def _blocked(event: Moment, block: Block) -> dict[str, Any]:
    text = block.explanation.removesuffix(".") + "."
    if block.passable:
        text += " A clinician's recorded decision may pass this."
    return {
        "at_min": minute_of(event.happened_at),
        "id": block.id,
        "event": event.kind,
        "explanation": text,
        "advice": block.resolve,
        "source": source_document(block.source),
    }


def _unread_condition(name: str) -> Alarm:
    level: AlarmLevel = "inform"
    shown = name.strip()[:120]
    return Alarm(
        "condition.unread",
        level,
        "A condition is not recognized, please read",
        shown,
        "Read whether a rise in pressure or slowed breathing would be worse for this person.",
        "",
        cite("clinic", CLINIC_POLICY),
        "What is not known here may still matter; only a person can tell.",
        f"condition.unread:{shown}",
    )
