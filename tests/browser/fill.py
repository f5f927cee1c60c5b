"""Fills the clinic that the browser tests drive, through the product's actions.

``python -m tests.browser.fill`` reads one JSON list a line and answers each with one JSON document:

["found"]                      makes the clinic; told are sites, staff and cookies
["session", PRODUCT, PHASE]    brings one more person to a phase
["shelves"]                    begins the drug ledger, with a vial of 500 mg on the shelf

It goes on until its input ends, for starting takes longer than filling. The site's time zone is
chosen so that it is early afternoon there.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from allauth.mfa.totp.internal.auth import TOTP  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.db import connections  # noqa: E402

from evenkeel.clinic.course.actions.agree_touch import agree_touch  # noqa: E402
from evenkeel.clinic.course.actions.move_course import move_course  # noqa: E402
from evenkeel.clinic.course.dose_sheet import DoseOrder  # noqa: E402
from evenkeel.clinic.people.actions.change_set_up import edit_site  # noqa: E402
from evenkeel.clinic.people.actions.register_patient import register_patient  # noqa: E402
from evenkeel.clinic.people.actions.set_up import add_chair  # noqa: E402
from evenkeel.clinic.people.models import Account, Chair, Patient, Site  # noqa: E402
from evenkeel.clinic.people.sign_in import hash_pin  # noqa: E402
from evenkeel.clinic.record.act import together  # noqa: E402
from evenkeel.clinic.record.clock import FixedClock  # noqa: E402
from evenkeel.clinic.record.routes import LAST_ACT  # noqa: E402
from evenkeel.clinic.session.actions.book_appointment import book_appointment  # noqa: E402
from evenkeel.clinic.session.actions.check_in import check_in  # noqa: E402
from evenkeel.clinic.session.actions.open_session import open_session  # noqa: E402
from evenkeel.clinic.session.actions.record_event import record_event  # noqa: E402
from evenkeel.clinic.session.arriving import Arrival  # noqa: E402
from evenkeel.clinic.session.events import checks_for  # noqa: E402
from evenkeel.clinic.session.models import Appointment, Session  # noqa: E402
from tests.clinic.course.makers import IV_ORDER, NASAL_ORDER, SOUND_FACTS, Case  # noqa: E402
from tests.clinic.session.forecast.choosing import shown_here  # noqa: E402
from tests.clinic.session.makers import Stage, enroll  # noqa: E402
from tests.clinic.stock.makers import build_shelves  # noqa: E402
from tests.clinic_factory import Clinic, build_clinic, make_account  # noqa: E402

PIN = "274916"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
NAMES = (
    "Ada Sample", "Wren Placeholder", "Tomas Mock", "Gil Standin", "Uma Madeup", "Piet Pretend",
    "Nia Notional", "Remy Dummy", "Ines Example", "Rosa Mockup", "Bram Specimen", "Lea Testmann",
)  # fmt: skip
ORDERS = {
    "racemic_iv": IV_ORDER,
    "esketamine_nasal": NASAL_ORDER,
    "racemic_im": DoseOrder(
        "racemic_im", dose_mg_per_kg=Decimal("0.5"), concentration_mg_ml=Decimal(100)
    ),
}
#: Minutes that a session of each phase began ago.
BEGAN_AGO = {
    "empty": 0,
    "booked": 0,
    "on_paper": 240,
    "before": 10,
    "ready": 12,
    "running": 34,
    "watching": 165,
}


def zone_where_it_is_afternoon(now: datetime) -> str:
    """A fixed-offset zone in which it is past one o'clock and before two."""
    hours = (13 - now.hour + 12) % 24 - 12
    # the names of these zones count the other way round
    return f"Etc/GMT{'-' if hours >= 0 else '+'}{abs(hours)}"


def found(now: datetime) -> dict[str, Any]:
    """The clinic with its staff; every account has a PIN, a second factor and sign-ins."""
    clock = FixedClock(now - timedelta(days=3))
    clinic = build_clinic(clock)
    edit_site(
        clinic.as_("administrator"),
        site_id=clinic.site.pk,
        timezone=zone_where_it_is_afternoon(now),
    )
    named = {"session_nurse": "Noor Fiktiv", "therapist": "Lea Testmann", "prescriber": "Dr Otto"}
    cookies = {}
    for role, account in clinic.staff.items():
        account.full_name = named.get(role, account.full_name)
        account.pin_hash = hash_pin(PIN)
        account.save()
        TOTP.activate(account, "JBSWY3DPEHPK3PXP")
        cookies[role] = _cookie(account, now.timestamp() + 86_400)
        cookies[f"{role} spare"] = _cookie(account, now.timestamp() + 86_400)
        cookies[f"{role} locked"] = _cookie(account, 1.0)
    return {
        "site": str(clinic.site.pk),
        "timezone": zone_where_it_is_afternoon(now),
        "cookies": cookies,
        "emails": {role: account.email for role, account in clinic.staff.items()},
        "names": {role: account.shown_name for role, account in clinic.staff.items()},
        "chairs": {chair.name: str(chair.pk) for chair in clinic.chairs},
    }


