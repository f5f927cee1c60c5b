"""Published observations as targets: read from a file, checked, and fixed before any run.

Two formats are read: concentrations (``rows/pk.json``, whose ``about`` documents its recipes) and
effects (``rows/pd.json``, whose ``conventions`` do). A bundled table that contradicts itself is
refused with the target and the key that are wrong, and nothing of it is used. In a file of somebody
else's only the targets that are wrong are refused, each with its reason.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args

from ..model_file import load_model, model_ids
from .checking import ODD, Check, RowsError
from .groups import NO_GROUP, group_of, groups_of_rows
from .recipe_form import Recipe, check_recipe

Kind = Literal["pk", "pd"]
Role = Literal["validation", "calibration", "implementation", "informational"]

ROLES: tuple[Role, ...] = get_args(Role)
FORMATS: Mapping[str, Kind] = {"evenkeel-validation/1": "pk", "evenkeel-validation-rows/1": "pd"}
#: The bundled tables, in the order in which they are printed.
BUNDLED = ("pk.json", "pd.json")

#: Bytes of a file of somebody else's: some hundred thousand targets.
LARGEST_FILE = 100_000_000
_TEXTS = ("id", "row", "citation", "url", "population", "endpoint", "unit", "band_from")
_NEEDED = (*_TEXTS, "note", "verification", "observed", "band", "role", "quantitative", "model")
#: What may never change once the rows have been run; the texts around it may be corrected.
_FIXED = ("id", "row", "observed", "unit", "band", "role", "quantitative", "model", "how")


@dataclass(frozen=True, eq=False)
class Correction:
    """What was found wrong with a recipe after the first run, where that stands, and what it was.

    ``first`` is the recipe as it was encoded before the first run: it is still run and printed.
    """

    what: str
    why: str
    source: str
    first: Recipe


@dataclass(frozen=True, eq=False)
class Target:
    """One published number, the band a prediction must fall in, and how to predict it.

    ``how`` is None where nothing predicts it, ``band`` where it is not judged. ``given`` says what
    was given where the endpoint does not. ``refused`` says why it cannot be run at all; its numbers
    then mean nothing. ``expected`` is ``fail`` where the publication
    contradicts itself and the row says so beforehand.
    """

    id: str
    row: str
    kind: Kind
    group: str
    citation: str
    url: str
    population: str
    endpoint: str
    unit: str
    observed: float
    band: tuple[float, float] | None
    band_from: str
    role: Role
    quantitative: bool
    verification: str
    model: str | None
    status_expected: str | None
    expected: str | None
    given: str
    how: Recipe | None
    note: str
    corrected: Correction | None = None
    refused: str = ""

    @property
    def what(self) -> str:
        """The endpoint, and what was given."""
        return f"{self.endpoint}; {self.given}" if self.given else self.endpoint

    @property
    def counts(self) -> bool:
        """Whether it is observed, quantitative and independent: only these count."""
        return self.role == "validation" and self.quantitative


def bundled() -> tuple[Target, ...]:
    """All targets that come with the product."""
    return tuple(target for name in BUNDLED for target in read_rows(bundled_text(name), name))


def bundled_text(name: str) -> str:
    """The text of one of the bundled tables."""
    return (resources.files(__package__) / "rows" / name).read_text(encoding="utf-8")


def load_rows(path: Path) -> tuple[Target, ...]:
    """Targets of a file of somebody else's, the wrong ones refused.

    Raises ``RowsError`` where it cannot be read or is no table of observations.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RowsError(path.name, "", "", f"is larger than {LARGEST_FILE} bytes")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RowsError(path.name, "", "", f"cannot be read: {error}") from error
    return read_rows(text, path.name, strict=False)


def _collected(document: object) -> list[object] | None:
    """The rows of a table as it is collected, or None for another."""
    if isinstance(document, dict) and "format" not in document:
        document = document.get("rows")
    return document if isinstance(document, list) and document else None


