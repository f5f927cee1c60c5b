"""What a collected row gives to whom: one dose, by one route, in so much time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...choice import Drug, default_model
from ..recipes import regimen_of
from .metrics import Metric, metric
from .wording import (
    UnreadError,
    amount_of,
    cut,
    drug_of,
    minutes_of,
    number,
    other_drug,
    plain,
    route_of,
    slow,
)

Row = Mapping[str, Any]
#: What does not depend on how long an infusion took, and how long is taken where nobody says.
_WHATEVER_TIME = ("auc_inf", "clearance_l_h", "vss_l", "half_life_min", "bioavailability")
_USUAL_MIN = 30.0
#: So long after an injection only the arterial model holds.
EARLY_MIN = 10.0
_DEVICE_MG = 28.0


@dataclass(frozen=True)
class Given:
    """What a row gives to whom: one dose, the drug, the blood, and what was taken for granted."""

    drug: Drug
    dose: Mapping[str, Any]
    end_min: float
    at_once: bool
    slow: bool
    sampling: str
    other: str | None
    population: str
    early_peak: bool
    notes: tuple[str, ...]


def given(row: Row, asked: Metric) -> Given:
    """Read it. Raises ``UnreadError`` where no rule reads the words."""
    drug = drug_of(plain(row.get("drug")))
    route_text, dose_text = plain(row.get("route")), plain(row.get("dose"))
    if not route_text or not dose_text:
        raise UnreadError("route and dose must be said")
    if asked.compared in ("ratio", "change") and re.search(
        r"impair|renal|hepatic|cirrho|failure", f"{route_text} {plain(row.get('population'))}"
    ):
        raise UnreadError("impaired kidneys or liver: nobody measured how much, so no model has it")
    own, beside = cut(route_text)
    own, dose_text = _part_of(own, dose_text, asked)
    route = route_of(own)
    if re.search(r"\bfilm|\biv\b|oral", beside) and other_drug(beside) is None:
        raise UnreadError(f"a second product: {beside.strip()[:60]!r}")
    dose, end, notes = _dose(drug, route, own, dose_text, asked)
    systemic = asked.statistic in ("clearance_l_h", "vss_l") and not asked.apparent
    if systemic and route != "iv":
        # Systemic clearance and volume are those of a dose by vein in the model of the route.
        default_model(drug, regimen_of([dose]))
        dose = {
            "route": route,
            "by_vein": True,
            "kind": "infusion",
            "over_min": _USUAL_MIN,
            "dose": dose["dose"] * dose.get("count", 1),
            "unit": dose["unit"],
            "at_min": 0,
        }
        end = _USUAL_MIN
        notes.append("clearance and volume read as those by vein")
    sampling = "arterial" if "arterial" in plain(row.get("sampling")) else "venous"
    peak = re.search(r"first sample", own)
    return Given(
        drug, dose, end, end == 0.0 or end < EARLY_MIN, slow(own), sampling,
        other_drug(f"{route_text} {dose_text} {plain(row.get('population'))}"),
        plain(row.get("population")), bool(peak) or _early(row), tuple(notes),
    )  # fmt: skip


def _part_of(route: str, dose: str, asked: Metric) -> tuple[str, str]:
    """Of two routes that are compared the one that a number is about, with its own dose."""
    if " vs " not in f" {route} ":
        return route, dose
    sides = [side.strip() for side in re.split(r"\bvs\b", route)]
    names = [route_of(side) for side in sides]
    if len(names) != 2 or "iv" not in names:
        raise UnreadError(f"{route!r} compares more than a route with IV")
    by_vein = asked.statistic in ("clearance_l_h", "vss_l")
    if not by_vein and asked.statistic != "bioavailability":
        raise UnreadError(f"{route!r} does not say by which route this was")
    place = names.index("iv") if by_vein else 1 - names.index("iv")
    parts = [part for part in re.split(r";| vs ", dose) if part.strip()]
    chosen = [part for part in parts if len(parts) == 1 or route_of(part) == names[place]]
    if len(chosen) != 1:
        raise UnreadError(f"{dose!r} does not say the dose by {names[place]}")
    return sides[place], chosen[0]


def _dose(
    drug: Drug, route: str, words: str, text: str, asked: Metric
) -> tuple[Mapping[str, Any], float, list[str]]:
    """The dose of a recipe, when it ends (min), and what was taken for granted."""
    # Of an exposure over another the dose plays no part: the models are linear.
    amount = amount_of(text, any_of_several=bool(asked.compared))
    notes = [f"middle of {text!r}"] if amount.range_middle else []
    whole = f"{words} {text}"
    minutes = minutes_of(whole)
    entry: dict[str, Any] = {
        "kind": "bolus", "route": route, "dose": amount.value, "unit": amount.unit, "at_min": 0,
    }  # fmt: skip
    if route == "nasal":
        count = amount.value / _DEVICE_MG
        if drug == "s_ketamine" and amount.unit == "mg" and count in (1, 2, 3):
            entry |= {"kind": "device", "dose": 28, "count": int(count), "every_min": 5}
        return entry, 5.0 * (entry.get("count", 1) - 1), notes
    if amount.per_min and minutes is None:
        raise UnreadError(f"{text!r} does not say for how long")
    if "bolus" in whole and "infusion" in whole:
        raise UnreadError("a bolus and an infusion; one dose is needed")
    running = route == "iv" and (minutes is not None or "infusion" in whole)
    if not running:
        if route == "iv" and "bolus" not in whole and "inject" not in whole and "push" not in whole:
            notes.append("nobody says how fast: read as an injection")
        return entry, 0.0, notes
    if minutes is None:
        if asked.statistic not in _WHATEVER_TIME:
            raise UnreadError("an infusion, and nobody says how long it took")
        minutes = _USUAL_MIN
        notes.append(f"nobody says how long: {minutes:g} min, on which this does not depend")
    if not minutes > 0:
        raise UnreadError("an infusion of no length")
    total = amount.value * minutes if amount.per_min else amount.value
    return entry | {"kind": "infusion", "dose": total, "over_min": minutes}, minutes, notes


def _early(row: Row) -> bool:
    """Whether the row's own highest level came within the first minutes."""
    for key, value in row["metrics"].items():
        try:
            found = metric(str(key))
            if found.statistic == "time_of_max_min":
                return number(value).value / found.factor <= EARLY_MIN
        except UnreadError:
            continue
    return False
