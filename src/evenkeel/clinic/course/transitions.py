"""Which move of a course is open, and why one is not. A pure table: no record, no clock.

Each guard looks at a :class:`Situation` and returns ``None`` or a :class:`Refusal` in plain words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

#: How long a signed screening stands. Clinic policy: no source read sets a number.
SCREENING_STANDS_DAYS: Final = 90

ConsentStanding = Literal["none", "current", "old_document", "expired", "withdrawn", "no_document"]

STATES: Final = (
    "referred",
    "screening",
    "consented",
    "induction",
    "maintenance",
    "paused",
    "closed",
)
#: States in which a dose may be given.
TREATING: Final = ("induction", "maintenance")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: a stable code, a plain sentence, and what would settle it."""

    code: str
    message: str
    what_to_do: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the guards look at, gathered by :func:`evenkeel.clinic.course.queries.situation_of`.

    ``screening_*`` describe the newest signed screening for the course's product; ``None`` where
    there is none. ``plan_signed``: a signed plan for that product stands.
    """

    state: str
    now: datetime
    state_before_pause: str = ""
    deceased: bool = False
    product: str = ""
    screening_decision: str | None = None
    screening_signed_at: datetime | None = None
    screening_stands_days: float = SCREENING_STANDS_DAYS
    consent: ConsentStanding = "none"
    plan_signed: bool = False
    dosed: bool = False
    reason: str = ""


Guard = Callable[[Situation], Refusal | None]


def is_alive(now: Situation) -> Refusal | None:
    """Nobody who has died is treated."""
    if not now.deceased:
        return None
    return Refusal(
        "deceased",
        "This person has died and cannot be treated.",
        "Close the course. If this is a mistake, correct it on the person's page first.",
    )


def has_eligible_screening(now: Situation) -> Refusal | None:
    """A signed screening for this product found the person eligible, recently enough."""
    if not now.product:
        return Refusal(
            "no_product", "No product has been chosen yet.", "Choose it on the screening page."
        )
    if now.screening_decision is None or now.screening_signed_at is None:
        return Refusal(
            "no_screening",
            "No screening has been signed for this product.",
            "Ask a prescriber to sign the screening.",
        )
    if now.screening_decision != "eligible":
        return Refusal(
            "not_eligible",
            "The last signed screening for this product did not find the person eligible.",
            "Settle its findings and sign a new screening.",
        )
    if now.now - now.screening_signed_at > timedelta(days=now.screening_stands_days):
        return Refusal(
            "screening_old",
            f"The signed screening is older than {now.screening_stands_days:g} days.",
            "Sign a new screening.",
        )
    return None


_CONSENT_REFUSALS: Final[dict[str, Refusal]] = {
    "none": Refusal(
        "no_consent",
        "The person has not consented yet.",
        "Go through the consent document together.",
    ),
    "old_document": Refusal(
        "consent_old_document",
        "Consent was given to an earlier version of the document.",
        "Go through the new version together and ask again.",
    ),
    "expired": Refusal(
        "consent_expired",
        "Consent was given too long ago to stand.",
        "Go through the document together and ask again.",
    ),
    "withdrawn": Refusal(
        "consent_withdrawn",
        "The person has withdrawn their consent.",
        "Only a new consent, freely given, opens the course again.",
    ),
    "no_document": Refusal(
        "no_document",
        "No consent document is in force for this product.",
        "Ask the medical director to publish one.",
    ),
}


def has_consent(now: Situation) -> Refusal | None:
    """Consent to the document now in force stands."""
    return _CONSENT_REFUSALS.get(now.consent)


def has_signed_plan(now: Situation) -> Refusal | None:
    """A signed plan for the product of the course stands."""
    if now.plan_signed:
        return None
    return Refusal(
        "no_plan", "No signed plan stands for this product.", "Ask a prescriber to sign a plan."
    )


def nobody_is_dosed(now: Situation) -> Refusal | None:
    """A course does not end while the person is under the drug."""
    if not now.dosed:
        return None
    return Refusal(
        "altered_state",
        "The person has been given the drug and is not ready to leave yet.",
        "End the session first. Pausing the course is possible at once.",
    )


def has_reason(now: Situation) -> Refusal | None:
    """The move says why."""
    if now.reason.strip():
        return None
    return Refusal("reason", "This step needs a reason.", "Write why, in a few words.")


def goes_back_to_where_it_was(target: str) -> Guard:
    """A paused course resumes where it was, nowhere else."""

    def guard(now: Situation) -> Refusal | None:
        if now.state_before_pause == target:
            return None
        return Refusal(
            "resume_elsewhere",
            f"This course was paused in {now.state_before_pause or 'another state'}, "
            "and resumes there.",
        )

    guard.__name__ = f"goes_back_to_{target}"
    return guard


_TREATABLE: Final[tuple[Guard, ...]] = (
    is_alive,
    has_eligible_screening,
    has_consent,
    has_signed_plan,
)

#: (from, to) -> what must hold. A pair that is not listed is never possible.
TRANSITIONS: Final[dict[tuple[str, str], tuple[Guard, ...]]] = {
    ("referred", "screening"): (is_alive,),
    ("screening", "consented"): (is_alive, has_eligible_screening, has_consent),
    ("consented", "induction"): _TREATABLE,
    ("consented", "screening"): (is_alive,),
    ("induction", "maintenance"): _TREATABLE,
    ("consented", "paused"): (has_reason,),
    ("induction", "paused"): (has_reason,),
    ("maintenance", "paused"): (has_reason,),
    ("paused", "consented"): (
        goes_back_to_where_it_was("consented"),
        is_alive,
        has_eligible_screening,
        has_consent,
    ),
    ("paused", "induction"): (goes_back_to_where_it_was("induction"), *_TREATABLE),
    ("paused", "maintenance"): (goes_back_to_where_it_was("maintenance"), *_TREATABLE),
    **{(state, "closed"): (nobody_is_dosed, has_reason) for state in STATES if state != "closed"},
}


def refusals(now: Situation, target: str) -> tuple[Refusal, ...]:
    """Everything that stands against moving to ``target``; empty when the move is open."""
    if target not in STATES:
        return (Refusal("unknown_state", "There is no such state of a course."),)
    if now.state == "closed":
        return (
            Refusal(
                "closed",
                "This course is closed and stays closed.",
                "Open a new course for this person.",
            ),
        )
    guards = TRANSITIONS.get((now.state, target))
    if guards is None:
        return (
            Refusal(
                "no_such_step",
                f"A course does not go from {now.state} to {target}.",
                "Go through the steps in between.",
            ),
        )
    found = (guard(now) for guard in guards)
    return tuple(refusal for refusal in found if refusal is not None)


@dataclass(frozen=True, slots=True)
class Move:
    """One step a course could take now. ``needs_reason``: the reason is asked with the move."""

    target: str
    label: str
    needs_reason: bool
    against: tuple[Refusal, ...] = field(default_factory=tuple)

    @property
    def is_onward(self) -> bool:
        """Whether it leads on, rather than back, aside or to the end."""
        return self.target not in ("screening", "paused", "closed") or self.label.startswith(
            "Start"
        )

    @property
    def is_open(self) -> bool:
        """Whether nothing stands against it."""
        return not self.against


_LABELS: Final[dict[tuple[str, str], str]] = {
    ("referred", "screening"): "Start screening",
    ("screening", "consented"): "Mark as consented",
    ("consented", "screening"): "Back to screening",
    ("consented", "induction"): "Start induction",
    ("induction", "maintenance"): "Go on to maintenance",
}


def label_of(state: str, target: str) -> str:
    """What the button of a move says."""
    if target == "closed":
        return "Close the course"
    if target == "paused":
        return "Pause the course"
    if state == "paused":
        return f"Resume {target}"
    return _LABELS[state, target]


def moves_from(now: Situation) -> tuple[Move, ...]:
    """The steps from here, in the order of the table, each with what stands against it.

    A missing reason is not held against a move: the form asks for it. Resuming elsewhere than
    where the course was paused is left out.
    """
    moves = []
    for (state, target), guards in TRANSITIONS.items():
        if state != now.state or (state == "paused" and target not in _resumable(now)):
            continue
        against = tuple(r for r in refusals(now, target) if r.code != "reason")
        moves.append(Move(target, label_of(state, target), has_reason in guards, against))
    return tuple(moves)


def _resumable(now: Situation) -> tuple[str, ...]:
    return (now.state_before_pause, "closed")
