"""What the answers add up to: fold errors and shares by group, and whether the goals are met."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .answers import Answer
from .rows import ROLES, Kind, Role
from .statistics import average_fold_error, exact_interval, fold, geometric_mean_fold_error

KINDS: tuple[Kind, ...] = ("pk", "pd")
KIND_NAMES: dict[Kind, str] = {"pk": "concentrations (PK)", "pd": "effects (PD)"}
ROLE_NAMES: dict[Role, str] = {
    "validation": "independent observations; only these count",
    "calibration": "observations that informed the model; they show the fit and do not count",
    "implementation": "output of the published model itself; a check of the code",
    "informational": "listed, not judged",
}
GMFE_AT_MOST = 1.35
PK_INSIDE_AT_LEAST = 0.85
PD_INSIDE_AT_LEAST = 0.80
STRATA_WITHIN = 0.01


@dataclass(frozen=True, eq=False)
class Summary:
    """Some answers, summed up."""

    name: str
    answers: tuple[Answer, ...]

    @property
    def judged(self) -> tuple[Answer, ...]:
        """Those that have a band and were answered."""
        return tuple(answer for answer in self.answers if answer.inside is not None)

    @property
    def unanswered(self) -> tuple[Answer, ...]:
        """Those that have a band and were not answered."""
        return tuple(a for a in self.answers if a.target.band is not None and a.predicted is None)

    @property
    def inside(self) -> int:
        """How many lie in their band."""
        return sum(bool(answer.inside) for answer in self.answers)

    @property
    def inside_first(self) -> int:
        """The same of the recipes as they were before the first run."""
        return sum(bool(answer.inside_first) for answer in self.answers)

    @property
    def outside(self) -> tuple[Answer, ...]:
        """Those that do not lie in their band."""
        return tuple(answer for answer in self.answers if answer.inside is False)

    @property
    def share(self) -> float:
        """Share inside of those judged; NaN of none."""
        return self.inside / len(self.judged) if self.judged else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Its exact 95 % interval; NaN of none."""
        return exact_interval(self.inside, len(self.judged)) if self.judged else (math.nan,) * 2

    @property
    def ratios(self) -> list[float]:
        """predicted / observed where a fold means something."""
        return [answer.ratio for answer in self.answers if answer.ratio is not None]

    @property
    def gmfe_first(self) -> float:
        """Geometric mean fold error with the recipes as they were before the first run."""
        values = [(a, a.predicted if a.first is None else a.first) for a in self.answers]
        folds = [fold(value, a.target.observed) for a, value in values if value is not None]
        return geometric_mean_fold_error([ratio for ratio in folds if ratio is not None])

    @property
    def afe(self) -> float:
        """Average fold error; NaN where there is no fold."""
        return average_fold_error(self.ratios)

    @property
    def gmfe(self) -> float:
        """Geometric mean fold error; NaN where there is no fold."""
        return geometric_mean_fold_error(self.ratios)


@dataclass(frozen=True)
class Section:
    """The answers of one kind and role, whole and by group."""

    kind: Kind
    role: Role
    whole: Summary
    groups: tuple[Summary, ...]


@dataclass(frozen=True)
class Goal:
    """What was set as a goal beforehand, what was found, and whether that meets it.

    ``met`` is None where what is not answered could still decide it, and where the publication
    contradicts itself and no goal was set: then it is ``listed``.
    """

    name: str
    found: str
    met: bool | None
    listed: bool = False

    @property
    def verdict(self) -> str:
        """In a word or two."""
        if self.listed:
            return "listed"
        return {True: "met", False: "NOT MET", None: "open"}[self.met]


def sections(answers: Iterable[Answer]) -> tuple[Section, ...]:
    """Kind by kind, role by role, and in each the groups in the order of their first target."""
    listed = tuple(answers)
    found = []
    for kind in KINDS:
        for role in ROLES:
            own = tuple(a for a in listed if a.target.kind == kind and a.target.role == role)
            names = dict.fromkeys(a.target.group for a in own)
            groups = tuple(
                Summary(name, tuple(a for a in own if a.target.group == name)) for name in names
            )
            if own:
                found.append(Section(kind, role, Summary("all", own), groups))
    return tuple(found)


def counted(answers: Iterable[Answer], kind: Kind) -> Summary:
    """The answers that count towards the goals of a kind."""
    own = tuple(a for a in answers if a.target.kind == kind and a.target.counts)
    return Summary(f"all that count, {KIND_NAMES[kind]}", own)


def goals(answers: Sequence[Answer]) -> tuple[Goal, ...]:
    """The goals that these answers can meet or miss."""
    found = []
    pk, pd = counted(answers, "pk"), counted(answers, "pd")
    if pk.answers:
        name = f"PK: geometric mean fold error at most {GMFE_AT_MOST:.2f}"
        met = None if pk.unanswered else pk.gmfe <= GMFE_AT_MOST
        found.append(Goal(name, f"{pk.gmfe:.2f}", met))
        found.append(_share_goal("PK", pk, PK_INSIDE_AT_LEAST))
    if pd.answers:
        found.append(_share_goal("PD", pd, PD_INSIDE_AT_LEAST))
    if any(_is_stratum(answer) for answer in answers):
        found += [_strata_goal(answers, *which) for which in _STRATA]
    contradicted = Summary("", tuple(a for a in answers if a.target.expected == "fail"))
    if contradicted.answers:
        words = f"{contradicted.inside} of {len(contradicted.answers)} inside"
        name = "Perez-Ruixo 2021, noresketamine AUC over 24 h, which the paper contradicts"
        found.append(Goal(name, words, None, listed=True))
    return tuple(found)


def _share_goal(name: str, summary: Summary, at_least: float) -> Goal:
    of, open_ = len(summary.answers), len(summary.unanswered)
    met: bool | None = None
    if summary.inside >= at_least * of:
        met = True
    elif summary.inside + open_ < at_least * of:
        met = False
    rounded = f"{summary.share:.0%}"
    # A share just short of the goal must not read as the goal.
    if met is False and rounded == f"{at_least:.0%}":
        rounded = f"{summary.share:.1%}"
    found = f"{summary.inside} of {len(summary.judged)}, {rounded}"
    if open_:
        found += f"; {open_} not answered"
    return Goal(f"{name}: at least {at_least:.0%} inside their bands", found, met)


_STRATA: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("esketamine Cmax", lambda name: name.endswith(".esk_cmax")),
    ("esketamine AUC over 24 h", lambda name: name.endswith(".esk_auc")),
    ("noresketamine Cmax", lambda name: name.endswith(".noresk_cmax")),
)


def _is_stratum(answer: Answer) -> bool:
    target = answer.target
    return (
        target.role == "implementation"
        and target.expected == "pass"
        and any(chosen(target.id) for _, chosen in _STRATA)
    )


def _strata_goal(answers: Sequence[Answer], name: str, chosen: Callable[[str], bool]) -> Goal:
    own = [a for a in answers if _is_stratum(a) and chosen(a.target.id)]
    errors = [math.inf if a.ratio is None else abs(a.ratio - 1.0) for a in own]
    worst = max(errors, default=math.inf)
    words = f"{len(own)} strata, at most {worst:.2%} off"
    title = f"Perez-Ruixo 2021, {name} within {STRATA_WITHIN:.0%} of the paper"
    return Goal(title, words, worst <= STRATA_WITHIN)
