"""The prediction of a target about mood over days and weeks: its recipe followed for a crowd.

Scores are read as a trial reads them, with the error of a reading (correlations are of true
means, as for the acute effects); a trial is an average one, without a shift of its own. Who
relapses is worked out as a probability for each person. What stands against the drug is the
recipe's ``control``, which names a setting of the mood room.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..mood import Course, Form, MoodPeople, States, course, draw_mood_people, relapse
from ..regimen import Regimen
from . import acute_recipes
from .crowd import Crowd, crowds_of
from .recipe_form import Recipe
from .recipes import Prediction, RecipeError, regimen_of

Array = NDArray[np.float64]
#: Responders are those who are when a trial reads: a day after the last dose.
_READ_AFTER_H = 24.0
#: Stable remission of the withdrawal trial: a MADRS of 12 or less.
_STABLE_MADRS = 12.0
#: Remission where the trial does not say its own.
_REMISSION_MADRS = 10.0
#: Relapse is followed so long; a median beyond it goes on at the mean rate so far.
_FOLLOWED_D = 1000.0
_DAY_H = 24.0
#: Where a recipe does not name the setting: that of the withdrawal trial, as the mood room fits it.
_SETTING_OF = {"stable_remitters": "open_label_with_new_antidepressant"}


def predict(model_id: str | None, recipe: Recipe) -> Prediction:
    """Follow a mood recipe. Raises ``PharmacologyError`` where that cannot be done."""
    found = STATISTICS.get(recipe["statistic"])
    if found is None:
        raise RecipeError(f"the rows do not say how {recipe['statistic']} is worked out")
    arms = [Arm.of(crowd, recipe) for crowd in crowds_of(model_id, recipe)]
    value = found(recipe, arms)
    far = any(arm.crowd.status == "extrapolated" for arm in arms)
    return Prediction(value, "extrapolated" if far else "derived")


@dataclass(frozen=True)
class Arm:
    """The people of one arm, how they respond, and what they think they get."""

    crowd: Crowd
    mood: MoodPeople
    where: str
    at_h: tuple[float, ...] | None

    @classmethod
    def of(cls, crowd: Crowd, recipe: Recipe) -> Arm:
        """The arm of a crowd. Raises ``RecipeError`` where nobody says when placebo was given."""
        last = crowd.first + crowd.n
        drawn = draw_mood_people(
            last,
            crowd.seed,
            baseline_madrs=recipe["covariates"].get("madrs_baseline"),
            between_trials="none",
        )
        given = recipe.get("sessions_at_min")
        if given is None and not crowd.regimen:
            raise RecipeError("a recipe without doses needs sessions_at_min")
        at_h = None if given is None else tuple(sorted(float(m) / 60.0 for m in given))
        usual = _SETTING_OF.get(str(recipe.get("among")), "open_label")
        where = str(recipe.get("control", usual))
        return cls(crowd, drawn.part(slice(crowd.first, last)), where, at_h)

    def followed(
        self,
        times_h: Sequence[float],
        *,
        control: bool = False,
        therapy: float = 0.0,
        form: Form | None = None,
    ) -> Course:
        """Their course, or that of the same people had they been given what stood against it."""
        people = self.mood
        if therapy:
            people = MoodPeople(
                people.baseline_madrs,
                people.sensitivity,
                people.drift_points,
                people.trial_points,
                np.full(people.n, therapy),
            )
        at_h = self.sittings_h if control else self.at_h
        doses = Regimen.of() if control else self.crowd.doses
        return course(
            self.crowd.model,
            doses,
            self.crowd.people,
            people,
            times_h,
            where=self.where,
            at_h=at_h,
            form=form,
        )

    @property
    def sittings_h(self) -> tuple[float, ...]:
        """When each sitting begins."""
        if self.at_h is not None:
            return self.at_h
        doses = self.crowd.doses
        firsts = doses.first_of_sitting()
        return tuple(d.at_h for d, first in zip(doses, firsts, strict=True) if first)


@dataclass(frozen=True)
class Read:
    """Baselines (n,) and readings (n, T) of all arms together."""

    baseline: Array
    scores: Array

    @property
    def change(self) -> Array:
        """(n, T), negative for better."""
        return self.scores - self.baseline[:, None]

    def share(self, which: str, remission_madrs: float = _REMISSION_MADRS) -> Array:
        """(T,) share in response or remission; a trial may have its own line of remission."""
        if which == "response":
            found = self.scores <= 0.5 * self.baseline[:, None]
        else:
            found = self.scores <= remission_madrs
        return np.asarray(found.mean(axis=0), dtype=np.float64)


def _read(
    recipe: Recipe,
    arms: Sequence[Arm],
    times_h: Sequence[float] | None = None,
    *,
    control: bool = False,
) -> Read:
    times = _times(recipe) if times_h is None else times_h
    courses = [arm.followed(times, control=control) for arm in arms]
    for found in courses:
        if found.failed.any():
            raise RecipeError(f"{int(found.failed.sum())} people could not be worked out")
    seed = int(recipe["people"]["seed"])
    return Read(
        np.concatenate([arm.mood.baseline_madrs for arm in arms]),
        np.concatenate([found.readings(seed) for found in courses]),
    )


def _times(recipe: Recipe) -> list[float]:
    at_h = recipe["at_h"]
    return sorted(float(t) for t in (at_h if isinstance(at_h, list) else [at_h]))


def _change(recipe: Recipe, arms: Sequence[Arm]) -> float:
    return float(_read(recipe, arms).change.mean())


def _mean(recipe: Recipe, arms: Sequence[Arm]) -> float:
    return float(_read(recipe, arms).scores.mean())


def _change_between(recipe: Recipe, arms: Sequence[Arm]) -> float:
    scores = _read(recipe, arms).scores.mean(axis=0)
    return float(scores[-1] - scores[0])


def _difference(recipe: Recipe, arms: Sequence[Arm]) -> float:
    drug, control = _read(recipe, arms), _read(recipe, arms, control=True)
    return float(drug.scores.mean() - control.scores.mean())


def _standardized(recipe: Recipe, arms: Sequence[Arm]) -> float:
    """The difference of scores in units of their pooled SD."""
    drug, control = _read(recipe, arms).scores, _read(recipe, arms, control=True).scores
    pooled = np.sqrt((drug.var(axis=0, ddof=1) + control.var(axis=0, ddof=1)) / 2.0)
    return float(((drug.mean(axis=0) - control.mean(axis=0)) / pooled).mean())


def _share(which: str) -> Callable[[Recipe, Sequence[Arm]], float]:
    def found(recipe: Recipe, arms: Sequence[Arm]) -> float:
        at_most = float(recipe.get("at_most", _REMISSION_MADRS))
        if "responders" not in recipe:
            return 100.0 * float(_read(recipe, arms).share(which, at_most).mean())
        # Some were let in because they had responded when read in an earlier trial.
        chosen, times = recipe["responders"], _times(recipe)
        part = float(chosen["share"])
        before = {**recipe, "covariates": chosen["covariates"]}
        earlier = [Arm.of(crowd, before) for crowd in crowds_of(arms[0].crowd.model.id, before)]
        read = _read(recipe, earlier, [float(chosen["at_h"]), *times])
        responded = read.scores[:, 0] <= 0.5 * read.baseline
        those = Read(read.baseline[responded], read.scores[responded, 1:])
        shares = [one.share(which, at_most).mean() for one in (those, _read(recipe, arms))]
        return 100.0 * float(np.dot((part, 1.0 - part), shares))

    return found


def _odds_ratio(which: str) -> Callable[[Recipe, Sequence[Arm]], float]:
    def found(recipe: Recipe, arms: Sequence[Arm]) -> float:
        shares = [_read(recipe, arms, control=c).share(which).mean() for c in (False, True)]
        drug, control = (share / (1.0 - share) for share in shares)
        return float(drug / control)

    return found


def _response_ratio(recipe: Recipe, arms: Sequence[Arm]) -> float:
    shares = _read(recipe, arms).share("response")
    return float(shares[-1] / shares[0])


def _sessions_to_response(recipe: Recipe, arms: Sequence[Arm]) -> float:
    """The median over those who ever respond, read so long after each session."""
    times = [at + float(recipe["read_after_h"]) for at in arms[0].sittings_h]
    read = _read(recipe, arms, times)
    responded = read.scores <= 0.5 * read.baseline[:, None]
    ever = responded[responded.any(axis=1)]
    return float(np.median(ever.argmax(axis=1) + 1))


def _survival(
    recipe: Recipe, arms: Sequence[Arm], until_h: float, doses: Regimen | None = None
) -> tuple[Array, Array]:
    """Hours since counting began and the mean share without relapse at each."""
    from_h = float(recipe["counted_from_h"])
    found, grid = [], np.empty(0)
    for arm in arms:
        chosen = np.flatnonzero(_among(recipe, arm))
        if not len(chosen):
            continue
        regimen = arm.crowd.doses if doses is None else doses
        followed = relapse(
            arm.crowd.model,
            regimen,
            arm.crowd.people.part(chosen),
            arm.mood.part(chosen),
            from_h=from_h,
            until_h=until_h,
            where=arm.where,
            at_h=arm.at_h,
        )
        grid = followed.grid_h
        found.append(followed.survival(grid))
    if not found:
        raise RecipeError("nobody is well when counting begins")
    return grid - from_h, np.concatenate(found).mean(axis=0)


def _among(recipe: Recipe, arm: Arm) -> NDArray[np.bool_]:
    """Who is counted, by the MADRS expected when that is judged."""
    kind = recipe.get("among")
    if kind == "stable_remitters":
        score = arm.followed([float(recipe["counted_from_h"])]).madrs[:, 0]
        return np.asarray(score <= _STABLE_MADRS)
    if kind == "responders":
        score = arm.followed([arm.sittings_h[-1] + _READ_AFTER_H]).madrs[:, 0]
        return np.asarray(score <= 0.5 * arm.mood.baseline_madrs)
    if kind is None:
        return np.ones(arm.crowd.n, dtype=bool)
    raise RecipeError(f"nothing says who {kind!r} are")


def _end_h(recipe: Recipe) -> float:
    return float(recipe["counted_from_h"]) + float(recipe["horizon_d"]) * _DAY_H


def _relapse_share(recipe: Recipe, arms: Sequence[Arm]) -> float:
    return 100.0 * float(1.0 - _survival(recipe, arms, _end_h(recipe))[1][-1])


def _hazard_ratio(recipe: Recipe, arms: Sequence[Arm]) -> float:
    """Of the cumulative hazards at the horizon, as if they were proportional."""
    against = regimen_of(recipe["against"])
    left = _survival(recipe, arms, _end_h(recipe))[1][-1]
    other = _survival(recipe, arms, _end_h(recipe), against)[1][-1]
    return float(np.log(left) / np.log(other))


def _median_relapse(recipe: Recipe, arms: Sequence[Arm]) -> float:
    until_h = float(recipe["counted_from_h"]) + _FOLLOWED_D * _DAY_H
    hours, left = _survival(recipe, arms, until_h)
    hazard = -np.log(left)
    if hazard[-1] < np.log(2.0):
        return float(hours[-1] * np.log(2.0) / hazard[-1] / _DAY_H)
    return float(np.interp(np.log(2.0), hazard, hours) / _DAY_H)


def _therapy(recipe: Recipe, arms: Sequence[Arm]) -> float:
    """How many SD better those are who have therapy beside."""
    seed, times = int(recipe["people"]["seed"]), _times(recipe)
    scores: list[list[Array]] = [[], []]
    for arm in arms:
        chosen = _among(recipe, arm)
        for k, therapy in enumerate((0.0, 1.0)):
            scores[k].append(arm.followed(times, therapy=therapy).readings(seed)[chosen, -1])
    without, beside = (np.concatenate(each) for each in scores)
    pooled = np.sqrt((without.var(ddof=1) + beside.var(ddof=1)) / 2.0)
    return float((without.mean() - beside.mean()) / pooled)


def _of_people(one: Recipe, arms: Sequence[Arm]) -> Array:
    """The true mean of one effect of each person at one time, (n,)."""
    effect = str(one["effect"])
    found = []
    for arm in arms:
        if effect == "madrs_change":
            followed = arm.followed([float(one["at_h"])])
            found.append(followed.madrs[:, 0] - arm.mood.baseline_madrs)
        elif effect == "bdnf":
            states = arm.followed([float(one["at_min"]) / 60.0], form=States()).states
            found.append(states["bdnf"][:, 0])
        else:
            levels = arm.crowd.levels([float(one["at_min"])])
            found.append(acute_recipes.course(effect, levels, arm.crowd.person())[:, 0])
    return np.concatenate(found)


def _correlation(recipe: Recipe, arms: Sequence[Arm]) -> float:
    a, b = (_of_people(recipe[name], arms) for name in ("a", "b"))
    return float(np.corrcoef(a, b)[0, 1])


def _slope(recipe: Recipe, arms: Sequence[Arm]) -> float:
    """Of y on x, by least squares, among people whose x is small enough."""
    x, y = (_of_people(recipe[name], arms) for name in ("x", "y"))
    kept = x <= float(recipe["x"].get("at_most", np.inf))
    return float(np.polyfit(x[kept], y[kept], 1)[0])


STATISTICS: Mapping[str, Callable[[Recipe, Sequence[Arm]], float]] = {
    "madrs_change_at": _change,
    "madrs_change_between": _change_between,
    "madrs_mean_at": _mean,
    "madrs_difference_at": _difference,
    "madrs_standardized_difference_at": _standardized,
    "response_share_percent": _share("response"),
    "remission_share_percent": _share("remission"),
    "response_odds_ratio": _odds_ratio("response"),
    "remission_odds_ratio": _odds_ratio("remission"),
    "response_ratio": _response_ratio,
    "median_sessions_to_response": _sessions_to_response,
    "median_relapse_d": _median_relapse,
    "relapse_share_percent": _relapse_share,
    "relapse_hazard_ratio": _hazard_ratio,
    "therapy_effect_d": _therapy,
    "correlation_across_people": _correlation,
    "slope_across_people": _slope,
}
