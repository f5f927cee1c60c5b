"""Substances of misuse, and the program for addiction under which some may be treated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .errors import ProtocolError
from .sources import Source

#: The condition that says nothing of the substance.
ANY_SUBSTANCE: Final = "substance_use_disorder"
#: Substance, as a program names it -> condition code.
TREATABLE: Final[Mapping[str, str]] = {
    "alcohol": "alcohol_use_disorder",
    "cannabis": "cannabis_use_disorder",
    "cocaine": "cocaine_use_disorder",
    "stimulants": "stimulant_use_disorder",
    "sedatives": "sedative_use_disorder",
    "hallucinogens": "hallucinogen_use_disorder",
}
#: Never in a program: the drug itself, and what slows breathing with it.
NEVER_TREATABLE: Final[Mapping[str, str]] = {
    "ketamine": "ketamine_use_disorder",
    "opioids": "opioid_use_disorder",
}
_WRITTEN: Final = {
    "stimulant": "stimulants",
    "amphetamine": "stimulants",
    "amphetamines": "stimulants",
    "sedative": "sedatives",
    "hallucinogen": "hallucinogens",
    "opioid": "opioids",
    "opiates": "opioids",
    "esketamine": "ketamine",
    "pcp": "ketamine",
}
_ON_THE_DAY: Final = ("intoxication", "withdrawal")


@dataclass(frozen=True, slots=True)
class AddictionProgram:
    """A clinic's program in which misuse of ``substances`` is itself treated.

    In it their active misuse asks for a specialist instead of ruling treatment out.
    """

    name: str
    substances: tuple[str, ...]
    source: Source

    @property
    def conditions(self) -> frozenset[str]:
        """The condition codes the program takes in."""
        return frozenset(TREATABLE[substance] for substance in self.substances)


def parse_program(name: object, substances: object, source: Source) -> AddictionProgram:
    """Return the checked program; ``ProtocolError`` naming what it may not hold."""
    key = "addiction_programme"
    if not isinstance(name, str) or not name.strip():
        raise ProtocolError(f"{key}.name", "must be a text: what the program is called")
    if not isinstance(substances, list) or not substances:
        raise ProtocolError(f"{key}.substances", "must be a list of " + ", ".join(TREATABLE))
    found: list[str] = []
    for item in substances:
        said = str(item).strip().lower() if isinstance(item, str) else ""
        substance = _WRITTEN.get(said, said)
        if substance in NEVER_TREATABLE:
            raise ProtocolError(
                f"{key}.substances",
                f"{said} can be in no program: its active misuse always rules treatment out",
            )
        if any(word in said for word in _ON_THE_DAY):
            raise ProtocolError(
                f"{key}.substances",
                f"{said} is no substance: intoxication or withdrawal on the day always waits",
            )
        if substance not in TREATABLE:
            raise ProtocolError(
                f"{key}.substances", f"{item!s:.40} must be one of " + ", ".join(TREATABLE)
            )
        found.append(substance)
    return AddictionProgram(name.strip(), tuple(dict.fromkeys(found)), source)
