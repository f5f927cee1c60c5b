"""Gets the forecast ready when a process that serves pages starts, so that no page waits for it.

The first run on a machine compiles for some seconds; later ones load what was compiled. It is done
in a thread of its own, begun once a process, and never by importing this.
"""

from __future__ import annotations

import logging
import threading
from typing import Literal

from evenkeel.clinic.course.forecast import PEOPLE, forecast_plan
from evenkeel.clinic.course.forecast_mood import forecast_mood
from evenkeel.clinic.course.forecast_terms import About, NoForecast, Ordered

log = logging.getLogger("evenkeel.forecast")
State = Literal["cold", "warming", "ready", "failed"]
#: One order a model that answers for a product by default.
_FIRST_RUNS = (
    Ordered("racemic_iv", 35.0, 40.0),
    Ordered("esketamine_nasal", 56.0),
    Ordered("esketamine_iv", 17.5, 40.0),
)


class _Warmth:
    """How far this process is."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.state: State = "cold"


_here = _Warmth()


def begin() -> None:
    """Start getting ready in the background, once a process; returns at once."""
    with _here.lock:
        if _here.state != "cold":
            return
        _here.state = "warming"
    threading.Thread(target=_behind_the_pages, name="forecast-warming", daemon=True).start()


def _behind_the_pages() -> None:
    # At the priority of the pages: a thread that stood back would keep the interpreter's lock while
    # it waits for a processor, and on a busy machine every page would wait with it.
    get_ready()


def get_ready() -> State:
    """Load the kernels and run one forecast of each model, in this thread."""
    try:
        from evenkeel.pharmacology import warm

        warm()
        about = About(70.0, 45.0)
        for ordered in _FIRST_RUNS:
            found = forecast_plan(ordered, about, people=PEOPLE)
            if isinstance(found, NoForecast):
                raise RuntimeError(found.words)
        forecast_mood(_FIRST_RUNS[0], about, 2, 3.5)
    except Exception:
        log.exception("the forecast of a plan cannot be made ready")
        _here.state = "failed"
    else:
        _here.state = "ready"
    return _here.state


def state() -> State:
    """``ready`` once a forecast can be asked for; ``failed`` where this process cannot make one."""
    return _here.state
