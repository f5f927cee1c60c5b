"""One person's way through the clinic, from referral to where they stand today.

Each teller is a generator: between two ``yield`` a commit may happen. Everything goes through the
product's own actions, each at the time it is told to have happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from evenkeel.clinic.course.actions.agree_touch import agree_touch
from evenkeel.clinic.course.actions.draft_plan import Schedule, draft_plan
from evenkeel.clinic.course.actions.move_course import move_course
from evenkeel.clinic.course.actions.open_course import open_course
from evenkeel.clinic.course.actions.sign_plan import sign_plan
from evenkeel.clinic.course.actions.sign_screening import AS_PROPOSED, sign_screening
from evenkeel.clinic.course.actions.take_consent import take_consent
from evenkeel.clinic.course.dose_sheet import DoseOrder, measured_weight, order_of, work_out
from evenkeel.clinic.course.queries import current_document, protocol_for
from evenkeel.clinic.course.review import review_of
from evenkeel.clinic.people.actions.record_fact import record_facts
from evenkeel.clinic.people.fact_item import FactItem
from evenkeel.clinic.session.actions.finish_visit import finish_visit
from evenkeel.demo import asking, harms, therapy
from evenkeel.demo.cast import Story, Way
from evenkeel.demo.giving import book, give
from evenkeel.demo.person import (
    INDUCTION_DOSES,
    Telling,
    dose_days,
    referred_days_ago,
)
from evenkeel.demo.script import PRODUCT
from evenkeel.demo.stage import LIVE_CHAIRS
from evenkeel.demo.words import INTENTIONS, REFERRERS, STOP_WORDS, THEMES, pick

ORDERS: Final[dict[Way, DoseOrder]] = {
    "iv": DoseOrder(
        "racemic_iv",
        dose_mg_per_kg=Decimal("0.5"),
        duration_min=Decimal(40),
        concentration_mg_ml=Decimal(10),
    ),
    "nasal": DoseOrder("esketamine_nasal", dose_mg=Decimal(56)),
    "im": DoseOrder("racemic_im", dose_mg_per_kg=Decimal("0.5"), concentration_mg_ml=Decimal(50)),
}
#: A person is screened again before this many days, so that the screening stands.
_SCREEN_EVERY_DAYS: Final = 80
_SCREENED_BEFORE_DAYS: Final = 9
#: Who comes less often than this answers a questionnaire between two sessions as well.
_SCORED_BETWEEN_DAYS: Final = 7


def tell_past(telling: Telling) -> Iterator[None]:
    """From the referral to the last dose; for somebody who sits in a chair, or comes next."""
    yield from refer(telling)
    yield from screen(telling)
    yield from agree(telling)
    yield from treat(telling)


def refer(telling: Telling) -> Iterator[None]:
    """The course is opened."""
    house, story = telling.house, telling.story
    at = telling.on(referred_days_ago(house, story), time(9, 30))
    telling.course = open_course(
        house.ctx("desk", at),
        patient_id=telling.patient.pk,
        indication="Depression, two medicines tried and not enough",
        referred_by=pick(f"{story.name}|ref", REFERRERS),
        referral_note="Synthetic referral. Asks whether treatment here could help.",
        goal=pick(f"{story.name}|goal", INTENTIONS),
        prescriber_id=house.accounts["prescriber"].pk,
        therapist_id=house.accounts["therapist"].pk,
    )
    yield


def facts_of(story: Story, at: datetime) -> list[FactItem]:
    """What was found out at screening."""
    known: dict[str, Any] = {
        "diagnoses": ["Major depressive disorder"],
        "failed_adequate_trials": 2,
        "scores": {"phq9": story.baseline},
        "pregnancy": "not_applicable" if story.sex == "male" else "negative",
        "breastfeeding": False,
        "conditions_reviewed": True,
        "allergies_reviewed": True,
        "medicines_reviewed": True,
        "weight_kg": story.weight_kg,
        "height_cm": story.height_cm,
        "liver_tests": "normal",
        "renal_tests": "normal",
        "ecg": "normal",
        "capacity": True,
        "cssrs": {"q1": False, "q2": False, "q6": False},
        "rems_enrolled": True,
        "blood_pressure": {
            "sbp_mmhg": int(story.rest.sbp_mmhg),
            "dbp_mmhg": int(story.rest.dbp_mmhg),
        },
        "heart_rate_bpm": int(story.rest.heart_rate_bpm),
        "spo2_percent": int(story.rest.spo2_percent),
        "medicine": {"label": story.medicine, "dose_mg_per_day": story.medicine_mg},
    }
    if story.stage == "contraindicated":
        known["aneurysmal_vascular_disease"] = None
    if story.stage == "screening":
        for missing in ("ecg", "liver_tests", "medicines_reviewed", "cssrs"):
            known.pop(missing)
    if story.stage == "deferred":
        known["poorly_controlled_cardiovascular_disease"] = None
    items = [
        FactItem(key, value, as_of=at, origin="screening visit") for key, value in known.items()
    ]
    items.append(FactItem("allergy", None, state="absent", as_of=at, origin="screening visit"))
    return items


def screen(telling: Telling) -> Iterator[None]:
    """The screening visit, and its decision unless it waits for something."""
    house, story = telling.house, telling.story
    first = dose_days(house, story)
    days_ago = first[0] + _SCREENED_BEFORE_DAYS if first else 6
    at = telling.on(days_ago, time(10))
    course = telling.fresh()
    visit = book(
        house,
        course,
        at,
        booked_at=at - timedelta(days=4),
        chair=None,
        kind="screening",
    )
    record_facts(house.ctx("nurse", at), patient_id=telling.patient.pk, items=facts_of(story, at))
    asking.enter_paper(telling.house, course, telling.score, at, total=story.baseline)
    finish_visit(house.ctx("therapist", at + timedelta(minutes=50)), appointment_id=visit.pk)
    yield
    if story.stage == "screening":
        move_course(house.ctx("prescriber", at), course_id=course.pk, to="screening")
    else:
        sign(telling, at + timedelta(hours=1))
    yield


def sign(telling: Telling, at: datetime) -> None:
    """The prescriber reads the findings and signs what the protocol proposes."""
    product = PRODUCT[telling.story.way]
    review = review_of(telling.fresh(), product, at)
    sign_screening(
        telling.house.ctx("prescriber", at),
        course_id=telling.fresh().pk,
        product=product,
        decision=AS_PROPOSED,
        read_digest=review.digest,
        findings_read=True,
    )


def agree(telling: Telling) -> Iterator[None]:
    """Consent, touch and the plan."""
    house, story = telling.house, telling.story
    first = dose_days(house, story)
    days_ago = first[0] + 4 if first else 4
    at = telling.on(days_ago, time(14))
    course = telling.fresh()
    document = current_document(course)
    assert document is not None
    take_consent(
        house.ctx("therapist", at),
        course_id=course.pk,
        document_hash=document.body_hash,
        signed_name=story.name,
        agreed=True,
    )
    if not (story.program and story.stage == "consented"):
        agree_touch(
            house.ctx("therapist", at + timedelta(minutes=10)),
            course_id=course.pk,
            level=("none", "hand", "hand_shoulder")[len(story.name) % 3],
            stop_word=pick(f"{story.name}|stop", STOP_WORDS),
            signed_name=story.name,
        )
    if story.program:
        therapy.put_on_program(telling, at + timedelta(minutes=20))
    yield
    if story.way == "nasal":
        harms.enroll(telling, at + timedelta(minutes=30))
    if story.stage != "consented":
        plan(telling, at + timedelta(minutes=40), ORDERS[story.way], 8, Decimal("3.5"))
        move_course(
            house.ctx("prescriber", at + timedelta(minutes=50)), course_id=course.pk, to="induction"
        )
        yield
    if story.stage != "group":  # its preparation is a meeting of all
        yield from _talk(telling, days_ago - 2, "preparation")


def plan(
    telling: Telling, at: datetime, order: DoseOrder, sessions: int, spacing_days: Decimal
) -> None:
    """A plan, drafted and signed."""
    house, ctx = telling.house, telling.house.ctx("prescriber", at)
    course = telling.fresh()
    draft = draft_plan(
        ctx, course_id=course.pk, order=order, schedule=Schedule(sessions, spacing_days)
    )
    weight = measured_weight(telling.fresh().patient, now=at, product=draft.product)
    protocol = protocol_for(course, draft.product, at=at)
    assert protocol is not None
    figures = work_out(order_of(draft), weight, now=at, protocol=protocol)
    sign_plan(
        house.ctx("prescriber", at + timedelta(minutes=2)),
        plan_id=draft.pk,
        figures_digest=figures.digest,
    )


def treat(telling: Telling) -> Iterator[None]:
    """Every dose that was given, with what was asked and planned in between."""
    house, story = telling.house, telling.story
    couches = house.chairs[LIVE_CHAIRS:]
    screened_days = (dose_days(house, story) or [0])[0] + _SCREENED_BEFORE_DAYS
    for number, days_ago in enumerate(dose_days(house, story), start=1):
        day = telling.on(days_ago).date()
        if screened_days - days_ago > _SCREEN_EVERY_DAYS:
            yield from _screen_again(telling, days_ago + 2)
            screened_days = days_ago + 2
        if number == 3 and story.way == "nasal":
            order = DoseOrder("esketamine_nasal", dose_mg=Decimal(84))
            plan(telling, telling.on(days_ago + 1, time(16)), order, 8, Decimal("3.5"))
        if number == INDUCTION_DOSES + 1:
            yield from _maintain(telling, days_ago + 1)
        if number > 1 and number % 2 == 1:
            gap = telling.on(days_ago, time(8))
            total = telling.score.total(number - 1, 3.0)
            asking.enter_paper(house, telling.fresh(), telling.score, gap, total=total)
        at, couch = telling.diary.place(day, len(story.name), couches)
        starts_at = datetime.combine(day, at, tzinfo=house.zone)
        if days_ago == 0 and story.today_h is not None:
            starts_at = house.start + timedelta(hours=story.today_h)
            couch = couches[story.couch]
        yield from give(house, story, telling.fresh(), starts_at, telling.chair or couch)
        yield
        if number in (2, 5) and days_ago > 1:
            yield from _talk(telling, days_ago - 1, "integration")
    if story.doses >= INDUCTION_DOSES and story.stage == "maintenance":
        yield from _maintain(telling, max(story.last_days - 1, 0))
        if story.last_days > _SCORED_BETWEEN_DAYS:
            total = telling.score.total(story.doses, story.last_days - 1.0)
            at = telling.on(1, time(9, 40))
            asking.enter_paper(house, telling.fresh(), telling.score, at, total=total)
            yield


def _screen_again(telling: Telling, days_ago: int) -> Iterator[None]:
    at = telling.on(days_ago, time(15))
    total = telling.score.total(telling.story.doses, 5.0)
    items = [
        item
        for item in facts_of(telling.story, at)
        if item.key not in ("scores", "medicine", "allergy")
    ]
    record_facts(telling.house.ctx("nurse", at), patient_id=telling.patient.pk, items=items)
    asking.enter_paper(telling.house, telling.fresh(), telling.score, at, total=total)
    sign(telling, at + timedelta(minutes=30))
    yield


def _maintain(telling: Telling, days_ago: int) -> Iterator[None]:
    house, story = telling.house, telling.story
    if telling.fresh().state != "induction":
        return
    at = telling.on(days_ago, time(17))
    if at > house.start:
        return
    order = ORDERS[story.way]
    if story.way == "nasal":
        order = DoseOrder("esketamine_nasal", dose_mg=Decimal(84))
    plan(telling, at, order, 12, Decimal(story.spacing_days))
    move_course(
        house.ctx("prescriber", at + timedelta(minutes=5)),
        course_id=telling.fresh().pk,
        to="maintenance",
    )
    yield


def _talk(telling: Telling, days_ago: int, kind: str) -> Iterator[None]:
    """An hour with the therapist."""
    house, story = telling.house, telling.story
    at = telling.on(days_ago, time(15, 30), later=True)
    if at + timedelta(hours=1) > house.start:
        return
    visit = book(
        house, telling.fresh(), at, booked_at=at - timedelta(days=3), chair=None, kind=kind
    )
    if story.program:
        therapy.tell_talk(telling, visit, at)
    else:
        finish_visit(
            house.ctx("therapist", at + timedelta(minutes=58)),
            appointment_id=visit.pk,
            note=pick(f"{story.name}|{days_ago}", THEMES),
        )
    yield
