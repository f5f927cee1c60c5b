"""The language a person wants to be asked in, chosen on the questions themselves."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.outcome.actions.answer_question import open_ask
from evenkeel.clinic.outcome.message_text import languages
from evenkeel.clinic.outcome.models import Ask, ContactChoice
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid
from evenkeel.instruments import load


@action("questionnaire.choose_language", permission="outcome.answer")
def choose_language(act: Act, *, ask_id: Any, language: str) -> Ask:
    """Go on in another language, with every answer kept; later messages come in it too.

    What was said is kept by question and value, so it stands in any language. Choosing the same
    again changes nothing. Raises ``Invalid`` for a language that is not there, ``Refused`` for a
    link that is closed.
    """
    ask = open_ask(act, ask_id)
    if language not in languages():
        raise Invalid("There is no such language.", fields={"language": "Choose one of the list."})
    if ask.partial and load(ask.instrument).open_items:
        # the questions are the clinic's own, and need not be the same ones in another language
        raise Invalid("The questions are begun in one language already.", code="language_begun")
    _keep_for_messages(act, ask, language)
    if ask.language == language:
        return ask
    ask.language = language
    return act.write(ask)


def _keep_for_messages(act: Act, ask: Ask, language: str) -> None:
    """The language stands in the person's choice; without one, beside the usual way to them."""
    patient = ask.patient
    row = ContactChoice.objects.filter(patient=patient).first()
    if row is None:
        usual = "email" if patient.email else "sms" if patient.phone else ""
        if not usual:  # no message reaches them: the language of this link is all there is to keep
            return
        row = ContactChoice(site=patient.site, patient=patient, channel=usual)
    elif row.language == language:
        return
    row.language = language
    row.chosen_at, row.chosen_by = act.now, act.actor.name[:200]
    act.write(row)
