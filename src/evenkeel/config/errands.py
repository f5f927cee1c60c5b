"""Work that the supervisor starts when it is due, and that ends by itself, such as a backup."""

from __future__ import annotations

import functools
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from evenkeel.config.backup_plan import is_due, plan_of
from evenkeel.config.instance import Instance
from evenkeel.config.parent import die_with_parent

log = logging.getLogger("evenkeel.supervisor")
#: Whether something is due is looked at so often; after a failure it is left alone so long.
LOOK_EVERY_S: Final = 30.0
_AFTER_FAILURE_S: Final = 900.0


@dataclass(slots=True)
class Errand:
    """One kind of such work; never twice at a time."""

    name: str
    command: list[str]
    due: Callable[[], bool]
    environment: dict[str, str] = field(default_factory=dict)
    running: subprocess.Popen[bytes] | None = None
    not_before_s: float = 0.0

    def look(self, now_s: float) -> None:
        """Start it where it is due; note how it ended. ``now_s`` is monotonic."""
        if self.running is not None:
            status = self.running.poll()
            if status is None:
                return
            self.running = None
            pause_s = LOOK_EVERY_S
            if status != 0:
                log.error("%s failed with status %s; it is tried again later", self.name, status)
                pause_s = _AFTER_FAILURE_S
            self.not_before_s = now_s + pause_s
        if now_s < self.not_before_s:
            return
        self.not_before_s = now_s + LOOK_EVERY_S
        if self.due():
            self.running = subprocess.Popen(  # noqa: S603 - our own commands, no shell
                self.command,
                env={**os.environ, **self.environment},
                preexec_fn=functools.partial(die_with_parent, os.getpid()),
                start_new_session=True,
            )

    def stop(self) -> None:
        """End it; what it had not finished is thrown away by itself."""
        if self.running is not None and self.running.poll() is None:
            os.killpg(self.running.pid, signal.SIGTERM)
            try:
                self.running.wait(5.0)
            except subprocess.TimeoutExpired:
                os.killpg(self.running.pid, signal.SIGKILL)
                self.running.wait()


def clinic_errands(instance: Instance) -> list[Errand]:
    """What the settings ask for: backups, where an interval is set.

    Raises :class:`~evenkeel.config.instance.ConfigurationError` for one that cannot be used.
    """
    plan = plan_of(instance)
    if plan.every is None:
        return []
    backup = [sys.executable, "-m", "evenkeel.cli", "backup", "--planned"]
    due = functools.partial(_backup_is_due, instance)
    return [Errand("backup", backup, due, {"EVENKEEL_HOME": str(instance.home)})]


def _backup_is_due(instance: Instance) -> bool:
    return is_due(plan_of(instance), datetime.now(UTC))


def look_at_all(errands: list[Errand]) -> None:
    """One look at each."""
    now_s = time.monotonic()
    for errand in errands:
        errand.look(now_s)
