"""The director says what was looked into at a point of a chart, or that something changed there."""

from __future__ import annotations

from typing import Any, Final

from evenkeel.clinic.oversight.models import QualityNote
from evenkeel.clinic.oversight.quality.measures import MEASURES
from evenkeel.clinic.oversight.quality.scope import STEPS
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.protocol.products import PRODUCTS

LONGEST: Final = 2000


@action("quality.note", permission="quality.note")
def note_quality(
    act: Act,
    *,
    site_id: Any,
    measure: str,
    step: str,
    place: str,
    kind: str,
    text: str,
    product: str = "",
) -> QualityNote:
    """Note what was looked into at ``place`` of a measure's chart at a site.

    A note of kind "change" begins new limits there. Raises ``Invalid`` by field.
    """
    site = act.open(Site, site_id)
    wrong: dict[str, str] = {}
    if measure not in MEASURES or step not in STEPS or (product and product not in PRODUCTS):
        raise Invalid("There is no such chart.", code="no_chart")
    if not place or len(place) > 40:
        wrong["place"] = "Choose the point it is about."
    if kind not in dict(QualityNote.KINDS):
        wrong["kind"] = "Choose what came of it."
    text = text.strip()
    if not text:
        wrong["text"] = "Write what was looked into, in a sentence."
    elif len(text) > LONGEST or "\x00" in text:
        wrong["text"] = f"At most {LONGEST} characters."
    if wrong:
        raise Invalid("The note is not complete yet.", fields=wrong)
    act.reason = text
    return act.write(
        QualityNote(
            site=site,
            measure=measure,
            product=product,
            step=step,
            place=place,
            kind=kind,
            text=text,
            noted_at=act.now,
            noted_by=signer(act),
        )
    )


@action("quality.strike_note", permission="quality.note")
def strike_quality_note(act: Act, *, note_id: Any, reason: str) -> QualityNote:
    """Strike out a note that was wrong; it stays in the record. Raises ``Invalid``, ``Refused``."""
    note = act.open(QualityNote, note_id)
    if note.struck_at is not None:
        raise Refused("This note was struck out already.", code="struck")
    reason = " ".join(reason.split())[:400]
    if not reason:
        raise Invalid("The reason is missing.", fields={"reason": "Say why it was wrong."})
    note.struck_at, note.struck_by = act.now, signer(act)
    note.struck_reason = act.reason = reason
    return act.write(note)
