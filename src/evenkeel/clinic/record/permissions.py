"""One table: who may do what. Every route and action names a permission that stands here."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person is at a site. A person may hold several."""

    ADMINISTRATOR = "administrator"
    MEDICAL_DIRECTOR = "medical_director"
    PRESCRIBER = "prescriber"
    SESSION_NURSE = "session_nurse"
    THERAPIST = "therapist"
    PHARMACIST = "pharmacist"
    FRONT_DESK = "front_desk"
    AUDITOR = "auditor"
    PATIENT = "patient"
    SYSTEM = "system"


ROLE_LABELS: dict[str, str] = {
    Role.ADMINISTRATOR: "Administrator",
    Role.MEDICAL_DIRECTOR: "Medical director",
    Role.PRESCRIBER: "Prescriber",
    Role.SESSION_NURSE: "Session nurse",
    Role.THERAPIST: "Therapist",
    Role.PHARMACIST: "Pharmacist",
    Role.FRONT_DESK: "Front desk",
    Role.AUDITOR: "Auditor",
    Role.PATIENT: "Patient",
    Role.SYSTEM: "System",
}
STAFF_ROLES: tuple[Role, ...] = tuple(r for r in Role if r not in (Role.PATIENT, Role.SYSTEM))

#: Anybody, signed in or not (sign-in itself, one-time links, static help).
PUBLIC = "public"
#: Anybody who is signed in.
SIGNED_IN = "signed_in"

_ADM, _MD, _RX, _RN, _TH, _PH, _FD, _AU, _PT, _SYS = (
    Role.ADMINISTRATOR,
    Role.MEDICAL_DIRECTOR,
    Role.PRESCRIBER,
    Role.SESSION_NURSE,
    Role.THERAPIST,
    Role.PHARMACIST,
    Role.FRONT_DESK,
    Role.AUDITOR,
    Role.PATIENT,
    Role.SYSTEM,
)
_CARE = frozenset({_MD, _RX, _RN, _TH})

