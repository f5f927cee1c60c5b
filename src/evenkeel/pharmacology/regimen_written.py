"""Regimens written down: as JSON that is read, and as plain words that are shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast, get_args

from .choice import Drug
from .errors import RegimenError
from .regimen import NASAL, NASAL_DEVICE_MG, Dose, Regimen, Unit
from .regimen_words import MOST_DOSES, ROUTES, Spoken, read_words

FORMAT = "evenkeel-regimen/1"
_KEYS = ("format", "drug", "words", "doses", "on_days")
_DOSE_KEYS = ("amount", "unit", "route", "at_min", "at_h", "over_min", "over_h")
_WORD_OF = {route: word for word, route in reversed(ROUTES.items())}


def regimen_from_document(document: object) -> Regimen:
    """The regimen of a JSON document, as ``json.loads`` gives it.

    ``{"format": "evenkeel-regimen/1", "doses": [{"amount": 0.5, "unit": "mg/kg", "route": "iv",
    "over_min": 40}], "on_days": [0, 3, 7]}``; ``at_min`` or ``at_h`` says when, ``over_h`` is as
    good as ``over_min``; ``words`` may stand in place of ``doses``. Raises ``RegimenError``, which
    names the key that is wrong, unknown or missing.
    """
    return read_document(document).regimen


def read_document(document: object) -> Spoken:
    """The same, with the drug where the document names one."""
    if not isinstance(document, Mapping):
        raise RegimenError("a regimen is a JSON object with a list of doses")
    _only(document, _KEYS, "the regimen")
    if document.get("format") != FORMAT:
        raise RegimenError(f"the key 'format' must be {FORMAT!r}, not {document.get('format')!r}")
    drug = document.get("drug")
    if drug is not None and drug not in get_args(Drug):
        raise RegimenError(f"the key 'drug' must be one of {get_args(Drug)}, not {drug!r}")
    if ("words" in document) == ("doses" in document):
        raise RegimenError("a regimen has either 'doses' or 'words'")
    if "words" in document:
        spoken = read_words(cast(str, document["words"]))
        if drug and spoken.drug and drug != spoken.drug:
            raise RegimenError(f"the words are about {spoken.drug}, the key 'drug' says {drug}")
        regimen, drug = spoken.regimen, drug or spoken.drug
    else:
        listed = _list(document["doses"], "doses")
        regimen = Regimen.of(_dose(item, i) for i, item in enumerate(listed))
    if "on_days" in document:
        days = _list(document["on_days"], "on_days")
        if len(days) * len(regimen) > MOST_DOSES:
            raise RegimenError(f"a regimen may have {MOST_DOSES} doses")
        regimen = regimen.repeated(24.0 * _number(day, "on_days") for day in days)
    return Spoken(regimen, cast("Drug | None", drug))


def _only(found: Mapping[Any, Any], keys: Sequence[str], where: str) -> None:
    for key in found:
        if key not in keys:
            raise RegimenError(f"{where} has an unknown key {key!r}; known are {', '.join(keys)}")


def _list(found: object, key: str) -> list[Any]:
    if not isinstance(found, list) or not 1 <= len(found) <= MOST_DOSES:
        raise RegimenError(f"the key {key!r} must be a list of 1 to {MOST_DOSES}")
    return found


def _number(found: object, key: str) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise RegimenError(f"the key {key!r} must be a number, not {found!r}"[:200])
    try:
        value = float(found)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise RegimenError(f"the key {key!r} must be a finite number")
    return value


def _dose(item: object, place: int) -> Dose:
    where = f"dose {place + 1}"
    if not isinstance(item, Mapping):
        raise RegimenError(f"{where} must be an object")
    _only(item, _DOSE_KEYS, where)
    for key in ("amount", "unit", "route"):
        if key not in item:
            raise RegimenError(f"{where} lacks the key {key!r}")
    if item["unit"] not in get_args(Unit):
        raise RegimenError(f"{where}: the key 'unit' must be one of {get_args(Unit)}")
    routes = tuple(dict.fromkeys(ROUTES.values()))
    if item["route"] not in routes:
        raise RegimenError(f"{where}: the key 'route' must be one of {', '.join(routes)}")
    over_h = _hours(item, "over", where)
    if over_h == 0 and ("over_min" in item or "over_h" in item):
        # As in words: who wrote it meant an infusion, and at once is something else.
        raise RegimenError(f"{where}: an infusion takes some time; leave it out for one at once")
    return Dose(
        _hours(item, "at", where),
        item["route"],
        _number(item["amount"], "amount"),
        item["unit"],
        over_h,
    )


def _hours(item: Mapping[Any, Any], name: str, where: str) -> float:
    if f"{name}_min" in item and f"{name}_h" in item:
        raise RegimenError(f"{where} has both '{name}_min' and '{name}_h'")
    if f"{name}_min" in item:
        return _number(item[f"{name}_min"], f"{name}_min") / 60.0
    return _number(item.get(f"{name}_h", 0.0), f"{name}_h")


# --- shown as words ------------------------------------------------------------------------------


def describe(regimen: Regimen) -> str:
    """The regimen in plain words that ``parse_regimen`` reads back to the same doses.

    Numbers are told to ten digits where that is close enough, else in full. Sittings that repeat
    are gathered and devices told as one dose. No doses are "nothing".
    """
    if not regimen.doses:
        return "nothing"
    for exact in (False, True):
        for words in (_gathered(regimen, exact), _joined(regimen.doses, exact)):
            if words is not None and _reads_back(words, regimen):
                return words
    return "; ".join(_one(dose, exact=True) for dose in regimen)


def _reads_back(words: str, regimen: Regimen) -> bool:
    try:
        found = read_words(words).regimen
    except RegimenError:
        return False
    return len(found) == len(regimen) and all(
        (a.route, a.unit) == (b.route, b.unit)
        and abs(a.amount - b.amount) <= 1e-9 * b.amount
        and max(abs(a.at_h - b.at_h), abs(a.over_h - b.over_h)) <= 1e-9
        for a, b in zip(found, regimen, strict=True)
    )


def _gathered(regimen: Regimen, exact: bool) -> str | None:
    """Told as one day that repeats, where it is one."""
    by_day: dict[int, list[Dose]] = {}
    for dose in regimen:
        by_day.setdefault(int(dose.at_h // 24), []).append(dose)
    if len(by_day) < 2 or len({len(day) for day in by_day.values()}) > 1:
        return None
    first = next(iter(by_day))
    pattern = [replace(d, at_h=round(d.at_h - 24.0 * first, 9)) for d in by_day[first]]
    days = " on days " + ",".join(str(day) for day in by_day)
    return "; ".join(part + days for part in _joined(tuple(pattern), exact).split("; "))


def _joined(doses: tuple[Dose, ...], exact: bool) -> str:
    """Each dose told; devices in a row as one."""
    parts = []
    i = 0
    while i < len(doses):
        count, one = 1, doses[i]
        while i + count < len(doses) and _is_next_device(one, doses[i + count], count):
            count += 1
        if _is_device(one):
            parts.append(f"{count * NASAL_DEVICE_MG:g} mg nasal{_at(one.at_h, exact)}")
        else:
            parts.append(_one(one, exact))
        i += count
    return "; ".join(parts)


def _is_device(dose: Dose) -> bool:
    return dose.route == NASAL and dose.amount == NASAL_DEVICE_MG and dose.unit == "mg"


def _is_next_device(first: Dose, other: Dose, place: int) -> bool:
    late_h = other.at_h - first.at_h - place * 5.0 / 60.0
    return place < 12 and _is_device(first) and _is_device(other) and abs(late_h) < 1e-9


def _one(dose: Dose, exact: bool) -> str:
    as_it_is = " x1" if dose.route == NASAL else ""
    over = f" over {_time(dose.over_h, exact)}" if dose.over_h else ""
    amount, route = _text(dose.amount, exact), _WORD_OF.get(dose.route, dose.route)
    return f"{amount} {dose.unit} {route}{over}{as_it_is}{_at(dose.at_h, exact)}"


def _at(at_h: float, exact: bool) -> str:
    return f" at {_time(at_h, exact)}" if at_h else ""


def _time(hours: float, exact: bool) -> str:
    if exact:
        return f"{_text(hours, exact)} h"
    if hours >= 48 and round(hours / 24.0, 9) == hours / 24.0:
        return f"{_text(hours / 24.0, exact)} days"
    if hours >= 2 and round(hours, 2) == hours:
        return f"{_text(hours, exact)} h"
    return f"{_text(hours * 60.0, exact)} min"


def _text(value: float, exact: bool) -> str:
    return repr(float(value)) if exact else f"{value:.10g}"
