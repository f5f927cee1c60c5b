"""Builds the synthetic clinic of the tests through the product's own actions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import is_mfa_enabled

from evenkeel.clinic.people.actions.set_up import (
    add_chair,
    found_installation,
    grant_role,
    open_site,
)
from evenkeel.clinic.people.caller import actor_of
from evenkeel.clinic.people.models import Account, Chair, Patient, Site
from evenkeel.clinic.protocols.actions.sign_version import adopt_shipped
from evenkeel.clinic.record.act import Actor, Context, system_actor
from evenkeel.clinic.record.clock import Clock, FixedClock
from evenkeel.clinic.record.permissions import STAFF_ROLES, Role
from evenkeel.clinic.stock.actions.begin_ledger import keep_elsewhere

PASSWORD = "correct-horse-battery"
SIGNED_BEFORE = timedelta(days=400)
#: Those that the tests give; signing each costs every test that stands on the clinic.
PRODUCTS_SIGNED = ("racemic_iv", "esketamine_nasal", "racemic_im")


@dataclass
class Clinic:
    """The clinic, its people and ways to act as them."""

    clock: Clock
    site: Site
    other_site: Site
    chairs: list[Chair]
    staff: dict[str, Account]
    extra: dict[str, Any] = field(default_factory=dict)

    def as_(self, role: str) -> Context:
        """The context of the member of staff who holds this role at the first site."""
        return Context(actor=actor_of(self.staff[role], self.clock), clock=self.clock)

    @property
    def system(self) -> Context:
        """The context of the system itself."""
        return Context(actor=system_actor("test"), clock=self.clock, via="system")

    def patient_context(self, patient: Patient) -> Context:
        """The context of a patient with an account of their own."""
        account = Account.objects.filter(patient=patient).first() or make_account(
            f"{patient.mrn.lower()}@patients.invalid", patient.name, self.clock, patient=patient
        )
        return Context(actor=actor_of(account), clock=self.clock)


def make_account(email: str, name: str, clock: Clock, **fields: Any) -> Account:
    """An account with the tests' password."""
    account = Account(
        email=email,
        full_name=name,
        created_at=clock.now(),
        is_staff_member=fields.get("patient") is None,
        **fields,
    )
    account.set_password(PASSWORD)
    account.save()
    return account


def build_clinic(clock: Clock, *, with_protocols: bool = True, with_ledger: bool = True) -> Clinic:
    """Found an installation with two sites, four chairs and one account for each role of staff.

    The medical director has signed the shipped protocols of the first site, and has decided that
    its controlled-drug ledger is kept elsewhere, unless told otherwise. One that is kept here is
    begun by ``tests.clinic.stock.makers.build_shelves``.
    """
    founder = Context(
        Actor("system:founder", "Founder", frozenset({(None, r) for r in Role})), clock
    )
    found_installation(founder, organisation="Harbour Clinic (synthetic)", demo=False)
    site = open_site(
        founder,
        name="Harbour",
        timezone="UTC",
        crisis_line="988 (call or text), every hour",
        credentials_from=None,
    )
    other = open_site(
        founder,
        name="Hill",
        timezone="Europe/Berlin",
        jurisdiction="EU",
        credentials_from=None,
    )
    chairs = [
        add_chair(
            founder, site_id=site.pk, name=f"Chair {n}", room=f"{n}", bed_label=f"BED{n}", order=n
        )
        for n in range(1, 5)
    ]
    staff = {}
    for role in STAFF_ROLES:
        account = make_account(f"{role.value}@harbour.invalid", f"Test {role.value}", clock)
        grant_role(founder, account_id=account.pk, site_id=site.pk, role=role.value)
        staff[role.value] = account
    outsider = make_account("prescriber@hill.invalid", "Hill Prescriber", clock)
    grant_role(founder, account_id=outsider.pk, site_id=other.pk, role="prescriber")
    staff["prescriber_elsewhere"] = outsider
    clinic = Clinic(clock, site, other, chairs, staff)
    if with_protocols:
        # long ago, so that a test can tell what happened before
        director = clinic.as_("medical_director").at(FixedClock(clock.now() - SIGNED_BEFORE))
        adopt_shipped(director, site_id=site.pk, products=PRODUCTS_SIGNED)
    if with_ledger:
        keep_elsewhere(
            clinic.as_("medical_director").at(FixedClock(clock.now() - SIGNED_BEFORE)),
            site_id=site.pk,
            system="Bound book (synthetic)",
            reason="As before",
        )
    return clinic


def sign_in(client: Any, account: Account) -> Any:
    """Sign the account in on a Django test client, with a second factor as staff must have."""
    if account.is_staff_member and not is_mfa_enabled(account):
        TOTP.activate(account, "JBSWY3DPEHPK3PXP")
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
