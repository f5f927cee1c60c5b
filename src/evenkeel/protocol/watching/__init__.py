"""What should sound during a session, and which doses are refused: one small module a concern."""

from .reading import LOOK_BACK, Asks, alarms_for, asks_history

__all__ = ["LOOK_BACK", "Asks", "alarms_for", "asks_history"]
