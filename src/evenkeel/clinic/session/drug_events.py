"""The kinds of event whose other half stands in the controlled-drug ledger, and their fields."""

from __future__ import annotations

from typing import Any, Final

from evenkeel.clinic.session.fields import Key, Number, Text, YesNo

#: What is drawn, wasted or put back: to the thousandth, as the ledger counts.
_AMOUNT: Final = Number("mg", 0.001, 5000)
_NOTE: Final = Text(400)
_TAKEN: Final[dict[str, Any]] = {"container_id": Key(), "amount_mg": _AMOUNT, "note": _NOTE}
#: Kind -> (fields, those needed). Label, lot and witness are written beside them by the house.
LEDGER_FIELDS: Final[dict[str, tuple[dict[str, Any], frozenset[str]]]] = {
    "drawn": (_TAKEN, frozenset({"container_id", "amount_mg"})),
    "wasted": (
        {**_TAKEN, "method": Text(60, needed=True)},
        frozenset({"container_id", "amount_mg", "method"}),
    ),
    "put_back": (_TAKEN, frozenset({"container_id", "amount_mg"})),
}
#: Entered online only: each is a line of the ledger in the same act.
LEDGER_KINDS: Final = frozenset(LEDGER_FIELDS)
#: Where a dose comes from: the container drawn from, or the lot where the ledger is kept
#: elsewhere; and that it was given before the draw could be written down.
SOURCE: Final[dict[str, Any]] = {
    "container_id": Key(),
    "lot": Text(60),
    "given_before_drawn": YesNo(),
}
