"""Who is in the demonstration: one row a person. Every name, date and number is invented."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

from evenkeel.demo.physiology import Rest
from evenkeel.demo.scores import Trajectory

Stage = Literal[
    "referred",
    "imported",
    "screening",
    "deferred",
    "contraindicated",
    "consented",
    "induction",
    "maintenance",
    "signal",
    "paused",
    "withdrawn",
    "closed_good",
    "closed_no_response",
    "no_show",
    "deceased",
    "moved",
    "group",
]
Way = Literal["iv", "nasal", "im"]


@dataclass(frozen=True, slots=True)
class Story:
    """One synthetic person and what happened to them until now.

    ``doses`` were given, the last ``last_days`` days ago (0: today). ``spacing_days`` is that of
    maintenance; the first six doses are twice a week. ``today_h``: hours from the opening to the
    session of today, on ``couch`` 0 or 1.
    """

    given: str
    family: str
    age: int
    sex: str
    stage: Stage
    way: Way = "iv"
    doses: int = 0
    last_days: int = 3
    spacing_days: int = 7
    baseline: int = 18
    trajectory: Trajectory = "responder"
    weight_kg: float = 74.0
    height_cm: int = 172
    rest: Rest = field(default_factory=Rest)
    medicine: str = "Sertraline"
    medicine_mg: int = 100
    today_h: float | None = None
    couch: int = 0
    called: str = ""
    #: The program the course is on; empty for none.
    program: str = ""

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given} {self.family}"

    @property
    def is_treated(self) -> bool:
        """Whether any dose is part of the story."""
        return self.doses > 0


def _rest(sbp: float, dbp: float, pulse: float = 70.0, spo2: float = 97.0) -> Rest:
    return Rest(sbp, dbp, pulse, spo2)


#: In a chair, or expected next, when the page opens. Their earlier sessions are there at once.
WREN: Final = Story(
    "Wren", "Placeholder", 29, "female", "induction", "nasal", doses=2, last_days=4, baseline=17,
    weight_kg=63.5, height_cm=168, rest=_rest(130, 82, 74), medicine="Escitalopram", medicine_mg=20,
)  # fmt: skip
ADA: Final = Story(
    "Ada", "Sample", 42, "female", "induction", "iv", doses=3, last_days=3, baseline=19,
    weight_kg=68.0, height_cm=171, rest=_rest(126, 79, 72, 96), medicine_mg=150,
    program="montreal",
)  # fmt: skip
TOMAS: Final = Story(
    "Tomas", "Mock", 57, "male", "maintenance", "nasal", doses=7, last_days=7, baseline=21,
    weight_kg=88.0, height_cm=180, rest=_rest(128, 80, 68), medicine="Venlafaxine",
    medicine_mg=150,
)  # fmt: skip
GIL: Final = Story(
    "Gil", "Standin", 34, "male", "induction", "iv", baseline=20, weight_kg=76.0, height_cm=178,
    rest=_rest(122, 76, 66), medicine="Bupropion", medicine_mg=300, program="montreal",
)  # fmt: skip
IN_CHAIRS: Final = (WREN, ADA, TOMAS, GIL)
#: Who has a sign-in of their own, and the longest course.
PATIENT: Final = "Bram Specimen"

#: The rest, the most telling first: a short run shows every stage.
OTHERS: Final[tuple[Story, ...]] = (
    Story("Bram", "Specimen", 51, "male", "maintenance", doses=11, last_days=24, spacing_days=30,
          baseline=20, weight_kg=82.0, height_cm=183, rest=_rest(129, 80, 68), medicine_mg=150,
          program="montreal"),
    Story("Nia", "Notional", 38, "female", "signal", doses=3, last_days=2, baseline=21,
          trajectory="partial", weight_kg=61.0, height_cm=165, rest=_rest(118, 74, 76)),
    Story("Ines", "Example", 46, "female", "imported"),
    Story("Rosa", "Mockup", 63, "female", "closed_good", "nasal", doses=12, last_days=40,
          baseline=18, weight_kg=70.0, height_cm=164, rest=_rest(132, 80, 66)),
    Story("Piet", "Pretend", 55, "male", "closed_no_response", doses=6, last_days=34, baseline=22,
          trajectory="non_responder", weight_kg=91.0, height_cm=179, rest=_rest(131, 82, 72)),
    Story("Remy", "Dummy", 67, "male", "contraindicated", baseline=16, weight_kg=79.0),
    Story("Otis", "Filler", 49, "male", "deferred", baseline=17, weight_kg=104.0, height_cm=182,
          rest=_rest(164, 101, 84)),
    Story("Uma", "Madeup", 33, "female", "induction", "nasal", doses=4, last_days=0,
          baseline=19, trajectory="partial", today_h=-2.9, couch=1, weight_kg=58.5, height_cm=163,
          rest=_rest(117, 73, 78), program="medical_only"),
    Story("Alma", "Alias", 44, "female", "group", "im", baseline=19, weight_kg=69.0,
          height_cm=168, rest=_rest(122, 76, 71), program="group"),
    Story("Boris", "Pseudonym", 50, "male", "group", "im", baseline=18, weight_kg=87.0,
          height_cm=182, rest=_rest(128, 80, 66), program="group"),
    Story("Clio", "Byname", 37, "female", "group", "im", baseline=20, weight_kg=62.0,
          height_cm=164, rest=_rest(117, 74, 75), program="group"),
    Story("Olga", "Invented", 58, "female", "maintenance", "nasal", doses=14, last_days=0,
          today_h=-5.6, couch=1, baseline=22, weight_kg=66.0, height_cm=161,
          rest=_rest(125, 77, 70)),
    Story("Jonas", "Testcase", 31, "male", "induction", doses=5, last_days=0, today_h=-4.1,
          baseline=19, weight_kg=84.0, height_cm=188, rest=_rest(119, 74, 62)),
    Story("Maja", "Facsimile", 56, "female", "induction", doses=4, last_days=0, today_h=-6.3,
          baseline=22, trajectory="partial", weight_kg=73.0, height_cm=162,
          rest=_rest(129, 78, 66)),
    Story("Sana", "Outline", 28, "female", "moved", "nasal", doses=2, last_days=3,
          baseline=17, weight_kg=56.0, height_cm=160, rest=_rest(115, 72, 80)),
    Story("Lena", "Imaginary", 27, "female", "referred"),
    Story("Hugo", "Fictive", 72, "male", "deceased", "nasal", doses=5, last_days=60, baseline=18,
          trajectory="partial", weight_kg=71.0, height_cm=174, rest=_rest(134, 78, 64)),
    Story("Mira", "Synthetic", 45, "female", "paused", doses=5, last_days=19, baseline=20,
          weight_kg=77.0, height_cm=169, rest=_rest(127, 81, 73)),
    Story("Theo", "Virtual", 36, "male", "no_show", doses=2, last_days=8, baseline=18,
          weight_kg=80.5, height_cm=185, rest=_rest(121, 75, 65)),
    Story("Aya", "Lorem", 40, "female", "screening", baseline=16),
    Story("Ben", "Ipsum", 53, "male", "consented", "nasal", baseline=20, weight_kg=86.0),
    Story("Carla", "Dolor", 47, "female", "maintenance", doses=9, last_days=6, baseline=18,
          trajectory="relapse", weight_kg=72.0, height_cm=167, rest=_rest(124, 78, 71)),
    Story("Dario", "Fabula", 39, "male", "induction", "im", doses=2, last_days=4, baseline=17,
          weight_kg=78.0, height_cm=177, rest=_rest(123, 76, 69), program="intramuscular"),
    Story("Elin", "Fabled", 61, "female", "closed_good", doses=8, last_days=75, baseline=19,
          weight_kg=64.0, height_cm=166, rest=_rest(130, 79, 67)),
    Story("Finn", "Noname", 24, "male", "withdrawn", doses=1, last_days=12, baseline=18,
          weight_kg=69.0, height_cm=181, rest=_rest(116, 70, 64)),
    Story("Greta", "Anyone", 52, "female", "induction", "nasal", doses=6, last_days=3,
          baseline=21, weight_kg=75.0, height_cm=170, rest=_rest(126, 80, 74)),
    Story("Hal", "Somebody", 44, "male", "maintenance", doses=8, last_days=3, spacing_days=14,
          baseline=20,
          weight_kg=93.0, height_cm=186, rest=_rest(130, 82, 70)),
    Story("Iris", "Sandbox", 35, "female", "referred"),
    Story("Jude", "Template", 29, "other", "induction", doses=1, last_days=3, baseline=18,
          weight_kg=67.0, height_cm=173, rest=_rest(119, 75, 72)),
    Story("Kaya", "Prototype", 41, "female", "closed_no_response", "nasal", doses=8,
          last_days=52, baseline=20, trajectory="non_responder", weight_kg=81.0, height_cm=168,
          rest=_rest(128, 81, 75)),
    Story("Liam", "Dryrun", 48, "male", "maintenance", "nasal", doses=11, last_days=5,
          baseline=17, weight_kg=89.0, height_cm=180, rest=_rest(127, 79, 68)),
    Story("Nils", "Replica", 65, "male", "deferred", baseline=15, weight_kg=77.0,
          rest=_rest(158, 96, 80)),
    Story("Orla", "Simulated", 32, "female", "screening", baseline=19),
    Story("Pavel", "Musterson", 50, "male", "induction", "nasal", doses=3, last_days=4,
          baseline=20, weight_kg=83.0, height_cm=176, rest=_rest(128, 80, 71)),
    Story("Quinn", "Rehearsal", 37, "other", "maintenance", doses=7, last_days=6, baseline=16,
          weight_kg=70.0, height_cm=175, rest=_rest(120, 76, 67)),
    Story("Ravi", "Sketch", 43, "male", "consented", baseline=18, weight_kg=74.0,
          program="montreal"),
    Story("Timo", "Draft", 59, "male", "paused", "nasal", doses=9, last_days=23, baseline=19,
          weight_kg=90.0, height_cm=178, rest=_rest(133, 83, 72)),
    Story("Ursa", "Blueprint", 46, "female", "closed_good", "nasal", doses=10, last_days=88,
          baseline=20, weight_kg=68.0, height_cm=165, rest=_rest(124, 77, 69)),
    Story("Vito", "Likeness", 30, "male", "no_show", "nasal", doses=3, last_days=9, baseline=19,
          weight_kg=79.0, height_cm=182, rest=_rest(122, 74, 63)),
    Story("Willa", "Fixture", 54, "female", "maintenance", doses=10, last_days=12, baseline=21,
          weight_kg=76.0, height_cm=170, rest=_rest(127, 80, 70)),
    Story("Xenia", "Practice", 26, "female", "referred"),
    Story("Yuri", "Pattern", 62, "male", "induction", doses=3, last_days=4, baseline=18,
          weight_kg=85.0, height_cm=174, rest=_rest(130, 81, 66)),
    Story("Zoe", "Scenario", 34, "female", "maintenance", "nasal", doses=9, last_days=6,
          baseline=18, weight_kg=62.0, height_cm=167, rest=_rest(118, 75, 73)),
)  # fmt: skip

_MORE_FAMILIES: Final = ("Figment", "Stencil", "Maquette", "Diagram", "Mannequin", "Puppet")


def cast_of(people: int) -> tuple[Story, ...]:
    """The first ``people`` stories, those in chairs first; more than written are made of parts.

    Raises ValueError for fewer than the chairs need.
    """
    if people < len(IN_CHAIRS):
        raise ValueError(f"the demonstration needs at least {len(IN_CHAIRS)} people")
    every = [*IN_CHAIRS, *OTHERS]
    treated = [story for story in OTHERS if story.stage in ("induction", "maintenance")]
    extra = 0
    while len(every) < people:
        like = treated[extra % len(treated)]
        family = _MORE_FAMILIES[extra // len(treated) % len(_MORE_FAMILIES)]
        round_ = extra // (len(treated) * len(_MORE_FAMILIES))
        name = family + "son" * round_
        every.append(replace(like, family=name, last_days=like.last_days or 3, today_h=None))
        extra += 1
    return tuple(every[:people])
