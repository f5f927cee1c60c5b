"""What a nurse could do now, as events that are only supposed: what if.

An option is what would be recorded, so the forecast of it is the one that would follow the record.
Nothing here gives more drug than was ordered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from evenkeel.clinic.session.moments import Event
from evenkeel.protocol.products import PRODUCTS

if TYPE_CHECKING:
    from evenkeel.clinic.session.forecast.inputs import Inputs
    from evenkeel.clinic.session.forecast.payload import Scene

PAUSE_MIN: Final = 10


@dataclass(frozen=True, slots=True)
class Option:
    """One way on: its name and label, what it means, how the picture says it, and the events that
    would be recorded."""

    name: str
    label: str
    words: str
    supposed: tuple[Event, ...] = ()
    said: str = ""


def options_of(inputs: Inputs, scene: Scene) -> tuple[Option, ...]:
    """The ways on from here; the first is to change nothing."""
    now = max([scene.now, *(e.happened_at for e in inputs.drug)])
    rate = next(
        (e.body["rate_mg_per_h"] for e in reversed(inputs.drug) if e.body.get("rate_mg_per_h")),
        None,
    )
    if scene.phase == "before_dose":
        start = _start(inputs, now)
        words = "As ordered, if it were begun at this moment."
        return (Option("start", "If begun now", words, start, "if begun now"),)
    at_h = inputs.hours(now)
    if (
        scene.phase == "running"
        and inputs.given.route == "iv"
        and inputs.regimen(at_h).end_h <= at_h
    ):
        return (Option("continue", "As it is", "The pump has given what it was set to."),)
    if scene.phase == "running" and rate and inputs.given.route == "iv":
        later = now + timedelta(minutes=PAUSE_MIN)
        return (
            Option("continue", "Continue", "The pump goes on as it is set."),
            Option(
                "half",
                "Half rate",
                f"{rate / 2:g} mg/h until the same dose is given.",
                (_event("rate_change", now, {"rate_mg_per_h": rate / 2}),),
                "at half rate",
            ),
            Option(
                "pause",
                f"Pause {PAUSE_MIN} min",
                f"Nothing for {PAUSE_MIN} min, then on at {rate:g} mg/h.",
                (
                    _event("pause", now, {}),
                    _event("resume", later, {"rate_mg_per_h": rate}),
                ),
                f"if paused {PAUSE_MIN} min",
            ),
            Option(
                "stop",
                "Stop",
                "Nothing more.",
                (_event("infusion_stop", now, {}),),
                "if stopped now",
            ),
        )
    if scene.phase == "paused" and rate:
        return (
            Option("continue", "Stay paused", "Nothing more."),
            Option(
                "resume",
                "Resume",
                f"On at {rate:g} mg/h until the dose is given.",
                (_event("resume", now, {"rate_mg_per_h": rate}),),
                "if resumed now",
            ),
            Option(
                "half",
                "Resume at half",
                f"On at {rate / 2:g} mg/h until the dose is given.",
                (_event("resume", now, {"rate_mg_per_h": rate / 2}),),
                "if resumed at half",
            ),
        )
    if scene.phase == "running" and inputs.given.route == "nasal":
        return (
            Option("continue", "Continue", "The devices still planned are given."),
            Option(
                "stop",
                "No more",
                "No more devices.",
                (_event("infusion_stop", now, {}),),
                "without more devices",
            ),
        )
    return (Option("continue", "As it is", "What was given runs its course."),)


def _start(inputs: Inputs, now: datetime) -> tuple[Event, ...]:
    given = inputs.given
    if given.route == "iv":
        minutes = given.duration_min or 40.0
        body = {
            "rate_mg_per_h": (given.dose_mg or 0.0) / minutes * 60.0,
            "planned_mg": given.dose_mg,
        }
        return (_event("infusion_start", now, body),)
    if given.route == "nasal":
        device_mg = PRODUCTS[given.product].device_mg
        return (_event("device", now, {"number": 1, "dose_mg": device_mg}),)
    return (_event("injection", now, {"dose_mg": given.dose_mg}),)


def _event(kind: str, at: datetime, body: dict[str, Any]) -> Event:
    """An event that nobody recorded."""
    return Event(str(UUID(int=0)), kind, at, at, 0, "", "", "supposed", body)
