"""What reading a FHIR Bundle gives: a whole reading, or a list of problems and nothing else.

Where the line runs:

* **Refused.** What cannot be read with certainty (wrong types, bad or future dates, statuses that
  do not exist, a reference to somebody else, modifiers with unknown meaning) refuses the whole
  bundle, with every problem found up to `Limits.max_problems`. A person half imported is more
  dangerous than a person not imported.
* **Set aside.** What is well formed but cannot stand on a chart (an impossible value, a value
  that is only a bound, a unit not known, a panel without a value, an order *not* to give a drug)
  is left out by name, with its reason, and the rest is read.
* **Counted.** Resources marked entered-in-error, and kinds of resource that are not used.

Every entry of the bundle is accounted for: `used`, `not_used`, `entered_in_error`, `set_aside`
and `repeated` add up to `entry_count`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

FactKind = Literal[
    "condition",
    "medicine",
    "allergy",
    "no_known_allergy",
    "blood_pressure",
    "weight_kg",
    "height_cm",
    "heart_rate_bpm",
    "spo2_percent",
    "respiratory_rate_per_min",
    "temperature_c",
    "bmi_kg_m2",
    "phq9_total",
]
FactStatus = Literal[
    "active", "inactive", "resolved", "refuted", "planned", "final", "preliminary", "unknown"
]
Precision = Literal["year", "month", "day", "instant"]
Sex = Literal["female", "male", "other", "unknown"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may ask of the reader (all assumed; real exports measured well below).

    The largest synthetic record at hand is 1.7 MB, 11 levels deep, 13,000 containers.
    """

    max_bytes: int = 16 * 1024 * 1024
    max_depth: int = 64
    max_values: int = 2_000_000
    max_number_chars: int = 64
    max_entries: int = 20_000
    max_list_items: int = 1_000
    max_text_chars: int = 2_000
    max_problems: int = 50


DEFAULT = Limits()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the file: where (`""` is the file), what, and what to do about it."""

    path: str
    message: str
    what_to_do: str

    def __str__(self) -> str:
        place = f"{self.path}: " if self.path else ""
        return f"{place}{self.message} {self.what_to_do}"


class BundleError(Exception):
    """The bundle is refused, and nothing of it was read.

    `problems` holds the first problems in file order; `more` counts those beyond the limit.
    Messages quote no names, dates or numbers of the person, so they may be logged.
    """

    code = "fhir-bundle-refused"

    def __init__(self, problems: list[Problem] | tuple[Problem, ...], more: int = 0) -> None:
        self.problems = tuple(problems)
        self.more = more
        lines = [str(problem) for problem in self.problems]
        if more:
            lines.append(f"... and {more} more.")
        super().__init__("\n".join(lines))


class Identifier(NamedTuple):
    """A number somebody gave this person; `system` is `""` where the source names none."""

    system: str
    value: str


@dataclass(frozen=True, slots=True)
class ReadPatient:
    """The one person of the bundle.

    `birth_date` is None where the source gives only a year or a month: no day is invented, and
    `birth_date_text` keeps what was written. `sex` is FHIR's administrative gender; `birth_sex`
    the US Core birth sex where given, since pregnancy questions turn on it.
    """

    identifiers: tuple[Identifier, ...]
    given_name: str
    family_name: str
    birth_date: date | None
    birth_date_text: str | None
    sex: Sex
    birth_sex: Literal["female", "male"] | None
    deceased: bool
    deceased_at: datetime | None
    deceased_text: str | None
    phone: str | None
    email: str | None
    address_lines: tuple[str, ...]
    origin: str
    source_key: str


@dataclass(frozen=True, slots=True)
class ReadFact:
    """One fact about the person.

    `value` is JSON-safe; its keys carry units. `effective_at` and `recorded_at` are UTC or None;
    a partial date stands at the start of its period and `effective_precision` says so, while
    `effective_text` keeps what the source wrote. `source_key` names the source resource and is
    the same in every import of it; `digest` changes when anything read from it changes, so that
    same key and same digest means nothing to do, same key and new digest means a correction.
    """

    kind: FactKind
    value: Mapping[str, Any]
    effective_at: datetime | None
    effective_precision: Precision | None
    effective_text: str | None
    recorded_at: datetime | None
    status: FactStatus
    origin: str
    source_key: str
    digest: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """A resource that was understood and not used, and why."""

    origin: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportReading:
    """A whole bundle, read. Equal for equal content, whatever the order of its entries."""

    patient: ReadPatient
    facts: tuple[ReadFact, ...]
    bundle_type: str
    entry_count: int
    used: Mapping[str, int]
    not_used: Mapping[str, int]
    entered_in_error: Mapping[str, int]
    set_aside: tuple[SetAside, ...]
    repeated: int
    notes: tuple[str, ...]
