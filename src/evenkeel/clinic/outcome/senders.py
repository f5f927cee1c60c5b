"""Ways to bring a link to a person. None of them puts a name, a score or a link into a log.

A sender is one entry of ``SENDERS``. E-mail goes through Django's own settings. Text messages go
through a port: any function that takes a number and a text and raises ``OSError`` where it fails,
named by the setting ``sms_port``; with ``sms_url`` alone the one of :mod:`.sms_webhook` is used.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import check_for_language

from evenkeel.clinic.outcome.answer_words import USUAL
from evenkeel.clinic.outcome.message_text import MessageText, message_text
from evenkeel.clinic.outcome.models import Ask
from evenkeel.clinic.people.models import Patient

log = logging.getLogger("evenkeel.outcome")

#: Django's own placeholder; while it stands, nobody has set up e-mail.
_UNSET_FROM: Final = "webmaster@localhost"

_WEBHOOK: Final = "evenkeel.clinic.outcome.sms_webhook:send"

SmsPort = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of it. ``show`` says that the link is to be shown to whoever made it."""

    sent: bool
    show: bool
    words: str


@dataclass(frozen=True, slots=True)
class Sender:
    """One way to send: its label, whether it can serve this person now, and how.

    ``send`` takes the ask, the link and whether it is a reminder. ``by_hand``: the link is given to
    a member of staff, so that no runner can use it.
    """

    code: str
    label: str
    send: Callable[[Ask, str, bool], Delivery]
    serves: Callable[[Patient], bool]
    by_hand: bool = False


def _show(ask: Ask, link: str, again: bool) -> Delivery:
    return Delivery(sent=False, show=True, words="Show or read out this link. It is shown once.")


def _note(ask: Ask, link: str, again: bool) -> Delivery:
    # for demonstrations: the log shows what would be sent, and its filter takes the link out
    text = _text(ask)
    log.info("message to a person: %s %s", text.again if again else text.first, link)
    return Delivery(sent=True, show=True, words="The link was made. It is shown once.")


def _mail(ask: Ask, link: str, again: bool) -> Delivery:
    address = ask.patient.email
    if not _mail_serves(ask.patient):
        return Delivery(
            sent=False, show=True, words="No e-mail could be sent. Show or read out this link."
        )
    text = _text(ask)
    message = EmailMessage(
        # no clinical word, no name: e-mail is read over shoulders and kept for years
        subject=text.subject,
        body=text.body(link, _until(ask), again=again),
        to=[address],
    )
    try:
        message.send()
    except OSError as error:  # what smtplib raises is one of them
        log.warning("e-mail for ask %s failed: %s", ask.pk, type(error).__name__)
        return Delivery(
            sent=False, show=True, words="The e-mail failed. Show or read out this link instead."
        )
    log.info("e-mail for ask %s handed over", ask.pk)
    return Delivery(sent=True, show=False, words="The e-mail was sent.")


def _sms(ask: Ask, link: str, again: bool) -> Delivery:
    port = sms_port()
    if port is None or not ask.patient.phone:
        return Delivery(
            sent=False, show=True, words="No text message could be sent. Show this link instead."
        )
    text = _text(ask)
    try:
        port(ask.patient.phone, text.short(link, again=again))
    except OSError as error:
        log.warning("text message for ask %s failed: %s", ask.pk, type(error).__name__)
        return Delivery(
            sent=False, show=True, words="The text message failed. Show this link instead."
        )
    log.info("text message for ask %s handed over", ask.pk)
    return Delivery(sent=True, show=False, words="The text message was sent.")


def _text(ask: Ask) -> MessageText:
    return message_text(ask.language or "en")


def _until(ask: Ask) -> str:
    """The last day as the language of the message writes it."""
    day, language = timezone.localtime(ask.expires_at), ask.language or USUAL
    if language == USUAL or not check_for_language(language):
        return date_format(day, "j F Y")
    with translation.override(language):
        return date_format(day, "DATE_FORMAT")


def mail_is_set_up() -> bool:
    """Whether somebody has said from which address e-mail goes out."""
    return bool(settings.DEFAULT_FROM_EMAIL != _UNSET_FROM)


def _mail_serves(patient: Patient) -> bool:
    return bool(patient.email) and mail_is_set_up()


def sms_port() -> SmsPort | None:
    """The function that sends a text message, or ``None`` where none is set up.

    Raises ``ImportError`` or ``AttributeError`` for a name that leads nowhere: `doctor` says so.
    """
    name = settings.SMS_PORT or (
        "evenkeel.clinic.outcome.sms_webhook:send" if settings.SMS_URL else ""
    )
    if not name:
        return None
    module, _, function = name.partition(":")
    port: SmsPort = getattr(importlib.import_module(module), function)
    return port


SENDERS: Final[dict[str, Sender]] = {
    sender.code: sender
    for sender in (
        Sender("show", "Show the link here", _show, lambda patient: True, by_hand=True),
        Sender("console", "Make the link, note it in the log", _note, lambda patient: True),
        Sender("email", "Send it by e-mail", _mail, _mail_serves),
        Sender(
            "sms",
            "Send it as a text message",
            _sms,
            lambda patient: bool(patient.phone) and sms_port() is not None,
        ),
    )
}


def senders_for(patient: Patient) -> tuple[Sender, ...]:
    """The ways that can serve this person now, for a member of staff to choose from."""
    return tuple(s for s in SENDERS.values() if s.code != "console" and s.serves(patient))


def deliver(ask: Ask, link: str, *, again: bool = False) -> Delivery:
    """Send ``link`` the way ``ask`` says. Never raises: the link can always be shown instead."""
    return SENDERS[ask.sender].send(ask, link, again)
