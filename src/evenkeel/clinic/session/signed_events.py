"""Which acts of a session somebody answers for by name, and what each says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: By kind of event; everything else in a session is an entry under its author's name. They name
#: the act, as the screen does: nobody is made to have said what they were not shown.
MEANINGS: Final[Mapping[str, str]] = {
    "dose_check": "Second check: worked the dose out anew and agrees.",
    "infusion_start": "Administration: started the infusion.",
    "injection": "Administration: gave the injection.",
    "oral_dose": "Administration: gave the dose by mouth.",
    "device": "Administration: gave the device.",
    "wasted": "Responsibility: destroyed what was drawn and not given, before {witness_name}.",
    "put_back": "Responsibility: put back what was not opened, before {witness_name}.",
    "hand_over": "Responsibility: handed the session over.",
    "discharge_check": "Authorship: filled in the leaving list.",
    "ready": "Responsibility: declared the person ready to leave.",
    "discharged": "Responsibility: recorded that the person left.",
}
_DISAGREES: Final = "Second check: worked the dose out anew and does not agree."
_LEFT_EARLY: Final = "Responsibility: recorded that the person left before they were ready."


def meaning_of_event(event: Any) -> str:
    """What the act says; "" for an event that nobody signs.

    ``event``: anything with ``kind``, ``via`` and ``body``.
    """
    if event.via in ("monitor", "watcher"):
        return ""
    if event.kind == "dose_check" and not event.body.get("agrees"):
        return _DISAGREES
    if event.kind == "discharged" and event.body.get("early"):
        return _LEFT_EARLY
    return MEANINGS.get(event.kind, "").replace(
        "{witness_name}", str(event.body.get("witness_name", ""))
    )
