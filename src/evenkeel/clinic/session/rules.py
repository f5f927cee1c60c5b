"""What may be entered when: each rule looks at the session as it stood and refuses in plain words.

Pure. A stop and a pause have no rule: they are always taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.session.events import checks_for
from evenkeel.clinic.session.phases import FIRST_DOSE, Drug, fold_until
from evenkeel.protocol.pack import Protocol
from evenkeel.protocol.products import PRODUCTS
from evenkeel.protocol.watching import doses


@dataclass(frozen=True, slots=True)
class Sheet:
    """The figures of the day's dose sheet; ``None`` where they do not apply."""

    dose_mg: float | None
    volume_ml: float | None
    rate_mg_per_h: float | None
    rate_ml_per_h: float | None
    concentration_mg_ml: float | None
    duration_min: float | None
    weight_kg: float | None

    def ordered(self) -> doses.Ordered:
        """The figures as the protocol reads them."""
        return doses.Ordered(
            dose_mg=self.dose_mg, duration_min=self.duration_min, weight_kg=self.weight_kg
        )

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Sheet:
        """From the document kept on the session, whose numbers are text."""
        return cls(**{name: _number(document.get(name)) for name in cls.__slots__})


def _number(value: Any) -> float | None:
    return None if value in (None, "") else float(value)


@dataclass(frozen=True, slots=True)
class Scene:
    """The session as a rule sees it.

    ``events`` are those that stand (not corrected, not voided), in the order they happened,
    without monitor readings; ``pressure`` is the newest blood pressure before the moment asked
    about: (when, systolic, diastolic); ``age_years`` the age on that day, for the gate of older
    people. ``against`` are reasons on the course against any dose, ``unresolved`` alarms of the
    session that nobody has answered.
    """

    product: str
    protocol: Protocol
    sheet: Sheet
    events: Sequence[Any]
    actor_id: str
    at: datetime
    pressure: tuple[datetime, float, float] | None = None
    age_years: float | None = None
    against: Sequence[str] = field(default_factory=tuple)
    unresolved: Sequence[str] = field(default_factory=tuple)

    def before(self) -> Drug:
        """The drug as it stood at the moment asked about."""
        return fold_until(self.events, self.at)


def check_route(kind: str, product: str) -> None:
    """Raise unless the product is given that way. Stops and pauses are exempt."""
    block = doses.wrong_route(kind, product)
    if block is not None:
        raise Refused(block.explanation, what_to_do=block.resolve, code="wrong_route")


def check_first_dose(scene: Scene, body: Mapping[str, Any]) -> None:
    """Raise ``Refused`` naming everything that is missing before the first administration."""
    missing = list(scene.against)
    done = {e.body["name"]: e.body.get("ok") for e in _until(scene) if e.kind == "check"}
    unasked = [label for name, label in checks_for(scene.product) if done.get(name) is not True]
    if unasked:
        missing.append("Checks not done: " + "; ".join(unasked) + ".")
    missing += _second_person(scene)
    missing += _pressure(scene, str(body.get("reason", "")))
    if missing:
        raise Refused(
            " ".join(missing),
            what_to_do="Settle what is named, then start.",
            code="not_ready_to_start",
        )


def _until(scene: Scene) -> list[Any]:
    return [e for e in scene.events if e.happened_at <= scene.at]


def _second_person(scene: Scene) -> list[str]:
    checks = [e for e in _until(scene) if e.kind == "dose_check"]
    by_others = [e for e in checks if e.actor_id != scene.actor_id]
    if not by_others:
        if checks:
            return ["The dose must be checked by a second person, not by the one who starts it."]
        return ["A second person has not recomputed the dose."]
    if not by_others[-1].body.get("agrees"):
        return ["The second person does not agree with the dose."]
    return []


def _pressure(scene: Scene, reason: str) -> list[str]:
    block = doses.pressure_gate(scene.pressure, scene.at, scene.protocol, scene.age_years)
    if block is None:
        return []
    if block.id == "gate.pressure_missing":
        return [block.explanation]
    if reason.strip():
        return []
    return [f"{block.explanation}: wait and repeat, or give the reason for starting."]


def check_dose_figures(scene: Scene, body: Mapping[str, Any]) -> None:
    """Raise ``Invalid`` where somebody agrees to figures that are not those of the dose sheet."""
    if not body.get("agrees"):
        return
    sheet = scene.sheet
    pairs = {
        "dose_mg": (body.get("dose_mg"), sheet.dose_mg),
        "volume_ml": (body.get("volume_ml"), sheet.volume_ml),
        "rate_ml_per_h": (body.get("rate_ml_per_h"), sheet.rate_ml_per_h),
    }
    wrong = {}
    for name, (said, planned) in pairs.items():
        if planned is None:
            continue
        if said is None:
            wrong[name] = "Work this out too."
        elif not doses.agree(said, planned):
            wrong[name] = f"{said:g} is not what the dose sheet comes to. Recompute both."
    if wrong:
        raise Invalid(
            "The figures of the two people do not agree.",
            what_to_do="Recompute, or note that you do not agree; the dose then waits.",
            fields=wrong,
            code="dose_disagrees",
        )


def check_amount(scene: Scene, drug: Drug, more_mg: float) -> None:
    """Raise ``Refused`` where a dose would go beyond the plan or the protocol's hard stop."""
    total_mg = drug.given_mg(scene.at) + more_mg
    block = doses.over_amount(total_mg, scene.sheet.ordered(), scene.protocol)
    if block is not None:
        raise Refused(block.explanation, what_to_do=block.resolve, code="over_dose")


