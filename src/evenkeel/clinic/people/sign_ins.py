"""Sign-ins of an account: kept with time and device, listed to their owner, ended one by one."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, get_random_string, salted_hmac

from evenkeel.clinic.people.models import Account, SignIn
from evenkeel.clinic.people.throttle import caller_address
from evenkeel.clinic.record.clock import system_clock
from evenkeel.clinic.record.installation import is_demo
from evenkeel.clinic.record.routes import LAST_ACT

#: What a browser carries to be known again; good for nothing else.
DEVICE_COOKIE: Final = "evenkeel_device"
_DEVICE_LASTS_S: Final = 400 * 86_400
_TOKEN: Final = re.compile(r"[A-Za-z0-9]{32}")
#: So many past sign-ins of an account are kept.
KEPT: Final = 50

_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class OpenSignIn:
    """A sign-in that is open now. ``used_at``: when somebody acted under it last."""

    row: SignIn
    used_at: datetime | None
    this: bool


def device_words(agent: str) -> str:
    """Browser and system in two words, as far as the browser tells."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), "Unknown browser")
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    return f"{browser} on {system}" if system else browser


def keep_sign_in(request: HttpRequest, account: Account) -> None:
    """Note a sign-in, and on the account whether its device was never seen before.

    The first sign-in of an account is its own; a demonstration, where everybody shares accounts,
    tells nobody of devices.
    """
    token = request.COOKIES.get(DEVICE_COOKIE, "")
    if not _TOKEN.fullmatch(token):
        token = get_random_string(32)
        request.new_device_token = token  # type: ignore[attr-defined]
    hashed = _hash(token)
    before = SignIn.objects.filter(account=account)
    is_known = is_demo() or before.filter(device_hash=hashed).exists() or not before.exists()
    if not request.session.session_key:
        request.session.create()
    now = system_clock().now()
    SignIn.objects.filter(session_key=request.session.session_key).delete()
    SignIn.objects.create(
        account=account,
        session_key=request.session.session_key,
        at=now,
        address=caller_address(request)[:45],
        device=device_words(request.headers.get("User-Agent", "")),
        device_hash=hashed,
        known_device=is_known,
    )
    old = SignIn.objects.filter(account=account).order_by("-at").values_list("pk", flat=True)
    SignIn.objects.filter(pk__in=list(old[KEPT:])).delete()
    if not is_known:
        account.new_device_at = now
        account.save(update_fields=["new_device_at"])


def carry_device(request: HttpRequest, response: HttpResponse) -> None:
    """Give a browser that signed in what it is known by the next time."""
    token = getattr(request, "new_device_token", "")
    if token:
        response.set_cookie(
            DEVICE_COOKIE,
            token,
            max_age=_DEVICE_LASTS_S,
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )


def follow_key(before: str | None, request: HttpRequest) -> None:
    """Keep the row of a sign-in whose session was given another key."""
    after = request.session.session_key
    if before and after and before != after:
        SignIn.objects.filter(session_key=before).update(session_key=after)


def open_sign_ins(account: Account, this_key: str | None) -> list[OpenSignIn]:
    """The sign-ins of an account that are open now, this one first. Two queries."""
    rows = {row.session_key: row for row in SignIn.objects.filter(account=account)}
    wanted = account.get_session_auth_hash()
    found = []
    for session in Session.objects.filter(session_key__in=rows, expire_date__gt=datetime.now(UTC)):
        held = session.get_decoded()
        if not constant_time_compare(str(held.get(HASH_SESSION_KEY, "")), wanted):
            continue
        last = held.get(LAST_ACT)
        if last is not None and time.time() - last > settings.IDLE_END_S:
            continue
        used = datetime.fromtimestamp(last, UTC) if last else None
        row = rows[session.session_key]
        found.append(OpenSignIn(row, used, session.session_key == this_key))
    return sorted(found, key=lambda one: (not one.this, -one.row.at.timestamp()))


def end_sign_in(account: Account, row_id: Any) -> bool:
    """End one sign-in of this account; whether there was one."""
    row = SignIn.objects.filter(account=account, pk=row_id).first()
    if row is None:
        return False
    Session.objects.filter(session_key=row.session_key).delete()
    row.delete()
    return True


def _hash(token: str) -> str:
    return salted_hmac("evenkeel.people.device", token, algorithm="sha256").hexdigest()
