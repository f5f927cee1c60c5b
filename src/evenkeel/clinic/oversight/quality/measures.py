"""The figures of the quality page: what each counts, of what, and which chart suits it.

One entry a figure. ``events`` are what is counted, ``cases`` among or beside which it is counted.
Nothing here says what is good: ``better`` only tells which way a reader hopes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from evenkeel.clinic.oversight.quality import counts
from evenkeel.clinic.oversight.quality.counts import Item
from evenkeel.clinic.oversight.quality.facts import Facts


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure."""

    key: str
    title: str
    #: What is counted, and of what, in a sentence.
    says: str
    kind: Literal["xmr", "p", "u", "g", "t"]
    unit: Literal["count", "share", "rate", "seconds", "cases", "days"]
    better: Literal["more", "less", "neither"]
    events: Callable[[Facts], list[Item]]
    cases: Callable[[Facts], list[Item]] | None = None
    #: What events and cases are called: "abandoned", "sessions".
    event_words: str = ""
    case_words: str = ""
    #: Whose work it is looked at by; "" where not at all.
    person: str = ""
    group: str = "Sessions"


MEASURES: Final[Mapping[str, Measure]] = {
    one.key: one
    for one in (
        Measure(
            "sessions",
            "Sessions given",
            "Sessions in which drug was given, in each period.",
            "xmr",
            "count",
            "neither",
            counts.given,
            event_words="sessions",
        ),
        Measure(
            "not-given",
            "Opened and not given",
            "Of all sessions that were opened, those that ended without a dose.",
            "p",
            "share",
            "neither",
            counts.abandoned,
            counts.all_sessions,
            "not given",
            "sessions opened",
            "nurse",
        ),
        Measure(
            "no-show",
            "Did not come",
            "Of all dosing appointments whose time is over, those to which nobody came.",
            "p",
            "share",
            "less",
            counts.no_shows,
            counts.visits,
            "did not come",
            "appointments",
        ),
        Measure(
            "early",
            "Left before ready",
            "Of all sessions given, those from which the person left before they were ready.",
            "p",
            "share",
            "less",
            counts.left_early,
            counts.given,
            "left early",
            "sessions",
            "nurse",
        ),
        Measure(
            "stopped",
            "Dose stopped short",
            "Of all sessions given, those in which less was given than planned.",
            "p",
            "share",
            "neither",
            counts.stopped,
            counts.given,
            "stopped short",
            "sessions",
            "nurse",
        ),
        Measure(
            "adverse-events",
            "Adverse events",
            "Adverse events recorded, for each session given in the same period.",
            "u",
            "rate",
            "less",
            counts.adverse,
            counts.given,
            "adverse events",
            "sessions",
            group="Harm",
        ),
        Measure(
            "holds",
            "Sessions with a hold or emergency",
            "Of all sessions given, those in which a hold or an emergency sounded.",
            "p",
            "share",
            "less",
            counts.held,
            counts.given,
            "with a hold or emergency",
            "sessions",
            "nurse",
            group="Harm",
        ),
        Measure(
            "emergencies",
            "Sessions between emergencies",
            "How many sessions were given between one in which an emergency sounded and the next.",
            "g",
            "cases",
            "more",
            counts.emergencies,
            counts.given,
            "emergencies",
            "sessions",
            group="Harm",
        ),
        Measure(
            "serious",
            "Days between serious events",
            "How many days lie between one serious incident and the next.",
            "t",
            "days",
            "more",
            counts.serious,
            event_words="serious incidents",
            group="Harm",
        ),
        Measure(
            "answer-time",
            "Time until an alarm was answered",
            "The middle time from a hold or an emergency until somebody said what was done.",
            "xmr",
            "seconds",
            "less",
            counts.answer_times,
            event_words="answered alarms",
            person="nurse",
            group="Alarms",
        ),
        Measure(
            "unanswered",
            "Alarms that went on to others",
            "Of all holds and emergencies, those for which a second person or everybody had to be "
            "called, or that nobody answered.",
            "p",
            "share",
            "less",
            counts.called,
            counts.loud,
            "went on",
            "holds and emergencies",
            "nurse",
            group="Alarms",
        ),
        Measure(
            "overrides",
            "Screenings decided otherwise",
            "Of all signed screenings, those decided otherwise than the protocol proposed.",
            "p",
            "share",
            "neither",
            counts.overrides,
            counts.screenings,
            "decided otherwise",
            "screenings",
            "signer",
            group="Decisions",
        ),
        Measure(
            "questionnaires",
            "Questionnaires that came back",
            "Of all questionnaires of a schedule whose time is over, those that were answered.",
            "p",
            "share",
            "more",
            counts.answered,
            counts.asks,
            "answered",
            "questionnaires",
            group="Follow-up",
        ),
        Measure(
            "calls",
            "Follow-up calls in time",
            "Of all follow-up calls that were due, those made within a day.",
            "p",
            "share",
            "more",
            counts.calls_made,
            counts.calls,
            "made in time",
            "calls due",
            group="Follow-up",
        ),
    )
}
