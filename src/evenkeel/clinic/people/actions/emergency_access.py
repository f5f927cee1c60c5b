"""Opening one person's record in an emergency, and reviewing that it was right.

HIPAA asks for a way to reach what is necessary in an emergency: 45 CFR 164.312(a)(2)(ii),
https://www.govinfo.gov/content/pkg/CFR-2019-title45-vol2/xml/CFR-2019-title45-vol2-sec164-312.xml
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from evenkeel.clinic.people.acting_policy import policy_of
from evenkeel.clinic.people.models import Account, EmergencyAccess, Patient
from evenkeel.clinic.people.throttle import Throttle
from evenkeel.clinic.record.act import Act, Actor, Context, action, find
from evenkeel.clinic.record.errors import Invalid, NotFound, Refused
from evenkeel.clinic.record.permissions import roles_for
from evenkeel.clinic.record.two_persons import refuse_same

#: Looking for people whose record one may not see, by account (clinic policy, assumed).
LOOKED_FOR = Throttle("emergency", 10, timedelta(minutes=15))
MIN_REASON = 10


@action("emergency.open", permission="emergency.open")
def open_in_emergency(
    act: Act, *, mrn: str, birth_year: int | None, reason: str, confirmed_by: str
) -> EmergencyAccess:
    """Open the record of the person with this number for a limited time, with a reason.

    Only for whom no role shows it. Raises ``Invalid`` without a reason, ``NotFound`` where number
    and year of birth fit nobody, ``Refused`` where the record is open to the caller already.
    """
    words = reason.strip()
    if not MIN_REASON <= len(words) <= 500:
        raise Invalid(
            "Say what the emergency is.",
            fields={"reason": f"At least {MIN_REASON} letters; the medical director reads it."},
        )
    row = Patient.objects.select_related("site").filter(mrn__iexact=mrn.strip()[:20]).first()
    if row is None or row.birth_date.year != birth_year:
        raise NotFound(
            "There is nobody with this record number and year of birth.",
            what_to_do="Read both from the wristband or the referral, and try again.",
        )
    if act.actor.holds("facts.view", row.site_id):
        raise Refused("Your role shows you this person's record already.", code="open_already")
    if any(one.patient_id == row.pk and one.until > act.now for one in act.actor.emergencies):
        raise Refused(
            "You have opened this record already.",
            what_to_do="The bar above leads to it, and says until when.",
            code="open_already",
        )
    policy = policy_of(row.site.acting_policy)
    account = Account.objects.get(pk=act.actor.id)
    until = act.now + timedelta(minutes=policy.emergency_min)
    access = EmergencyAccess(
        site=row.site,
        account=account,
        patient=row,
        reason=words,
        confirmed_by=confirmed_by,
        opened_at=act.now,
        until=until,
    )
    act.reason = words
    _write(act, access)
    if account.emergency_until is None or account.emergency_until < until:
        account.emergency_until = until
        account.save(update_fields=["emergency_until"])
    return access


@action("emergency.end", permission="emergency.open")
def end_emergency(act: Act, *, access_id: Any) -> EmergencyAccess:
    """Close the record again before the time is over."""
    access = find(EmergencyAccess, access_id)
    if str(access.account_id) != act.actor.id:
        raise NotFound("There is nothing here with that address.")
    if access.ended_at is None and access.until > act.now:
        access.ended_at = act.now
        _write(act, access)
        account = Account.objects.get(pk=act.actor.id)
        left = EmergencyAccess.objects.filter(account=account, until__gt=act.now, ended_at=None)
        account.emergency_until = max((one.until for one in left), default=None)
        account.save(update_fields=["emergency_until"])
    return access


@action("emergency.review", permission="emergency.review")
def review_emergency(
    act: Act, *, access_id: Any, verdict: str, review_words: str
) -> EmergencyAccess:
    """Say whether an emergency access was justified; never of one's own.

    A review may be done again: the earlier one stays in the history.
    """
    access = act.open(EmergencyAccess, access_id)
    refuse_same("emergency.review", act.actor.id, access.account_id)
    words = review_words.strip()
    wrong = {}
    if verdict not in {"justified", "not_justified"}:
        wrong["verdict"] = "Choose one of the two."
    if not 3 <= len(words) <= 1000:
        wrong["review_words"] = "Write in a few words what you looked at and what follows."
    if wrong:
        raise Invalid("The review is not complete.", fields=wrong)
    access.verdict, access.review_words = verdict, words
    access.reviewed_by, access.reviewed_at = Account.objects.get(pk=act.actor.id), act.now
    act.reason = words
    return act.write(access)


def _write(act: Act, access: EmergencyAccess) -> EmergencyAccess:
    """Store it at a site where the actor may hold no role: for this one row they act there too."""
    allowed = roles_for(act.permission)
    role = next(role for _, role in sorted(act.actor.grants, key=str) if role in allowed)
    actor = Actor(
        act.actor.id, act.actor.name, act.actor.grants | {(access.site_id, role)}, withheld=None
    )
    act.ctx = Context(actor, act.ctx.clock, act.ctx.via, act.ctx.reason)
    return act.write(access)
