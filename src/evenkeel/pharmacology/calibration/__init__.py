"""Was the forecast right? What was predicted before each reading, scored and counted."""

from .predictive import LEVELS
from .replay import replay, replay_session
from .score import UNITS, Score, score, score_moment
from .sessions import RecordedSession, SessionsError, load_sessions, read_sessions
from .tally import BY, Share, Tally, learned, tallied, tally
from .verdict import STANDARD, Standard, Verdict, verdict, verdicts

__all__ = [
    "BY",
    "LEVELS",
    "STANDARD",
    "UNITS",
    "RecordedSession",
    "Score",
    "SessionsError",
    "Share",
    "Standard",
    "Tally",
    "Verdict",
    "learned",
    "load_sessions",
    "read_sessions",
    "replay",
    "replay_session",
    "score",
    "score_moment",
    "tallied",
    "tally",
    "verdict",
    "verdicts",
]
