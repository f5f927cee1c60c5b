"""Sign-ins in the database, as Django keeps them, read by a statement prepared once."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from evenkeel.clinic.record.prepared import find_row


class SessionStore(DatabaseStore):
    """Django's own store; every request asks it, so how it asks matters."""

    def _get_session_from_db(self) -> Any:
        found = find_row(self.model, self.session_key)
        if found is not None and found.expire_date > timezone.now():
            return found
        self._session_key = None
        return None
