"""What an instrument is, and what scoring it yields. All values are immutable."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

Mark = Literal["sourced", "derived", "assumed", "clinic policy"]
MARKS: tuple[Mark, ...] = ("sourced", "derived", "assumed", "clinic policy")

Direction = Literal["better", "worse", "same"]
Better = Literal["lower", "higher"]
RatedBy = Literal["self", "clinician"]
Level = Literal["none", "routine", "today", "now"]


@dataclass(frozen=True)
class Basis:
    """A definition in words, where it comes from, and how far that can be trusted."""

    statement: str
    source: str
    mark: Mark


@dataclass(frozen=True)
class Condition:
    """The item is asked only when `link_id` was answered `value`."""

    link_id: str
    value: int


@dataclass(frozen=True)
class Item:
    """One question. `options` are (value, text) in the order shown; `lead_in` is read before it.

    `text` and `lead_in` are empty where the wording may not ship (see `Instrument.text_ships`).
    `scored` is False for a question that stands beside the total, such as PHQ-9's difficulty.
    """

    link_id: str
    number: str
    text: str
    options: tuple[tuple[int, str], ...]
    lead_in: str = ""
    scored: bool = True
    code: str | None = None
    asked_when: Condition | None = None

    @property
    def values(self) -> frozenset[int]:
        """The values an answer may take."""
        return frozenset(value for value, _ in self.options)


@dataclass(frozen=True)
class Band:
    """A named range of totals, or (for triage) a named tier, whose `low` and `high` are None."""

    code: str
    label: str
    low: int | None
    high: int | None
    basis: Basis


@dataclass(frozen=True)
class Tier:
    """A triage tier: it holds when any of `when_any` (each: all of link id = value) holds."""

    band: Band
    when_any: tuple[Mapping[str, int], ...]


@dataclass(frozen=True)
class SafetyRule:
    """An answer above `above` to `link_id` is a safety signal; `kind` says about what."""

    link_id: str
    above: int
    follow_up: str
    basis: Basis
    kind: str = "thoughts_of_death"


@dataclass(frozen=True)
class Subscale:
    """A named part of the questions with its own sum, such as a symptom cluster."""

    code: str
    label: str
    link_ids: tuple[str, ...]


@dataclass(frozen=True)
class ProvisionalRule:
    """So many symptoms in each subscale; an answer of `symptom_from` or more is a symptom."""

    symptom_from: int
    needs: tuple[tuple[str, int], ...]
    label: str
    basis: Basis


@dataclass(frozen=True)
class Scoring:
    """How answers become a result.

    `method` is "sum" (bands), "triage" (tiers, worst first) or "none" (kept, never scored). A sum
    is of the scored items, of each group in `highest_of` only the highest, times `multiply`.
    With up to `most_missing` scored items left open the sum is prorated; 0 means it is refused.
    `urgency` (triage) maps a tier to how soon a clinician must act.
    """

    method: Literal["sum", "triage", "none"]
    total_range: tuple[int, int] | None
    bands: tuple[Band, ...]
    tiers: tuple[Tier, ...]
    missing: Basis
    response_fall: tuple[str, Basis] | None
    remission_below: tuple[int, Basis] | None
    important_change_points: tuple[int, Basis] | None
    safety: tuple[SafetyRule, ...]
    most_missing: int = 0
    multiply: int = 1
    better: Better = "lower"
    highest_of: tuple[tuple[str, ...], ...] = ()
    subscales: tuple[Subscale, ...] = ()
    subscales_basis: Basis | None = None
    provisional: ProvisionalRule | None = None
    reliable_change_points: tuple[int, Basis] | None = None
    urgency: tuple[tuple[str, Level], ...] = ()
    urgency_basis: Basis | None = None


@dataclass(frozen=True)
class Instrument:
    """A questionnaire with its scoring, read from one folder.

    `questionnaire` is a FHIR R4 Questionnaire, a fresh dict at each read, so that no caller can
    change the shared copy. `code` is the LOINC panel and `total_code` the LOINC total, or None.
    `asked_alone` is False for questions that only ever follow another instrument's answer.
    `rated_by` says who fills it in. `open_items` is True where not even the structure could be
    verified: the questions come wholly from the text that a clinic loads. `wording` says whose
    text stands in it: "" where it shipped, else the clinic's own statement of its licence.
    `translation` says where a shipped translation comes from, None in the first language.
    `official` says where the owner's own text is had, for those whose words do not ship;
    `same_answers` that every question of it offers the same ones, whatever their words are.
    """

    id: str
    title: str
    url: str
    version: str
    notice: str
    languages: tuple[str, ...]
    items: tuple[Item, ...]
    code: str | None
    total_link_id: str | None
    total_code: str | None
    text_ships: bool
    asked_alone: bool
    codes_basis: Basis
    scoring: Scoring
    questionnaire_text: str = field(repr=False)
    purpose: str = ""
    rated_by: RatedBy = "self"
    open_items: bool = False
    licence: Basis | None = None
    wording: str = ""
    translation: Basis | None = None
    official: str = ""
    same_answers: bool = False

    @property
    def questionnaire(self) -> dict[str, Any]:
        """The FHIR R4 Questionnaire resource, as a dict of its own."""
        resource: dict[str, Any] = json.loads(self.questionnaire_text)
        return resource

    def item(self, link_id: str) -> Item:
        """The item with that link id. Raises KeyError for one that is not here."""
        for item in self.items:
            if item.link_id == link_id:
                return item
        raise KeyError(link_id)


@dataclass(frozen=True)
class SafetySignal:
    """An answer that asks for a person to act. `follow_up` is the instrument to ask next."""

    link_id: str
    number: str
    value: int
    follow_up: str
    basis: Basis
    kind: str = "thoughts_of_death"


@dataclass(frozen=True)
class SubscaleScore:
    """The sum of one subscale, None where one of its questions was not answered."""

    code: str
    label: str
    total: int | None


@dataclass(frozen=True)
class Provisional:
    """Whether the answers meet the rule; None where a missing answer could decide it."""

    met: bool | None
    label: str
    basis: Basis


@dataclass(frozen=True)
class Score:
    """The result of scoring; when `refused_reason` is set, `total` and `band` are None.

    `answered` counts scored items; `missing` holds the link ids of scored items that were asked
    and not answered. `safety` stands whether or not a total could be given.
    `safety_unanswered` names safety items nobody answered: unknown is not "no".
    """

    total: int | None
    band: Band | None
    answered: int
    missing: tuple[str, ...]
    safety: tuple[SafetySignal, ...]
    safety_unanswered: tuple[str, ...]
    refused_reason: str | None
    prorated: bool = False
    subscales: tuple[SubscaleScore, ...] = ()
    provisional: Provisional | None = None


@dataclass(frozen=True)
class Response:
    """Has the total fallen far enough. `met` is None where it cannot be said, with `reason`."""

    met: bool | None
    fall_fraction: float | None
    basis: Basis | None
    reason: str | None = None


@dataclass(frozen=True)
class Remission:
    """Is the total below the remission threshold; `met` is None where none is defined."""

    met: bool | None
    basis: Basis | None
    reason: str | None = None


@dataclass(frozen=True)
class Change:
    """Later minus earlier, in points; `direction` knows which way is better.

    `important` (as large as a person notices) and `reliable` (larger than the instrument's own
    error) are None where no threshold is defined.
    """

    points: int
    fraction: float | None
    direction: Direction
    important: bool | None
    basis: Basis | None
    reliable: bool | None = None
    reliable_basis: Basis | None = None


@dataclass(frozen=True)
class Urgency:
    """How soon a clinician must act on item 9, and why, in plain words for staff.

    `reasons` lists every cause that raised the level; `blocks_dose` says whether the next dose
    waits until a named clinician has closed it.
    """

    level: Level
    sentence: str
    reasons: tuple[str, ...]
    unanswered: tuple[str, ...]
    blocks_dose: bool
    basis: Basis


def frozen_mapping(values: Mapping[str, int]) -> Mapping[str, int]:
    """A read-only copy of `values`."""
    return MappingProxyType(dict(values))