def check_rate(scene: Scene, body: Mapping[str, Any]) -> None:
    """Raise ``Invalid`` for a rate faster than any infusion, or mL that are not the mg."""
    rate, sheet = float(body["rate_mg_per_h"]), scene.sheet
    wrong = {}
    block = doses.too_fast(rate, sheet.ordered(), scene.protocol)
    if block is not None:
        wrong["rate_mg_per_h"] = block.explanation
    pump = body.get("rate_ml_per_h")
    if pump is not None and sheet.concentration_mg_ml:
        in_mg = float(pump) * sheet.concentration_mg_ml
        if not doses.agree(in_mg, rate):
            wrong["rate_ml_per_h"] = (
                f"{pump:g} mL/h of {sheet.concentration_mg_ml:g} mg/mL is {in_mg:.4g} mg/h."
            )
    if wrong:
        raise Invalid("The rate cannot be right.", fields=wrong, code="rate")


def _start(scene: Scene, body: Mapping[str, Any]) -> None:
    drug = scene.before()
    if drug.is_infusing:
        raise Refused("The infusion is already running.", code="already_running")
    check_rate(scene, body)
    planned = float(body["planned_mg"])
    minutes = body.get("duration_min")
    if minutes is not None and not doses.agree(
        float(body["rate_mg_per_h"]) * minutes / 60, planned
    ):
        raise Invalid(
            "Rate, time and dose do not agree.",
            fields={
                "rate_mg_per_h": f"{planned:g} mg in {minutes:g} min is "
                f"{planned * 60 / minutes:.4g} mg/h."
            },
            code="rate",
        )
    check_amount(scene, drug, planned)


def _change(scene: Scene, body: Mapping[str, Any]) -> None:
    drug = scene.before()
    if not drug.is_running:
        raise Refused("Nothing is running whose rate could change.", code="not_running")
    check_rate(scene, body)


def _resume(scene: Scene, body: Mapping[str, Any]) -> None:
    drug = scene.before()
    if not drug.is_paused:
        raise Refused("The infusion is not paused.", code="not_paused")
    check_rate(scene, body)


def _dose(scene: Scene, body: Mapping[str, Any]) -> None:
    check_amount(scene, scene.before(), float(body["dose_mg"]))


def _device(scene: Scene, body: Mapping[str, Any]) -> None:
    drug, number = scene.before(), int(body["number"])
    block = doses.wrong_device(number, [n for _, n in drug.devices])
    if block is not None:
        raise Refused(block.explanation, code="device_order")
    one_mg = PRODUCTS[scene.product].device_mg or 0
    if float(body["dose_mg"]) != one_mg:
        raise Invalid(
            f"A device holds {one_mg} mg.", fields={"dose_mg": f"Enter {one_mg}."}, code="device_mg"
        )
    if drug.devices and not str(body.get("reason", "")).strip():
        since_min = (scene.at - drug.devices[-1][0]).total_seconds() / 60
        block = doses.device_too_soon(since_min, scene.protocol)
        if block is not None:
            raise Refused(block.explanation, what_to_do=block.resolve, code="device_gap")
    check_amount(scene, drug, float(body["dose_mg"]))


_RULES: Final[dict[str, Callable[[Scene, Mapping[str, Any]], None]]] = {
    "infusion_start": _start,
    "rate_change": _change,
    "resume": _resume,
    "injection": _dose,
    "oral_dose": _dose,
    "device": _device,
    "dose_check": check_dose_figures,
}
#: Kinds whose rules need the scene; the rest are taken as they are.
RULED: Final = frozenset(_RULES)


def check(kind: str, scene: Scene, body: Mapping[str, Any]) -> None:
    """Raise ``Refused`` or ``Invalid`` unless this may be entered at ``scene.at``."""
    check_route(kind, scene.product)
    rule = _RULES.get(kind)
    if rule is None:
        return
    more = gives_more(kind, scene, body)
    if more:
        _check_alarms(scene)
    if kind in FIRST_DOSE and scene.before().started_at is None:
        check_first_dose(scene, body)
    elif scene.against and more:
        raise Refused(
            " ".join(scene.against), what_to_do="Settle what is named first.", code="dose_hold"
        )
    rule(scene, body)


def _check_alarms(scene: Scene) -> None:
    block = doses.stands_against(scene.unresolved, False, scene.protocol)
    if block is not None:
        raise Refused(
            block.explanation,
            what_to_do="Look at the person and answer the alarm; then go on.",
            code="alarm_open",
        )


def _is_faster(kind: str, scene: Scene, body: Mapping[str, Any]) -> bool:
    """Whether a rate is raised; lowering one is always taken."""
    return kind == "rate_change" and float(body["rate_mg_per_h"]) > scene.before().rate_mg_per_h


def gives_more(kind: str, scene: Scene, body: Mapping[str, Any]) -> bool:
    """Whether an entry begins a dose or gives more of it; a rate lowered gives less."""
    return kind in FIRST_DOSE | {"resume"} or _is_faster(kind, scene, body)


def check_again(kind: str, scene: Scene, body: Mapping[str, Any]) -> None:
    """Raise unless a correction could be true: the amount and the figures, not the preparations.

    What happened has happened; a correction tells it better and must not be held up by what was
    missing before it.
    """
    check_route(kind, scene.product)
    if kind == "dose_check":
        check_dose_figures(scene, body)
    elif kind in {"injection", "oral_dose", "device"}:
        check_amount(scene, scene.before(), float(body["dose_mg"]))
    elif kind == "infusion_start":
        check_amount(scene, scene.before(), float(body["planned_mg"]))
    elif kind in {"rate_change", "resume"}:
        check_rate(scene, body)
