"""Keeps one-time links out of the log: whoever reads a log must not find a way in."""

from __future__ import annotations

import logging
import re
from typing import Final

#: Addresses whose last part is a secret, as they stand in ``pages/urls.py`` of their apps.
_SECRET: Final = re.compile(r"(/(?:q|invitations|setup/first)/)[^\s?#'\"]+")


class WithoutLinks(logging.Filter):
    """Replaces the secret part of an address in a record's message; lets every record pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the message where it names such an address."""
        said = record.getMessage()
        kept = _SECRET.sub(r"\1…", said)
        if kept != said:
            record.msg, record.args = kept, ()
        return True
