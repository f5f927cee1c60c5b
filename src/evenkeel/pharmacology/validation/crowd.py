"""The people of an effect recipe, and the levels at their effect sites.

People are drawn once for a recipe and shared out between its arms; what belongs to one session
(the shift of the baseline) is drawn anew for each. Levels come from the engine, with the filters
that the effects ask for; a recipe may instead hold the plasma level in steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..acute import FILTERS_OF, acute_filters
from ..effects import (
    RANDOM_EFFECTS,
    SESSION_EFFECTS,
    AcuteModel,
    AcutePerson,
    load_acute,
    people_from_normals,
    site_of_held_levels,
)
from ..effects.parameters import Sampling
from ..model import Model, Status
from ..model_file import load_model
from ..people import People, draw_people
from ..regimen import Regimen
from ..simulate import simulate, trust
from .recipe_form import Recipe, arms_of
from .recipes import RecipeError, regimen_of

Array = NDArray[np.float64]
#: For the people's effects and sessions, so that they do not repeat the numbers of their levels.
_EFFECTS, _SESSION = 11, 12


@dataclass(frozen=True)
class Crowd:
    """The people of one arm under its regimen."""

    model: Model
    acute: AcuteModel
    regimen: Sequence[Recipe]
    people: People
    normals: Array
    covariates: Mapping[str, Array | float]
    seed: int
    first: int

    @property
    def n(self) -> int:
        """How many."""
        return self.people.n

    @property
    def held(self) -> bool:
        """Whether the plasma level is held in steps instead of following doses."""
        return any(dose["route"] == "held_level" for dose in self.regimen)

    @cached_property
    def doses(self) -> Regimen:
        """What is given; nothing where levels are held."""
        return Regimen.of() if self.held else regimen_of(list(self.regimen))

    @property
    def status(self) -> Status:
        """How far the model was made for this regimen and these people."""
        return trust(self.model, self.doses, self.people)[0]

    def person(self, session: int = 1) -> AcutePerson:
        """Their effects in one session, counted from 1."""
        normals = self.normals
        if session > 1:
            stream = np.random.default_rng([self.seed, _SESSION, session])
            fresh = stream.standard_normal((self.first + self.n, len(SESSION_EFFECTS)))
            normals = normals.copy()
            columns = [RANDOM_EFFECTS.index(name) for name in SESSION_EFFECTS]
            normals[:, columns] = fresh[self.first :]
        return people_from_normals(normals, covariates=self.covariates, model=self.acute)

    def levels(self, times_min: object) -> Mapping[str, Array]:
        """Every filter of the effects, each (n, T), at ascending times in minutes."""
        times = np.asarray(times_min, dtype=np.float64)
        found = {item.name: np.zeros((self.n, len(times))) for item in self.acute.filters}
        if not self.regimen:
            return found
        return {**found, **(self._held(times) if self.held else self._solved(times))}

    def _solved(self, times: Array) -> Mapping[str, Array]:
        filters, integrals, _ = acute_filters(self.model, self.person(), tuple(FILTERS_OF))
        result = simulate(
            self.model,
            self.doses,
            self.people,
            times / 60.0,
            filters=filters,
            integrals=integrals,
        )
        if result.failed.any():
            raise RecipeError(f"{int(result.failed.sum())} people could not be worked out")
        names = [*(one.name for one in filters), *(one.name for one in integrals)]
        return {name: result[name] for name in names}

    def _held(self, times: Array) -> Mapping[str, Array]:
        """The parent alone, in the drug of the model: of a racemate S and R half each."""
        steps = sorted(self.regimen, key=lambda dose: float(dose["at_min"]))
        length = float(steps[0]["over_min"])
        if any(step["over_min"] != length for step in steps) or any(
            step["at_min"] != number * length for number, step in enumerate(steps)
        ):
            raise RecipeError("held levels need steps of one length, one after the other")
        shares = {"s_ketamine_ng_ml": 0.5, "r_ketamine_ng_ml": 0.5}
        if self.model.drug == "s_ketamine":
            shares = {"s_ketamine_ng_ml": 1.0, "r_ketamine_ng_ml": 0.0}
        found = {}
        sampling: Sampling = "arterial" if self.model.sampling == "arterial" else "venous"
        for item in self.acute.filters:
            if item.kind == "first_order":
                weight = sum(shares.get(name, 0.0) * w for name, w in item.input.items())
                levels = [weight * float(step["dose"]) for step in steps]
                half_life = self.person().half_life_min(item, sampling)
                found[item.name] = site_of_held_levels(levels, length, half_life, times)
        return found


def crowds_of(model_id: str | None, recipe: Recipe) -> list[Crowd]:
    """The arms of a recipe, each with its share of the people.

    Raises ``RecipeError`` where there is nobody or no model.
    """
    if model_id is None:
        raise RecipeError("the recipe has no model")
    model, acute = load_model(model_id), load_acute()
    n, seed = int(recipe["people"]["n"]), int(recipe["people"]["seed"])
    if n < 1:
        raise RecipeError("the recipe has nobody")
    given = {name: float(value) for name, value in recipe["covariates"].items()}
    known = {name: value for name, value in given.items() if name in model.covariates}
    people = draw_people(model, n, seed, **known)
    stream = np.random.default_rng([seed, _EFFECTS])
    normals = stream.standard_normal((n, len(RANDOM_EFFECTS)))
    share = given.pop("hypertension_share", None)
    covariates: dict[str, Array | float] = dict(given)
    if share is not None:
        covariates["hypertension"] = (np.arange(n) % 1000 < 1000 * share).astype(np.float64)
    arms = arms_of(recipe)
    whole = sum(part for _, part in arms)
    ends = np.round(n * np.cumsum([0.0, *(part / whole for _, part in arms)])).astype(int)
    return [
        Crowd(
            model,
            acute,
            regimen,
            people.part(slice(first, last)),
            normals[first:last],
            {k: v[first:last] if isinstance(v, np.ndarray) else v for k, v in covariates.items()},
            seed,
            int(first),
        )
        for (regimen, _), first, last in zip(arms, ends[:-1], ends[1:], strict=True)
        if last > first
    ]
