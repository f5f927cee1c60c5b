"""Whom a person can call when they need help now."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from evenkeel.clinic.people.models import Site

#: Emergency numbers by the site's jurisdiction. US: 47 U.S.C. 251(e)(3); EU: Directive (EU)
#: 2018/1972, article 109. [sourced]. Elsewhere no number is guessed.
EMERGENCY: Final[dict[str, str]] = {"US": "911", "EU": "112"}
#: Crisis lines where a site has written none of its own. US: 988 by 47 U.S.C. 251(e)(4). EU:
#: 116 123 is set aside for emotional support by Decision 2007/116/EC as changed by 2007/698/EC;
#: whether it answers differs from country to country, and is said. [sourced]. Elsewhere no number
#: is guessed.
CRISIS_LINES: Final[dict[str, str]] = {
    "US": "988 (call or text, every hour)",
    "EU": "116 123 (where your country offers it)",
}
_NUMBER = re.compile(r"\+?\d[\d\s()/.-]*\d")


@dataclass(frozen=True, slots=True)
class Contact:
    """One number to call, as it is written, as a telephone takes it ("" for none), and what for."""

    number: str
    dial: str
    words: str


def contacts_of(site: Site) -> list[Contact]:
    """The numbers of a site: emergency first, then its crisis lines, then the clinic itself."""
    found = [_emergency(site.jurisdiction), *_lines(_crisis_line(site))]
    if site.phone:
        found.append(_contact(site.phone, f"{site.name}, in opening hours"))
    return found


def contacts_anywhere(sites: Iterable[Site]) -> list[Contact]:
    """The numbers of every site, each once: for a page that must not say which site it means."""
    every = list(sites)
    emergency = [_emergency(site.jurisdiction) for site in every] or [_emergency("")]
    lines = [contact for site in every for contact in _lines(_crisis_line(site))]
    return list({(c.number, c.words): c for c in [*emergency, *lines]}.values())


def _emergency(jurisdiction: str) -> Contact:
    number = EMERGENCY.get(jurisdiction, "")
    words = "You are in danger, have chest pain, or cannot breathe"
    return Contact(number or "Your emergency number", number, words)


def _crisis_line(site: Site) -> str:
    """What the site wrote, or the line of its country."""
    return site.crisis_line.strip() or CRISIS_LINES.get(site.jurisdiction, "")


def _lines(text: str) -> list[Contact]:
    """A site's crisis lines as its staff wrote them: one a line, or parted by semicolons."""
    parts = (part.strip() for part in re.split(r"[;\n]", text))
    return [_contact(part, "") for part in parts if part]


def _contact(text: str, words: str) -> Contact:
    found = _NUMBER.search(text)
    if found is None:
        return Contact(text, "", words or _FOR_THOUGHTS)
    number = found.group().strip()
    rest = (text[: found.start()] + text[found.end() :]).strip(" ,:-–")
    if rest.startswith("(") and rest.count("(") == 1:
        rest = rest[1:].replace(")", "", 1)
    said = words or f"{_FOR_THOUGHTS} {rest[:1].upper()}{rest[1:]}".strip()
    return Contact(
        number, re.sub(r"[^\d+]", "", number), said if said.endswith(".") else f"{said}."
    )


_FOR_THOUGHTS: Final = "Thoughts of ending your life, or you cannot go on."
