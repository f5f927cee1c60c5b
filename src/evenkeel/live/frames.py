"""Server-sent events: the bytes that go to a screen, made once for all who look."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from evenkeel.clinic.session.forecast.store import as_wire as forecast_as_wire
from evenkeel.clinic.session.models import SessionEvent, SessionForecast
from evenkeel.clinic.session.wire import as_wire

#: What a forecast is called on a stream.
FORECAST: Final = "forecast"
#: A forecast has no place in the record: it is never replayed, and never too old to be sent.
NO_POSITION: Final = -1


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of a session, or its forecast, as it is sent. ``position`` is its place in the
    record."""

    position: int
    session_id: UUID
    site_id: UUID
    kind: str
    data: bytes

    @property
    def is_forecast(self) -> bool:
        """Whether this is a forecast."""
        return self.kind == FORECAST


def frames_of(rows: Sequence[SessionEvent]) -> list[Frame]:
    """Rows, which must stand in order of position, as frames.

    Several events of one act share a position. Only the last of them carries the id: a client
    that loses its line between them then asks for all of them again, and misses none.
    """
    frames = []
    for row, after in zip(rows, [*rows[1:], None], strict=True):
        last = after is None or after.position != row.position
        head = f"event: session_event\nid: {row.position}\n" if last else "event: session_event\n"
        text = json.dumps(as_wire(row), separators=(",", ":"), ensure_ascii=False)
        data = f"{head}data: {text}\n\n".encode()
        frames.append(Frame(row.position, row.session_id, row.site_id, row.kind, data))
    return frames


def forecast_frames(rows: Iterable[SessionForecast]) -> list[Frame]:
    """Forecasts as frames; a screen that missed one gets the next, or loads it with its page."""
    return [
        Frame(
            NO_POSITION,
            row.session_id,
            row.site_id,
            FORECAST,
            message(FORECAST, forecast_as_wire(row)),
        )
        for row in rows
    ]


def message(event: str, body: dict[str, Any]) -> bytes:
    """A message that has no place in the record: a heartbeat, a farewell."""
    return f"event: {event}\ndata: {json.dumps(body, separators=(',', ':'))}\n\n".encode()


def joined(frames: Iterable[Frame]) -> bytes:
    """Several frames as one write."""
    return b"".join(frame.data for frame in frames)