def own(now: datetime, patient_id: str) -> dict[str, Any]:
    """A sign-in of their own for a person, as its cookie."""
    patient = Patient.objects.get(pk=patient_id)
    email = f"{patient.mrn.lower()}@own.invalid"
    account = make_account(email, patient.name, FixedClock(now), patient=patient)
    return {"cookie": _cookie(account, now.timestamp() + 86_400)}


def _cookie(account: Account, last_act_s: float) -> str:
    store = SessionStore()
    store[SESSION_KEY] = str(account.pk)
    store[BACKEND_SESSION_KEY] = BACKEND
    store[HASH_SESSION_KEY] = account.get_session_auth_hash()
    store[LAST_ACT] = last_act_s
    store.create()
    return str(store.session_key)


def _clinic(clock: FixedClock) -> Clinic:
    site = Site.objects.get(name="Harbour")
    staff = {
        m: Account.objects.get(email=f"{m}@harbour.invalid")
        for m in (
            "administrator", "medical_director", "prescriber", "session_nurse", "therapist",
            "pharmacist", "front_desk", "auditor",
        )
    }  # fmt: skip
    chairs = list(Chair.objects.filter(site=site).order_by("order"))
    return Clinic(clock, site, Site.objects.get(name="Hill"), chairs, staff)


def _free_chair(clinic: Clinic) -> Chair:
    taken = set(Appointment.objects.values_list("chair_id", flat=True))
    for chair in clinic.chairs:
        if chair.pk not in taken:
            return chair
    count = len(clinic.chairs) + 1
    return add_chair(
        clinic.as_("administrator"), site_id=clinic.site.pk, name=f"Chair {count}",
        bed_label=f"BED{count}", order=count,
    )  # fmt: skip


def bring(now: datetime, product: str, phase: str) -> dict[str, Any]:
    """One more person with a course, brought to ``phase`` (see ``BEGAN_AGO``)."""
    clock = FixedClock(now - timedelta(days=2))
    clinic = _clinic(clock)
    count = Patient.objects.count()
    given, family = NAMES[count % len(NAMES)].split()
    patient = register_patient(
        clinic.as_("front_desk"),
        site_id=clinic.site.pk,
        given_name=given,
        family_name=family if count < len(NAMES) else f"{family}{count}",
        birth_date=date(1984, 3, 1 + count % 28),
        sex="female",
    )
    case = Case(clinic, patient)
    case.know(**SOUND_FACTS)
    case.consented(product)
    case.planned(ORDERS[product])
    move_course(clinic.as_("prescriber"), course_id=case.course.pk, to="induction")
    agree_touch(
        clinic.as_("session_nurse"),
        course_id=case.course.pk,
        level="hand",
        stop_word="lantern",
        signed_name=patient.name,
    )
    chair = _free_chair(clinic)
    began = now - timedelta(minutes=BEGAN_AGO[phase])
    starts = began - timedelta(minutes=15) if phase != "booked" else now + timedelta(minutes=46)
    appointment = book_appointment(
        clinic.as_("session_nurse"),
        course_id=case.course.pk,
        kind="dosing",
        starts_at=starts.replace(second=0, microsecond=0),
        chair_id=chair.pk,
        nurse_id=clinic.staff["session_nurse"].pk,
        therapist_id=clinic.staff["therapist"].pk,
        confirmed=True,
    )
    told: dict[str, Any] = {
        "patient": str(patient.pk), "mrn": patient.mrn, "name": patient.name,
        "course": str(case.course.pk), "appointment": str(appointment.pk),
        "chair": chair.name, "bed": chair.bed_label,
    }  # fmt: skip
    if phase in ("booked", "on_paper"):
        return told
    clock.at = began - timedelta(minutes=8)
    check_in(
        clinic.as_("session_nurse"),
        appointment_id=appointment.pk,
        said_name=patient.name,
        said_birth_date=patient.birth_date,
        arrival=Arrival(weight_kg=68.0, pregnancy_test="negative"),
    )
    if product == "esketamine_nasal":
        enroll(clinic, patient)
    session = open_session(clinic.as_("session_nurse"), appointment_id=appointment.pk)
    told["session"] = str(session.pk)
    # At one stroke: the watch must not find vitals late that are only not told yet.
    with together():
        _play(clinic, session, clock, began, now, phase)
    return told


