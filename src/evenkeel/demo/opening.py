"""The scene at the opening: four chairs, each in another phase, as the first visitor finds them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from evenkeel.clinic.people.models import Chair
from evenkeel.clinic.record.act import Context, system_actor
from evenkeel.clinic.record.clock import FixedClock
from evenkeel.clinic.session.actions.file_readings import file_readings
from evenkeel.clinic.session.models import Session
from evenkeel.clinic.session.monitor_batch import FiledReading, MonitorBatch
from evenkeel.demo import asking, harms
from evenkeel.demo.cast import ADA, GIL, PATIENT, TOMAS, WREN, Story
from evenkeel.demo.giving import RUN_NOTE, arrive, book, enter_step, open_for, scene_of
from evenkeel.demo.person import Diary, Telling, register
from evenkeel.demo.physiology import Signs
from evenkeel.demo.script import LEAD_MIN, Scene, steps_of
from evenkeel.demo.stage import House, give_patient_sign_in, monitor_eui64
from evenkeel.demo.telling import tell_past

#: When the first dose of each is, in minutes from the opening.
FIRST_DOSE_MIN: Final = {WREN.name: 10, ADA.name: -22, TOMAS.name: -103, GIL.name: 66}
#: Ada's saturation falls for a moment, so that an alarm stands open.
DIP_MIN: Final = 20.3
_CUFF_EVERY_MIN: Final = 5


def build_scene(house: House, stories: tuple[Story, ...]) -> None:
    """Everybody registered, the past of those in the chairs, and what happens there now."""
    for story in stories:
        register(house, story)
    patient = house.patients.get(PATIENT, house.patients[ADA.name])
    give_patient_sign_in(house, patient)
    asking.ask_the_team(house, patient)
    asking.choose_messages(house, house.patients[ADA.name], "sms")
    asking.choose_messages(house, house.patients[WREN.name], "none")
    harms.enroll_house(house)
    diary = Diary(house.zone)
    for chair, story in zip(house.chairs, (WREN, ADA, TOMAS, GIL), strict=False):
        telling = Telling(house, story, diary, chair=chair)
        for _ in tell_past(telling):
            pass
        _seat(telling, chair)
    harms.tell_harm(house)


def _seat(telling: Telling, chair: Chair) -> None:
    house, story = telling.house, telling.story
    anchor = house.start + timedelta(minutes=FIRST_DOSE_MIN[story.name])
    starts_at = anchor - timedelta(minutes=LEAD_MIN)
    appointment = book(
        house,
        telling.fresh(),
        starts_at,
        booked_at=house.start - timedelta(days=2),
        chair=chair,
        note=RUN_NOTE if story is GIL else "",
    )
    if story is GIL:
        asking.ask(house, telling.fresh(), house.start - timedelta(hours=20))
        return
    arrive(house, story, appointment, starts_at)
    session = open_for(house, appointment, starts_at + timedelta(minutes=2))
    dip = DIP_MIN if story is ADA else -1.0
    scene = scene_of(house, story, session, dip_at_min=dip)
    _tell_live(house, session, scene, anchor, chair)


def _tell_live(
    house: House, session: Session, scene: Scene, anchor: datetime, chair: Chair
) -> None:
    """What staff entered and the monitor sent until now, in the order it happened."""
    begins = (session.opened_at - anchor) / timedelta(minutes=1)
    ends = (house.start - anchor) / timedelta(minutes=1)
    batches = []
    minute = float(int(begins) + 2)
    while minute <= ends:
        batches.append(minute)
        minute += _CUFF_EVERY_MIN
    batches.append(ends)
    steps = [s for s in steps_of(scene, has_monitor=True) if s.minute <= ends]
    last = begins
    for step in steps:
        while batches and batches[0] <= step.minute:
            last = file_minutes(house, session, scene, anchor, chair, last, batches.pop(0))
        at = anchor + timedelta(minutes=step.minute)
        enter_step(house, session, step, at)
    for minute in batches:
        last = file_minutes(house, session, scene, anchor, chair, last, minute)


def file_minutes(
    house: House,
    session: Session,
    scene: Scene,
    anchor: datetime,
    chair: Chair,
    since: float,
    until: float,
) -> float:
    """One message: a cuff now, and a sweep for each minute since the one before."""
    body, inputs = scene.body(), scene.inputs()
    device = monitor_eui64(chair)
    at = anchor + timedelta(minutes=until)
    readings = [_reading(device, at, _cuff(body.signs(inputs, until)), is_periodic=False)]
    minute = until
    while minute > since:
        moment = anchor + timedelta(minutes=minute)
        readings.append(_reading(device, moment, _sweep(body.signs(inputs, minute))))
        minute -= 1.0
    batch = MonitorBatch(
        device_ids=(device,),
        device_name="EVENKEEL_SIM",
        places=(chair.bed_label,),
        patient_ids=(),
        received_at=at,
        readings=tuple(readings),
        digest=str(house.own_id(device, at.isoformat())),
    )
    ctx = Context(system_actor("monitor"), FixedClock(at), via="monitor")
    file_readings(ctx, batch)
    return until


def _reading(
    device: str, at: datetime, values: dict[str, float], *, is_periodic: bool = True
) -> FiledReading:
    what = "sweep" if is_periodic else "cuff"
    return FiledReading(
        measured_at=at,
        raw_time=at.isoformat(),
        values=values,
        identity=f"{device}|{what}|{at.isoformat()}",
        is_periodic=is_periodic,
    )


def _cuff(signs: Signs) -> dict[str, float]:
    third = (signs.sbp_mmhg - signs.dbp_mmhg) / 3
    return {
        "sbp_mmhg": signs.sbp_mmhg,
        "dbp_mmhg": signs.dbp_mmhg,
        "map_mmhg": round(signs.dbp_mmhg + third),
    }


def _sweep(signs: Signs) -> dict[str, float]:
    return {
        "spo2_percent": signs.spo2_percent,
        "pulse_bpm": signs.heart_rate_bpm,
        "respiratory_rate_per_min": signs.respiratory_rate_per_min,
    }
