"""What should sound during a session, and which doses are refused: one small module a concern."""

from .reading import Asks, alarms_for, asks_history

__all__ = ["Asks", "alarms_for", "asks_history"]
