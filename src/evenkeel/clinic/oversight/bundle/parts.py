"""The parts of a bundle, in the order in which an inspector reads them: one module each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from evenkeel.clinic.oversight.bundle import audit, credentials, incidents, ledger, protocols
from evenkeel.clinic.oversight.bundle.asked import Asked, Table
from evenkeel.clinic.oversight.bundle.pseudonyms import People


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its folder in the archive, what it is called, and what makes its tables."""

    name: str
    title: str
    tables: Callable[[Asked, People], list[Table]]


PARTS: Final = (
    Part("ledger", "Controlled-drug ledger", ledger.tables),
    Part("audit", "Who did what", audit.tables),
    Part("protocols", "Protocols in force", protocols.tables),
    Part("incidents", "Incidents and reports", incidents.tables),
    Part("credentials", "People and credentials", credentials.tables),
)
