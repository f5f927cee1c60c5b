"""The other member of staff who signs at somebody else's screen, with their own e-mail and PIN."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.contrib.auth.hashers import make_password

from evenkeel.clinic.people.models import Account
from evenkeel.clinic.people.sign_in import pin_matches
from evenkeel.clinic.people.throttle import Throttle
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.errors import Invalid
from evenkeel.clinic.record.two_persons import refuse_same

#: Wrong PINs of a second person, by the account named. Clinic policy, assumed.
SECOND_PERSON: Final = Throttle("second_person", 6, timedelta(minutes=15))


def second_person(ctx: Context, email: str, pin: str, *, act: str = "stock.witness") -> Account:
    """The other member of staff who typed this, for an act of the table of two persons.

    Call it outside the act that it is for: a wrong try is counted even where the act is undone.
    Raises ``Invalid`` for what does not fit together and for the very person who is signed in
    here, ``TooMany`` after too many wrong tries. Whether they may do the act is asked by the act
    itself, done under ``context_for(second)``.
    """
    now = ctx.clock.now()
    account = Account.objects.filter(
        email__iexact=email.strip()[:254], is_active=True, patient=None
    ).first()
    subject = str(account.pk) if account else email.strip().lower()[:80]
    SECOND_PERSON.refuse_if_exceeded(subject, now)
    if account is None:
        make_password(pin[:200])  # as slow as a wrong PIN, so that no address is given away
    if account is None or not pin_matches(account, pin[:200]):
        SECOND_PERSON.count(subject, now)
        raise Invalid(
            "E-mail and PIN do not fit together.",
            fields={"pin": "Try again."},
            code="second_person_unknown",
        )
    SECOND_PERSON.clear(subject)
    refuse_same(act, account.pk, ctx.actor.id, field="email")
    return account
