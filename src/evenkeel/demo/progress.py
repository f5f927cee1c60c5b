"""How far the older history has been filled in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from evenkeel.clinic.record.models import Heartbeat

NAME: Final = "demo-history"


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``of`` people have their whole history."""

    done: int
    of: int

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to fill in."""
        return self.done >= self.of


def progress() -> Progress | None:
    """The progress noted last; ``None`` where no history is being filled in. One query."""
    row = Heartbeat.objects.filter(pk=NAME).first()
    if row is None:
        return None
    return Progress(int(row.detail.get("done", 0)), int(row.detail.get("of", 0)))


def note_progress(done: int, of: int, at: datetime) -> None:
    """Keep the progress where every page can see it. Not clinical, so simply overwritten."""
    Heartbeat.objects.update_or_create(
        pk=NAME, defaults={"beat_at": at, "detail": {"done": done, "of": of}}
    )
