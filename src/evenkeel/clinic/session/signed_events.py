"""Which acts of a session somebody answers for by name, and what each says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: By kind of event. Everything else in a session is an entry under its author's name.
MEANINGS: Final[Mapping[str, str]] = {
    "dose_check": "I worked the dose out anew and agree with it.",
    "infusion_start": "I started the infusion.",
    "injection": "I gave the injection.",
    "oral_dose": "I gave the dose by mouth.",
    "device": "I handed over the device and saw it used.",
    "wasted": "I destroyed what was drawn and not given, before {witness_name}.",
    "put_back": "I put back what was not opened, before {witness_name}.",
    "hand_over": "I hand this session over.",
    "discharge_check": "I asked and looked what leaving asks for.",
    "ready": "I find this person ready to leave.",
    "discharged": "I saw this person leave.",
}
_DISAGREES: Final = "I worked the dose out anew and do not agree with it."
_LEFT_EARLY: Final = "I saw this person leave before they were ready, and wrote down how."


def meaning_of_event(event: Any) -> str:
    """What the act says, in the first person; "" for an event that nobody signs.

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
