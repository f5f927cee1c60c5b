"""Loading the clinic's own text of a questionnaire, and withdrawing it."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.outcome.models import Ask, ClinicText
from evenkeel.clinic.outcome.offering import USUAL_LANGUAGE
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.instruments import (
    InstrumentFileError,
    UnknownInstrumentError,
    load_in,
    parse,
    with_wording,
)

LONGEST_LICENCE = 300


@action("instrument.load_text", permission="instrument.load")
def load_text(
    act: Act, *, site_id: Any, instrument_id: str, data: bytes, licence: str
) -> ClinicText:
    """Store a text once it fits the structure; the former one of its language is withdrawn.

    ``data`` is a FHIR R4 Questionnaire as JSON, ``licence`` by what right it is used. Raises
    ``Invalid`` naming the place in the file that does not fit; nothing is stored then.
    """
    site = act.open(Site, site_id)
    licence = licence.strip()
    if not licence or len(licence) > LONGEST_LICENCE:
        raise Invalid(
            "Say by what right the clinic uses this text.",
            fields={"licence": f"Who gave the license, and its number; {LONGEST_LICENCE} letters."},
        )
    try:
        document = parse(data)
        instrument = with_wording(instrument_id, document, licence)
    except UnknownInstrumentError:
        raise Invalid(
            "There is no such questionnaire.", fields={"instrument": "Choose one of the list."}
        ) from None
    except InstrumentFileError as error:
        said = f"{error.entry}: {error.problem}"
        raise Invalid(
            f"The file does not fit. {said[:1].upper()}{said[1:]}.",
            what_to_do="Download the template, fill it in, and load it again.",
            fields={"file": said[:300]},
            code="text",
        ) from None
    language = instrument.languages[0]
    former = ClinicText.objects.filter(
        site=site, instrument=instrument_id, language=language, withdrawn_at=None
    )
    for row in former:
        _withdraw(act, row)
        if instrument.open_items:  # other questions now: what was said to the old ones cannot go on
            _close_links(act, row)
    return act.write(
        ClinicText(
            site=site,
            instrument=instrument_id,
            language=language,
            document=document,
            licence=licence,
            loaded_by=act.actor.name[:200],
            loaded_at=act.now,
        )
    )


@action("instrument.withdraw_text", permission="instrument.load")
def withdraw_text(act: Act, *, text_id: Any) -> ClinicText:
    """Stop using a text. Open links to its questions are withdrawn with it.

    Raises ``Refused`` where it was withdrawn before.
    """
    row = act.open(ClinicText, text_id, "site")
    if row.withdrawn_at is not None:
        raise Refused("This text was withdrawn before.", code="withdrawn")
    _withdraw(act, row)
    if load_in(row.instrument, row.language) is None:  # what ships in it stands in from now on
        _close_links(act, row)
    return row


def _close_links(act: Act, row: ClinicText) -> None:
    """Nobody may be led to questions that have no words any more."""
    asks = Ask.objects.filter(site=row.site, instrument=row.instrument, state__in=("sent", "begun"))
    for ask in asks:
        if (ask.language or USUAL_LANGUAGE) == row.language:
            ask.state = "withdrawn"
            act.write(ask)


def _withdraw(act: Act, row: ClinicText) -> ClinicText:
    row.withdrawn_at, row.withdrawn_by = act.now, act.actor.name[:200]
    return act.write(row)
