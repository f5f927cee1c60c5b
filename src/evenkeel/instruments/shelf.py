"""Finding and loading instruments: one folder each, with two files."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from evenkeel.instruments.entry import Entry, read_object
from evenkeel.instruments.errors import UnknownInstrumentError
from evenkeel.instruments.form import read_form
from evenkeel.instruments.model import Instrument, RatedBy
from evenkeel.instruments.rules import read_scoring, read_unscored

SHELF = Path(__file__).parent
RATED_BY: tuple[RatedBy, ...] = ("self", "clinician")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


def read_folder(folder: Path) -> Instrument:
    """The instrument in `folder`: `questionnaire.json` and `scoring.json`, checked together.

    Raises InstrumentFileError, naming the file and the entry, for anything inconsistent.
    """
    rules, _ = read_object(folder / "scoring.json")
    if rules.text("id") != folder.name:
        raise rules.error("id", f"{rules.text('id')!r} is not the folder's name, {folder.name!r}")
    root, text = read_object(folder / "questionnaire.json")
    return build(rules, root, text, folder)


def build(rules: Entry, root: Entry, text: str, folder: Path, *, wording: str = "") -> Instrument:
    """The instrument that `rules` (scoring) and `root` (questionnaire) say, checked together.

    `text` is the questionnaire as it was read. `wording` is empty for what shipped; otherwise
    whose text it is, and then every question must carry its text.
    """
    ships = rules.flag("text_ships", True)
    open_items = rules.flag("open_items", False)
    form = read_form(
        root,
        folder.name.replace("_", "-"),
        text_ships=ships or bool(wording),
        may_be_empty=not ships and not wording,
    )
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
        text_ships=ships,
        asked_alone=rules.flag("asked_alone", True),
        codes_basis=rules.entry("codes_basis").basis(),
        scoring=read_scoring(rules, items),
        questionnaire_text=text,
        purpose=rules.text_or_empty("purpose"),
        rated_by=_rated_by(rules),
        open_items=open_items,
        licence=rules.entry("licence").basis() if rules.has("licence") else None,
        wording=wording,
        official=rules.text_or_empty("official"),
        same_answers=rules.flag("same_answers", False),
    )


def _rated_by(rules: Entry) -> RatedBy:
    text = rules.text_or_empty("rated_by") or "self"
    for known in RATED_BY:
        if text == known:
            return known
    raise rules.error("rated_by", f"{text!r} is not self or clinician")


def shelved(shelf: Path = SHELF) -> tuple[str, ...]:
    """The id of every instrument folder on `shelf`, sorted, whether or not its text ships."""
    found = (path.parent.name for path in shelf.glob("*/questionnaire.json"))
    return tuple(sorted(name for name in found if _NAME.fullmatch(name)))


def available(shelf: Path = SHELF) -> tuple[str, ...]:
    """The ids of the instruments that can be sent to a person, sorted.

    Left out are those whose wording does not ship, those a clinician rates, and those asked only
    after another.
    """
    every = (load(name, shelf) for name in shelved(shelf))
    return tuple(each.id for each in every if each.text_ships and for_a_person(each))


def for_a_person(instrument: Instrument) -> bool:
    """True for one that the person fills in, and that stands by itself."""
    return instrument.asked_alone and instrument.rated_by == "self"


@lru_cache(maxsize=256)
def load(instrument_id: str, shelf: Path = SHELF) -> Instrument:
    """The instrument of that id, read once per process.

    Raises UnknownInstrumentError for an id without a folder, InstrumentFileError for bad files.
    """
    if not _NAME.fullmatch(instrument_id) or not (shelf / instrument_id).is_dir():
        known = ", ".join(shelved(shelf)) or "none"
        raise UnknownInstrumentError(f"no instrument {instrument_id!r}; known: {known}")
    return read_folder(shelf / instrument_id)
