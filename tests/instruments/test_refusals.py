"""A new instrument is one new folder; a folder that contradicts itself is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evenkeel.instruments import InstrumentFileError, available, load, read_folder, shelved
from evenkeel.instruments.shelf import SHELF


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    for name in shelved():
        shutil.copytree(SHELF / name, tmp_path / name)
    return tmp_path


def edit(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    value = json.loads(path.read_text(encoding="utf-8"))
    change(value)
    path.write_text(json.dumps(value), encoding="utf-8")


def test_a_new_instrument_is_one_new_folder(shelf: Path) -> None:
    folder = shelf / "tiny"
    folder.mkdir()
    form = json.loads((shelf / "gad7" / "questionnaire.json").read_text(encoding="utf-8"))
    form |= {"id": "tiny", "url": "urn:evenkeel:questionnaire:tiny", "title": "Tiny"}
    form["item"][0]["item"] = form["item"][0]["item"][:2]
    rules = json.loads((shelf / "gad7" / "scoring.json").read_text(encoding="utf-8"))
    rules |= {"id": "tiny", "total_range": [0, 6]}
    rules["bands"] = [
        {"code": "low", "label": "low", "low": 0, "high": 2},
        {"code": "high", "label": "high", "low": 3, "high": 6},
    ]
    (folder / "questionnaire.json").write_text(json.dumps(form), encoding="utf-8")
    (folder / "scoring.json").write_text(json.dumps(rules), encoding="utf-8")
    assert set(available(shelf)) == {*available(), "tiny"}
    assert len(load("tiny", shelf).items) == 2


Change = Callable[[dict[str, Any]], Any]


def _problems(value: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = value["item"][0]["item"]
    return items


FORM_FAULTS: dict[str, tuple[Change, str, str]] = {
    "duplicate link id": (
        lambda q: _problems(q)[1].update(linkId="phq9-1"),
        "item[0].item[1].linkId",
        "used twice, first at item[0].item[0]",
    ),
    "duplicate code": (
        lambda q: _problems(q)[1]["code"][0].update(code="44250-9"),
        "item[0].item[1].code[0].code",
        "used twice",
    ),
    "check digit": (
        lambda q: _problems(q)[8]["code"][0].update(code="44260-7"),
        "item[0].item[8].code[0].code",
        "check digit",
    ),
    "panel check digit": (
        lambda q: q["code"][0].update(code="44249-2"),
        "code[0].code",
        "check digit",
    ),
    "code system": (
        lambda q: _problems(q)[0]["code"][0].update(system="http://snomed.info/sct"),
        "item[0].item[0].code[0].system",
        "must be http://loinc.org",
    ),
    "two codes": (
        lambda q: q["code"].append(q["code"][0]),
        "code",
        "more than one code",
    ),
    "bad link id": (
        lambda q: _problems(q)[0].update(linkId='"><script>'),
        "item[0].item[0].linkId",
        "lower-case letters",
    ),
    "no text": (
        lambda q: _problems(q)[2].pop("text"),
        "item[0].item[2].text",
        "must be a text",
    ),
    "wrong resource": (
        lambda q: q.update(resourceType="Patient"),
        "resourceType",
        "must be 'Questionnaire'",
    ),
    "wrong id": (lambda q: q.update(id="gad7"), "id", "must be 'phq9'"),
    "no questions": (lambda q: q.update(item=[]), "item", "holds no question"),
    "item is not an object": (lambda q: q.update(item=[3]), "item[0]", "must be an object"),
    "items are not a list": (lambda q: q.update(item={}), "item", "must be a list"),
    "unknown type": (
        lambda q: _problems(q)[0].update(type="string"),
        "item[0].item[0].type",
        "is not group, choice",
    ),
    "one option": (
        lambda q: _problems(q)[0].update(answerOption=_problems(q)[0]["answerOption"][:1]),
        "item[0].item[0].answerOption",
        "fewer than two",
    ),
    "option without a value": (
        lambda q: _problems(q)[0]["answerOption"][1]["valueCoding"].pop("extension"),
        "item[0].item[0].answerOption[1].valueCoding.extension",
        "does not say what the answer counts for",
    ),
    "option with true for a value": (
        lambda q: _problems(q)[0]["answerOption"][1]["valueCoding"]["extension"][0].update(
            valueDecimal=True
        ),
        "item[0].item[0].answerOption[1].valueCoding.extension[0].valueDecimal",
        "must be a whole number",
    ),
    "option value twice": (
        lambda q: _problems(q)[0]["answerOption"][1]["valueCoding"]["extension"][0].update(
            valueDecimal=0
        ),
        "item[0].item[0].answerOption[1].valueCoding.extension",
        "offered twice",
    ),
    "option code twice": (
        lambda q: _problems(q)[0]["answerOption"][1]["valueCoding"].update(code="LA6568-5"),
        "item[0].item[0].answerOption[1].valueCoding.code",
        "offered twice",
    ),
    "option code form": (
        lambda q: _problems(q)[0]["answerOption"][1]["valueCoding"].update(code="LA65"),
        "item[0].item[0].answerOption[1].valueCoding.code",
        "LOINC answer code",
    ),
    "two totals": (
        lambda q: q["item"].append({"linkId": "t2", "type": "integer", "readOnly": True}),
        "item[3].linkId",
        "a second total",
    ),
    "depends on a later item": (
        lambda q: _problems(q)[0].update(
            enableWhen=[
                {
                    "question": "phq9-2",
                    "operator": "=",
                    "answerCoding": _problems(q)[0]["answerOption"][1]["valueCoding"],
                }
            ]
        ),
        "item[0].item[0]",
        "which no earlier item can be answered with",
    ),
}


@pytest.mark.parametrize("fault", sorted(FORM_FAULTS))
def test_an_inconsistent_form_is_refused(shelf: Path, fault: str) -> None:
    change, entry, problem = FORM_FAULTS[fault]
    edit(shelf / "phq9" / "questionnaire.json", change)
    with pytest.raises(InstrumentFileError) as caught:
        read_folder(shelf / "phq9")
    assert caught.value.file == "phq9/questionnaire.json"
    assert caught.value.entry == entry
    assert problem in str(caught.value)
    assert str(caught.value).startswith(f"phq9/questionnaire.json: {entry}: ")


SCORING_FAULTS: dict[str, tuple[str, Change, str, str]] = {
    "gap": ("phq9", lambda s: s["bands"][1].update(low=6), "bands[1].low", "nothing covers 5 to 5"),
    "overlap": ("phq9", lambda s: s["bands"][1].update(low=4), "bands[1].low", "overlaps"),
    "below": ("phq9", lambda s: s["bands"][0].update(low=-1), "bands[0].low", "below the total"),
    "top missing": ("phq9", lambda s: s["bands"][4].update(high=26), "bands", "end at 26"),
    "too high": ("phq9", lambda s: s["bands"][4].update(high=28), "bands", "end at 28"),
    "upside down": ("phq9", lambda s: s["bands"][0].update(high=-1), "bands[0].low", "above its"),
    "band code": ("phq9", lambda s: s["bands"][1].update(code="severe"), "bands[4].code", "twice"),
    "no bands": ("phq9", lambda s: s.pop("bands"), "bands", "end at -1"),
    "option outside": ("phq9", lambda s: s.update(item_range=[0, 2]), "item_range", "offers 3"),
    "range form": ("phq9", lambda s: s.update(item_range=[0]), "item_range", "two whole numbers"),
    "total": ("phq9", lambda s: s.update(total_range=[0, 30]), "total_range", "0 to 27"),
    "unscored": ("phq9", lambda s: s.update(unscored=["x"]), "unscored", "not a question"),
    "method": ("phq9", lambda s: s.update(method="mean"), "method", "not sum, triage or"),
    "mark": ("phq9", lambda s: s["response"].update(mark="true"), "response.mark", "not one of"),
    "no source": ("phq9", lambda s: s["remission"].pop("source"), "remission.source", "a text"),
    "fraction": (
        "phq9",
        lambda s: s["response"].update(fall_fraction="3/2"),
        "response.fall_fraction",
        "at most 1",
    ),
    "not a fraction": (
        "phq9",
        lambda s: s["response"].update(fall_fraction="1/0"),
        "response.fall_fraction",
        "not a fraction",
    ),
    "points": ("phq9", lambda s: s["remission"].update(below=0), "remission.below", "at least 1"),
    "missing rule": (
        "phq9",
        lambda s: s["missing"].update(rule="guess"),
        "missing.rule",
        "'refuse' and 'prorate'",
    ),
    "prorate how many": (
        "phq9",
        lambda s: s["missing"].update(rule="prorate", most_missing=9),
        "missing.most_missing",
        "must be 1 to 8",
    ),
    "prorate a triage": (
        "cssrs_screen",
        lambda s: s["missing"].update(rule="prorate", most_missing=1),
        "missing.rule",
        "only a sum",
    ),
    "reliable change": (
        "phq9",
        lambda s: s["reliable_change"].update(points=5, sd=6.0, reliability=0.84),
        "reliable_change.points",
        "SD and reliability give 7",
    ),
    "reliability": (
        "phq9",
        lambda s: s["reliable_change"].update(sd=6.0, reliability=1),
        "reliable_change.reliability",
        "below 1",
    ),
    "spread": (
        "phq9",
        lambda s: s["reliable_change"].update(sd=-1, reliability=0.8),
        "reliable_change.sd",
        "above 0",
    ),
    "better": ("phq9", lambda s: s.update(better="up"), "better", "not lower or higher"),
    "multiply": ("phq9", lambda s: s.update(multiply=0), "multiply", "at least 1"),
    "rated by": ("phq9", lambda s: s.update(rated_by="dog"), "rated_by", "not self or clinician"),
    "kind": ("phq9", lambda s: s["safety"][0].update(kind="odd"), "safety[0].kind", "not one of"),
    "a group of one": ("phq9", lambda s: s.update(highest_of=[["phq9-1"]]), "highest_of", "two"),
    "grouped twice": (
        "phq9",
        lambda s: s.update(highest_of=[["phq9-1", "phq9-1"]]),
        "highest_of",
        "stands there twice",
    ),
    "urgency": (
        "cssrs_screen",
        lambda s: s["urgency"].pop("none"),
        "urgency",
        "must name every tier",
    ),
    "urgency level": (
        "cssrs_screen",
        lambda s: s["urgency"].update(low="soon"),
        "urgency.low",
        "is not one of",
    ),
    "subscale item": (
        "phq9",
        lambda s: s.update(subscales=[{"code": "a", "label": "a", "items": ["x"]}]),
        "subscales[0].items",
        "not a question",
    ),
    "subscale twice": (
        "phq9",
        lambda s: s.update(
            subscales=[{"code": c, "label": c, "items": ["phq9-1"]} for c in ("a", "b")]
        ),
        "subscales[1].items",
        "stands in two parts",
    ),
    "provisional part": (
        "phq9",
        lambda s: s.update(provisional={"needs": [{"subscale": "Z", "symptoms": 1}]}),
        "provisional.needs[0].subscale",
        "not a part",
    ),
    "safety item": (
        "phq9",
        lambda s: s["safety"][0].update(link_id="phq9-99"),
        "safety[0].link_id",
        "not a question",
    ),
    "safety threshold": (
        "phq9",
        lambda s: s["safety"][0].update(above=3),
        "safety[0].above",
        "no answer",
    ),
    "follow-up": (
        "phq9",
        lambda s: s["safety"][0].update(follow_up="nowhere"),
        "safety[0].follow_up",
        "there is no instrument 'nowhere'",
    ),
    "folder name": ("phq9", lambda s: s.update(id="gad7"), "id", "not the folder's name"),
    "text ships": ("cssrs_screen", lambda s: s.update(text_ships=1), "text_ships", "true or false"),
    "tier item": (
        "cssrs_screen",
        lambda s: s["tiers"][0]["when_any"].append({"cssrs-9": 1}),
        "tiers[0].when_any[3].cssrs-9",
        "not a question",
    ),
    "tier value": (
        "cssrs_screen",
        lambda s: s["tiers"][0]["when_any"].append({"cssrs-5": 2}),
        "tiers[0].when_any[3].cssrs-5",
        "cannot be answered 2",
    ),
    "empty condition": (
        "cssrs_screen",
        lambda s: s["tiers"][0]["when_any"].append({}),
        "tiers[0].when_any[3]",
        "empty condition",
    ),
    "unreachable tier": (
        "cssrs_screen",
        lambda s: s["tiers"][1].pop("when_any"),
        "tiers[1].when_any",
        "no condition",
    ),
    "conditional last tier": (
        "cssrs_screen",
        lambda s: s["tiers"][3].update(when_any=[{"cssrs-1": 0}]),
        "tiers[3].when_any",
        "takes no condition",
    ),
    "one tier": ("cssrs_screen", lambda s: s.update(tiers=s["tiers"][3:]), "tiers", "at least two"),
    "tier code": ("cssrs_screen", lambda s: s["tiers"][1].update(code="high"), "tiers[1].code", ""),
}


@pytest.mark.parametrize("fault", sorted(SCORING_FAULTS))
def test_inconsistent_scoring_is_refused(shelf: Path, fault: str) -> None:
    name, change, entry, problem = SCORING_FAULTS[fault]
    edit(shelf / name / "scoring.json", change)
    with pytest.raises(InstrumentFileError) as caught:
        read_folder(shelf / name)
    assert caught.value.file == f"{name}/scoring.json"
    assert caught.value.entry == entry
    assert problem in str(caught.value)


def test_wording_that_may_not_ship_is_refused(shelf: Path) -> None:
    edit(shelf / "cssrs_screen" / "questionnaire.json", lambda q: q["item"][0].update(text="Hm?"))
    with pytest.raises(InstrumentFileError, match=r"item\[0\]\.text: the wording may not ship"):
        read_folder(shelf / "cssrs_screen")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "must be an object"),
        ('{"id": "phq9", "id": "phq9"}', "written twice"),
        ("[" * 100_000, "cannot be read as JSON"),
        ("", "cannot be read as JSON"),
    ],
)
def test_broken_json_is_refused(shelf: Path, content: str, problem: str) -> None:
    (shelf / "phq9" / "scoring.json").write_text(content, encoding="utf-8")
    with pytest.raises(InstrumentFileError, match=problem):
        read_folder(shelf / "phq9")


def test_a_missing_file_is_named(shelf: Path) -> None:
    (shelf / "phq9" / "scoring.json").unlink()
    with pytest.raises(InstrumentFileError, match=r"phq9/scoring\.json: the whole file: is not"):
        read_folder(shelf / "phq9")
