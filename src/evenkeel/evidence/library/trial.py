"""A trial as data: its arms, and one row for each number that was reported."""

from __future__ import annotations

from dataclasses import dataclass

DESIGNS = (
    "parallel",
    "first_period",
    "crossover",
    "enriched_withdrawal",
    "pooled_report",
    "subgroup",
    "single_arm",
    "non_randomized",
)
#: ``unmasked``: masking was attempted and is known to have failed.
BLINDINGS = ("masked", "double_blind", "not_stated", "unmasked", "open")
COURSES = ("single", "repeated", "continued")
MARKS = ("verified", "partly verified", "unverified")
READ = ("primary page", "secondary page", "transcription of the registry", "not read")
#: ``none stated``: what was read names who ran the trial, and nobody as the one who paid for it.
PAYERS = ("industry", "public", "charity", "mixed", "none stated")
BIAS = ("low", "some concerns", "unclear", "high")
EFFECT_KINDS = ("MD", "OR", "RR", "HR", "RD", "d", "median difference", "none")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a number stands, and on what kind of page it was read."""

    cite: str
    read: str

    @property
    def url(self) -> str:
        """The first web address of the citation, or nothing."""
        return next((word for word in self.cite.split() if word.startswith("https://")), "")


@dataclass(frozen=True, slots=True)
class Funding:
    """Who paid for a trial, in ``words`` and as one ``kind`` of ``PAYERS``."""

    words: str
    kind: str
    mark: str
    source: Source

    @property
    def known(self) -> bool:
        """Whether a payer is named, not only who ran the trial."""
        return self.kind != "none stated"


@dataclass(frozen=True, slots=True)
class RiskOfBias:
    """What others judged of a trial: one word of ``BIAS``, who they are, and what it rests on."""

    judgment: str
    by: str
    words: str
    mark: str
    source: Source


@dataclass(frozen=True, slots=True)
class Arm:
    """One group of people; ``role`` is treatment or comparator."""

    id: str
    role: str
    name: str


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference between arms as the trial reports it, on the scale of ``kind``."""

    kind: str
    words: str
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    se: float | None = None
    p: float | None = None
    n1: int | None = None
    n2: int | None = None
    low_90: float | None = None
    high_90: float | None = None
    result: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One reported number: of an arm, or (with ``effect``) between arms.

    ``day`` counts from the first dose; None where the time is not one. ``percent`` is the
    percentage as printed. Means are on ``scale``; a negative change in a score is improvement.
    """

    id: str
    trial: str
    arm: str
    contrast: str
    outcome: str
    reported_as: str
    when: str
    day: float | None
    score: str
    scale: str
    events: int | None
    n: int | None
    mean: float | None
    sd: float | None
    se: float | None
    percent: float | None
    median_d: float | None
    effect: Contrast | None
    definition: str
    derived: str
    note: str
    table: str
    mark: str
    source: Source


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial (or a report that pools trials: ``holds`` names them) with all its rows.

    ``funding`` and ``risk_of_bias`` are None where nothing was found that says so, which is not
    the same as none.
    """

    id: str
    name: str
    about: str
    year: int
    doi: str | None
    doi_read: bool
    pmid: str | None
    registry: str | None
    registry_read: bool
    population: str
    diagnosis: str
    design: str
    design_words: str
    blinding: str
    blinding_words: str
    randomized_n: int | None
    drug: str
    route: str
    course: str
    regimen: str
    comparator: str
    comparator_words: str
    funding: Funding | None
    risk_of_bias: RiskOfBias | None
    found_nothing: str
    holds: tuple[str, ...]
    notes: tuple[str, ...]
    arms: tuple[Arm, ...]
    rows: tuple[Row, ...]

    @property
    def label(self) -> str:
        """Name as a reader looks for it, with the year unless the name holds one."""
        return self.name if str(self.year) in self.name else f"{self.name} ({self.year})"

    def arm(self, arm_id: str) -> Arm:
        """The arm of that id; raises KeyError."""
        for arm in self.arms:
            if arm.id == arm_id:
                return arm
        raise KeyError(arm_id)
