"""What was learned of a person in earlier sessions, as the prior of the next one.

The virtual people of a finished forecast are summed up by the weighted mean and covariance of their
standard normals, and the next session starts from mean + root z with z standard normal: in z the
prior is the unit sphere it always was, so that every move stays as it is.

**Whose effects are whose.** Carried are the effects of the person (sensitivity, half-lives, usual
pressure and pulse, clearance and volumes of the blood level's model) and that of the place (the
spread between studies: the next session is in the same clinic, with the same cuffs and customs).
Not carried is what belongs to one day, ``SESSION_EFFECTS``: the shift of pressure and pulse on the
day. It is drawn anew, and so is independent of what was carried.

**How much is carried.** Parameters of one person differ from day to day as well; the models here
know only people who never change. ``PERSISTENCE`` says which share of the variance between people
lasts from one session to the next: the mean moves that far back to the population's (its root),
and the covariance is that share of what was learned and the rest of the population's. So a person
of whom nothing was learned stays a stranger exactly, and certainty cannot grow without end. The
spread between places is carried whole (``LASTING``): the place does not change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..effects import RANDOM_EFFECTS, SESSION_EFFECTS, load_acute
from ..errors import PeopleError
from .weights import moments

if TYPE_CHECKING:
    from .learning import Forecast

Array = NDArray[np.float64]

FORMAT = "evenkeel-learned/1"
#: Share of the variance between people that lasts from one session to the next. [assumed: no source
#: for these effects was read]
PERSISTENCE = 0.8
USUAL = ("sbp_usual_mmhg", "dbp_usual_mmhg", "hr_usual_bpm")
#: Carried whole: the place does not change from session to session.
LASTING = ("slope_between_study_log_sd",)
_BLOOD = "blood:"
_MOST_NAMES = 200


@dataclass(frozen=True, eq=False)
class Learned:
    """Mean (k,) and lower root (k, k) of the normals of ``names``: the next session's prior.

    ``names`` are random effects of the acute effects, and those of the blood level's model with
    ``blood:`` before them; ``model`` is that model's id. ``sessions`` counts what it was learned
    from. ``effects_version`` is that of the parameters of the acute effects. ``usual`` are the
    usual pressures as the first session was told them: what was learned of them is how far they
    were off, so the next session goes on from these and not from newer ones.
    """

    model: str
    model_version: int
    effects_version: int
    sessions: int
    names: tuple[str, ...]
    mean: Array
    root: Array
    usual: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "format": FORMAT,
            "model": self.model,
            "model_version": self.model_version,
            "effects_version": self.effects_version,
            "sessions": self.sessions,
            "names": list(self.names),
            "mean": self.mean.tolist(),
            "root": self.root.tolist(),
            "usual": dict(self.usual),
        }

    @classmethod
    def from_dict(cls, kept: object) -> Learned:
        """The same again, to the bit. Raises ``PeopleError`` for what ``as_dict`` did not give."""
        if not isinstance(kept, Mapping) or kept.get("format") != FORMAT:
            raise PeopleError(f"what was learned must be an object of the format {FORMAT}")
        names = kept.get("names")
        if (
            not isinstance(names, list)
            or not 1 <= len(names) <= _MOST_NAMES
            or not all(isinstance(name, str) for name in names)
            or len(set(names)) != len(names)
        ):
            raise PeopleError("what was learned needs a list of different names")
        return cls(
            str(kept.get("model")),
            _whole(kept, "model_version"),
            _whole(kept, "effects_version"),
            _whole(kept, "sessions"),
            tuple(names),
            _numbers(kept, "mean", (len(names),)),
            _root(_numbers(kept, "root", (len(names), len(names)))),
            _usual(kept.get("usual")),
        )

    @cached_property
    def covariance(self) -> Array:
        """(k, k) of the normals."""
        found: Array = self.root @ self.root.T
        return found


def columns_of(random_effects: Sequence[str], effects: bool) -> tuple[str, ...]:
    """The names of the columns of normals, the blood level's first, as ``Setting`` orders them."""
    blood = tuple(f"{_BLOOD}{name}" for name in random_effects)
    return blood + RANDOM_EFFECTS if effects else blood


def placed(learned: Learned, model_id: str, columns: Sequence[str]) -> tuple[Array, Array]:
    """Mean (c,) and root (c, c) over all columns of a setting; a stranger's where none is known.

    Effects of another blood model are left out; those of the person stay. Raises ``PeopleError``
    where the parameters of the acute effects have another version than those it was learned under.
    """
    if learned.effects_version != load_acute().version:
        raise PeopleError(
            f"this was learned under version {learned.effects_version} of the acute effects, "
            f"which are at {load_acute().version} now: learn it again from the readings"
        )
    known = [
        (i, columns.index(name))
        for i, name in enumerate(learned.names)
        if name in columns and (learned.model == model_id or not name.startswith(_BLOOD))
    ]
    mean, root = np.zeros(len(columns)), np.eye(len(columns))
    if known:
        own, at = (np.array(indices) for indices in zip(*known, strict=True))
        mean[at] = learned.mean[own]
        root[np.ix_(at, at)] = np.linalg.cholesky(learned.covariance[np.ix_(own, own)])
    return mean, root


def carried(forecast: Forecast, persistence: float = PERSISTENCE) -> Learned:
    """What a finished forecast learned of its person; see ``Forecast.carried``."""
    if not 0.0 <= persistence <= 1.0:
        raise PeopleError(f"the persistence is a share from 0 to 1, not {persistence}")
    setting = forecast.setting
    names = setting.column_names
    kept = [i for i, name in enumerate(names) if name not in SESSION_EFFECTS]
    normals = setting.placed(forecast.normals)[:, kept]
    weights = forecast.weights
    mean, spread = moments(normals, weights)
    spread = spread / (1.0 - np.square(weights).sum())
    lasts = np.array([1.0 if names[i] in LASTING else persistence for i in kept])
    root = np.sqrt(lasts)
    covariance = root[:, None] * spread * root + np.diag(1.0 - lasts)
    earlier = 0 if setting.learned is None else setting.learned.sessions
    return Learned(
        model=setting.model.id,
        model_version=setting.model.version,
        effects_version=load_acute().version,
        sessions=earlier + 1,
        names=tuple(names[i] for i in kept),
        mean=root * mean,
        root=np.linalg.cholesky(covariance + 1e-9 * np.eye(len(kept))),
        usual={name: setting.known[name] for name in USUAL if name in setting.known},
    )


def _usual(found: object) -> dict[str, float]:
    if not isinstance(found, Mapping) or not set(found) <= set(USUAL):
        raise PeopleError(f"what was learned: 'usual' may hold {', '.join(USUAL)}")
    values = _numbers({"usual": list(found.values())}, "usual", (len(found),))
    return dict(zip(found, values.tolist(), strict=True))


def _whole(kept: Mapping[Any, Any], key: str) -> int:
    found = kept.get(key)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= 1_000_000:
        raise PeopleError(f"what was learned: {key!r} must be a whole number, not {found!r:.80}")
    return found


def _numbers(kept: Mapping[Any, Any], key: str, shape: tuple[int, ...]) -> Array:
    try:
        found = np.array(kept.get(key), dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        found = np.empty(0)
    if found.shape != shape or not (np.abs(found) <= 1e3).all():
        raise PeopleError(f"what was learned: {key!r} must be {shape} numbers")
    return found


def _root(found: Array) -> Array:
    if np.triu(found, 1).any() or (found.diagonal() <= 0).any():
        raise PeopleError("what was learned: 'root' must be lower triangular, above 0 on its line")
    return found
