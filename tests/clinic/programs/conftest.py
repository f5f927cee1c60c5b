"""The person these tests put on a program."""

from __future__ import annotations

from tests.clinic.course.conftest import case, page_clock

__all__ = ["case", "page_clock"]
