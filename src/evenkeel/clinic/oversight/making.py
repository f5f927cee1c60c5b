"""Bundles made for a page: in a process of their own, with how far they are, kept for a while.

How far one is stands in a file beside it: while a bundle reads its one moment of the record,
nothing is written to the database.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TextIO

from django.conf import settings

from evenkeel.clinic.record.clock import system_clock

#: How long a bundle made on a page lies there to be fetched. Clinic policy.
KEPT_FOR: Final = timedelta(days=7)
#: A bundle that says nothing for so long is not being made any more.
SILENT_AFTER: Final = timedelta(minutes=10)


def folder() -> Path:
    """Where bundles made on a page lie."""
    return Path(settings.BUNDLES_PATH)


def path_of(bundle_id: uuid.UUID) -> Path:
    """The file of a bundle."""
    return folder() / f"{bundle_id}.zip"


def _state_path(bundle_id: uuid.UUID) -> Path:
    return folder() / f"{bundle_id}.json"


def _keep_state(bundle_id: uuid.UUID, **detail: Any) -> None:
    path = _state_path(bundle_id)
    partial = path.with_suffix(".partial")
    with contextlib.suppress(OSError):  # the bundle is made all the same
        partial.write_text(json.dumps({"at": system_clock().now().isoformat(), **detail}))
        partial.replace(path)


@dataclass(frozen=True, slots=True)
class State:
    """How far a bundle is."""

    state: str  # making, ready, failed, lost, gone
    done: int = 0
    of: int = 1
    words: str = ""

    @property
    def percent(self) -> int:
        """How much is done."""
        return round(100 * self.done / max(self.of, 1))


class Told:
    """Tells how far the making is: to the terminal, and to the page that asked for it."""

    def __init__(self, bundle_id: uuid.UUID | None, out: TextIO) -> None:
        self.bundle_id = bundle_id
        self.out = out

    def _keep(self, **detail: Any) -> None:
        if self.bundle_id is not None:
            _keep_state(self.bundle_id, **detail)

    def progress(self, done: int, of: int, what: str) -> None:
        """A step begins."""
        if self.out.isatty():
            self.out.write(f"{done}/{of}  {what}\n")
        self._keep(state="making", done=done, of=of, words=what)

    def failed(self, words: str) -> None:
        """It cannot be made."""
        self._keep(state="failed", words=words[:300])

    def done(self, sha256: str) -> None:
        """It lies there."""
        self._keep(state="ready", done=1, of=1, words=sha256)


def start_making(
    *,
    email: str,
    first_day: date,
    last_day: date,
    site: str,
    identified: bool,
    reason: str,
    start: Callable[[list[str]], Any] | None = None,
) -> uuid.UUID:
    """Begin to make a bundle and return its number; the page does not wait for it.

    A process of its own, so that nothing a bundle costs is felt on the screens of a session.
    """
    bundle_id = uuid.uuid4()
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    words = ["inspect", f"--from={first_day}", f"--to={last_day}", f"--by={email}"]
    words += [f"--bundle-id={bundle_id}", f"--output={path_of(bundle_id)}"]
    words += [f"--site={site}"] if site else []
    words += ["--with-identity", f"--reason={reason}"] if identified else []
    _keep_state(bundle_id, state="making", done=0, of=1, words="Beginning")
    (start or _start)(words)
    return bundle_id


def _start(words: list[str]) -> None:
    subprocess.Popen(  # noqa: S603 - our own words, no shell
        [sys.executable, "-m", "evenkeel.cli", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def state_of(bundle_id: uuid.UUID, now: datetime) -> State:
    """How far this bundle is."""
    try:
        detail = json.loads(_state_path(bundle_id).read_text())
        at = datetime.fromisoformat(detail["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return State("gone")
    state = str(detail.get("state", "making"))
    if state == "making" and now - at > SILENT_AFTER:
        return State("lost")
    if state == "ready" and not path_of(bundle_id).exists():
        return State("gone")
    done, of = int(detail.get("done", 0)), int(detail.get("of", 1))
    return State(state, done, of, str(detail.get("words", "")))


def throw_away_old(now: datetime) -> int:
    """Delete bundles that lay there long enough; returns how many."""
    if not folder().is_dir():
        return 0
    old = [
        path
        for path in folder().glob("*-*-*-*-*.*")
        if now.timestamp() - path.stat().st_mtime > KEPT_FOR.total_seconds()
    ]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
