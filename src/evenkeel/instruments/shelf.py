"""Finding and loading instruments: one folder each, with two files."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from evenkeel.instruments.entry import read_object
from evenkeel.instruments.errors import UnknownInstrumentError
from evenkeel.instruments.form import read_form
from evenkeel.instruments.model import Instrument
from evenkeel.instruments.rules import read_scoring, read_unscored

SHELF = Path(__file__).parent
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


def read_folder(folder: Path) -> Instrument:
    """The instrument in `folder`: `questionnaire.json` and `scoring.json`, checked together.

    Raises InstrumentFileError, naming the file and the entry, for anything inconsistent.
    """
    rules, _ = read_object(folder / "scoring.json")
    if rules.text("id") != folder.name:
        raise rules.error("id", f"{rules.text('id')!r} is not the folder's name, {folder.name!r}")
    text_ships = rules.flag("text_ships", True)
    root, text = read_object(folder / "questionnaire.json")
    form = read_form(root, folder.name.replace("_", "-"), text_ships=text_ships)
    unscored = read_unscored(rules, form)
    for entry in rules.entries("safety"):
        follow_up = entry.text_or_empty("follow_up")
        if follow_up and follow_up not in shelved(folder.parent):
            raise entry.error("follow_up", f"there is no instrument {follow_up!r}")
    items = tuple(replace(item, scored=item.link_id not in unscored) for item in form.items)
    return Instrument(
        id=folder.name,
        title=form.title,
        url=form.url,
        version=form.version,
        notice=form.notice,
        languages=(form.language,),
        items=items,
        code=form.code,
        total_link_id=form.total_link_id,
        total_code=form.total_code,
        text_ships=text_ships,
        asked_alone=rules.flag("asked_alone", True),
        codes_basis=rules.entry("codes_basis").basis(),
        scoring=read_scoring(rules, items),
        questionnaire_text=text,
    )


def shelved(shelf: Path = SHELF) -> tuple[str, ...]:
    """The id of every instrument folder on `shelf`, sorted, whether or not its text ships."""
    found = (path.parent.name for path in shelf.glob("*/questionnaire.json"))
    return tuple(sorted(name for name in found if _NAME.fullmatch(name)))


def available(shelf: Path = SHELF) -> tuple[str, ...]:
    """The ids of the instruments that can be sent to a person, sorted.

    Left out are those whose wording does not ship and those asked only after another.
    """
    every = (load(name, shelf) for name in shelved(shelf))
    return tuple(each.id for each in every if each.text_ships and each.asked_alone)


@lru_cache(maxsize=256)
def load(instrument_id: str, shelf: Path = SHELF) -> Instrument:
    """The instrument of that id, read once per process.

    Raises UnknownInstrumentError for an id without a folder, InstrumentFileError for bad files.
    """
    if not _NAME.fullmatch(instrument_id) or not (shelf / instrument_id).is_dir():
        known = ", ".join(shelved(shelf)) or "none"
        raise UnknownInstrumentError(f"no instrument {instrument_id!r}; known: {known}")
    return read_folder(shelf / instrument_id)
