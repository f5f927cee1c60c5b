"""Learning from readings: virtual people that explain them gain weight.

A reading multiplies each virtual person's weight by its likelihood. When too few people carry the
weight, they are drawn anew in proportion to it and then moved: each is offered a place near its own
and takes it with the chance that the readings so far allow (resample-move: Gilks and Berzuini 2001,
doi:10.1111/1467-9868.00280). The step is a preconditioned Crank-Nicolson step (Cotter et al. 2013,
doi:10.1214/13-STS421) about the normal that the weighted people themselves are nearest to, with the
ratio of that normal to the prior in the chance (as in generalized forms of the step: Rudolf and
Sprungk 2018, doi:10.1007/s10208-016-9340-x): many readings leave little room, and steps as wide as
the prior would hardly ever be taken.

A forecast is a pure function of its setting, its readings in the order they were measured, and what
was known of the regimen at each of them: a late reading is replayed in its place, under the regimen
as it was known then, so the answer is that of having had it in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from ..regimen import Regimen, check_agree
from ..sharing import later, shared_out
from .carried import PERSISTENCE, Learned, carried
from .observations import EFFECT_OF, Observation, check, likelihood, log_likelihoods
from .particles import Setting
from .prediction import SESSION, Prediction, Surprise, predict, predict_ways
from .weights import Normal, effective_number, moments, normalized, systematic

Array = NDArray[np.float64]
#: Normals (n, columns) and own places (n, columns) of people, their log likelihood (n,) and log
#: ratio (n,), and (n,) whether they moved in this round.
Moving = tuple[Array, Array, Array, Array, NDArray[np.bool_]]

#: Below this share of effective people they are drawn anew and moved.
RENEW = 0.5
#: Rounds of moves at a renewal, at most, and how often each person is to have moved on average
#: before they end; the size of a move: 0 none, 1 an independent draw.
ROUNDS = 6
MOVED = 1.5
STRIDE = 0.7
#: Rounds and size of a move about the prior, where nothing is known of the people but that.
MOVES = 2
STEP = 0.45
#: The same before a forecast is summed up for the next session, where time does not press.
SETTLING_ROUNDS = 20
SETTLED = 5.0
#: Fewer people than so many a column say nothing about their own covariance; the prior's is taken.
PEOPLE_A_COLUMN = 8
_SETTLING_STREAM = 2 * 10**9


@dataclass(frozen=True, eq=False)
class Forecast:
    """Weighted virtual people, immutable: ``update`` gives another.

    ``normals`` (n, columns), ``log_weights`` (n,), ``log_likelihood`` (n,) of all readings so far;
    ``accepted`` is the share of moves taken at the last renewal. ``earlier`` are the regimens that
    were known before the one of the setting, each with the last moment (h) it was known for.
    """

    setting: Setting
    observations: tuple[Observation, ...]
    surprises: tuple[Surprise, ...]
    normals: Array
    log_weights: Array
    log_likelihood: Array
    accepted: float = 1.0
    earlier: tuple[tuple[float, Regimen], ...] = ()

    @classmethod
    def prior(cls, setting: Setting) -> Forecast:
        """Before the first reading: everybody weighs the same."""
        zeros = np.zeros(setting.n)
        return cls(setting, (), (), setting.prior(), zeros, zeros)

    @cached_property
    def weights(self) -> Array:
        """(n,) weights that sum to 1."""
        return normalized(self.log_weights)

    @property
    def effective(self) -> float:
        """Effective number of virtual people (Kish): 1 / sum of squared weights."""
        return effective_number(self.weights)

    def update(self, *readings: Observation) -> Forecast:
        """With these readings too, each in the place of its time. Equal readings count once.

        Raises ``ReadingError`` for what is no reading, and then nothing has changed.
        """
        check(readings, self.setting.model, self.setting.effects)
        added = sorted(set(readings) - set(self.observations))
        if not added:
            return self
        late = self.observations and added[0] < self.observations[-1]
        if late or (self.earlier and added[0].time_h <= self.earlier[-1][0]):
            return self._again(sorted({*self.observations, *added}))
        return self._absorb(added)

    def without(self, *readings: Observation) -> Forecast:
        """As if these readings had never been taken: a correction takes one out, puts one in."""
        return self._again([one for one in self.observations if one not in readings])

    def before(self, time_h: float) -> Forecast:
        """As it stood just before ``time_h``, under the regimen known then.

        Costs nothing while the last reading is older; else what was read before is learned again.
        """
        kept = [one for one in self.observations if one.time_h < time_h]
        found = self if len(kept) == len(self.observations) else self._again(kept)
        return found._under(time_h)

    def changed(self, regimen: Regimen) -> Forecast:
        """Under another regimen from the start: what was given differs, so all is learned anew."""
        setting = replace(self.setting, regimen=regimen)
        return Forecast.prior(setting)._absorb(list(self.observations))

    def continued(self, regimen: Regimen, from_h: float | None = None) -> Forecast:
        """Under the regimen as it goes on: the same as before up to ``from_h``, new after it.

        ``from_h`` is the time of the last reading if None. Where no reading is later, nothing is
        learned again: weights and people stay. Else the later readings are, so that the answer
        does not depend on whether they or the change came first. Tell changes in the order of
        their time. Raises ``RegimenError`` where the two differ before ``from_h``.
        """
        last = self.observations[-1].time_h if self.observations else 0.0
        moment = last if from_h is None else from_h
        check_agree(self.setting.regimen, regimen, moment)
        known = [one for one in self.earlier if one[0] < moment]
        earlier = (*known, (moment, self.setting.regimen))
        found = replace(self, setting=replace(self.setting, regimen=regimen), earlier=earlier)
        return found if last <= moment else found._again(list(self.observations))

    def carried(self, persistence: float = PERSISTENCE) -> Learned:
        """What this session taught of the person, for ``Setting.learned`` of the next one.

        ``persistence`` is the share of the variance between people that lasts between sessions.
        The people are settled first, which takes some tenths of a second.
        """
        return carried(self.settled(), persistence)

    def _again(self, readings: list[Observation]) -> Forecast:
        """Learned from the start, each reading under the regimen known at its time."""
        found = Forecast.prior(self.setting)
        while readings:
            until = min((t for t, _ in self.earlier if t >= readings[0].time_h), default=np.inf)
            ready = [one for one in readings if one.time_h <= until]
            readings = readings[len(ready) :]
            found = found._under(ready[0].time_h, self)._absorb(ready)
        return replace(found, setting=self.setting, earlier=self.earlier)

    def _under(self, time_h: float, whole: Forecast | None = None) -> Forecast:
        """The same people under the regimen that ``whole`` knew at ``time_h``."""
        whole = whole or self
        later = [one for one in whole.earlier if one[0] >= time_h]
        if not later and whole is self:
            return self
        regimen = later[0][1] if later else whole.setting.regimen
        known = tuple(one for one in whole.earlier if one[0] < time_h)
        return replace(self, setting=replace(whole.setting, regimen=regimen), earlier=known)

    def predict(
        self,
        times_h: object,
        regimen: Regimen | None = None,
        levels: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95),
        names: Sequence[str] = SESSION,
    ) -> Prediction:
        """Quantiles and chances at ``times_h`` (T,), also of another regimen: what if.

        ``names`` are the quantities to give bands for: vital signs (``sbp``) as they are and as
        they read (``sbp_reading``), ``dissociation``, ``moaas``, outputs of the model.
        """
        return predict(self, times_h, regimen, levels, tuple(names))

    def ways(
        self,
        times_h: object,
        regimens: Sequence[Regimen],
        levels: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95),
        names: Sequence[str] = SESSION,
        *,
        other_names: Sequence[str] = (),
        shown: int,
    ) -> list[Prediction]:
        """``predict`` of several ways on from the first of ``times_h``, before which they agree.

        All are worked out together, which costs far less than one after the other. The bands of
        the first are those of ``names``, those of the others of ``other_names``, at the ``shown``
        first times; readiness looks at all. Raises ``RegimenError`` where the regimens differ in
        what was given before.
        """
        ways = tuple(regimens)
        return predict_ways(self, times_h, ways, levels, tuple(names), tuple(other_names), shown)

    def _absorb(self, readings: list[Observation]) -> Forecast:
        found = self
        while readings:
            # Readings of one moment are worked out together, then taken in one by one.
            moment = [one for one in readings if one.time_h == readings[0].time_h]
            readings = readings[len(moment) :]
            at = np.array([moment[0].time_h])
            acute = found.setting.run(found.normals, at, *shown_by(moment))
            for place, one in enumerate(moment):
                renewed = found._weigh(one, acute)
                if renewed.normals is not found.normals and place + 1 < len(moment):
                    acute = renewed.setting.run(renewed.normals, at, *shown_by(moment))
                found = renewed
        return found

    def _weigh(self, one: Observation, acute) -> Forecast:  # type: ignore[no-untyped-def]
        found = likelihood(one, acute, 0, self.weights)
        surprises = self.surprises
        if found.surprising:
            surprises = (*surprises, Surprise(one, found.tail))
        weighed = replace(
            self,
            observations=(*self.observations, one),
            surprises=surprises,
            log_weights=self.log_weights + found.log,
            log_likelihood=self.log_likelihood + found.log,
        )
        if weighed.effective < RENEW * self.setting.n:
            return weighed._renewed()
        return weighed

    def _renewed(self) -> Forecast:
        """Draw in proportion to weight, then move the people so that they are not copies."""
        return self._moved(self.setting.stream(len(self.observations)), ROUNDS, MOVED)

    def settled(self) -> Forecast:
        """The same posterior, its people drawn evenly and moved until they have mixed.

        Dear (up to 20 rounds of all readings): for what is kept of a session, not while one runs.
        """
        if not self.observations:
            return self
        stream = self.setting.stream(_SETTLING_STREAM)
        return self._moved(stream, SETTLING_ROUNDS, SETTLED)

    def _moved(self, stream: np.random.Generator, most: int, enough: float) -> Forecast:
        """Drawn, and moved up to ``most`` rounds, until ``enough`` moves a person were taken."""
        chosen = systematic(self.weights, float(stream.random()))
        draws = _Draws(stream, self.normals.shape)
        near = _nearest(self.normals, self.weights)
        normals, log = self.normals[chosen], self.log_likelihood[chosen]
        own, extra = near.own(normals)
        taken = np.empty(len(log), dtype=bool)
        moved, rounds, taken_last = 0.0, 0, 0.0
        while rounds < most and moved < enough:
            drawn, chance = draws.take()
            if rounds + 1 < most and moved + taken_last < enough:
                draws.ahead()
            people = normals, own, log, extra, taken
            shared_out(len(log), partial(self._offer, near, people, drawn, chance))
            taken_last = float(taken.mean())
            moved, rounds = moved + taken_last, rounds + 1
        return replace(
            self,
            normals=normals,
            log_weights=np.zeros(len(log)),
            log_likelihood=log,
            accepted=moved / rounds,
        )

    def _offer(
        self, near: Normal, people: Moving, drawn: Array, chance: Array, first: int, last: int
    ) -> None:
        """Offer people first..last a place each, and move those who take theirs."""
        some = slice(first, last)
        normals, own, log, extra, taken = people
        normals, own, log, extra = normals[some], own[some], log[some], extra[some]
        offered_own, offered, offered_extra = near.step(own, drawn[some], STRIDE)
        offered_log = self._likelihoods(offered)
        with np.errstate(invalid="ignore", divide="ignore"):
            moves = np.log(chance[some]) < offered_log + offered_extra - log - extra
        taken[some] = moves
        np.copyto(normals, offered, where=moves[:, None])
        np.copyto(own, offered_own, where=moves[:, None])
        np.copyto(log, offered_log, where=moves)
        np.copyto(extra, offered_extra, where=moves)

    def _likelihoods(self, normals: Array) -> Array:
        """(n,) log likelihood of all readings for other virtual people."""
        times = sorted({one.time_h for one in self.observations})
        acute = self.setting.run(normals, np.array(times), *shown_by(self.observations))
        return log_likelihoods(self.observations, acute, times)


def shown_by(readings: Iterable[Observation]) -> tuple[set[str], set[str]]:
    """The effects and the outputs of the model that readings show."""
    kinds = {one.kind for one in readings}
    return {EFFECT_OF[k] for k in kinds if k in EFFECT_OF}, {k for k in kinds if k not in EFFECT_OF}


def _nearest(normals: Array, weights: Array) -> Normal:
    """The normal that weighted people are nearest to."""
    columns = normals.shape[1]
    if len(normals) < PEOPLE_A_COLUMN * columns:
        return Normal(np.zeros(columns), np.eye(columns))
    # Any normal will do for a step, so it is rounded: readings of one moment give weights that
    # differ in the last bit by which of them were worked out together, and would else move
    # everybody by that much. A tenth of the prior's keeps every direction open.
    mean, covariance = (np.round(one, 6) for one in moments(normals, weights))
    root = np.linalg.cholesky(0.9 * covariance + 0.1 * np.eye(columns))
    return Normal(mean, np.asarray(np.round(root, 12), dtype=np.float64))


class _Draws:
    """The random numbers of the rounds of a renewal, one round drawn while another is worked out.

    They come from the stream in the same order whether they were drawn ahead or not.
    """

    def __init__(self, stream: np.random.Generator, shape: tuple[int, ...]) -> None:
        self.stream, self.shape = stream, shape
        self._next = later(self._draw)

    def _draw(self) -> tuple[Array, Array]:
        return self.stream.standard_normal(self.shape), self.stream.random(self.shape[0])

    def ahead(self) -> None:
        """Begin with those of the next round."""
        self._next = later(self._draw)

    def take(self) -> tuple[Array, Array]:
        """(n, columns) standard normals of a round and (n,) numbers from 0 to 1."""
        found, self._next = self._next(), self._draw
        return found
