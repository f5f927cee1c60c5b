"""When to come back: a forecast of relapse put to the protocol, which proposes a day alone.

Pure: what is known in, a proposal out. It speaks of the day alone, never of the dose. It stays
within the signed plan's number of sessions and the protocol's limits, and says nothing of a day
while a finding is open that a clinician has to weigh first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Literal

from .errors import FactsError
from .pack import Protocol
from .sources import Source

Kind = Literal["earlier", "as_planned", "later", "withheld", "none"]
#: What is open -> the family of findings that withholds a proposal.
WITHHOLDS: Final[dict[str, str]] = {
    "craving": "craving",
    "use_outside": "misuse",
    "pdmp": "misuse",
    "dose_requests": "misuse",
    "early_return": "misuse",
    "urinary": "bladder",
    "blood_pressure": "pressure",
    "safety": "safety",
    "hold": "hold",
}
TOLERANCE: Final = "spacing.relapse_percent"
LONGEST: Final = "spacing.longest_days"
MOST: Final = "spacing.most_sessions"
#: A proposal moves the day only where it differs by so many days, and later only by so much of the
#: spacing as well: within that the plan is as good as the forecast. [assumed]
_LEAST_DAYS: Final = 2
_LATER_SHARE: Final = 0.25
_UNSCORED: Final = "Nobody has scored since the last session: a score now would tell more."
_AS_NEAR: Final = "The planned visit is the first day that can be proposed, or as near as matters."
_DAY: Final = timedelta(days=1)
_WINDOW: Final = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """Something a clinician has to weigh first. ``id`` is a key of :data:`WITHHOLDS`."""

    id: str
    statement: str


@dataclass(frozen=True, slots=True)
class ComingBack:
    """What is known when the question is asked. Times aware.

    ``relapse`` is the chance of a relapse from ``known_at`` to each day after it, without a further
    session, among people who were well then: it begins at 0 and never falls. None where too few
    are well. ``was_well`` says whether any score since the first dose has met response, ``is_well``
    whether the newest since the last session does; None where there is none. ``sessions`` are
    those given, in any order.
    """

    now: datetime
    planned_at: datetime
    spacing_days: float
    known_at: datetime
    relapse: tuple[float, ...] | None
    sessions: tuple[datetime, ...]
    sessions_planned: int
    first_series: bool = False
    was_well: bool | None = None
    is_well: bool | None = None
    open_findings: tuple[OpenFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class SpacingProposal:
    """A day for the next session, or why there is none.

    ``crosses_at`` is the first day at which relapse since ``known_at`` is likelier than
    ``tolerance`` (a share), None where that is beyond what was looked at or not known;
    ``by_planned`` that chance at the planned visit. ``reasons`` are sentences, the weightiest
    first; ``withheld_by`` the findings that stand before a day.
    """

    kind: Kind
    at: datetime | None
    tolerance: float | None
    source: Source | None
    crosses_at: datetime | None
    by_planned: float | None
    reasons: tuple[str, ...]
    withheld_by: tuple[OpenFinding, ...] = ()
    #: The planned day is too near to the last session; ``at`` is the first moment that is not.
    not_before: bool = False

    @property
    def moves(self) -> bool:
        """Whether another day than the planned one is proposed."""
        return self.kind in ("earlier", "later")


def propose_spacing(asked: ComingBack, protocol: Protocol) -> SpacingProposal:
    """Weigh the forecast against the clinic's tolerance.

    Of a protocol that states no tolerance, or no limit, no proposal is made.
    Raises ``FactsError`` for times without a zone, no session, or chances that are none.
    """
    _check(asked)
    limit = protocol.find(TOLERANCE)
    if limit is None or protocol.find(LONGEST) is None or protocol.find(MOST) is None:
        words = "The protocol in force states no tolerance of relapse, or not its limits."
        chance = _chance_at(asked, asked.planned_at)
        return SpacingProposal("none", None, None, None, None, chance, (words,))
    source = limit.source
    tolerance = protocol.number(TOLERANCE) / 100.0
    crosses = _crossing(asked, tolerance)
    chance = _chance_at(asked, asked.planned_at)

    def found(
        kind: Kind,
        reasons: Sequence[str],
        at: datetime | None = None,
        withheld_by: tuple[OpenFinding, ...] = (),
    ) -> SpacingProposal:
        return SpacingProposal(
            kind, at, tolerance, source, crosses, chance, tuple(reasons), withheld_by
        )

    if asked.open_findings:
        words = "No day is proposed while something is open that has to be weighed first."
        return found("withheld", [words], withheld_by=asked.open_findings)
    ended = _count_reached(asked, protocol)
    if ended:
        return found("none", [ended])
    if asked.first_series:
        words = "The first series is given as it was planned; spacing is looked at after it."
        return _allowed(asked, protocol, found("as_planned", [words], asked.planned_at))
    if asked.was_well is False:
        words = "No score of this course has met response: whether to go on comes before when."
        return found("none", [words])
    kind, at, reasons = _weighed(asked, protocol, tolerance, crosses, chance)
    return _allowed(asked, protocol, found(kind, reasons, at))


def _allowed(asked: ComingBack, protocol: Protocol, found: SpacingProposal) -> SpacingProposal:
    """The same, or where the planned day itself is too near to the last session, the first that
    is not."""
    allowed, why = _after_the_last(asked, protocol)
    if found.at is None or found.at >= allowed or asked.now >= allowed:
        return found
    soon = f"The planned visit is too soon, for {why}: this is the first moment allowed."
    reasons = (soon, *(words for words in found.reasons if words != _AS_NEAR))
    return replace(found, kind="later", at=allowed, reasons=reasons, not_before=True)


def _weighed(
    asked: ComingBack,
    protocol: Protocol,
    tolerance: float,
    crosses: datetime | None,
    chance: float | None,
) -> tuple[Kind, datetime | None, list[str]]:
    if asked.is_well is False:
        faded = "The newest score no longer meets response: relief has faded before the visit."
        return _earlier(asked, protocol, asked.now, [faded])
    unscored = [] if asked.is_well is not None else [_UNSCORED]
    if chance is None:
        few = "Too few of the virtual people behind these scores are well to tell of a relapse."
        return "as_planned", asked.planned_at, [few, *unscored]
    told = f"Relapse before the planned visit has a chance of {_beside(chance, tolerance)}"
    if chance > tolerance and crosses is not None:
        over = f"{told}, above the clinic's tolerance of {_percent(tolerance)}."
        return _earlier(asked, protocol, crosses - _DAY, [over, *unscored])
    within = f"{told}, within the clinic's tolerance of {_percent(tolerance)}."
    kind, at, reasons = _later(asked, protocol, crosses, [within])
    return kind, at, [*reasons, *unscored]


def _earlier(
    asked: ComingBack, protocol: Protocol, wanted: datetime, reasons: list[str]
) -> tuple[Kind, datetime | None, list[str]]:
    """The wanted day, or the first after it that the limits allow; else as planned."""
    allowed, why = _earliest(asked, protocol)
    at = max(wanted, asked.now)
    if at < allowed:
        at = allowed
        reasons = [*reasons, f"Not sooner, for {why}."]
    if asked.planned_at - at < _LEAST_DAYS * _DAY:
        return "as_planned", asked.planned_at, [*reasons, _AS_NEAR]
    return "earlier", at, reasons


def _later(
    asked: ComingBack, protocol: Protocol, crosses: datetime | None, reasons: list[str]
) -> tuple[Kind, datetime | None, list[str]]:
    """The last day on which the chance is still within the tolerance; else as planned."""
    assert asked.relapse is not None
    longest = protocol.number(LONGEST)
    last = max(asked.sessions) + timedelta(days=longest)
    at = asked.known_at + (len(asked.relapse) - 1) * _DAY if crosses is None else crosses - _DAY
    if at > last:
        at = last
        capped = f"Not later, for the protocol spaces sessions by at most {longest:g} days."
        reasons = [*reasons, capped]
    least = max(_LEAST_DAYS, _LATER_SHARE * asked.spacing_days) * _DAY
    if at - asked.planned_at < least or at < asked.now:
        return "as_planned", asked.planned_at, reasons[:1]
    holds = "It stays within it beyond that visit: relief holds."
    return "later", at, [reasons[0], holds, *reasons[1:]]


def _earliest(asked: ComingBack, protocol: Protocol) -> tuple[datetime, str]:
    """The first moment the protocol allows another session, and which limit says so."""
    allowed, why = _after_the_last(asked, protocol)
    most = int(protocol.number("watch.sessions_in_28_days"))
    latest = sorted(asked.sessions)[-most:]
    if len(latest) == most and latest[0] + _WINDOW > allowed:
        allowed, why = latest[0] + _WINDOW, f"the protocol looks at more than {most} in 28 days"
    return allowed, why


def _after_the_last(asked: ComingBack, protocol: Protocol) -> tuple[datetime, str]:
    """The first moment that is far enough from the last session, and the limit in words."""
    gap_h = protocol.number("session.min_interval_h")
    words = f"the protocol asks for {gap_h:g} hours between two sessions"
    return max(asked.sessions) + timedelta(hours=gap_h), words


def _count_reached(asked: ComingBack, protocol: Protocol) -> str:
    given, most = len(asked.sessions), int(protocol.number(MOST))
    if given >= most:
        return f"{given} sessions were given; the protocol proposes none beyond {most}."
    if given >= asked.sessions_planned:
        planned = asked.sessions_planned
        return f"All {planned} sessions of the signed plan were given: a new plan comes first."
    return ""


def _crossing(asked: ComingBack, tolerance: float) -> datetime | None:
    chances = asked.relapse or ()
    day = next((day for day, chance in enumerate(chances) if chance > tolerance), None)
    return None if day is None else asked.known_at + day * _DAY


def _chance_at(asked: ComingBack, at: datetime) -> float | None:
    """The chance by a moment, straight between two days; that of the last day beyond it."""
    chances = asked.relapse
    if chances is None:
        return None
    place = max(0.0, (at - asked.known_at) / _DAY)
    low = int(place)
    if low >= len(chances) - 1:
        return chances[-1]
    return chances[low] + (chances[low + 1] - chances[low]) * (place - low)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _beside(chance: float, tolerance: float) -> str:
    """A chance to be read beside the tolerance: with a digit more where both would look the same
    and are not."""
    alike = _percent(chance) == _percent(tolerance) and abs(chance - tolerance) >= 0.0005
    return f"{100 * chance:.1f} %" if alike else _percent(chance)


def _check(asked: ComingBack) -> None:
    moments = [asked.now, asked.planned_at, asked.known_at, *asked.sessions]
    if any(moment.tzinfo is None for moment in moments):
        raise FactsError("spacing", "needs times with their zone")
    if not asked.sessions:
        raise FactsError("spacing", "needs a session that was given")
    if any(finding.id not in WITHHOLDS for finding in asked.open_findings):
        raise FactsError("spacing", f"knows the findings {', '.join(WITHHOLDS)} only")
    chances = asked.relapse
    if chances is None:
        return
    rises = all(a <= b + 1e-9 for a, b in pairwise(chances))
    if not chances or not rises or not all(0.0 <= c <= 1.0 for c in chances):
        raise FactsError("spacing", "needs chances from 0 to 1 that never fall")
