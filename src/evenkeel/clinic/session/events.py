"""What may be said of a session: one schema a kind of event, checked before anything is stored.

Limits are technical, not clinical ([assumed], the same as those of the monitor port): a number
beyond ``low`` and ``high`` is a typing error and is refused; one beyond ``usual`` is kept and
flagged ``surprising``, so that a second look is asked for and nothing true is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from evenkeel.clinic.record.chain import canonical
from evenkeel.clinic.record.errors import Invalid
from evenkeel.clinic.session.answers import DONE
from evenkeel.clinic.session.drug_events import LEDGER_FIELDS, SOURCE
from evenkeel.clinic.session.fields import (
    Choice,
    Group,
    Key,
    Many,
    Number,
    Text,
    YesNo,
    read_fields,
)
from evenkeel.clinic.session.setting_events import SETTING_FIELDS, crossed
from evenkeel.protocol.alarms import ALARM_LEVELS

MAX_BODY_BYTES: Final = 8 * 1024
SURPRISING: Final = "surprising"
#: Flags that this house puts on an observation; nobody may send them.
FLAGS: Final = frozenset(
    {
        SURPRISING,
        "old",
        "aperiodic",
        "periodic",
        "questionable",
        "early",
        "corrected",
        "alarm",
        "clock_corrected",
        "clamped",
        "time_unreadable",
        "patient_id_unknown",
        "assigned",
        "axillary",
        "skin",
    }
)


QUANTITIES: Final[dict[str, Number]] = {
    "sbp_mmhg": Number("mmHg", 20, 350, (70, 220)),
    "dbp_mmhg": Number("mmHg", 10, 300, (35, 130)),
    "map_mmhg": Number("mmHg", 10, 320, (45, 160)),
    "heart_rate_bpm": Number("per min", 0, 400, (35, 180)),
    "spo2_percent": Number("%", 1, 100, (80, 100)),
    "respiratory_rate_per_min": Number("per min", 0, 200, (6, 35)),
    "temperature_c": Number("°C", 15, 46, (34, 40)),
    "etco2_mmhg": Number("mmHg", 0, 200, (15, 70)),
    "perfusion_index_percent": Number("%", 0, 30),
    "dissociation_0_10": Number("of 10", 0, 10),
    "moaas": Number("on the MOAA/S scale", 0, 5, whole=True),
    "nausea_0_10": Number("of 10", 0, 10),
    "cadss": Number("points", 0, 92, whole=True),
}
#: The signs a set of vitals consists of; any one of pressure, pulse or oxygen counts as a set.
VITALS: Final = ("sbp_mmhg", "dbp_mmhg", "map_mmhg", "heart_rate_bpm", "spo2_percent")

#: What must be asked before a dose: (name, label, product codes it is for; none means all).
#: Clinic policy, after the product labels' preparation advice (no food 2 h, no fluids 30 min).
CHECKS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("identity", "Identity by two identifiers", ()),
    ("allergies", "Allergies asked again", ()),
    ("medicines_today", "Benzodiazepine, stimulant or MAOI today", ()),
    ("fasting", "No food for 2 h, no fluids for 30 min", ()),
    ("escort", "Somebody to take the person home is named", ()),
    ("touch", "Touch agreement and stop word are known", ()),
    ("equipment", "Oxygen, suction and airway tools at hand", ()),
    ("line", "Line in place and open", ("racemic_iv", "esketamine_iv")),
)


def checks_for(product: str) -> tuple[tuple[str, str], ...]:
    """Name and label of each check before a dose of this product, in their order."""
    return tuple((name, label) for name, label, only in CHECKS if not only or product in only)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event. ``permission`` is that of its act; ``internal`` kinds nobody may send."""

    name: str
    permission: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    needed: frozenset[str] = frozenset()
    internal: bool = False
    correctable: bool = True
    cross: Callable[[dict[str, Any]], dict[str, str]] | None = None


def _observation(body: dict[str, Any]) -> dict[str, str]:
    if not (body.keys() & (QUANTITIES.keys() | {"symptoms", "note"})):
        return {"body": "Enter at least one reading."}
    sbp, dbp, mean = (body.get(k) for k in ("sbp_mmhg", "dbp_mmhg", "map_mmhg"))
    if sbp is not None and dbp is not None and dbp >= sbp:
        return {"dbp_mmhg": f"{dbp} mmHg is not below the systolic {sbp} mmHg."}
    if mean is not None and ((sbp is not None and mean > sbp) or (dbp is not None and mean < dbp)):
        return {"map_mmhg": "The mean pressure must lie between diastolic and systolic."}
    return {}


