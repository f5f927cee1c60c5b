"""Signed heads as work in the background: exported round after round, beside the watcher."""

from __future__ import annotations

import logging
import threading
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import close_old_connections

from evenkeel.clinic.outcome.senders import mail_is_set_up
from evenkeel.clinic.record.clock import Clock, system_clock
from evenkeel.clinic.record.exporting import Exporter, NotSigned, every, note_round
from evenkeel.clinic.record.heads import Head
from evenkeel.clinic.record.installation import installation

log = logging.getLogger("evenkeel.oversight")
#: The first round waits so long, so that a clinic that just opens is not held up.
_FIRST_AFTER_S: Final = 20.0


def run_head_rounds(stop: threading.Event, clock: Clock | None = None) -> None:
    """Export a head whenever it is due, until told to stop."""
    clock = clock or system_clock()
    exporter = Exporter()
    wait_s = min(_FIRST_AFTER_S, every().total_seconds())
    while not stop.wait(wait_s):
        wait_s = every().total_seconds()
        try:
            close_old_connections()
            if installation() is not None:
                exporter = export_once(exporter, clock)
        except Exception:
            log.exception("a round of heads stumbled")


def export_once(exporter: Exporter, clock: Clock) -> Exporter:
    """One round; returns the exporter for the next, a fresh one where this one was refused."""
    try:
        head = exporter.export(clock)
    except NotSigned as refusal:
        log.error("no head was exported: %s", refusal)
        note_round(clock, problem=str(refusal))
        return Exporter()
    problem = "" if head is None else mail_head(head)
    note_round(clock, size=exporter.tree.size, problem=problem)
    return exporter


def mail_head(head: Head) -> str:
    """Send a head by e-mail where the settings name somebody; returns what went wrong.

    It names no person: a number of entries, hashes, a time and a signature.
    """
    address = settings.HEADS_MAIL_TO
    if not address:
        return ""
    if not mail_is_set_up():
        return "heads_mail is set, and e-mail is not"
    text = (
        "The newest signed head of the record. Keep this message: it shows later whether anything "
        f"recorded until then was changed.\n\n{head.line()}\n"
    )
    try:
        EmailMessage(subject=f"Record head, {head.size} entries", body=text, to=[address]).send()
    except OSError as error:
        return f"the head could not be sent by e-mail: {type(error).__name__}"
    return ""