def _play(
    clinic: Clinic, session: Session, clock: FixedClock, began: datetime, now: datetime, phase: str
) -> None:
    def happen(minute: float, kind: str, body: dict[str, Any], role: str = "session_nurse") -> None:
        clock.at = began + timedelta(minutes=minute)
        if clock.at <= now:
            record_event(
                clinic.as_(role), session_id=session.pk, event_id=uuid4(), kind=kind,
                happened_at=clock.at, body=body,
            )  # fmt: skip

    def vitals(minute: float, sbp: int, dbp: int, pulse: int, oxygen: int, **more: Any) -> None:
        body = {"sbp_mmhg": sbp, "dbp_mmhg": dbp, "heart_rate_bpm": pulse, "spo2_percent": oxygen}
        happen(minute, "observation", {**body, **more})

    if phase == "empty":
        return
    vitals(-5, 128, 80, 71, 98, moaas=5, dissociation_0_10=0, respiratory_rate_per_min=14)
    checks = checks_for(session.product)
    for name, _ in checks[: None if phase != "before" else 5]:
        happen(-4.5, "check", {"name": name, "ok": True})
    if phase == "before":
        return
    sheet = session.dose_sheet
    figures = {n: float(sheet[n]) for n in ("dose_mg", "volume_ml", "rate_ml_per_h") if sheet[n]}
    happen(-3, "dose_check", {**figures, "agrees": True}, "prescriber")
    if phase == "ready":
        return
    _dose(session, happen, phase)
    happen(3, "note", {"text": "Eye mask on", "quoted": False})
    for minute, row in _COURSE.items():
        vitals(minute, *row[:4], dissociation_0_10=row[4], moaas=row[5])
    happen(13, "note", {"text": "Floating, calm", "quoted": True})
    if phase == "running":
        happen(20.6, "observation", {"spo2_percent": 91})
        happen(21.2, "observation", {"spo2_percent": 94, "heart_rate_bpm": 81})


#: Minute -> sbp, dbp, pulse, saturation, dissociation, MOAA/S.
_COURSE = {
    5: (129, 81, 73, 98, 0, 5),
    10: (133, 84, 76, 97, 2, 5),
    15: (137, 87, 78, 97, 3, 5),
    20: (141, 89, 81, 95, 4, 4),
    30: (144, 90, 82, 96, 6, 4),
    40: (148, 92, 84, 96, 6, 4),
    60: (139, 88, 80, 97, 3, 5),
    80: (134, 84, 76, 98, 1, 5),
    100: (131, 82, 74, 98, 0, 5),
    120: (130, 81, 73, 98, 0, 5),
    140: (129, 80, 72, 98, 0, 5),
    160: (128, 80, 71, 98, 0, 5),
}


def _dose(session: Session, happen: Any, phase: str) -> None:
    sheet = session.dose_sheet
    if session.product == "racemic_iv":
        rates = {n: float(sheet[n]) for n in ("rate_mg_per_h", "rate_ml_per_h")}
        happen(0, "infusion_start", {**rates, "duration_min": float(sheet["duration_min"])})
        if phase == "watching":
            happen(40, "infusion_stop", {})
    elif session.product == "esketamine_nasal":
        happen(0, "device", {"number": 1, "dose_mg": 28})
        if phase == "watching":
            happen(5, "device", {"number": 2, "dose_mg": 28})
    else:
        happen(0, "injection", {"dose_mg": float(sheet["dose_mg"]), "body_site": "left deltoid"})


def shelves(now: datetime) -> dict[str, Any]:
    """The controlled-drug ledger is kept here from now on; the label of the one vial there is."""
    stocked = build_shelves(_clinic(FixedClock(now - timedelta(hours=1))))
    return {"vial": stocked.received().label}


def show_forecast(now: datetime, session_id: str) -> dict[str, Any]:
    """The director, having seen scored readings, shows the forecast of this session's product."""
    clinic = _clinic(FixedClock(now))
    session = Session.objects.select_related("course").get(pk=session_id)
    shown_here(Stage(clinic, Case(clinic, session.patient), session))
    return {}


def main() -> None:
    """Do what is asked, line by line, and print what was made."""
    for line in sys.stdin:
        what, *arguments = json.loads(line)
        now = datetime.now(UTC)
        do = {"found": found, "session": bring, "forecast": show_forecast, "own": own,
              "shelves": shelves}[what]  # fmt: skip
        told = do(now, *arguments)
        # nothing may be held open in between: servers are stopped and files copied meanwhile
        connections.close_all()
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
