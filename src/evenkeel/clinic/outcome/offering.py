"""Which questionnaires a site can ask, and in whose words: what shipped, or the clinic's own."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from evenkeel.clinic.outcome.models import Ask, ClinicText
from evenkeel.instruments import Instrument, for_a_person, load, load_in, shelved, with_wording

USUAL_LANGUAGE = "en"


def texts_of(site_id: Any) -> list[ClinicText]:
    """The clinic's own texts that stand at a site, the newest of each first. One query."""
    rows = ClinicText.objects.filter(site_id=site_id, withdrawn_at=None).order_by("-loaded_at")
    return list(rows)


def form_of(instrument_id: str, site_id: Any, language: str | None = None) -> Instrument:
    """The instrument in the words asked at this site.

    The clinic's own text where there is one in this language; else what ships in it; else what
    ships; else the clinic's text in any language; else the structure without words. A questionnaire
    is never mixed of two languages. At most one query, and none for what ships in the usual one.
    """
    base = load(instrument_id)
    wanted = language or USUAL_LANGUAGE
    if base.text_ships and wanted in base.languages:
        return base
    rows = [row for row in texts_of(site_id) if row.instrument == instrument_id]
    exact = next((row for row in rows if row.language == wanted), None)
    if exact is not None:
        return _worded(exact)
    shipped = load_in(instrument_id, wanted) or load_in(instrument_id, wanted.partition("-")[0])
    if shipped is not None:
        return shipped
    if base.text_ships or not rows:
        return base
    return _worded(rows[0])


def form_of_ask(ask: Ask) -> Instrument:
    """The instrument of an ask, in the words and language it was made for."""
    return form_of(ask.instrument, ask.site_id, ask.language)


def offered(site_id: Any) -> list[Instrument]:
    """What can be filled in at a site, by a person or a clinician, in order of name. One query."""
    texts = {row.instrument: row for row in reversed(texts_of(site_id))}
    found = []
    for name in shelved():
        base = load(name)
        if not base.asked_alone:
            continue
        if base.text_ships:
            found.append(base)
        elif name in texts:
            found.append(_worded(texts[name]))
    return found


def sendable(site_id: Any) -> list[Instrument]:
    """What can be sent to a person at a site. One query."""
    return [instrument for instrument in offered(site_id) if for_a_person(instrument)]


def totals_enterable() -> list[Instrument]:
    """Instruments of which a clinician may enter a total from paper, without the answers."""
    every = (load(name) for name in shelved())
    return [each for each in every if each.scoring.total_range and not each.text_ships]


def _worded(row: ClinicText) -> Instrument:
    return _read(row.instrument, str(row.pk), _Frozen(row))


class _Frozen:
    """A text's document and license, equal for the same row: what was loaded never changes."""

    def __init__(self, row: ClinicText) -> None:
        self.key = row.pk
        self.document, self.licence = row.document, row.licence

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Frozen) and other.key == self.key


@lru_cache(maxsize=64)
def _read(instrument_id: str, key: str, text: _Frozen) -> Instrument:
    return with_wording(instrument_id, text.document, text.licence)


__all__ = ["form_of", "form_of_ask", "offered", "sendable", "texts_of", "totals_enterable"]
