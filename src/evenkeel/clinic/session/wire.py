"""An event as it goes over the wire, to pages and programs alike."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.session.models import SessionEvent


def as_wire(event: SessionEvent) -> dict[str, Any]:
    """The event as plain JSON; times in UTC, ISO 8601."""
    return {
        "id": str(event.pk),
        "session": str(event.session_id),
        "position": event.position,
        "kind": event.kind,
        "happened_at": event.happened_at.isoformat(),
        "recorded_at": event.recorded_at.isoformat(),
        "raw_time": event.raw_time,
        "actor_name": event.actor_name,
        "via": event.via,
        "body": event.body,
        "supersedes": str(event.supersedes_id) if event.supersedes_id else None,
    }
