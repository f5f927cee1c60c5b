"""Reading the parts of a total: subscales, and the rule that counts symptoms in them."""

from __future__ import annotations

from evenkeel.instruments.entry import Entry
from evenkeel.instruments.model import Item, ProvisionalRule, Subscale


def read_subscales(root: Entry, items: tuple[Item, ...]) -> tuple[Subscale, ...]:
    """The named parts of the questions; each question stands in at most one.

    Raises InstrumentFileError for an unknown question or one that stands in two parts.
    """
    known = {item.link_id for item in items}
    seen: set[str] = set()
    found: list[Subscale] = []
    for entry in root.entries("subscales"):
        link_ids = entry.list("items")
        if not link_ids:
            raise entry.error("items", "holds no question")
        for link_id in link_ids:
            if link_id not in known:
                raise entry.error("items", f"{link_id!r} is not a question of this form")
            if link_id in seen:
                raise entry.error("items", f"{link_id!r} stands in two parts")
            seen.add(link_id)
        code = entry.text("code")
        if code in {part.code for part in found}:
            raise entry.error("code", f"{code!r} is used twice")
        found.append(Subscale(code, entry.text("label"), tuple(link_ids)))
    return tuple(found)


def read_provisional(root: Entry, subscales: tuple[Subscale, ...]) -> ProvisionalRule | None:
    """The rule that counts symptoms in each part; None where there is none.

    Raises InstrumentFileError for an unknown part or a count that the part cannot reach.
    """
    if not root.has("provisional"):
        return None
    entry = root.entry("provisional")
    size = {part.code: len(part.link_ids) for part in subscales}
    needs: list[tuple[str, int]] = []
    for need in entry.entries("needs"):
        code, count = need.text("subscale"), need.integer("symptoms")
        if code not in size:
            raise need.error("subscale", f"{code!r} is not a part of this form")
        if not 1 <= count <= size[code]:
            raise need.error("symptoms", f"must be 1 to {size[code]}, found {count}")
        needs.append((code, count))
    if not needs:
        raise entry.error("needs", "names no part")
    return ProvisionalRule(
        entry.integer("symptom_from"), tuple(needs), entry.text("label"), entry.basis()
    )
