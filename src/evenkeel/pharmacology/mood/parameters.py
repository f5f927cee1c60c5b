"""The numbers of the mood models, read from ``parameters.json``.

Every value carries its unit, how it is known (``measured``, ``derived``, ``assumed``), its source
and how far that was checked; fitted values also their prior and the rows that informed them.
Reading refuses a file that contradicts itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from ..errors import PharmacologyError

FormName = Literal["states", "two_exponential"]
FORMS: tuple[FormName, ...] = ("states", "two_exponential")
FORMAT = "evenkeel-mood/1"
FILE = Path(__file__).parent / "parameters.json"
BLOCKS = (
    *(*FORMS, "expectation", "outcome", "relapse"),
    *(f"relapse_{form}" for form in FORMS),
)
MARKS = ("measured", "derived", "assumed")
VERIFICATIONS = ("verified", "secondary", "computed", "unverified")


class MoodError(PharmacologyError):
    """The mood models were asked for what they cannot give, or their file contradicts itself."""

    code = "mood"


@dataclass(frozen=True, slots=True)
class Prior:
    """Log-normal: what was held likely before the fit."""

    median: float
    log_sd: float
    source: str


@dataclass(frozen=True, slots=True)
class Spread:
    """How people, or trials, differ: an SD on a log or an additive scale."""

    scale: Literal["log", "additive"]
    sd: float
    mark: str
    source: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of the mood models, with where it comes from.

    Fitted ones have a ``prior``, the ``rows`` that said most about them, a ``log_se`` and a
    ``prior_share``: how much of what is known comes from the prior (1: the rows said nothing).
    """

    name: str
    value: float
    unit: str
    mark: str
    source: str
    verification: str
    between_people: Spread | None = None
    between_trials: Spread | None = None
    prior: Prior | None = None
    rows: tuple[str, ...] = ()
    log_se: float | None = None
    prior_share: float | None = None
    note: str = ""


@dataclass(frozen=True, eq=False)
class MoodParameters:
    """All numbers by block and name; ``default`` is the form that predicted better.

    ``comparison`` holds the leave-one-study-out errors of both forms.
    """

    version: int
    default: FormName
    comparison: Mapping[str, Any]
    notes: tuple[str, ...]
    blocks: Mapping[str, Mapping[str, Parameter]]

    def value(self, block: str, name: str) -> float:
        """The value of one parameter. Raises ``MoodError`` where there is none."""
        try:
            return self.blocks[block][name].value
        except KeyError:
            raise MoodError(f"there is no mood parameter {name!r} in {block!r}") from None

    def values(self, block: str) -> dict[str, float]:
        """The values of a block by name."""
        return {name: parameter.value for name, parameter in self.blocks[block].items()}


@cache
def load_mood() -> MoodParameters:
    """The bundled parameters. Raises ``MoodError`` where the file contradicts itself."""
    return parse_mood(FILE.read_text(encoding="utf-8"))


def parse_mood(text: str) -> MoodParameters:
    """The parameters that ``text`` states. Raises ``MoodError`` naming what is wrong."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise MoodError(f"mood parameters, line {error.lineno}: {error.msg}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise MoodError(f"mood parameters must have the format {FORMAT}")
    if document.get("default") not in FORMS:
        raise MoodError(f"the default must be one of {FORMS}, not {document.get('default')!r}")
    found = document.get("blocks")
    if not isinstance(found, dict) or set(found) != set(BLOCKS):
        raise MoodError(f"mood parameters must have the blocks {BLOCKS}")
    blocks = {
        block: {name: _parameter(block, name, entry) for name, entry in found[block].items()}
        for block in BLOCKS
    }
    return MoodParameters(
        version=int(document.get("version", 0)),
        default=cast(FormName, document["default"]),
        comparison=document.get("comparison", {}),
        notes=tuple(document.get("notes", ())),
        blocks=blocks,
    )


def _parameter(block: str, name: str, entry: Any) -> Parameter:
    where = f"{block}.{name}"
    if not isinstance(entry, dict):
        raise MoodError(f"{where} must be an object")
    for key in ("value", "unit", "mark", "source", "verification"):
        if key not in entry:
            raise MoodError(f"{where} lacks {key!r}")
    value = _number(entry["value"], where)
    if entry["mark"] not in MARKS or entry["verification"] not in VERIFICATIONS:
        raise MoodError(f"{where}: mark or verification is not one of {MARKS} {VERIFICATIONS}")
    if not str(entry["source"]).strip():
        raise MoodError(f"{where} has no source")
    prior = entry.get("prior")
    log_se, prior_share = entry.get("log_se"), entry.get("prior_share")
    return Parameter(
        name=name,
        value=value,
        unit=str(entry["unit"]),
        mark=entry["mark"],
        source=entry["source"],
        verification=entry["verification"],
        between_people=_spread(entry.get("between_people"), where),
        between_trials=_spread(entry.get("between_trials"), where),
        prior=None if prior is None else _prior(prior, where),
        rows=tuple(entry.get("rows", ())),
        log_se=None if log_se is None else _number(log_se, where),
        prior_share=None if prior_share is None else _number(prior_share, where),
        note=str(entry.get("note", "")),
    )


def _number(found: Any, where: str) -> float:
    number = isinstance(found, int | float) and not isinstance(found, bool)
    if not number or not math.isfinite(found) or found < 0:
        raise MoodError(f"{where} must be a number of at least 0, not {found!r}")
    return float(found)


def _prior(entry: Any, where: str) -> Prior:
    median, log_sd = _number(entry["median"], where), _number(entry["log_sd"], where)
    if median <= 0 or log_sd <= 0:
        raise MoodError(f"{where}: a prior needs a median and a log SD above 0")
    return Prior(median, log_sd, str(entry.get("source", "")))


def _spread(entry: Any, where: str) -> Spread | None:
    if entry is None:
        return None
    if entry.get("scale") not in ("log", "additive"):
        raise MoodError(f"{where}: the scale of a spread is log or additive")
    return Spread(entry["scale"], _number(entry["sd"], where), entry["mark"], entry["source"])
