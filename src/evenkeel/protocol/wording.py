"""The words around the name of a condition: when, how controlled, and those that say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

Control = Literal["good", "treated", "poor"]

_LONGEST_WORDS: Final = 40

# Each phrase is taken out as a whole. Only these may stand beside a name: any other word, above
# all "no", "family", "possible" or "rule out", leaves the name unread.
_PAST: Final = (
    "past medical history of",
    "personal history of",
    "past history of",
    "history of",
    "medical history",
    "history",
    "hx of",
    "hx",
    "h o",
    "status post",
    "s p",
    "in full sustained remission",
    "in sustained full remission",
    "in sustained remission",
    "in early full remission",
    "in early remission",
    "in full remission",
    "in remission",
    "full remission",
    "sustained remission",
    "remission",
    "resolved",
    "recovered",
    "repaired",
    "clipped",
    "coiled",
    "cured",
    "past",
    "previously",
    "previous",
    "prior",
    "former",
    "formerly",
    "remote",
    "healed",
    "old",
    "ago",
    "no longer active",
    "in childhood",
    "as a child",
    "childhood",
)
_POOR: Final = (
    "poorly controlled",
    "not well controlled",
    "not adequately controlled",
    "not adequately treated",
    "not under control",
    "not controlled",
    "inadequately controlled",
    "inadequately treated",
    "insufficiently controlled",
    "badly controlled",
    "suboptimally controlled",
    "out of control",
    "poor control",
    "uncontrolled",
    "decompensated",
    "untreated",
)
_GOOD: Final = (
    "well controlled",
    "adequately controlled",
    "under control",
    "medically controlled",
    "controlled",
    "euthyroid",
)
_TREATED: Final = ("adequately treated", "treated")
_SILENT: Final = (
    "in partial remission",
    "partial remission",
    "with medication",
    "with medicines",
    "with medicine",
    "with diet",
    "with treatment",
    "on medication",
    "on medicines",
    "on treatment",
    "on meds",
    "by medication",
    "by diet",
    "on cpap",
    "diet",
    "diagnosis of",
    "diagnosed with",
    "diagnosed in",
    "diagnosed",
    "diagnosis",
    "dx",
    "active",
    "currently",
    "current",
    "acute",
    "chronic",
    "known",
    "confirmed",
    "documented",
    "mild to moderate",
    "moderate to severe",
    "mild",
    "moderate",
    "severe",
    "stable",
    "ongoing",
    "persistent",
    "recurrent",
    "intermittent",
    "longstanding",
    "long standing",
    "lifelong",
    "managed",
    "medicated",
    "asymptomatic",
    "unruptured",
    "ruptured",
    "newly",
    "new onset",
    "new",
    "recently",
    "recent",
    "today",
    "symptomatic",
    "left sided",
    "right sided",
    "left",
    "right",
    "bilateral",
    "unilateral",
    "small",
    "large",
    "adult onset",
    "late onset",
    "early onset",
    "single episode",
    "recurrent episode",
    "episodes of",
    "episode of",
    "since",
    "in",
)
# What classifications hang on to a name; taken last, for many names end so themselves.
_TAILS: Final = (
    "disorder",
    "finding",
    "situation",
    "condition",
    "unspecified",
    "not otherwise specified",
    "nos",
)
# A time, a functional class or a size: it dates or measures what is named and does not change it.
_TIME: Final = re.compile(
    r"\b(?:(?:19|20)\d\d"
    r"|\d{1,3}(?: \d)? ?[cm]m"
    # The fourth class is poor control, and stands among the names.
    r"|nyha(?: class)? (?:[123]|i{1,3})"
    r"|(?:\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|several|many|some|few|a few)"
    r" (?:days?|weeks?|wks?|months?|mos?|years?|yrs?)"
    r"|(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec) (?:19|20)\d\d)\b"
)
_GRADED: Final = re.compile(r"\b(?:moderate|severe)\b")
_FILLERS: Final = frozenset({"of", "the", "a", "an", "to", "due", "s"})


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a name: the words left over, and what was said around them.

    ``graded``: it was called moderate, severe or the like, and that was taken away.
    """

    words: str
    past: bool = False
    control: Control | None = None
    graded: bool = False


def readings(words: str) -> Iterator[Reading]:
    """Yield the ways to read ``words`` (plain), from as they stand to fully stripped.

    A name that holds such a word itself ("chronic pain", "history of suicide attempt") is met
    before the word is taken away.
    """
    yield Reading(words)
    if words.count(" ") >= _LONGEST_WORDS:
        return
    yield Reading(_without(words, _TAILS)[0])
    timed = _tidy(_TIME.sub(" ", words))
    # "Not controlled" says the opposite of "controlled", so it is looked for first.
    left, poor = _without(timed, _POOR)
    left, good = (left, False) if poor else _without(left, _GOOD)
    left, treated = (left, False) if poor else _without(left, _TREATED)
    control: Control | None = "poor" if poor else "good" if good else None
    if treated and control is None:
        control = "treated"
    yield Reading(left, control=control)
    now, past = _without(left, _PAST)
    graded = _GRADED.search(words) is not None
    for base, was in ((now, past), (left, False)):
        bare, _ = _without(base, _SILENT)
        yield Reading(base, was, control)
        yield Reading(bare, was, control, graded)
        yield Reading(_without(bare, _TAILS)[0], was, control, graded)


def bag(words: str) -> str:
    """Return the words without fillers and plural endings, in alphabetical order."""
    return " ".join(sorted(_singular(word) for word in words.split() if word not in _FILLERS))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _tidy(words: str) -> str:
    return " ".join(words.split())


def _compiled(phrases: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(longest_first) + r")\b")


_PATTERNS: Final[dict[tuple[str, ...], re.Pattern[str]]] = {
    phrases: _compiled(phrases) for phrases in (_PAST, _POOR, _GOOD, _TREATED, _SILENT, _TAILS)
}


def _without(words: str, phrases: tuple[str, ...]) -> tuple[str, bool]:
    left, count = _PATTERNS[phrases].subn(" ", words)
    return _tidy(left), count > 0
