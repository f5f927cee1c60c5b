"""Where a reader should stop before believing a pooled number."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median

from evenkeel.evidence.pooling.effects import hedges_correction
from evenkeel.evidence.pooling.pool import Pooled, pool
from evenkeel.evidence.pooling.sensitivity import leave_one_out
from evenkeel.evidence.pooling.studies import Caution, EvidenceError, Study

#: An SD this many times smaller than those of the other studies is looked at.
SD_FOLD = 2.5
#: A standardized difference this large is looked at, whatever the other studies say.
LARGE_SMD = 2.5
#: Arms this many times apart are named; from SLIGHT on, where chance (1 in 100) does not do it.
UNEQUAL, SLIGHT, CHANCE_Z = 2.0, 1.2, 2.58
#: Above this many studies only the weights are looked at, not the result without each.
MOST_LEFT_OUT = 200


def cautions(studies: Sequence[Study], result: Pooled) -> tuple[Caution, ...]:
    """All that apply, those of single studies first."""
    found = [*result.cautions, *_twice(studies)]
    for study in studies:
        found += _standard_error(study, studies, result.measure)
        found += _arms(study)
    found += _scores(studies)
    found += _few(result)
    found += _other(result)
    found += _carried(result)
    return tuple(found)


def _twice(studies: Sequence[Study]) -> Iterator[Caution]:
    names: set[str] = set()
    numbers: dict[tuple[object, ...], str] = {}
    for s in studies:
        key = (s.n1, s.n2, s.events1, s.events2, s.mean1, s.sd1, s.mean2, s.sd2)
        if s.name.casefold() in names:
            yield Caution("duplicate", s.name, f"{s.name} stands there more than once")
        elif key in numbers:
            message = f"{s.name} has the same numbers as {numbers[key]}: is it the same trial?"
            yield Caution("duplicate", s.name, message)
        names.add(s.name.casefold())
        numbers.setdefault(key, s.name)


def _standard_error(study: Study, studies: Sequence[Study], measure: str) -> Iterator[Caution]:
    """Rule: both SDs are 2.5 or more times smaller than the middle of the other studies', and
    would fit it within a factor of 2 if multiplied by sqrt(n); for SMD, |g| is at least 1 besides.
    Or |g| is 2.5 or more and would be 1.5 or less if the SDs were standard errors.
    """
    if study.counted:
        return
    m = study.n1 + study.n2 - 2
    difference = abs(study.mean1 - study.mean2) * hedges_correction(m)
    one, two = study.sd1**2 * (study.n1 - 1), study.sd2**2 * (study.n2 - 1)
    g = difference / math.sqrt((one + two) / m)
    if_se = difference / math.sqrt((one * study.n1 + two * study.n2) / m)
    others = [math.sqrt(s.sd1 * s.sd2) for s in studies if s is not study]
    small = False
    if len(others) >= 2:
        usual = median(others)
        grown = math.sqrt(study.sd1 * study.sd2) * (study.n1 * study.n2) ** 0.25
        small = max(study.sd1, study.sd2) * SD_FOLD <= usual and 0.5 <= grown / usual <= 2
        small = small and (measure != "SMD" or g >= 1)
    if small or (g >= LARGE_SMD and if_se <= 1.5):
        why = (
            "are far smaller than in the other studies"
            if small
            else f"make a difference of {g:.1f} SD"
        )
        yield Caution(
            "se_as_sd",
            study.name,
            f"the SDs of {study.name} ({study.sd1:g}, {study.sd2:g}) {why}: "
            "a standard error entered as a standard deviation?",
        )


def _arms(study: Study) -> Iterator[Caution]:
    """Rule: a crossover has equal arms; with ``allocation`` the split is tested against it, without
    it against 1:1 (normal test, p < 0.01, and off by more than 1.2 times, lest large trials be
    named for little); without it, arms more than twice as large are named too.
    """
    if study.design == "crossover":
        if study.n1 != study.n2:
            message = f"{study.name} is a crossover, yet {study.n1} and {study.n2} people are given"
            yield Caution("arm_sizes", study.name, message)
        return
    first, second = study.allocation or (1, 1)
    n, share = study.n1 + study.n2, first / (first + second)
    z = abs(study.n1 - n * share) / math.sqrt(n * share * (1 - share))
    one, two = study.n1 * second, study.n2 * first
    fold = max(one, two) / min(one, two)
    if (z > CHANCE_Z and fold > SLIGHT) or (study.allocation is None and fold > UNEQUAL):
        message = f"{study.name} has {study.n1} and {study.n2} people, not {first}:{second}: "
        message += "a mistake, or another allocation? Say it in a column 'allocation', as 2:1"
        yield Caution("arm_sizes", study.name, message)


def _scores(studies: Sequence[Study]) -> Iterator[Caution]:
    kinds = {s.score for s in studies if s.score}
    if len(kinds) > 1:
        changes = ", ".join(s.name for s in studies if s.score == "change")
        message = f"change scores ({changes}) are pooled with endpoint scores"
        yield Caution("mixed_scores", "", message)


def _few(result: Pooled) -> Iterator[Caution]:
    if result.k == 2:
        message = "two studies only: how far studies differ can hardly be estimated"
        yield Caution("two_studies", "", message)
    elif result.k == 1:
        yield Caution("one_study", "", "one study only: nothing is pooled")


def _other(result: Pooled) -> Iterator[Caution]:
    """The other interval, and the other model, against whether no effect is left out."""
    asked: list[tuple[str, str]] = []
    if result.k > 1:
        random = result.method in ("DL", "PM", "REML")
        if random:
            asked.append((result.method, "hk" if result.ci == "wald" else "wald"))
        asked.append(("FE", "wald") if random else ("REML", "wald"))
        if not random:
            asked.append(("REML", "hk"))
    for method, ci in asked:
        other = pool(result.studies, result.measure, method, ci)
        if other.significant != result.significant:
            which = "crosses" if result.significant else "leaves out"
            instead = "does not" if result.significant else "crosses it"
            yield Caution(
                "crosses_under_other_method",
                "",
                f"with {method} and {ci} the interval {which} no effect; "
                f"with {result.method} and {result.ci} it {instead}",
            )


def _carried(result: Pooled) -> Iterator[Caution]:
    if result.k < 2:
        return
    ci = "wald" if result.k == 2 else result.ci
    without = []
    if result.k <= MOST_LEFT_OUT:
        try:
            without = leave_one_out(result.studies, result.measure, result.method, ci)
        except EvidenceError:
            # Without one of them nothing may be left to pool; the weights still tell.
            without = []
    for i, study in enumerate(result.studies):
        reasons = []
        if result.weights[i] > 0.5:
            reasons.append(f"holds {100 * result.weights[i]:.0f} % of the weight")
        if without and without[i].significant != result.significant:
            reasons.append("decides alone whether the interval leaves out no effect")
        if reasons:
            message = f"{study.name} {' and '.join(reasons)}"
            yield Caution("one_study_carries", study.name, message)
