"""Acts that two people do: one table, and the one check that they are two.

The second is never the first, and never the same account signed in twice: what is compared is the
account, whatever browser it acts from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from evenkeel.clinic.record.errors import Invalid


@dataclass(frozen=True, slots=True)
class TwoPersons:
    """An act whose second person must be somebody else than ``first``.

    ``act`` is the action of the second person, or the permission of those who only stand by;
    ``said`` is what they are told if they are the same.
    """

    act: str
    first: str
    said: str


TWO_PERSONS: Final[dict[str, TwoPersons]] = {
    row.act: row
    for row in (
        TwoPersons(
            "session.check_dose",
            "who gives the dose",
            "The second person must be somebody else.",
        ),
        TwoPersons(
            "credential.verify",
            "who holds the credential, and who entered it",
            "Nobody confirms a credential of their own, or one they entered themselves.",
        ),
        TwoPersons(
            "stock.witness",
            "who wastes, counts, sends away or takes back a line of the ledger",
            "The witness must be somebody else than who does it.",
        ),
        TwoPersons(
            "emergency.review",
            "who opened the record",
            "Nobody reviews an emergency access of their own.",
        ),
        TwoPersons(
            "person.erase",
            "who asked for the erasure",
            "The second person must be somebody else than who asked for it.",
        ),
    )
}


def refuse_same(act: str, second_id: Any, *first_ids: Any, field: str = "second") -> None:
    """Raise ``Invalid`` (code ``same_person``) where the second person is one of the first.

    ``act`` must stand in the table, else ``KeyError``: an act for two people is never silent.
    """
    row = TWO_PERSONS[act]
    if str(second_id) in {str(one) for one in first_ids if one is not None}:
        raise Invalid(
            row.said,
            what_to_do="Ask a colleague to do this under their own name.",
            fields={field: row.said},
            code="same_person",
        )


__all__ = ["TWO_PERSONS", "TwoPersons", "refuse_same"]
