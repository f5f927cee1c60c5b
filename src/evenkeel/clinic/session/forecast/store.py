"""Where forecasts stand once made: rows that follow from the record and may be overwritten."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from evenkeel.clinic.record.queue import WritersQueue
from evenkeel.clinic.session.announce import announce
from evenkeel.clinic.session.forecast.payload import is_shown
from evenkeel.clinic.session.models import ForecastScore, Session, SessionForecast
from evenkeel.pharmacology.calibration import Score


@dataclass
class Made:
    """What came of one session. ``learned``: only once it is closed."""

    payload: dict[str, Any]
    version: str = ""
    learned: dict[str, Any] | None = None


@dataclass
class Told:
    """Scores to write. ``anew``: those written before do not stand."""

    scores: list[Score] = field(default_factory=list)
    version: str = ""
    anew: bool = False


def store(session: Session, made: Made, position: int, *, shown: bool, now: datetime) -> None:
    """Write a forecast, and wake whoever follows."""
    values = {
        "position": position,
        "made_at": now,
        "shown": shown,
        "version": made.version,
        "payload": made.payload,
        "learned": made.learned,
    }
    with WritersQueue(), transaction.atomic():
        values["serial"] = _next_serial()
        if not SessionForecast.objects.filter(pk=session.pk).update(**values):
            SessionForecast.objects.create(session_id=session.pk, site_id=session.site_id, **values)
        announce()


def store_position(session_id: UUID, position: int) -> None:
    """Say that a forecast has all up to a position in it, and wake whoever follows."""
    with WritersQueue(), transaction.atomic():
        rows = SessionForecast.objects.filter(pk=session_id)
        rows.update(position=position, serial=_next_serial())
        announce()


def _next_serial() -> int:
    return 1 + (SessionForecast.objects.aggregate(newest=Max("serial"))["newest"] or 0)


def store_scores(session: Session, told: Told, *, now: datetime) -> None:
    """Write scores beside those written before."""
    rows = [_score_row(session, score, told.version, now) for score in told.scores]
    with WritersQueue(), transaction.atomic():
        if told.anew:
            ForecastScore.objects.filter(session_id=session.pk).delete()
        ForecastScore.objects.bulk_create(rows)


def learned_in(session_id: UUID) -> dict[str, Any] | None:
    """What a session taught of its person; ``None`` where it was not learned."""
    row = SessionForecast.objects.filter(pk=session_id).values_list("learned", flat=True).first()
    return dict(row) if row else None


def _score_row(session: Session, score: Score, version: str, now: datetime) -> ForecastScore:
    return ForecastScore(
        session_id=session.pk,
        site_id=session.site_id,
        product=session.product,
        event_id=UUID(score.reading_id),
        kind=score.kind,
        version=version,
        scored_at=now,
        score=score.as_dict(),
    )


def forecast_of(session_id: Any) -> dict[str, Any] | None:
    """What a screen may see of a session's forecast; ``None`` where none was made yet."""
    row = SessionForecast.objects.filter(pk=session_id).first()
    return None if row is None else as_wire(row)


def as_wire(row: SessionForecast) -> dict[str, Any]:
    """A stored forecast as it is sent to screens: its reasons always, its numbers where shown."""
    told = {
        "session": str(row.session_id),
        "serial": row.serial,
        "made_at": row.made_at.isoformat(),
        "position": row.position,
    }
    if is_shown(row.payload) and not row.shown:
        return {**told, "state": "shadow"}
    return {**row.payload, **told}
