"""The house of the demonstration: organisation, site, chairs, staff; and who acts there."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.hashers import make_password

from evenkeel.clinic.course.actions.publish_document import publish_defaults
from evenkeel.clinic.people.actions.set_up import (
    add_chair,
    found_installation,
    grant_role,
    open_site,
)
from evenkeel.clinic.people.caller import actor_of
from evenkeel.clinic.people.models import Account, Chair, Patient, Site
from evenkeel.clinic.people.sign_in import hash_pin
from evenkeel.clinic.protocols.actions.sign_version import adopt_shipped
from evenkeel.clinic.record import installation
from evenkeel.clinic.record.act import Actor, Context
from evenkeel.clinic.record.clock import FixedClock
from evenkeel.clinic.record.permissions import Role
from evenkeel.demo.credentials import give_credentials, make_roster

ORGANISATION: Final = "Evenkeel demonstration clinic (synthetic)"
#: Printed at every start and good for nothing else: a demonstration listens on loopback alone.
PASSWORD: Final = "demo-clinic-evenkeel"  # noqa: S105
PIN: Final = "271828"
OPENED_BEFORE: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Member:
    """One member of staff. ``shown``: this is the sign-in printed for the role."""

    key: str
    role: Role
    full_name: str
    credentials: str = ""
    shown: bool = True

    @property
    def email(self) -> str:
        """The address signed in with; its ending can never receive mail (RFC 2606)."""
        return f"{self.key}@demo.invalid"


#: "nurse2" is whom the simulated clinic acts as; visitors sign in as the others.
STAFF: Final = (
    Member("director", Role.MEDICAL_DIRECTOR, "Dr Helga Vorlage", "MD"),
    Member("prescriber", Role.PRESCRIBER, "Dr Otto Sampleton", "MD"),
    Member("nurse", Role.SESSION_NURSE, "Noor Fiktiv", "RN"),
    Member("nurse2", Role.SESSION_NURSE, "Sam Beispiel", "RN", shown=False),
    Member("therapist", Role.THERAPIST, "Lea Testmann"),
    Member("pharmacist", Role.PHARMACIST, "Pim Paradigma", "PharmD"),
    Member("desk", Role.FRONT_DESK, "Flo Exempel"),
    Member("auditor", Role.AUDITOR, "Aki Probeck"),
    Member("admin", Role.ADMINISTRATOR, "Ivo Musterova"),
)
PATIENT_EMAIL: Final = "patient@demo.invalid"
#: The live sessions use the chairs; sessions of the past took place on the couches, so that a
#: history being filled in never needs a chair in which somebody sits.
CHAIRS: Final = (
    ("Chair 1", "1", "BED1"),
    ("Chair 2", "2", "BED2"),
    ("Chair 3", "2", "BED3"),
    ("Chair 4", "4", "BED4"),
    ("Couch A", "5", "COUCHA"),
    ("Couch B", "6", "COUCHB"),
)
LIVE_CHAIRS: Final = 4


def namespace(seed: str) -> uuid.UUID:
    """Under which everything of one demonstration gets its ids."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"urn:evenkeel:demo:{seed}")


@dataclass(slots=True)
class House:
    """The clinic as the story-tellers need it: rows, actors, the seed and the opening time."""

    seed: str
    start: datetime
    site: Site
    chairs: list[Chair]
    accounts: dict[str, Account]
    actors: dict[str, Actor]
    patients: dict[str, Patient] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.site.timezone)

    def ctx(self, key: str, at: datetime, via: str = "screen") -> Context:
        """A member of staff acting at ``at``."""
        return Context(self.actors[key], FixedClock(at), via=via)

    def own_id(self, *parts: object) -> uuid.UUID:
        """The id of something of this demonstration; the same parts, the same id."""
        return uuid.uuid5(namespace(self.seed), "|".join(str(part) for part in parts))


def local_zone() -> str:
    """The name of this machine's time zone; UTC where it has none by name."""
    try:
        link = str(Path("/etc/localtime").resolve(strict=True))
    except OSError:
        link = ""
    candidates = [os.environ.get("TZ", "").lstrip(":"), link.partition("zoneinfo/")[2]]
    for name in candidates:
        try:
            if name:
                return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return "UTC"


def build_house(seed: str, start: datetime, timezone: str) -> House:
    """Found the demonstration and everything in it that is no patient."""
    from evenkeel.demo import dispensing, shelves

    opened = start - OPENED_BEFORE
    founder = Context(
        Actor("system:demo", "Demonstration", frozenset({(None, role) for role in Role})),
        FixedClock(opened),
        via="command",
    )
    found_installation(founder, organisation=ORGANISATION, demo=True, seed=seed)
    installation.forget()
    site = open_site(
        founder,
        name="Harbor House",
        address="1 Sample Street, Exampleton",
        phone="555-0100",
        crisis_line="988 (call or text), every hour",
        timezone=timezone,
        jurisdiction="US",
        mrn_prefix="EK",
        credentials_from=start,
    )
    for order, (name, room, bed) in enumerate(CHAIRS, start=1):
        add_chair(founder, site_id=site.pk, name=name, room=room, bed_label=bed, order=order)
    password, pin = make_password(PASSWORD), hash_pin(PIN)
    for member in STAFF:
        account = Account(
            id=uuid.uuid5(namespace(seed), member.email),
            email=member.email,
            full_name=member.full_name,
            credentials=member.credentials,
            password=password,
            pin_hash=pin,
            created_at=opened,
        )
        account.save(force_insert=True)
        grant_role(founder, account_id=account.pk, site_id=site.pk, role=member.role.value)
    accounts = find_house(seed, start).accounts
    give_credentials(accounts, site, opened, start)
    make_roster(accounts, site, start)
    house = find_house(seed, start)
    director = house.ctx("director", opened + timedelta(days=1))
    publish_defaults(director, site.pk)
    adopt_shipped(director, site_id=site.pk)
    dispensing.begin(house, opened + timedelta(days=1))
    shelves.fill_shelves(house)
    return house


def find_house(seed: str, start: datetime) -> House:
    """The house as it stands in the database, for a process that did not build it."""
    site = Site.objects.order_by("created_at").first()
    assert site is not None
    accounts = {
        account.email.partition("@")[0]: account for account in Account.objects.filter(patient=None)
    }
    return House(
        seed=seed,
        start=start,
        site=site,
        chairs=list(Chair.objects.filter(site=site).order_by("order")),
        accounts=accounts,
        actors={key: actor_of(account) for key, account in accounts.items()},
        patients={patient.name: patient for patient in Patient.objects.filter(site=site)},
    )


def give_patient_sign_in(house: House, patient: Patient) -> Account:
    """The one patient who can look at their own pages."""
    like = house.accounts["nurse"]
    account = Account(
        id=house.own_id(PATIENT_EMAIL),
        email=PATIENT_EMAIL,
        full_name=patient.name,
        is_staff_member=False,
        password=like.password,
        pin_hash=like.pin_hash,
        patient=patient,
        created_at=house.start,
    )
    account.save(force_insert=True)
    return account


def monitor_eui64(chair: Chair) -> str:
    """What the simulated monitor at a chair calls itself; an EUI-64 that no maker was given."""
    return f"00DE000000{chair.order:06X}"
