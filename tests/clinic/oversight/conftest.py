"""The clock of the pages."""

from __future__ import annotations

from tests.clinic.session.conftest import page_clock, stage

__all__ = ["page_clock", "stage"]
