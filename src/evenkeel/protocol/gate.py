"""The blood pressure above which a dose waits, by the person's age."""

from __future__ import annotations

from dataclasses import dataclass

from .pack import Protocol
from .sources import Source


@dataclass(frozen=True, slots=True)
class PressureGate:
    """A dose waits above either pressure; ``is_older`` where it is the gate for older people."""

    sbp_mmhg: float
    dbp_mmhg: float
    source: Source
    is_older: bool = False

    def holds(self, sbp_mmhg: float, dbp_mmhg: float) -> bool:
        """Return whether this pressure is above the gate."""
        return sbp_mmhg > self.sbp_mmhg or dbp_mmhg > self.dbp_mmhg


def pressure_gate_for(protocol: Protocol, age_years: float | None) -> PressureGate:
    """Return the gate for a person of this age.

    Where the protocol has one for older people it holds from its age on; of unknown age, the usual
    and stricter one.
    """
    older = protocol.find("bp_gate.older_age_years")
    is_older = (
        older is not None and age_years is not None and age_years >= protocol.number(older.key)
    )
    kind = "older_" if is_older else ""
    limit = protocol.threshold(f"bp_gate.{kind}sbp_mmhg")
    return PressureGate(
        protocol.number(limit.key),
        protocol.number(f"bp_gate.{kind}dbp_mmhg"),
        limit.source,
        is_older,
    )
