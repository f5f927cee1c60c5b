"""Entering credentials, a second person seeing them, taking them back, reminding of their end."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from evenkeel.clinic.people.acting_policy import REMIND_DAYS, kinds
from evenkeel.clinic.people.credentials import Stands, stands
from evenkeel.clinic.people.models import Account, Credential, Membership, Site
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.two_persons import refuse_same

EDITABLE = ("title", "number", "issuer", "issued_on", "expires_on")


@action("credential.enter_own", permission="credential.own")
def enter_own_credential(act: Act, *, site_id: Any, kind: str, **fields: Any) -> Credential:
    """Enter a credential of one's own; it counts once a second person has seen it.

    ``fields`` are some of :data:`EDITABLE`. Raises ``Invalid`` with a message by field.
    """
    site = act.open(Site, site_id)
    account = Account.objects.filter(pk=act.actor.id).first()
    if account is None:
        raise NotFound("There is no such member of staff.")
    return _enter(act, site, account, kind, fields)


@action("credential.enter", permission="credential.enter")
def enter_credential(
    act: Act, *, site_id: Any, account_id: Any, kind: str, **fields: Any
) -> Credential:
    """Enter a credential of a colleague; somebody else again must see it."""
    site = act.open(Site, site_id)
    account = Account.objects.filter(
        pk=account_id, memberships__site=site, memberships__ended_at=None, is_active=True
    ).first()
    if account is None:
        raise NotFound("There is no such member of staff at this site.")
    return _enter(act, site, account, kind, fields)


@action("credential.verify", permission="credential.verify")
def verify_credential(act: Act, *, credential_id: Any, seen_what: str) -> Credential:
    """Say that one has seen the document of a colleague's credential.

    Raises ``Invalid`` for one's own and for one that one entered, ``Refused`` where it expired or
    was taken back. A second time changes nothing.
    """
    row = act.open(Credential, credential_id, "account", "site")
    refuse_same("credential.verify", act.actor.id, row.account_id, row.created_by)
    state = stands(row, _day_at(row.site, act))
    if state in (Stands.ENDED, Stands.EXPIRED):
        raise Refused(
            "This credential has expired." if state is Stands.EXPIRED else "It was taken back.",
            what_to_do="Enter the new one.",
        )
    if row.seen_at is not None:
        return row
    words = seen_what.strip()
    if not 3 <= len(words) <= 200:
        raise Invalid(
            "Say what you saw.",
            fields={"seen_what": "Such as: the card itself, or the public register and its day."},
        )
    row.seen_by = Account.objects.get(pk=act.actor.id)
    row.seen_at, row.seen_what = act.now, words
    act.write(row)
    note_lapse(row.account)
    return row


@action("credential.end", permission="credential.own")
def end_credential(act: Act, *, credential_id: Any, reason: str) -> Credential:
    """Take a credential back that is wrong or was withdrawn: one's own, or as who verifies them.

    Raises ``Forbidden`` for a colleague's without that permission, ``Invalid`` without a reason.
    """
    row = act.open(Credential, credential_id, "account")
    own = str(row.account_id) == act.actor.id
    if not own and not act.actor.may("credential.verify", row.site_id):
        raise Forbidden("This is a colleague's credential.")
    words = reason.strip()
    if not words or len(words) > 300:
        raise Invalid("Say why.", fields={"reason": "Write in a few words why it does not count."})
    if row.ended_at is not None:
        return row
    row.ended_at, row.ended_reason, act.reason = act.now, words, words
    act.write(row)
    note_lapse(row.account)
    return row


@action("credential.remind", permission="credential.remind")
def note_reminded(act: Act, *, credential_id: Any, days: int) -> Credential:
    """Note that the holder was reminded so many days before the last day."""
    row = act.open(Credential, credential_id)
    row.reminded_days = days
    return act.write(row)


def due_reminders(on: date) -> list[tuple[Credential, int]]:
    """Which credentials are to be told of on a day, and at which of the steps before the end.

    A step that was missed is made up for by the next one only.
    """
    found = []
    rows = Credential.objects.filter(
        ended_at=None, seen_at__isnull=False, account__is_active=True
    ).select_related("account", "site")
    for row in rows.exclude(expires_on=None).order_by("expires_on"):
        left = (row.expires_on - on).days
        steps = [days for days in REMIND_DAYS if 0 <= left <= days]
        told = row.reminded_days is not None and bool(steps) and row.reminded_days <= steps[-1]
        if steps and not told and not _renewed(row, on):
            found.append((row, steps[-1]))
    return found


def _renewed(row: Credential, on: date) -> bool:
    others = Credential.objects.filter(
        account=row.account, site=row.site, kind=row.kind, ended_at=None, seen_at__isnull=False
    ).exclude(pk=row.pk)
    return any(
        stands(one, on) is Stands.VALID
        and (one.expires_on is None or one.expires_on > row.expires_on)
        for one in others
    )


def note_lapse(account: Account) -> None:
    """Keep beside the account when its next credential lapses, for the notice on every page."""
    newest: dict[tuple[Any, str], date | None] = {}
    for row in Credential.objects.filter(account=account, ended_at=None).exclude(seen_at=None):
        key = (row.site_id, row.kind)
        before = newest.get(key, date.min)
        if before is not None and (row.expires_on is None or row.expires_on > before):
            newest[key] = row.expires_on
    days = [day for day in newest.values() if day is not None]
    account.credential_lapses = min(days, default=None)
    account.save(update_fields=["credential_lapses"])


def _enter(act: Act, site: Site, account: Account, kind: str, fields: dict[str, Any]) -> Credential:
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise TypeError(f"cannot be entered here: {sorted(unknown)}")
    if not Membership.objects.filter(account=account, site=site, ended_at=None).exists():
        raise NotFound("There is no such member of staff at this site.")
    row = Credential(
        site=site,
        account=account,
        kind=kind,
        **{k: v.strip() if isinstance(v, str) else v for k, v in fields.items()},
    )
    wrong = _wrong(row, _day_at(site, act))
    if wrong:
        raise Invalid("Some of this cannot be right.", fields=wrong)
    act.note(holder=account.pk, kind=kind)
    return act.write(row)


def _wrong(row: Credential, today: date) -> dict[str, str]:
    """What is wrong with a credential as entered, by field."""
    wrong: dict[str, str] = {}
    kind = kinds().get(row.kind)
    if kind is None:
        return {"kind": "Choose a kind."}
    if kind.numbered and not row.number:
        wrong["number"] = "Enter its number."
    for name, longest in (("title", 80), ("number", 60), ("issuer", 120)):
        if len(getattr(row, name)) > longest or not getattr(row, name).isprintable():
            wrong[name] = f"At most {longest} characters, in one line."
    if not row.issuer:
        wrong["issuer"] = "Enter who issued it."
    if row.issued_on is not None and row.issued_on > today:
        wrong["issued_on"] = "This day has not come yet."
    if row.expires_on is not None and row.issued_on is not None and row.expires_on < row.issued_on:
        wrong["expires_on"] = "This is before the day it was issued."
    elif row.expires_on is not None and row.expires_on < today:
        wrong["expires_on"] = "It has expired: enter the new one."
    return wrong


def _day_at(site: Site, act: Act) -> date:
    return act.now.astimezone(ZoneInfo(site.timezone)).date()
