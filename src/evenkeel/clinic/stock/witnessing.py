"""The second person of a line: another active member of staff of the same site."""

from __future__ import annotations

import uuid
from typing import Any

from evenkeel.clinic.people.caller import actor_of
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.act import Act
from evenkeel.clinic.record.errors import Invalid

WITNESS = "stock.witness"


def witness_of(act: Act, site_id: uuid.UUID, witness_id: Any) -> Account:
    """The account that witnessed. That it was there in person is for the page to have asked.

    Raises ``Invalid`` where nobody is named, where it is the one who acts, or where it may not
    witness at this site.
    """
    if not witness_id:
        raise _refusal("A second person must witness this.", "witness_missing")
    if str(witness_id) == act.actor.id:
        raise _refusal("The witness must be somebody else than who does it.", "witness_is_actor")
    try:
        account = Account.objects.filter(pk=uuid.UUID(str(witness_id)), is_active=True).first()
    except ValueError:
        account = None
    if account is None or account.patient_id is not None:
        raise _refusal("This person is not on the staff.", "witness_unknown")
    if not actor_of(account).may(WITNESS, site_id):
        raise _refusal(
            f"{account.full_name} has no role at this site that may witness.", "witness_not_allowed"
        )
    return account


def _refusal(said: str, code: str) -> Invalid:
    return Invalid(said, fields={"witness": said}, code=code)


def account_of(act: Act) -> Account | None:
    """The account that acts; ``None`` where a part of the system does."""
    try:
        return Account.objects.filter(pk=uuid.UUID(act.actor.id)).first()
    except ValueError:
        return None
