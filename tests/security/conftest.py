"""Real installations for these tests."""

from tests.installations import installation, made_once

__all__ = ["installation", "made_once"]