def read_rows(text: str, file: str, *, strict: bool = True) -> tuple[Target, ...]:
    """Targets of the text of a file called ``file``.

    Raises ``RowsError`` for what is no table, and if ``strict`` for any target that is wrong.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RowsError(file, "", "", f"is not JSON: {error}") from error
    rows = None if strict else _collected(document)
    if rows is not None:
        from .collected import read_collected

        return read_collected(rows)
    kind = FORMATS.get(str(document.get("format"))) if isinstance(document, dict) else None
    if kind is None:
        known = ", ".join(FORMATS)
        raise RowsError(file, "", "format", f"must be one of {known}, or there must be rows")
    entries = document.get("targets")
    if not isinstance(entries, list) or not entries:
        raise RowsError(file, "", "targets", "must be a list of at least one target")
    found: dict[str, Target] = {}
    for number, entry in enumerate(entries, 1):
        try:
            target = _target(entry, kind, file, number)
            if target.id in found:
                raise RowsError(file, target.id, "id", "stands twice")
        except RowsError as error:
            if strict:
                raise
            target = refusal(kind, f"{error.target} (target {number})", error.why)
        except ODD as error:
            if strict:
                raise
            target = refusal(kind, f"target {number}", f"cannot be understood: {error!r}")
        found[target.id] = target
    siblings = groups_of_rows((t.row, t.group) for t in found.values())
    return tuple(t if t.group else replace(t, group=siblings[t.row]) for t in found.values())


def refusal(kind: Kind, name: str, why: str, row: str = "") -> Target:
    """A target that cannot be run, and why it cannot."""
    return Target(
        id=name,
        row=row or name,
        kind=kind,
        citation="",
        url="",
        population="",
        endpoint="",
        unit="",
        group=NO_GROUP,
        observed=math.nan,
        band=None,
        band_from="",
        role="informational",
        quantitative=False,
        verification="",
        model=None,
        status_expected=None,
        expected=None,
        given="",
        how=None,
        note="",
        refused=why,
    )


def fingerprint(text: str, *, first: bool = False) -> str:
    """SHA-256 over what may never change of a table: numbers, bands, roles and recipes.

    Citations and notes are left out, so that a slip in a text can be mended. With ``first`` every
    corrected recipe counts as it was before the first run.
    """
    targets = json.loads(text)["targets"]
    fixed = [{key: target.get(key) for key in (*_FIXED, "expected")} for target in targets]
    if first:
        for one, target in zip(fixed, targets, strict=True):
            if "corrected" in target:
                one["how"] = target["corrected"]["first"]
    return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()


def _target(given: object, kind: Kind, file: str, number: int) -> Target:
    if not isinstance(given, dict):
        raise RowsError(file, f"target {number}", "", "must be an object")
    entry: dict[str, Any] = given
    check = Check(file, str(entry.get("id") or f"target {number}"))
    _check_texts(entry, check)
    if entry["role"] not in ROLES:
        check.fail("role", f"is {entry['role']!r}, not one of {', '.join(ROLES)}")
    if not isinstance(entry["quantitative"], bool):
        check.fail("quantitative", "must be true or false")
    observed = check.number("observed", entry["observed"])
    if kind == "pk" and observed <= 0:
        check.fail("observed", f"must be above zero, not {observed:g}")
    model = entry["model"]
    if model is not None and model not in model_ids():
        check.fail("model", f"there is no {model!r}; there are {', '.join(model_ids())}")
    if entry.get("expected") not in (None, "pass", "fail"):
        check.fail("expected", "must be pass or fail")
    if "how" not in entry:
        check.fail("how", "is missing")
    how = check_recipe(kind, entry["how"], model, check)
    band = _band(entry, how, observed, check)
    return Target(
        **{key: entry[key] for key in (*_TEXTS, "note", "role", "quantitative", "model")},
        kind=kind,
        group=group_of(kind, how, load_model(model).drug if model else ""),
        observed=observed,
        band=band,
        verification=str(entry["verification"]),
        status_expected=entry.get("status_expected"),
        expected=entry.get("expected"),
        given=" ".join(str(entry[key]) for key in ("drug", "dose") if entry.get(key)),
        how=how,
        corrected=_correction(entry, kind, check),
    )


def _correction(entry: Mapping[str, Any], kind: Kind, check: Check) -> Correction | None:
    if "corrected" not in entry:
        return None
    given = check.mapping("corrected", entry["corrected"])
    what, why, source = (
        check.text(f"corrected.{key}", given.get(key)) for key in ("what", "why", "source")
    )
    if not source.startswith("http"):
        check.fail("corrected.source", "must be an address")
    first = check_recipe(kind, given.get("first"), entry["model"], check)
    if first is None or first == entry["how"]:
        check.fail("corrected.first", "must be the recipe as it was, another than now")
    return Correction(what, why, source, first)


def _check_texts(entry: Mapping[str, Any], check: Check) -> None:
    for key in _NEEDED:
        if key not in entry:
            check.fail(key, "is missing")
    for key in _TEXTS:
        check.text(key, entry[key])
    if not isinstance(entry["note"], str):
        check.fail("note", "must be text")
    if not entry["id"].startswith(entry["row"] + "."):
        check.fail("id", f"must begin with the row, {entry['row']!r}, and a point")
    if not entry["url"].startswith("http"):
        check.fail("url", "must be an address")


def _band(
    entry: Mapping[str, Any], how: Recipe | None, observed: float, check: Check
) -> tuple[float, float] | None:
    band = entry["band"]
    if band is None:
        if entry["role"] != "informational":
            check.fail("band", f"a {entry['role']} target needs one")
        return None
    if not isinstance(band, list) or len(band) != 2:
        check.fail("band", "must be two numbers")
    low, high = (check.number("band", value) for value in band)
    if not low <= observed <= high:
        check.fail("band", f"{low:g} to {high:g} does not hold the observed {observed:g}")
    if entry["role"] == "validation" and how is None:
        check.fail("how", "a validation target needs a recipe")
    return low, high