PERMISSIONS: dict[str, frozenset[Role]] = {
    # the house
    "setup.manage": frozenset({_ADM, _MD}),
    "staff.manage": frozenset({_ADM, _MD}),
    "staff.view": frozenset({_ADM, _MD, _RX, _RN, _TH, _PH, _FD, _AU}),
    "device.manage": frozenset({_ADM, _MD, _RN}),
    "sign_in.manage": frozenset(Role) - {Role.SYSTEM},
    "invitation.accept": frozenset({_SYS}),
    "administrator.first": frozenset({_SYS}),
    "status.view": frozenset({_ADM, _MD, _RX, _RN, _AU}),
    # who may act
    "credential.own": frozenset({_ADM, _MD, _RX, _RN, _TH, _PH, _FD, _AU}),
    "credential.view": frozenset({_ADM, _MD, _AU}),
    "credential.enter": frozenset({_ADM, _MD}),
    "credential.verify": frozenset({_ADM, _MD}),
    "credential.remind": frozenset({_SYS}),
    "acting.begin": frozenset({_SYS}),
    "acting.decide": frozenset({_MD}),
    "emergency.open": frozenset({_MD, _RX, _RN, _TH, _PH, _FD}),
    "emergency.review": frozenset({_ADM, _MD}),
    "duty.view": frozenset({_ADM, _MD, _RX, _RN, _TH, _PH, _FD, _AU}),
    "duty.manage": frozenset({_ADM, _MD, _RX, _RN, _FD}),
    # the library
    "library.view": frozenset(Role) - {Role.SYSTEM},
    "library.review": frozenset({_MD, _RX}),
    "library.open": frozenset({_ADM, _MD}),
    # people
    "people.view": frozenset({_MD, _RX, _RN, _TH, _PH, _FD, _AU}),
    "people.register": frozenset({_MD, _RX, _RN, _FD}),
    "people.edit": frozenset({_MD, _RX, _RN, _FD}),
    "people.import": frozenset({_MD, _RX, _RN, _FD}),
    "facts.view": _CARE | {_PH, _AU},
    "facts.record": _CARE,
    # the clinic's own protocols
    "protocol.view": _CARE | {_PH, _AU},
    "protocol.edit": frozenset({_MD}),
    "protocol.sign": frozenset({_MD}),
    "facts.read": frozenset({_MD, _RX}),
    # the course
    "course.view": _CARE | {_PH, _AU},
    "course.open": frozenset({_MD, _RX, _FD}),
    "course.move": frozenset({_MD, _RX}),
    "course.close": frozenset({_MD, _RX}),
    "screening.view": _CARE | {_PH, _AU},
    "screening.sign": frozenset({_MD, _RX}),
    "decision.view": _CARE | {_AU},
    "decision.record": frozenset({_MD, _RX, _RN, _TH, _PT}),
    "consent.view": _CARE | {_AU},
    "consent.publish": frozenset({_MD}),
    "consent.take": frozenset({_MD, _RX, _RN, _TH}),
    "consent.withdraw": frozenset({_MD, _RX, _RN, _TH, _PT}),
    "touch.agree": frozenset({_MD, _RX, _RN, _TH}),
    "touch.withdraw": frozenset({_MD, _RX, _RN, _TH, _PT}),
    "plan.view": _CARE | {_PH, _AU},
    "plan.draft": frozenset({_MD, _RX}),
    "plan.sign": frozenset({_MD, _RX}),
    # programs, and therapy around the doses
    "program.view": _CARE | {_PH, _AU},
    "program.edit": frozenset({_MD, _TH}),
    "program.sign": frozenset({_MD}),
    "program.choose": frozenset({_MD, _RX, _TH}),
    "therapy.view": _CARE,
    "therapy.record": _CARE,
    "wall.write": frozenset({_MD, _RX, _TH}),
    "wall.open": _CARE,
    # groups that are treated together
    "group.view": _CARE,
    "group.manage": frozenset({_MD, _RX, _TH}),
    # the day
    "appointment.view": frozenset({_MD, _RX, _RN, _TH, _PH, _FD, _AU}),
    "appointment.manage": frozenset({_MD, _RX, _RN, _TH, _FD}),
    "appointment.check_in": frozenset({_MD, _RX, _RN, _FD}),
    "follow_up.record": frozenset({_MD, _RX, _RN, _TH}),
    "downtime.print": frozenset({_MD, _RX, _RN, _FD}),
    "downtime.enter": frozenset({_MD, _RX, _RN}),
    # the session
    "board.view": _CARE | {_PH, _AU},
    "session.view": _CARE | {_PH, _AU},
    "session.start": frozenset({_MD, _RX, _RN}),
    "session.check_dose": frozenset({_MD, _RX, _RN, _PH}),
    "session.record": frozenset({_MD, _RX, _RN, _TH}),
    "session.administer": frozenset({_MD, _RX, _RN}),
    # to begin a dose or give more of it; recording what was given is session.administer
    "session.dose": frozenset({_MD, _RX, _RN}),
    "session.draw": frozenset({_MD, _RX, _RN}),
    "session.stop": frozenset({_MD, _RX, _RN, _TH}),
    "session.acknowledge": frozenset({_MD, _RX, _RN}),
    "alarm.hear": _CARE,
    "session.hand_over": frozenset({_MD, _RX, _RN}),
    "session.discharge": frozenset({_MD, _RX, _RN}),
    "session.file_reading": frozenset({_SYS}),
    "session.watch": frozenset({_SYS}),
    "tray.assign": frozenset({_MD, _RX, _RN}),
    # the controlled-drug ledger
    "stock.view": frozenset({_MD, _RX, _RN, _PH, _AU}),
    "stock.receive": frozenset({_MD, _RX, _RN, _PH}),
    "stock.count": frozenset({_MD, _RX, _RN, _PH}),
    "stock.witness": frozenset({_MD, _RX, _RN, _PH}),
    "stock.handle": frozenset({_MD, _RX, _RN, _PH}),
    "stock.report": frozenset({_MD, _RX, _RN, _PH}),
    "stock.send": frozenset({_MD, _PH}),
    "stock.adjust": frozenset({_MD, _PH}),
    "stock.begin": frozenset({_MD, _PH}),
    "stock.elsewhere": frozenset({_MD}),
    # measuring
    "outcome.view": _CARE | {_AU},
    "outcome.ask": frozenset({_MD, _RX, _RN, _TH, _FD}),
    "outcome.answer": frozenset({_PT, _SYS}),
    "outcome.enter": _CARE,
    "safety.close": frozenset({_MD, _RX, _TH}),
    "safety.take": frozenset({_MD, _RX, _RN, _TH}),
    "safety.watch": frozenset({_SYS}),
    "instrument.view": _CARE | {_ADM, _AU},
    "instrument.load": frozenset({_ADM, _MD, _SYS}),
    "reminder.send": frozenset({_SYS}),
    "contact.choose": frozenset({_MD, _RX, _RN, _TH, _FD, _PT}),
    "team_question.view": _CARE | {_AU},
    "team_question.answer": _CARE,
    "watch.record": _CARE,
    "watch.review": frozenset({_MD, _RX}),
    "spacing.decide": frozenset({_MD, _RX}),
    # the patient's own pages
    "own.view": frozenset({_PT}),
    "own.answer": frozenset({_PT}),
    "own.ask": frozenset({_PT}),
    "own.prepare": frozenset({_PT}),
    "own.journal": frozenset({_PT}),
    # oversight
    "oversight.view": _CARE | {_ADM, _PH, _AU},
    "audit.view": frozenset({_MD, _AU}),
    "audit.verify": frozenset({_MD, _AU, _ADM, _SYS}),
    "audit.key": frozenset({_SYS}),
    "record.erase": frozenset({_MD}),
    "record.erase_second": frozenset({_ADM, _MD}),
    "forecast.view": _CARE | {_PH, _AU},
    "forecast.choose": frozenset({_MD}),
    # inspection, copies, requests about one's own record, backups
    "inspection.make": frozenset({_MD, _AU, _SYS}),
    "inspection.identify": frozenset({_MD}),
    "copy.hand_out": frozenset({_MD, _RX}),
    "privacy.view": frozenset({_MD, _AU}),
    "privacy.ask": frozenset({_MD, _RX, _RN, _TH, _FD, _PT}),
    "privacy.take": frozenset({_MD, _RX, _RN, _TH, _FD}),
    "privacy.answer": frozenset({_MD}),
    "retention.view": frozenset({_ADM, _MD, _AU, _PH}),
    "backup.view": frozenset({_ADM, _MD, _AU}),
    "backup.note": frozenset({_SYS}),
    # quality, and what was signed
    "quality.view": frozenset({_MD, _AU}),
    "quality.people": frozenset({_MD}),
    "quality.note": frozenset({_MD}),
    "signature.check": _CARE | {_PH, _AU, _ADM},
    # harm, what is owed to authorities, complaints
    "incident.view": _CARE | {_PH, _AU},
    "incident.record": _CARE | {_PH},
    "incident.act": _CARE | {_PH},
    "incident.review": frozenset({_MD}),
    "report.view": frozenset({_MD, _RX, _AU}),
    "report.send": frozenset({_MD, _RX}),
    "complaint.file": (frozenset(Role) - {_PT}),
    "complaint.handle": frozenset({_ADM, _MD}),
    "rems.view": _CARE | {_PH, _AU},
    "rems.fill": frozenset({_MD, _RX, _RN}),
    "rems.enroll": frozenset({_MD, _RX}),
    "rems.manage": frozenset({_MD, _ADM}),
}


#: What a missing credential may take away: beginning something for which the person who does it
#: must be qualified. Nothing else can be named by a site's policy, so that watching, alarms,
#: recording, pausing, stopping and letting somebody go stay with whoever stands there.
WITHHOLDABLE: frozenset[str] = frozenset(
    {
        "screening.sign",
        "plan.draft",
        "plan.sign",
        "protocol.sign",
        "program.choose",
        "program.sign",
        "consent.take",
        "touch.agree",
        "session.start",
        "session.check_dose",
        "session.dose",
        "spacing.decide",
        "watch.review",
    }
)

#: What care needs of one person's record in an emergency: to read it, to write down what happens
#: and to stop a drug. Not therapy, journals or notes behind a wall, and nothing that decides.
IN_EMERGENCY: frozenset[str] = frozenset(
    {
        "people.view",
        "facts.view",
        "course.view",
        "screening.view",
        "plan.view",
        "session.view",
        "session.record",
        "session.stop",
    }
)


def roles_for(permission: str) -> frozenset[Role]:
    """The roles that hold ``permission``. Raises ``KeyError`` for an unknown name."""
    return PERMISSIONS[permission]
