"""Exported heads that no longer fit because entries were lost, and somebody said so.

Going back to a backup loses what was recorded since. The heads exported meanwhile then stand for a
chain that is gone. That is for a person to say, with a reason, in an entry: until then every check
reports it, and no new head is signed.
"""

from __future__ import annotations

import contextlib
import json

from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.record.heads import Head
from evenkeel.clinic.record.models import ChainEntry, ChainPayload

SET_ASIDE = "heads.set_aside"


@action(SET_ASIDE, permission="audit.key")
def set_heads_aside(act: Act, *, heads: list[Head], reason: str) -> None:
    """Say that these heads stand for entries that were lost, and why."""
    if not reason.strip():
        raise Invalid("Say how the entries were lost.", fields={"reason": "Enter the reason."})
    if not heads:
        raise Refused("Every exported head fits the chain.")
    act.reason = reason.strip()
    act.note(
        set_aside=[
            {"size": one.size, "at": one.at, "signature": one.signature, "root": one.root}
            for one in heads
        ]
    )


def set_aside() -> dict[str, int]:
    """The signatures of heads that were set aside, and the entry that did it."""
    rows = ChainEntry.objects.filter(action=SET_ASIDE, outcome="done")
    found = {}
    for position, body in ChainPayload.objects.filter(
        position__in=rows.values("position")
    ).values_list("position", "body"):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            for one in json.loads(body)["notes"]["set_aside"]:
                found[one["signature"]] = position
    return found


__all__ = ["set_aside", "set_heads_aside"]
