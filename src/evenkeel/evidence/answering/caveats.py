"""What a reader must know before the number: masking, null results, and what it cannot say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenkeel.evidence.answering.certainty import INERT, OPEN
from evenkeel.evidence.answering.selection import Excluded
from evenkeel.evidence.answering.study_effect import StudyEffect
from evenkeel.evidence.library.question import Question
from evenkeel.evidence.library.trial import Trial
from evenkeel.evidence.pooling import Pooled

#: Cochrane's own comparison of the two kinds of control, both for symptoms at 24 hours.
SHRINKS = (
    "Measured against midazolam, which can be felt too, the effect at 24 hours was smaller than "
    "against saline: SMD -0.49 against -0.87 (Cochrane review CD011612, 2021)."
)


def masking(
    question: Question, trials: Mapping[str, Trial], studies: Sequence[StudyEffect]
) -> tuple[str, ...]:
    """Whether people could tell what they got, from the trials that are counted."""
    mine = [trials[s.trial] for s in studies]
    told = []
    openly = [t.label for t in mine if t.blinding == "open"]
    failed = [t.label for t in mine if t.blinding == "unmasked"]
    inert = [
        t.label
        for t in mine
        if t.comparator in INERT and t.blinding != "masked" and t.blinding not in OPEN
    ]
    if inert:
        told.append(
            f"{_share(inert, mine)} compared with something inert. Ketamine is felt, so people and "
            "raters can often tell who got it, and what they expect can enlarge the difference."
        )
        if question.family == "benefit":
            told.append(SHRINKS)
    midazolam = [t for t in mine if t.comparator == "midazolam"]
    if midazolam:
        told.append(
            f"{_share(midazolam, mine)} compared with midazolam, which can be felt too. That masks "
            "better than saline, and not always well enough."
        )
    if openly:
        told.append(f"Nobody was masked in {_listed(openly)}.")
    if failed:
        told.append(f"Most people guessed what they got in {_listed(failed)}.")
    held = [t for t in mine if t.blinding == "masked"]
    if held:
        told.append(
            f"In {_listed([t.label for t in held])} the masking was tested and held "
            f"({held[0].blinding_words})."
        )
    return tuple(told)


def found_nothing(
    question: Question,
    trials: Mapping[str, Trial],
    studies: Sequence[StudyEffect],
    excluded: Sequence[Excluded],
) -> tuple[str, ...]:
    """Trials whose own interval includes no effect, or that reported none; one sentence each."""
    told = [f"{s.label}: its own interval includes no effect" for s in studies if s.crosses_none]
    named = {s.trial for s in studies if s.crosses_none}
    others = [s.trial for s in studies]
    others += [e.trial for e in excluded if not e.another_question]
    if question.family in ("harm", "long_term"):
        # What a trial missed was a benefit; that says nothing of its harms.
        return tuple(told)
    for trial_id in dict.fromkeys(others):
        trial = trials[trial_id]
        if trial.found_nothing and trial_id not in named:
            told.append(f"{trial.label}: {trial.found_nothing}")
    return tuple(told)


def cannot_say(
    question: Question,
    studies: Sequence[StudyEffect],
    pooled: Pooled | None,
    only_verified: bool,
) -> tuple[str, ...]:
    """Where this number ends, the question's own unknowns last."""
    told = []
    if pooled is not None:
        if pooled.k == 1:
            told.append("One trial only: nothing is pooled, and nobody has repeated it here.")
        elif pooled.k == 2:
            told.append("Two trials only: how far trials differ can hardly be estimated.")
        if pooled.predicted and pooled.significant and _crosses(pooled.predicted):
            told.append("A further trial could well find no effect, or the opposite.")
        told.append("It says nothing of who will benefit, nor of people unlike those studied.")
        unpaid = [s.label for s in studies if s.funding is None or not s.funding.known]
        if unpaid:
            told.append(f"Who paid was not found for {_listed(unpaid)}.")
        unjudged = [s.label for s in studies if s.risk_of_bias is None]
        if unjudged:
            told.append(f"No published judgment of bias was found for {_listed(unjudged)}.")
        loose = [s.label for s in studies if s.mark != "verified"]
        if loose and not only_verified:
            told.append(
                f"Not every number was read at its source: {_listed(loose)}. Leave such rows out "
                "to see what remains."
            )
    return (*told, *question.unknown)


def _crosses(limits: tuple[float, float]) -> bool:
    return limits[0] <= 0 <= limits[1]


def _share(some: Sequence[object], whole: Sequence[object]) -> str:
    if len(some) == len(whole):
        return "The trial" if len(whole) == 1 else f"All {len(whole)} trials"
    return f"{len(some)} of {len(whole)} trials"


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return ", ".join(names[:-1]) + " and " + names[-1]
