"""The virtual people of a forecast, as standard normals: a prior in which every move is simple."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..acute import Acute, simulate_acute, simulate_acute_ways
from ..effects import COVARIATES, RANDOM_EFFECTS, AcutePerson, people_from_normals, typical_person
from ..errors import PeopleError
from ..model import Model
from ..people import WEIGHT, People
from ..people import people_from_normals as blood_people
from ..regimen import Regimen
from .carried import USUAL, Learned, columns_of, placed
from .weights import placed_at

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Setting:
    """All that a forecast stands on beside the readings: the same setting, the same forecast.

    ``covariates`` are those of the blood level's model and of the acute effects together
    (``weight_kg``, ``age_years``, ``sbp_usual_mmhg`` ...); each model takes those it knows.
    ``n`` virtual people are drawn from ``seed``. Where only levels in blood are read and predicted,
    ``effects=False`` leaves the effects out and costs less. ``learned`` is what earlier sessions
    taught of this person, None a stranger; its usual pressures then stand for those given here.
    Raises ``PeopleError`` where it cannot be used.
    """

    model: Model
    regimen: Regimen
    covariates: Mapping[str, float] = field(default_factory=dict)
    session_number: int = 1
    n: int = 5000
    seed: int = 0
    effects: bool = True
    learned: Learned | None = None

    def __post_init__(self) -> None:
        if not 10 <= self.n <= 1_000_000:
            raise PeopleError(f"a forecast takes 10 to 1000000 virtual people, not {self.n}")
        for name in self.covariates:
            if name not in (*COVARIATES, *self.model.covariates, WEIGHT.name):
                known = ", ".join(dict.fromkeys((WEIGHT.name, *self.model.covariates, *COVARIATES)))
                raise PeopleError(f"nothing knows a covariate {name!r}; there are: {known}")
        if self.learned is not None:
            _ = self._placing

    @property
    def column_names(self) -> tuple[str, ...]:
        """The random effects by name, in the order of the columns of normals."""
        return columns_of(self.model.random_effects, self.effects)

    @cached_property
    def _placing(self) -> tuple[Array, Array]:
        assert self.learned is not None
        return placed(self.learned, self.model.id, self.column_names)

    def placed(self, normals: Array) -> Array:
        """Normals (N, columns) of a stranger moved to where this person was learned to be."""
        if self.learned is None:
            return normals
        mean, root = self._placing
        return placed_at(normals, mean, root)

    @property
    def columns(self) -> int:
        """Random effects of one virtual person."""
        own = len(self.model.random_effects)
        return own + len(RANDOM_EFFECTS) if self.effects else own

    @cached_property
    def known(self) -> Mapping[str, float]:
        """The covariates, with the usual pressures that the learning started from."""
        if self.learned is None:
            return self.covariates
        rest = {name: value for name, value in self.covariates.items() if name not in USUAL}
        return {**rest, **self.learned.usual}

    def prior(self) -> Array:
        """(n, columns) standard normals."""
        return self.stream(0).standard_normal((self.n, self.columns))

    def stream(self, step: int) -> np.random.Generator:
        """The random numbers of one step; step 0 is the prior, step k the k-th reading."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, step])))

    def people(self, normals: Array) -> tuple[People, AcutePerson]:
        """The virtual people that normals (N, columns) stand for."""
        known = {
            name: value
            for name, value in self.known.items()
            if name in self.model.covariates or name == WEIGHT.name
        }
        normals = self.placed(normals)
        split = len(self.model.random_effects)
        people = blood_people(self.model, normals[:, :split], **known)
        if not self.effects:
            return people, typical_person()
        person = people_from_normals(normals[:, split:], covariates=self.known, between_study=True)
        return people, person

    def run(
        self,
        normals: Array,
        times_h: Array,
        effects: Iterable[str],
        outputs: Iterable[str] = (),
        regimen: Regimen | None = None,
    ) -> Acute:
        """Work virtual people out at some times, under another regimen if one is given."""
        people, person = self.people(normals)
        return simulate_acute(
            self.model,
            self.regimen if regimen is None else regimen,
            people,
            person,
            times_h,
            session_number=self.session_number,
            effects=sorted(effects),
            outputs=sorted(outputs),
        )

    def run_ways(
        self,
        normals: Array,
        times_h: Array,
        regimens: Sequence[Regimen],
        effects: Iterable[str],
        outputs: Iterable[str] = (),
    ) -> list[Acute]:
        """``run`` under each of some regimens that are the same before the first of the times."""
        people, person = self.people(normals)
        return simulate_acute_ways(
            self.model,
            regimens,
            people,
            person,
            times_h,
            session_number=self.session_number,
            effects=sorted(effects),
            outputs=sorted(outputs),
        )
