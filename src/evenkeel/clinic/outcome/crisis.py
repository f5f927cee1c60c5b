"""Whom a person can call when they need help now."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from evenkeel.clinic.outcome.answer_words import USUAL, AnswerWords, spoken
from evenkeel.clinic.people.models import Site

#: Emergency numbers by the site's jurisdiction. US: 47 U.S.C. 251(e)(3); EU: Directive (EU)
#: 2018/1972, article 109. [sourced]. Elsewhere no number is guessed.
EMERGENCY: Final[dict[str, str]] = {"US": "911", "EU": "112"}
#: Crisis lines where a site has written none of its own, by the key of their words. US: 988 by 47
#: U.S.C. 251(e)(4); that 2 leads to Spanish and AYUDA to its text messages:
#: https://988lifeline.org/get-help/what-to-expect. EU: 116 123 is set aside for emotional support
#: by Decision 2007/116/EC as changed by 2007/698/EC; whether it answers differs from country to
#: country, and is said. [sourced]. Elsewhere no number is guessed.
CRISIS_LINES: Final[dict[str, str]] = {"US": "line_us", "EU": "line_eu"}
_NUMBER = re.compile(r"\+?\d[\d\s()/.-]*\d")


@dataclass(frozen=True, slots=True)
class Contact:
    """One number to call, as it is written, as a telephone takes it ("" for none), and what for."""

    number: str
    dial: str
    words: str


def contacts_of(site: Site, words: AnswerWords | None = None) -> list[Contact]:
    """The numbers of a site: emergency first, then its crisis lines, then the clinic itself.

    In English where no ``words`` are given. What a site wrote of its own lines stays as written.
    """
    words = words or spoken(USUAL)
    found = [_emergency(site.jurisdiction, words), *_crisis_lines(site, words)]
    if site.phone:
        found.append(_contact(site.phone, words, words.say("clinic_hours", clinic=site.name)))
    return found


def contacts_anywhere(sites: Iterable[Site], words: AnswerWords | None = None) -> list[Contact]:
    """The numbers of every site, each once: for a page that must not say which site it means."""
    words = words or spoken(USUAL)
    every = list(sites)
    emergency = [_emergency(site.jurisdiction, words) for site in every]
    emergency = emergency or [_emergency("", words)]
    lines = [contact for site in every for contact in _crisis_lines(site, words)]
    return list({(c.number, c.words): c for c in [*emergency, *lines]}.values())


def _emergency(jurisdiction: str, words: AnswerWords) -> Contact:
    number = EMERGENCY.get(jurisdiction, "")
    shown = number or words.say("emergency_unknown")
    return Contact(shown, number, words.say("emergency_for"))


def _crisis_lines(site: Site, words: AnswerWords) -> list[Contact]:
    """The lines the site wrote, one a line or parted by semicolons; else the line of its country.

    What a site wrote stays as written, but for its country's own number: of that each language
    says itself how help in it is had.
    """
    key = CRISIS_LINES.get(site.jurisdiction, "")
    usual = words.say(key) if key else ""
    parts = [part.strip() for part in re.split(r"[;\n]", site.crisis_line) if part.strip()]
    if words.language != USUAL and usual:
        parts = [usual if _number(part) == _number(usual) else part for part in parts]
    return [_contact(part, words, "") for part in parts or [usual] if part]


def _number(text: str) -> str:
    found = _NUMBER.search(text)
    return re.sub(r"[^\d+]", "", found.group()) if found else ""


def _contact(text: str, words: AnswerWords, what_for: str) -> Contact:
    thoughts = words.say("for_thoughts")
    found = _NUMBER.search(text)
    if found is None:
        return Contact(text, "", what_for or thoughts)
    number = found.group().strip()
    rest = (text[: found.start()] + text[found.end() :]).strip(" ,:-–")
    if rest.startswith("(") and rest.count("(") == 1:
        rest = rest[1:].replace(")", "", 1)
    said = what_for or f"{thoughts} {rest[:1].upper()}{rest[1:]}".strip()
    return Contact(
        number, re.sub(r"[^\d+]", "", number), said if said.endswith(".") else f"{said}."
    )