_REASON = Text(400)
#: An account, or "" for nobody.
_SOMEBODY = Key(may_be_empty=True)
_NEEDED_REASON = Text(400, needed=True)
_DOSE = Number("mg", 0.1, 5000)
_RATE = Number("mg/h", 0.01, 20_000)
_PUMP = Number("mL/h", 0.01, 2000)
#: What a person sees and asks at discharge; the rest of the checklist is read from the session.
DISCHARGE_ANSWERS: Final[dict[str, Any]] = {
    "aldrete": Number("of 10", 0, 10, whole=True),
    "dissociation_resolved": YesNo(),
    "oriented": YesNo(),
    "gait": Choice(("independent", "unsteady", "assisted")),
    "cssrs_intent": YesNo(),
    "escort_present": YesNo(),
    "instructions_given": YesNo(),
    "plans_to_drive": YesNo(),
    "respiratory_rate_per_min": QUANTITIES["respiratory_rate_per_min"],
    "symptoms": Many(Text(60, needed=True), 20),
}

#: What is written down when somebody leaves before they are ready; what was missing at that
#: moment is filled in by the house.
EARLY_LEAVING: Final[dict[str, Any]] = {
    "said": Text(1000),
    "capacity": Choice(("yes", "no", "doubtful")),
    "risks_explained": YesNo(),
    "clinician_told": Text(160),
    "accompanied_by": Text(160),
    "follow_up": Text(400),
}
_EARLY_NEEDED: Final[dict[str, str]] = {
    "said": "Write what the person said, or that they said nothing.",
    "capacity": "Choose: a person without capacity is not leaving against advice.",
    "risks_explained": "Answer yes or no.",
    "clinician_told": "Name the clinician who was told.",
    "follow_up": "Write what was agreed, or what the clinic does.",
}


def _discharged(body: dict[str, Any]) -> dict[str, str]:
    early = body.get("early")
    if early is None:
        return {}
    return {name: words for name, words in _EARLY_NEEDED.items() if early.get(name) in (None, "")}


