"""The one row about this installation, and whether it is a demonstration."""

from __future__ import annotations

from evenkeel.clinic.record.models import Installation

_demo: dict[str, bool] = {}


def installation() -> Installation | None:
    """The installation's row, or ``None`` before ``evenkeel`` was set up."""
    return Installation.objects.filter(pk=1).first()


def is_demo() -> bool:
    """Whether this database is a demonstration. That is for ever, so it is looked up once."""
    if "demo" not in _demo:
        row = installation()
        if row is None:
            return False
        _demo["demo"] = row.demo
    return _demo["demo"]


def forget() -> None:
    """Drop what was looked up; for a process that opens another database."""
    _demo.clear()
