"""The script of one session: what happens when, from the checks to the door.

The same script is told at once for the past, up to the present moment for a session under way, and
step by step by the simulated nurse afterwards. Minutes count from the first dose.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from evenkeel.clinic.session.events import checks_for
from evenkeel.demo.cast import Story, Way
from evenkeel.demo.physiology import INFUSION_MIN, Body, Input, infusion, injected, sprays
from evenkeel.demo.words import IN_SESSION, SETTING, pick

PRODUCT: Final[dict[Way, str]] = {
    "iv": "racemic_iv",
    "nasal": "esketamine_nasal",
    "im": "racemic_im",
}
#: Minutes between the time of the appointment and the first dose.
LEAD_MIN: Final = 20
DEVICE_GAP_MIN: Final = 5
#: What is drawn beyond the dose, to fill the line and the needle; wasted before a witness.
LINE_MG: Final[dict[Way, float]] = {"iv": 5.0, "im": 2.5, "nasal": 0.0}
_DRAWN_MIN: Final = -2.5
#: Minutes from the first dose at which somebody looks whether the person may go.
#: What is asked last, so that it stands open for a while and can be seen to.
_LATE_CHECKS: Final = ("medicines_today", "touch")
LOOK_MIN: Final[dict[Way, int]] = {"iv": 104, "nasal": 122, "im": 95}
AGAIN_AFTER_MIN: Final = 15
#: Minutes at which the nurse asks and looks, and charts a full set where no monitor does.
_CHARTED: Final[dict[Way, tuple[int, ...]]] = {
    "iv": (-11, 10, 20, 30, 40, 55, 70, 85, 100),
    "nasal": (-11, 20, 40, 60, 80, 100, 120),
    "im": (-11, 10, 20, 30, 45, 60, 75, 90),
}
#: Minutes at which the nurse asks and looks besides.
_ALSO_ASKED: Final[dict[Way, tuple[int, ...]]] = {"iv": (35,), "nasal": (10, 30), "im": ()}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to enter, by a member of staff."""

    minute: float
    kind: str
    body: dict[str, Any] = field(default_factory=dict)
    by: str = "nurse2"


@dataclass(frozen=True, slots=True)
class Figures:
    """What the dose sheet of the session says; ``None`` where it does not apply."""

    dose_mg: float
    volume_ml: float | None = None
    rate_mg_per_h: float | None = None
    rate_ml_per_h: float | None = None
    devices: int | None = None

    @classmethod
    def of(cls, sheet: Mapping[str, Any]) -> Figures:
        """From the sheet kept on a session."""
        number = {
            name: None if sheet.get(name) in (None, "") else float(sheet[name])
            for name in ("dose_mg", "volume_ml", "rate_mg_per_h", "rate_ml_per_h")
        }
        devices = sheet.get("devices")
        return cls(
            dose_mg=number["dose_mg"] or 0.0,
            volume_ml=number["volume_ml"],
            rate_mg_per_h=number["rate_mg_per_h"],
            rate_ml_per_h=number["rate_ml_per_h"],
            devices=int(devices) if devices else None,
        )


@dataclass(frozen=True, slots=True)
class Scene:
    """One session of one person, ready to be told."""

    story: Story
    number: int
    seed: str
    figures: Figures
    dip_at_min: float | None = None

    @property
    def way(self) -> Way:
        """How it is given."""
        return self.story.way

    @property
    def product(self) -> str:
        """The product's code."""
        return PRODUCT[self.way]

    def body(self) -> Body:
        """The body in the chair."""
        return Body(
            f"{self.seed}:{self.story.name}|{self.number}",
            self.story.rest,
            route="sprayed" if self.way == "nasal" else "infused",
            session_number=self.number,
            dip_at_min=self.dip_at_min,
        )

    def inputs(self) -> list[Input]:
        """The drug as the script gives it."""
        if self.way == "nasal":
            devices = self.figures.devices or 2
            return sprays([n * DEVICE_GAP_MIN for n in range(devices)], devices)
        return [infusion(0, INFUSION_MIN)] if self.way == "iv" else [injected(0)]


def steps_of(scene: Scene, *, has_monitor: bool = False) -> list[Step]:
    """Everything up to the last look before leaving, in the order of time.

    ``has_monitor``: pressure, pulse and saturation come by the monitor port instead.
    """
    draw = random.Random(f"{scene.seed}|{scene.story.name}|{scene.number}|script")  # noqa: S311
    found = [*_before(scene), *_giving(scene), *_watched(scene, has_monitor), *_said(scene, draw)]
    found += _room(scene) if scene.story.program not in ("", "medical_only") else ()
    return sorted(found, key=lambda step: step.minute)


def _before(scene: Scene) -> Iterator[Step]:
    early = [name for name, _ in checks_for(scene.product) if name not in _LATE_CHECKS]
    for place, name in enumerate(early):
        yield Step(-17 + place, "check", {"name": name, "ok": True})
    for name in _LATE_CHECKS:
        yield Step(-3.5, "check", {"name": name, "ok": True})
    figures = scene.figures
    said = {
        "dose_mg": figures.dose_mg,
        "volume_ml": figures.volume_ml,
        "rate_ml_per_h": figures.rate_ml_per_h,
    }
    body = {name: value for name, value in said.items() if value is not None}
    yield Step(-2, "dose_check", {**body, "agrees": True}, by="prescriber")


