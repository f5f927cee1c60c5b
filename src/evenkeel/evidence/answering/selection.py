"""Which rows of which trials answer a question, and why the others do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evenkeel.evidence.answering.study_effect import StudyEffect, Unusable, study_effect
from evenkeel.evidence.library.question import Question
from evenkeel.evidence.library.trial import Row, Trial

Out = Callable[[Sequence[Row], str, str], None]
#: Reasons that say the rows belong to another question; the others keep rows out of this one.
ANOTHER_QUESTION = ("population", "comparator", "treatment", "time")
_DESIGN_WORDS = {
    "crossover": "a crossover: the same people stand in both arms, and what was reported does not "
    "pair them",
    "enriched_withdrawal": "people who had already responded were randomized: another question "
    "than that of an acute trial",
    "pooled_report": "a report that pools trials which are counted by themselves",
    "subgroup": "a subgroup looked at afterwards, not randomized",
    "single_arm": "no comparison group",
    "non_randomized": "not randomized",
    "parallel": "an acute trial, and this asks about withdrawal",
    "first_period": "an acute trial, and this asks about withdrawal",
}


@dataclass(frozen=True, slots=True)
class Excluded:
    """Rows of a trial that were not used. ``another_question`` where they ask something else."""

    trial: str
    label: str
    rows: tuple[str, ...]
    code: str
    reason: str

    @property
    def another_question(self) -> bool:
        """Whether these rows belong to another question rather than being kept out of this."""
        return self.code in ANOTHER_QUESTION


def select(
    question: Question, trials: Mapping[str, Trial], only_verified: bool
) -> tuple[list[StudyEffect], list[Excluded]]:
    """The effect of every trial that answers, and every row of the outcome that is left out.

    A trial counts once: one outcome, one scale, one time; arms of one trial are combined, so a
    shared comparator is counted once; contrasts stand only where the arms' own rows do not.
    """
    used: list[StudyEffect] = []
    excluded: list[Excluded] = []
    for trial in trials.values():
        rows = [row for row in trial.rows if row.outcome in question.outcomes]
        if not rows:
            continue
        found = _of_trial(question, trial, rows, only_verified, excluded)
        if found is not None:
            used.append(found)
    return _without_parts(used, trials, excluded), excluded


def _of_trial(
    question: Question,
    trial: Trial,
    rows: list[Row],
    only_verified: bool,
    excluded: list[Excluded],
) -> StudyEffect | None:
    def out(left: Sequence[Row], code: str, reason: str) -> None:
        if left:
            ids = tuple(row.id for row in left)
            excluded.append(Excluded(trial.id, trial.label, ids, code, reason))

    refused = _asks_else(question, trial)
    if refused:
        out(rows, *refused)
        return None
    other = [r for r in rows if not _in_window(question, r)]
    times = ", ".join(dict.fromkeys(r.when for r in other))
    out(other, "time", f"reported at another time ({times}) than {question.days_words}")
    rows = [r for r in rows if _in_window(question, r)]
    if not rows:
        return None
    if question.scales:
        best = next((s for s in question.scales if any(r.scale == s for r in rows)), "")
        other = [r for r in rows if r.scale != best]
        out(other, "scale", f"measured on another scale than {best or question.scales[0]}")
        rows = [r for r in rows if r.scale == best]
    design = _design(question, trial)
    if design:
        out(rows, "design", design)
        return None
    if only_verified:
        out([r for r in rows if r.mark != "verified"], "unverified", "not verified at the source")
        rows = [r for r in rows if r.mark == "verified"]
    return _effect(question, trial, rows, out)


def _effect(question: Question, trial: Trial, rows: list[Row], out: Out) -> StudyEffect | None:
    """One outcome, one time, arms before contrasts; what cannot be worked out is told."""
    outcome = next((o for o in question.outcomes if any(r.outcome == o for r in rows)), "")
    out(
        [r for r in rows if r.outcome != outcome],
        "twice",
        "the same trial counts once, by another outcome",
    )
    rows = [r for r in rows if r.outcome == outcome]
    for kind in ("arms", "contrasts"):
        mine = [r for r in rows if bool(r.arm) == (kind == "arms")]
        time = _nearest(question, mine)
        at_time = [r for r in mine if r.day == time]
        try:
            found = study_effect(question, trial, at_time)
        except Unusable as error:
            if mine:
                out(mine, "no_numbers", str(error))
            continue
        used = set(found.rows)
        if kind == "arms":
            beside = [r for r in rows if r.contrast]
            out(beside, "beside_arms", "the arms of the same trial are counted by their own rows")
        rest = [r for r in mine if r.id not in used]
        elsewhen = [r for r in rest if r.day != time]
        out(elsewhen, "twice", "another time of the same trial, which counts once")
        same = [r for r in rest if r.day == time]
        out(same, "twice", "another number of the same people at the same time")
        return found
    return None


def _nearest(question: Question, rows: list[Row]) -> float | None:
    days = {r.day for r in rows if r.day is not None}
    if not days:
        return None
    target = question.target_day
    if target is None:
        target = question.days[1] if question.days else max(days)
    return min(sorted(days), key=lambda day: abs(day - target))


def _in_window(question: Question, row: Row) -> bool:
    if question.days is None:
        return True
    return row.day is not None and question.days[0] <= row.day <= question.days[1]


def _asks_else(question: Question, trial: Trial) -> tuple[str, str] | None:
    if trial.diagnosis not in question.diagnoses:
        return "population", f"other people were studied: {trial.population}"
    if trial.comparator not in question.comparators and trial.comparator != "none":
        return "comparator", f"compared with something else: {trial.comparator_words}"
    for allowed, has in (
        (question.drugs, trial.drug),
        (question.routes, trial.route),
        (question.courses, trial.course),
    ):
        if allowed and has not in allowed:
            return "treatment", f"another treatment: {trial.regimen}"
    return None


def _design(question: Question, trial: Trial) -> str:
    allowed = trial.design in question.designs
    if trial.design == "pooled_report" and question.pooled_reports:
        allowed = True
    return "" if allowed else _DESIGN_WORDS[trial.design]


def _without_parts(
    used: list[StudyEffect], trials: Mapping[str, Trial], excluded: list[Excluded]
) -> list[StudyEffect]:
    """A report that pools trials gives way to its parts: nobody is counted twice."""
    there = {s.trial for s in used}
    kept = []
    for study in used:
        parts = sorted(set(trials[study.trial].holds) & there)
        if parts:
            names = " and ".join(trials[p].name for p in parts)
            reason = f"it pools {names}, which is counted by itself"
            excluded.append(Excluded(study.trial, study.label, study.rows, "part", reason))
        else:
            kept.append(study)
    return kept
