"""Shipped translations: texts alone, laid over the structure; refused by name where they misfit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evenkeel.instruments import (
    InstrumentFileError,
    follow_up_questions,
    languages_of,
    load,
    load_in,
    own_words,
    translated_languages,
)
from evenkeel.instruments.translations import TRANSLATIONS

SPANISH = json.loads((TRANSLATIONS / "es.json").read_text())


@pytest.mark.parametrize("language", translated_languages())
def test_every_translation_keeps_everything_but_the_words(language: str) -> None:
    held = json.loads((TRANSLATIONS / f"{language}.json").read_text())["questionnaires"]
    assert held
    for name in held:
        base, found = load(name), load_in(name, language)
        assert found is not None
        assert found.languages == (language,)
        assert found.scoring == base.scoring
        for ours, theirs in zip(base.items, found.items, strict=True):
            assert (ours.link_id, ours.values, ours.code) == (
                theirs.link_id,
                theirs.values,
                theirs.code,
            )
            assert ours.asked_when == theirs.asked_when
            assert ours.text != theirs.text
        assert found.translation is not None
        assert found.translation.source


def test_what_ships_in_spanish() -> None:
    assert languages_of("phq9") == ("en", "es")
    assert languages_of("who5") == ("en",)
    assert load_in("who5", "es") is None
    assert load_in("phq9", "../es") is None
    assert follow_up_questions("es").items[0].text.startswith("¿")
    assert follow_up_questions("xx") == follow_up_questions()
    assert [each.id for each in own_words("es")] == [
        "bladder_check",
        "day_after",
        "safety_follow_up",
    ]


def test_item_nine_and_its_answers_are_the_owners() -> None:
    """As read at https://es.studenta.com/content/129686767, a copy of the owner's sheet."""
    phq9 = load_in("phq9", "es")
    assert phq9 is not None
    nine = phq9.item("phq9-9")
    assert (
        nine.text == "Pensamientos de que estaría mejor muerto(a) o de lastimarse de alguna manera"
    )
    assert dict(nine.options) == {
        0: "Ningún día",
        1: "Varios días",
        2: "Más de la mitad de los días",
        3: "Casi todos los días",
    }
    assert "No se requiere permiso" in phq9.notice


Change = Callable[[dict[str, Any]], Any]
FAULTS: dict[str, tuple[Change, str]] = {
    "a question left out": (
        lambda d: d["questionnaires"]["gad7"]["text"].pop("gad7-3"),
        "gad7.text.gad7-3",
    ),
    "a question too many": (
        lambda d: d["questionnaires"]["gad7"]["text"].update({"gad7-9": "x"}),
        "gad7.text.gad7-9",
    ),
    "an answer left out": (
        lambda d: d["questionnaires"]["gad7"]["answers"]["*"].pop(),
        "gad7.answers.*",
    ),
    "two answers alike": (
        lambda d: d["questionnaires"]["gad7"]["answers"].update({"*": ["a", "a", "b", "c"]}),
        "gad7.answers.*",
    ),
    "answers of no question": (
        lambda d: d["questionnaires"]["gad7"]["answers"].update({"gad7-9": ["a"]}),
        "gad7.answers.gad7-9",
    ),
    "no source": (
        lambda d: d["questionnaires"]["gad7"]["basis"].pop("source"),
        "gad7.basis.source",
    ),
    "no such questionnaire": (
        lambda d: d["questionnaires"].update(gad8={}),
        "questionnaires.gad8",
    ),
    "words that may not ship": (
        lambda d: d["questionnaires"].update(wsas=d["questionnaires"]["gad7"]),
        "questionnaires.wsas",
    ),
    "another language": (lambda d: d.update(language="fr"), "language"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_translation_that_does_not_fit_is_refused_by_name(fault: str, tmp_path: Path) -> None:
    spoil, where = FAULTS[fault]
    document = json.loads(json.dumps(SPANISH))
    spoil(document)
    (tmp_path / "es.json").write_text(json.dumps(document))
    name = "wsas" if fault == "words that may not ship" else "gad7"
    with pytest.raises(InstrumentFileError) as refused:
        load_in(name, "es", folder=tmp_path)
    assert where in str(refused.value)
    assert "es.json" in str(refused.value)
