"""Limits on wrong codes and tokens, counted in the database so that they hold across processes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest

from evenkeel.clinic.people.models import FailedAttempt
from evenkeel.clinic.record.errors import DomainError


class TooMany(DomainError):
    """Too many wrong tries; the limit lifts by itself."""

    code = "too_many_attempts"
    status = 429
    title = "Too many wrong tries"


@dataclass(frozen=True, slots=True)
class Throttle:
    """At most ``limit`` failures a subject within ``window``. Clinic policy, assumed."""

    kind: str
    limit: int
    window: timedelta

    def refuse_if_exceeded(self, subject: str, now: datetime) -> None:
        """Raise ``TooMany`` where the limit is reached."""
        recent = FailedAttempt.objects.filter(
            kind=self.kind, subject=subject[:80], at__gt=now - self.window
        ).count()
        if recent >= self.limit:
            minutes = int(self.window.total_seconds() // 60)
            raise TooMany(
                "There were too many wrong tries.",
                what_to_do=f"Wait {minutes} minutes, then try again.",
            )

    def count(self, subject: str, now: datetime) -> None:
        """Note one failure, and forget those too old to matter."""
        FailedAttempt.objects.filter(kind=self.kind, at__lt=now - 10 * self.window).delete()
        FailedAttempt.objects.create(kind=self.kind, subject=subject[:80], at=now)

    def clear(self, subject: str) -> None:
        """Forget the failures of one subject, after a success."""
        FailedAttempt.objects.filter(kind=self.kind, subject=subject[:80]).delete()


#: Passwords tried from one address whatever the account, so that nobody tries one password on all
#: of them; well above what a clinic behind one address mistypes.
SIGN_INS = Throttle("sign_in", 60, timedelta(minutes=15))
#: PINs on the page that unlocks a sign-in, by account (clinic policy, assumed).
PINS = Throttle("pin", 10, timedelta(minutes=15))
#: One's own password, asked for before PIN or password are changed, by account.
OWN_PASSWORD = Throttle("own_password", 10, timedelta(minutes=15))
#: One-time links, by the address of the caller.
LINKS = Throttle("link", 20, timedelta(hours=1))
#: Codes of an authenticator app, by account.
CODES = Throttle("second_factor", 6, timedelta(minutes=15))


def caller_address(request: HttpRequest) -> str:
    """The network address the request came from.

    Behind the trusted proxy it is what the proxy itself saw, the last that is named: whatever
    stands before it was sent by the caller. Else one caller's wrong tries would be everybody's.
    """
    if settings.BEHIND_TLS_PROXY:
        seen = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
        with contextlib.suppress(ValueError):
            return str(ip_address(seen))
    return str(request.META.get("REMOTE_ADDR", ""))