def _giving(scene: Scene) -> Iterator[Step]:
    figures = scene.figures
    more_mg = LINE_MG[scene.way]
    yield Step(_DRAWN_MIN, "drawn", {"amount_mg": round(figures.dose_mg + more_mg, 3)})
    if more_mg:
        ended = INFUSION_MIN if scene.way == "iv" else 0
        yield Step(ended + 3, "wasted")
    if scene.way == "nasal":
        for number in range(1, (figures.devices or 2) + 1):
            body = {"number": number, "dose_mg": 28}
            yield Step((number - 1) * DEVICE_GAP_MIN, "device", body)
    elif scene.way == "iv":
        rates = {"rate_mg_per_h": figures.rate_mg_per_h, "rate_ml_per_h": figures.rate_ml_per_h}
        body = {name: value for name, value in rates.items() if value is not None}
        body |= {"planned_mg": figures.dose_mg, "duration_min": INFUSION_MIN}
        yield Step(0, "infusion_start", body)
        yield Step(INFUSION_MIN, "infusion_stop", {"reason": "The planned dose is in."})
    else:
        yield Step(0, "injection", {"dose_mg": figures.dose_mg, "body_site": "left thigh"})


def _watched(scene: Scene, has_monitor: bool) -> Iterator[Step]:
    body, inputs = scene.body(), scene.inputs()
    for minute in sorted({*_CHARTED[scene.way], *_ALSO_ASKED[scene.way]}):
        seen = asked(body, inputs, minute)
        if minute in _CHARTED[scene.way] and not has_monitor:
            seen = {**vitals(body, inputs, minute), **seen}
        yield Step(minute + 0.5, "observation", seen)


def _said(scene: Scene, draw: random.Random) -> Iterator[Step]:
    name = f"{scene.seed}|{scene.story.name}"
    if not scene.story.program:
        yield Step(-1, "note", {"text": f"Setting: {pick(name, SETTING)}"})
    words = {"text": pick(f"{name}|{scene.number}", IN_SESSION), "quoted": True}
    yield Step(round(draw.uniform(48, 75), 1), "note", words)


def _room(scene: Scene) -> Iterator[Step]:
    """What the therapist notes of the room and of the steps of the program."""
    by = "therapist"
    yield Step(-18.5, "person_entered", {"name": "Lea Testmann", "role": "therapist"}, by)
    room = {"lighting": "One lamp, blind half down", "sensory_reduction": "Eye mask, wanted"}
    room |= {"positioning": "Recliner; therapist at the left", "focus": "Inward"}
    yield Step(-18, "setting", {"items": room}, by)
    steps = ("check_in", "rolling_integration", "intentions", "initiation")
    for place, step in enumerate(steps):
        yield Step(-15 + 4 * place, "guide_step", {"step": step, "done": True}, by)
    music = pick(f"{scene.story.name}|music", ("Slow water, 55 min", "Low strings, no voice"))
    yield Step(1, "music", {"what": "start", "title": music, "volume": "low"}, by)
    if scene.number % 2 == 1:
        calm = {"what": "breathing", "note": "Ten slow breaths together."}
        yield Step(14, "intervention", calm, by)
    if scene.number == 2:
        knock = {"what": "A knock at the door", "reaction": "Startled, calm again in a minute."}
        yield Step(27, "disturbance", knock, by)
    yield Step(52, "music", {"what": "stop"}, by)
    yield Step(54, "guide_step", {"step": "under_the_drug", "done": True}, by)
    yield Step(80, "guide_step", {"step": "debrief", "done": True}, by)


def vitals(body: Body, inputs: list[Input], minute: float) -> dict[str, Any]:
    """A full set at a minute, as the body of an observation."""
    signs = body.signs(inputs, minute)
    return {
        "sbp_mmhg": signs.sbp_mmhg,
        "dbp_mmhg": signs.dbp_mmhg,
        "heart_rate_bpm": signs.heart_rate_bpm,
        "spo2_percent": signs.spo2_percent,
        "respiratory_rate_per_min": signs.respiratory_rate_per_min,
    }


def asked(body: Body, inputs: list[Input], minute: float) -> dict[str, Any]:
    """What is asked and seen at a minute, as the body of an observation."""
    felt = body.feelings(inputs, minute)
    found: dict[str, Any] = {
        "dissociation_0_10": felt.dissociation_0_10,
        "moaas": felt.moaas,
    }
    if felt.nausea_0_10:
        found["nausea_0_10"] = felt.nausea_0_10
        found["symptoms"] = ["nausea"]
    return found


def leaving_answers() -> dict[str, Any]:
    """What is seen and asked at the door when all is well."""
    return {
        "aldrete": 10,
        "dissociation_resolved": True,
        "oriented": True,
        "gait": "independent",
        "cssrs_intent": False,
        "escort_present": True,
        "instructions_given": True,
        "plans_to_drive": False,
        "respiratory_rate_per_min": 14,
        "symptoms": [],
    }
