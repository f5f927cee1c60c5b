"""The first administrator of an installation, by a one-time token from the command line."""

from __future__ import annotations

from datetime import timedelta

from evenkeel.clinic.people.account_fields import (
    check_password_strength,
    checked_email,
    checked_name,
)
from evenkeel.clinic.people.actions.set_up import GRACE, check_timezone
from evenkeel.clinic.people.models import Account, Membership, SetupToken, Site
from evenkeel.clinic.people.sign_in import hash_pin, new_token, token_hash
from evenkeel.clinic.record import installation
from evenkeel.clinic.record.act import Act, Actor, Context, action
from evenkeel.clinic.record.clock import Clock, system_clock
from evenkeel.clinic.record.errors import Invalid, NotFound, Refused
from evenkeel.clinic.record.models import Installation
from evenkeel.clinic.record.permissions import Role

#: How long the token works (clinic policy, assumed).
TOKEN_LASTS = timedelta(hours=24)


def make_setup_token(clock: Clock | None = None) -> str:
    """A token for ``/setup/first/<token>``; only its hash is stored, earlier ones stop working.

    Raises ``Refused`` where there is an administrator already.
    """
    _refuse_second()
    now = (clock or system_clock()).now()
    token, hashed = new_token()
    SetupToken.objects.filter(used_at=None).delete()
    SetupToken.objects.create(token_hash=hashed, expires_at=now + TOKEN_LASTS)
    return token


def has_administrator() -> bool:
    """Whether an open account holds the role of administrator anywhere."""
    return Membership.objects.filter(  # type: ignore[no-any-return]
        role=Role.ADMINISTRATOR, ended_at=None, account__is_active=True
    ).exists()


def _refuse_second() -> None:
    if has_administrator():
        raise Refused(
            "This installation has an administrator.",
            what_to_do="Ask them for an invitation.",
        )


def find_setup_token(token: str, clock: Clock) -> SetupToken:
    """The token's row. Raises ``NotFound`` for one that never was, expired or was used."""
    row = SetupToken.objects.filter(
        pk=token_hash(token), used_at=None, expires_at__gt=clock.now()
    ).first()
    if row is None:
        raise NotFound(
            "This link does not work any more.",
            what_to_do="Make a new one on the command line of the server.",
        )
    return row


def create_first_administrator(
    token: str,
    *,
    organisation: str,
    site_name: str,
    full_name: str,
    email: str,
    password: str,
    pin: str,
    clock: Clock,
    timezone: str = "UTC",
    credentials: str = "",
) -> Account:
    """Use up the token: the installation, its first site and the administrator's account.

    A site that is there already is kept. Raises ``NotFound``, ``Refused`` or ``Invalid``.
    """
    find_setup_token(token, clock)
    actor = Actor("system:setup", "First set-up", frozenset({(None, Role.SYSTEM)}))
    account = _create(
        Context(actor, clock),
        token=token,
        organisation=organisation,
        site_name=site_name,
        timezone=timezone,
        account=Account(
            email=checked_email(email),
            full_name=checked_name(full_name),
            credentials=credentials.strip()[:40],
        ),
        password=password,
        pin=pin,
    )
    installation.forget()
    return account  # type: ignore[no-any-return]


@action("administrator.first", permission="administrator.first")
def _create(
    act: Act,
    *,
    token: str,
    organisation: str,
    site_name: str,
    timezone: str,
    account: Account,
    password: str,
    pin: str,
) -> Account:
    row = find_setup_token(token, act.ctx.clock)  # again, now under the writer's lock
    _refuse_second()
    if Account.objects.filter(email__iexact=account.email).exists():
        raise Invalid(
            "There is an account with this address.", fields={"email": "Use another address."}
        )
    check_password_strength(password, account)
    account.pin_hash = hash_pin(pin)
    account.set_password(password)
    account.created_at = act.now
    _found(act, checked_name(organisation, "organisation", 200))
    site = Site.objects.filter(active=True).order_by("created_at").first()
    if site is None:
        check_timezone(timezone)
        site = Site(name=checked_name(site_name, "site_name"), timezone=timezone)
        site.site_id, site.credentials_from = site.id, act.now + GRACE
        act.write(site)
    account.save(force_insert=True)
    act.write(Membership(site=site, account=account, role=Role.ADMINISTRATOR))
    row.used_at = act.now
    row.save(update_fields=["used_at"])
    act.note(account=account.pk, organisation=organisation.strip())
    return account


def _found(act: Act, organisation: str) -> None:
    row = Installation.objects.filter(pk=1).first()
    if row is None:
        Installation(organisation=organisation, created_at=act.now).save(force_insert=True)
    elif row.demo:
        raise Refused("A demonstration has no administrator of its own.")
    elif row.organisation != organisation:
        row.organisation = organisation
        row.save(update_fields=["organisation"])
