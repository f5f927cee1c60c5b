"""A site at which the forecast is shown, brought there as a director would."""

from __future__ import annotations

import uuid

from evenkeel.clinic.session.actions.choose_forecast import choose_forecast
from evenkeel.clinic.session.forecast.calibration import calibration_of
from evenkeel.clinic.session.forecast.learner import METHOD
from evenkeel.clinic.session.models import ForecastChoice, ForecastScore
from tests.clinic.session.makers import Stage

#: One reading as the forecast scored it; ``inside`` says whether the bands held it.
SCORE = {
    "kind": "sbp",
    "time_h": 0.5,
    "value": 131.0,
    "session_number": 1,
    "readings_so_far": 9,
    "same_so_far": 4,
    "sessions_so_far": 0,
    "quantiles": [118.0, 126.0, 131.0, 136.0, 144.0],
    "inside_50": True,
    "inside_90": True,
    "share_50": 1.0,
    "share_90": 1.0,
    "pit": 0.5,
    "crps": 3.1,
    "crps_prior": 5.2,
    "tail": 0.9,
    "surprising": False,
}


def scored(stage: Stage, readings: int = 60, *, inside: float = 1.0) -> None:
    """So many readings of ten sessions were scored; a share of them lay in the 90 % band."""
    session = stage.session
    held = round(inside * readings)
    ForecastScore.objects.bulk_create(
        ForecastScore(
            session=session,
            site_id=session.site_id,
            product=session.product,
            event_id=uuid.uuid5(session.pk, str(number)),
            kind="sbp",
            version=f"test/{METHOD}-0",
            scored_at=stage.now,
            score={
                **SCORE,
                "inside_90": number < held,
                "share_90": float(number < held),
                "reading_id": str(number),
                "session_id": f"s{number % 10}",
            },
        )
        for number in range(readings)
    )


def shown_here(stage: Stage, *, shown: bool = True) -> ForecastChoice:
    """The director has seen enough scored readings and decides."""
    scored(stage)
    session = stage.session
    return choose_forecast(
        stage.clinic.as_("medical_director"),
        site_id=session.site_id,
        product=session.product,
        shown=shown,
        seen_hash=calibration_of(session.site_id, session.product).hash,
        reason="The bands held.",
    )
