"""Limits on wrong codes and tokens, counted in the database so that they hold across processes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

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


#: One-time links, by the address of the caller.
LINKS = Throttle("link", 20, timedelta(hours=1))
#: Codes of an authenticator app, by account.
CODES = Throttle("second_factor", 6, timedelta(minutes=15))


def caller_address(request: HttpRequest) -> str:
    """The network address the request came from."""
    return str(request.META.get("REMOTE_ADDR", ""))
