"""Ways to bring a link to a person. None of them puts a name, a score or a link into a log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from evenkeel.clinic.outcome.models import Ask

log = logging.getLogger("evenkeel.outcome")

#: Django's own placeholder; while it stands, nobody has set up e-mail.
_UNSET_FROM: Final = "webmaster@localhost"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of it. ``show`` says that the link is to be shown to whoever made it."""

    sent: bool
    show: bool
    words: str


@dataclass(frozen=True, slots=True)
class Sender:
    """One way to send: its label, whether it can serve this person now, and how."""

    code: str
    label: str
    send: Callable[[Ask, str], Delivery]
    serves: Callable[[str], bool]


def _show(ask: Ask, link: str) -> Delivery:
    return Delivery(sent=False, show=True, words="Show or read out this link. It is shown once.")


def _note(ask: Ask, link: str) -> Delivery:
    # for a clinic that hands links over by other means, and for demonstrations
    log.info("questionnaire link made, ask %s, sender console", ask.pk)
    return Delivery(sent=False, show=True, words="The link was made. It is shown once.")


def _mail(ask: Ask, link: str) -> Delivery:
    address = ask.patient.email
    if not _mail_serves(address):
        return Delivery(
            sent=False, show=True, words="No e-mail could be sent. Show or read out this link."
        )
    until = timezone.localtime(ask.expires_at)
    message = EmailMessage(
        # no clinical word, no name: e-mail is read over shoulders and kept for years
        subject="Some questions for you",
        body=(
            "Please answer a few short questions before your next visit.\n\n"
            f"{link}\n\n"
            f"The link works once, until {until:%d %B %Y}. Do not pass it on.\n"
            "Nobody reads replies to this message. If you need help now, call your local "
            "emergency number.\n"
        ),
        to=[address],
    )
    try:
        message.send()
    except OSError as error:
        log.warning("e-mail for ask %s failed: %s", ask.pk, type(error).__name__)
        return Delivery(
            sent=False, show=True, words="The e-mail failed. Show or read out this link instead."
        )
    log.info("e-mail for ask %s handed over", ask.pk)
    return Delivery(sent=True, show=False, words="The e-mail was sent.")


def _mail_serves(address: str) -> bool:
    return bool(address) and settings.DEFAULT_FROM_EMAIL != _UNSET_FROM


SENDERS: Final[dict[str, Sender]] = {
    sender.code: sender
    for sender in (
        Sender("show", "Show the link here", _show, lambda address: True),
        Sender(
            "console", "Make the link, note it in the server's log", _note, lambda address: True
        ),
        Sender("email", "Send it by e-mail", _mail, _mail_serves),
    )
}


def senders_for(address: str) -> tuple[Sender, ...]:
    """The ways that can serve a person with this e-mail address ("" for none) now."""
    return tuple(s for s in SENDERS.values() if s.code != "console" and s.serves(address))


def deliver(ask: Ask, link: str) -> Delivery:
    """Send ``link`` the way ``ask`` says. Never raises: the link can always be shown instead."""
    return SENDERS[ask.sender].send(ask, link)
