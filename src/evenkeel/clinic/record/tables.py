"""Every table of the installation, and what the audit chain knows of it.

``chained``: each row is written by an act, and its digest stands in the act's entry.
``watched``: not written by acts alone (signing in writes to it), but what decides who may act is
on the chain with every change. ``derived``: follows from chained rows and can be made again.
``operational``: no part of the record; why an edit there changes nothing of it is said beside it.
``chain``: the chain itself.

``evenkeel verify`` checks the first two and the last. A test fails for a table not listed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CHAINED, WATCHED, DERIVED, OPERATIONAL, CHAIN = (
    "chained",
    "watched",
    "derived",
    "operational",
    "chain",
)


@dataclass(frozen=True, slots=True)
class Table:
    """What kind a table is of, and in words why, or from what it is made again."""

    kind: str
    why: str = ""
    #: Of a watched table the columns on the chain, and those of them whose digest alone is.
    columns: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()


_CHAINED_TABLES: Final = """
    people.site people.chair people.membership people.invitation people.patient people.fact
    people.credential people.emergencyaccess people.duty
    stock.ledgerbegun stock.stockpolicy stock.item stock.container stock.move stock.count
    stock.countline stock.discrepancy stock.discrepancynote stock.notice
    protocols.protocolversion library.answerreview library.opening
    course.course course.screening course.consentdocument course.consent course.touchagreement
    course.plan course.decisiontalk
    programs.programversion programs.courseprogram
    session.appointment session.session session.sessionevent session.forecastchoice
    session.monitor session.monitorsource session.traymessage
    therapy.preparationtick therapy.setpart therapy.talk therapy.journalentry therapy.commitment
    therapy.sidetherapy therapy.wallednote therapy.walledreader
    groups.therapygroup groups.grouptherapist groups.groupconsent groups.groupmember
    groups.groupvisit groups.groupplace groups.groupsetting
    outcome.ask outcome.response outcome.safetysignal outcome.watchentry outcome.clinictext
    outcome.contactchoice outcome.message outcome.signalcall outcome.teamquestion
    outcome.spacingdecision
    oversight.incident oversight.incidentaccount oversight.incidentaction oversight.report
    oversight.complaint oversight.remssite oversight.remspatient oversight.remsdefinition
    oversight.remsform oversight.privacyrequest oversight.erasurerequest oversight.qualitynote
"""

TABLES: Final[dict[str, Table]] = {
    **{label: Table(CHAINED) for label in _CHAINED_TABLES.split()},
    "record.chainentry": Table(CHAIN, "the entries"),
    "record.chainpayload": Table(CHAIN, "what stands beside each entry"),
    "record.version": Table(CHAIN, "which entry wrote which version; compared with the payloads"),
    "people.account": Table(
        WATCHED,
        "signing in writes here; the time of the last sign-in alone is not on the chain",
        (
            "email",
            "full_name",
            "credentials",
            "is_active",
            "is_staff_member",
            "patient_id",
            "created_at",
            "sign_in_epoch",
            "password",
            "pin_hash",
        ),
        ("password", "pin_hash"),
    ),
    "mfa.authenticator": Table(
        WATCHED,
        "the sign-in library writes here; the time of the last use is not on the chain",
        ("user_id", "type", "created_at", "data"),
        ("data",),
    ),
    "record.installation": Table(
        WATCHED,
        "the one row that says whose clinic this is, and whether it is a demonstration",
        ("organisation", "demo", "demo_seed", "created_at", "set_up_at"),
    ),
    "session.sessionforecast": Table(
        DERIVED, "from the session's events, a version and a seed; the forecaster makes it again"
    ),
    "session.forecastscore": Table(
        DERIVED, "from the session's events, a version and a seed; the forecaster makes it again"
    ),
    "outcome.moodahead": Table(
        DERIVED, "from scores and doses of the course; made again when their digest differs"
    ),
    "people.mrncounter": Table(
        DERIVED, "the highest record number given out; a number given twice is refused"
    ),
    "session.monitorstatus": Table(OPERATIONAL, "when a monitor was last heard; no reading"),
    "record.heartbeat": Table(OPERATIONAL, "signs of life of processes"),
    "record.idempotentreply": Table(
        OPERATIONAL,
        "the answer to a request that comes twice; a forged one misleads one retry and writes "
        "no row",
    ),
    "people.setuptoken": Table(
        OPERATIONAL,
        "hashes of one-time links; an account made by a forged one is itself an entry",
    ),
    "people.failedattempt": Table(OPERATIONAL, "counts wrong codes"),
    "sessions.session": Table(
        OPERATIONAL,
        "who is signed in now; signed with the secret key. Whoever holds that key and the database "
        "can act under another's name, and the chain says that name",
    ),
    "people.signin": Table(
        OPERATIONAL, "the sign-ins that are open, shown to their owner; ending one is an entry"
    ),
    "account.emailaddress": Table(
        OPERATIONAL, "addresses by which the sign-in library finds an account; no password"
    ),
    "account.emailconfirmation": Table(OPERATIONAL, "not used: nobody signs up"),
    "axes.accessattempt": Table(OPERATIONAL, "counts wrong passwords"),
    "axes.accesslog": Table(OPERATIONAL, "not written"),
    "axes.accessfailurelog": Table(OPERATIONAL, "not written"),
    "axes.accessattemptexpiration": Table(OPERATIONAL, "until when a sign-in is locked out"),
    "auth.permission": Table(OPERATIONAL, "not asked: permissions stand in the program"),
    "auth.group": Table(OPERATIONAL, "not asked: roles are memberships"),
    "auth.group_permissions": Table(OPERATIONAL, "not asked: permissions stand in the program"),
    "contenttypes.contenttype": Table(OPERATIONAL, "names of tables, for the framework"),
}


def table_of(label: str) -> Table | None:
    """What is known of the model with this label, in lower case; ``None`` for an unknown one."""
    return TABLES.get(label)


def labels(kind: str) -> list[str]:
    """The models of one kind, in the order of the table."""
    return [label for label, table in TABLES.items() if table.kind == kind]