_ALL: Final[tuple[Kind, ...]] = (
    Kind(
        "observation",
        "session.record",
        {**QUANTITIES, "symptoms": Many(Text(60, needed=True), 20), "note": Text(1000)},
        cross=_observation,
    ),
    Kind(
        "note", "session.record", {"text": Text(4000, True), "quoted": YesNo()}, frozenset({"text"})
    ),
    Kind(
        "check",
        "session.record",
        {"name": Choice(tuple(c[0] for c in CHECKS)), "ok": YesNo(unknown=True), "note": _REASON},
        frozenset({"name", "ok"}),
    ),
    Kind(
        "dose_check",
        "session.check_dose",
        {
            "by_name": Text(160),
            "volume_ml": Number("mL", 0.01, 1000),
            "rate_ml_per_h": _PUMP,
            "dose_mg": _DOSE,
            "agrees": YesNo(),
            "note": _REASON,
        },
        frozenset({"dose_mg", "agrees"}),
    ),
    Kind(
        "infusion_start",
        "session.administer",
        {
            "rate_mg_per_h": _RATE,
            "rate_ml_per_h": _PUMP,
            "planned_mg": _DOSE,
            "duration_min": Number("min", 1, 10_000),
            "reason": _REASON,
            **SOURCE,
        },
        frozenset({"rate_mg_per_h"}),
    ),
    Kind(
        "rate_change",
        "session.administer",
        {"rate_mg_per_h": _RATE, "rate_ml_per_h": _PUMP, "reason": _NEEDED_REASON},
        frozenset({"rate_mg_per_h", "reason"}),
    ),
    Kind("pause", "session.stop", {"reason": _REASON}),
    Kind(
        "resume",
        "session.administer",
        {"rate_mg_per_h": _RATE, "rate_ml_per_h": _PUMP, "reason": _REASON},
        frozenset({"rate_mg_per_h"}),
    ),
    Kind("infusion_stop", "session.stop", {"reason": _REASON}),
    Kind(
        "injection",
        "session.administer",
        {"dose_mg": _DOSE, "body_site": Text(80), "reason": _REASON, **SOURCE},
        frozenset({"dose_mg"}),
    ),
    Kind(
        "oral_dose",
        "session.administer",
        {"dose_mg": _DOSE, "form": Text(80), "reason": _REASON, **SOURCE},
        frozenset({"dose_mg"}),
    ),
    Kind(
        "device",
        "session.administer",
        {"number": Number("", 1, 3, whole=True), "dose_mg": _DOSE, "reason": _REASON, **SOURCE},
        frozenset({"number", "dose_mg"}),
    ),
    Kind(
        "rescue_medicine",
        "session.administer",
        {
            "name": Text(120, True),
            "dose_mg": Number("mg", 0.001, 5000),
            "route": Text(40),
            "reason": _REASON,
        },
        frozenset({"name"}),
    ),
    Kind(
        "alarm_acknowledged",
        "session.acknowledge",
        {"alarm_event": Key(), "done": Many(Choice(tuple(DONE)), 8), "note": _REASON},
        frozenset({"alarm_event"}),
    ),
    Kind(
        "second_person",
        "session.hand_over",
        {"second_id": _SOMEBODY, "second_name": Text(200), "reason": _REASON},
        frozenset({"second_id"}),
        correctable=False,
    ),
    Kind(
        "hand_over",
        "session.hand_over",
        {
            "to_id": Key(),
            "note": Text(2000),
            "from_id": Key(),
            "from_name": Text(200),
            "to_name": Text(200),
        },
        frozenset({"to_id"}),
        correctable=False,
    ),
    Kind(
        "discharge_check",
        "session.discharge",
        {"answers": Group(DISCHARGE_ANSWERS), "note": _REASON},
        frozenset({"answers"}),
    ),
    Kind("ready", "session.discharge", {"override_reason": _REASON}, correctable=False),
    Kind(
        "discharged",
        "session.discharge",
        {
            "escort": Text(160),
            "instructions": Text(2000),
            "override_reason": _REASON,
            "early": Group(EARLY_LEAVING),
        },
        correctable=False,
        cross=_discharged,
    ),
    Kind(
        "void",
        "session.record",
        {"reason": _NEEDED_REASON},
        frozenset({"reason"}),
        correctable=False,
    ),
    Kind("opened", "session.start", internal=True, correctable=False),
    Kind(
        "alarm_raised",
        "session.watch",
        {
            "alarm": Text(80, True),
            "key": Text(80, True),
            "level": Choice(tuple(ALARM_LEVELS)),
            "statement": Text(300, True),
            "value": Text(120),
            "look_at": Text(300),
            "threshold": Text(80),
            "source": Group(
                {"title": Text(300), "url": Text(500), "mark": Text(40), "note": Text(300)}
            ),
        },
        internal=True,
        correctable=False,
    ),
    Kind(
        "alarm_escalated",
        "session.watch",
        {
            "alarm_event": Key(),
            "level": Choice(tuple(ALARM_LEVELS)),
            "statement": Text(300, True),
            "to": Choice(("second", "everybody")),
            "to_id": _SOMEBODY,
            "to_name": Text(200),
            "after_s": Number("s", 0, 1_000_000),
            "why": Text(200),
        },
        internal=True,
        correctable=False,
    ),
)
_SETTING: Final = tuple(
    Kind(name, "session.record", fields, needed, cross=partial(crossed, name))
    for name, (fields, needed) in SETTING_FIELDS.items()
)
_LEDGER: Final = tuple(
    Kind(name, "session.draw", fields, needed) for name, (fields, needed) in LEDGER_FIELDS.items()
)
KINDS: Final[dict[str, Kind]] = {kind.name: kind for kind in (*_ALL, *_SETTING, *_LEDGER)}


def kind_of(name: Any, *, internal: bool = False) -> Kind:
    """The kind with this name. Raises ``Invalid`` for one that does not exist or is not to send."""
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None or (kind.internal and not internal):
        raise Invalid(
            "There is no such kind of event.",
            fields={
                "kind": "Use one of: " + ", ".join(k.name for k in KINDS.values() if not k.internal)
            },
            code="unknown_kind",
        )
    return kind


def read_body(kind: Kind, body: Any) -> dict[str, Any]:
    """The body as it will be stored, ``surprising`` flagged where a value is.

    Raises ``Invalid`` with a message by field: unknown names, wrong types, impossible values,
    more than 8 KiB.
    """
    clean, wrong = read_fields(body, kind.fields, kind.needed)
    if not wrong and kind.cross is not None:
        wrong = kind.cross(clean)
    if wrong:
        shown = dict(list(wrong.items())[:20])
        raise Invalid("Some of this cannot be right.", fields=shown, code="invalid_event")
    if len(canonical(clean).encode()) > MAX_BODY_BYTES:
        raise Invalid(
            "This is too long.",
            what_to_do=f"An event holds at most {MAX_BODY_BYTES // 1024} KiB.",
            fields={"body": "Shorten it."},
            code="too_large",
        )
    if kind.name == "observation" and any(
        QUANTITIES[name].is_surprising(value) for name, value in clean.items() if name in QUANTITIES
    ):
        clean["flags"] = [SURPRISING]
    return clean


def surprising_fields(body: Mapping[str, Any]) -> list[str]:
    """The readings of a stored observation that deserve a second look."""
    return [n for n, q in QUANTITIES.items() if n in body and q.is_surprising(body[n])]
