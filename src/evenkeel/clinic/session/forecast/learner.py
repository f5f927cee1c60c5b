"""Learns a session step by step; begins anew where the past was changed.

What was learned is kept between calls only to save work: the answer is always that of learning
every step from the first.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from evenkeel.clinic.session.forecast.inputs import Inputs, Step
from evenkeel.pharmacology import Regimen
from evenkeel.pharmacology.calibration import Score, score_moment
from evenkeel.pharmacology.forecast import Forecast, Learned, Setting

#: Virtual people of a live forecast: few enough to answer between two readings. [assumed]
PEOPLE: Final = 1000
#: Counted up whenever the way of learning changes, so that old scores are not mixed with new.
METHOD: Final = 3


@lru_cache(maxsize=16)
def version_of(model_id: str) -> str:
    """The version of a forecast: the method, the model's file and that of the effects."""
    room = resources.files("evenkeel.pharmacology")
    parts = [room / "models" / f"{model_id}.json", room / "effects" / "acute.json"]
    found = hashlib.sha256(str((METHOD, PEOPLE)).encode())
    for part in parts:
        found.update(part.read_bytes())
    return f"{model_id}/{METHOD}-{found.hexdigest()[:10]}"


@dataclass
class Learner:
    """The forecast of one session, as far as it was learned.

    ``scores`` are of the readings after the first dose, their time from it on, as far as ``tell``
    has told them. ``carried_in`` is what earlier sessions taught, as plain data; ``None`` for a
    stranger. ``rewritten`` says that learning began anew, so that scores told before do not stand.
    """

    carried_in: dict[str, Any] | None = None
    forecast: Forecast | None = None
    prior: Forecast | None = None
    scores: list[Score] = field(default_factory=list)
    rewritten: bool = False
    _setting: str = ""
    _steps: list[Step] = field(default_factory=list)
    #: Steps that were learned, each with the forecast before it, whose scores are not told yet.
    _untold: list[tuple[Forecast, Step, float]] = field(default_factory=list)

    def learn(self, inputs: Inputs) -> Forecast:
        """The forecast after all steps of ``inputs``.

        Raises ``PeopleError`` where what was carried in was learned under other parameters.
        """
        while not self.learn_one(inputs):
            continue
        assert self.forecast is not None
        return self.forecast

    def learn_one(self, inputs: Inputs) -> bool:
        """Take in the next step of ``inputs``; whether there is none left. Raises as ``learn``."""
        setting = self._key(inputs)
        done = len(self._steps)
        same = setting == self._setting and self._steps == list(inputs.steps[:done])
        if self.forecast is None or self.prior is None or not same:
            self._begin(inputs)
            self._setting, self._steps, done = setting, [], 0
        if done < len(inputs.steps):
            self._take(inputs.steps[done], inputs)
        return len(self._steps) == len(inputs.steps)

    def tell(self, inputs: Inputs) -> list[Score]:
        """All scores, those of the steps learned last as well.

        Apart from learning: a screen waits for the forecast, and nobody for its score.
        """
        while self._untold:
            known, step, begun_h = self._untold[0]
            assert self.prior is not None
            told = score_moment(known, step.readings, self.prior, session_id=inputs.session_id)
            self.scores += [replace(one, time_h=one.time_h - begun_h) for one in told]
            del self._untold[0]
        return self.scores

    @property
    def untold(self) -> int:
        """How many steps wait to be scored."""
        return len(self._untold)

    def pass_over(self) -> None:
        """Leave untold what could not be told."""
        self._untold = []

    def carried(self) -> dict[str, Any] | None:
        """What this session taught of the person, as plain data."""
        return None if self.forecast is None else self.forecast.carried().as_dict()

    def _begin(self, inputs: Inputs) -> None:
        stranger = Setting(
            model=inputs.model,
            regimen=Regimen(()),
            covariates=dict(inputs.covariates),
            session_number=inputs.session_number,
            n=PEOPLE,
            seed=inputs.seed,
        )
        known = Learned.from_dict(self.carried_in) if self.carried_in else None
        self.prior = Forecast.prior(stranger)
        self.forecast = Forecast.prior(replace(stranger, learned=known))
        self.rewritten = self.rewritten or bool(self.scores)
        self.scores, self._untold = [], []

    def _take(self, step: Step, inputs: Inputs) -> None:
        """Learn one step; what was predicted of it counts from the first dose on."""
        assert self.forecast is not None
        known = self.forecast.continued(step.regimen)
        begun_h = inputs.first_dose_h
        if begun_h is not None and step.at_h > begun_h:
            self._untold.append((known, step, begun_h))
        self.forecast = known.update(*step.readings)
        self._steps.append(step)

    def _key(self, inputs: Inputs) -> str:
        said: list[Any] = [
            version_of(inputs.model.id),
            inputs.covariates,
            inputs.session_number,
            inputs.seed,
            inputs.zero.isoformat(),
            inputs.first_dose_h,
            id(self.carried_in),
        ]
        return json.dumps(said)
