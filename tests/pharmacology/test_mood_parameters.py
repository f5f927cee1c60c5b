"""Every number of the mood models says what it is and where it comes from."""

import copy
import json
import subprocess
import sys

import pytest

from evenkeel.pharmacology.mood import MoodError, load_mood, parse_mood
from evenkeel.pharmacology.mood.parameters import BLOCKS, FILE, FORMS

DOCUMENT = json.loads(FILE.read_text(encoding="utf-8"))
EVERY = [(b, n) for b in BLOCKS for n in DOCUMENT["blocks"][b]]


@pytest.mark.parametrize(("block", "name"), EVERY)
def test_each_number_has_its_keys(block, name):
    entry = DOCUMENT["blocks"][block][name]
    needed = {"value", "unit", "mark", "source", "verification", "between_people"}
    assert needed | {"between_trials"} <= set(entry)
    if "prior" in entry:
        assert entry["mark"] == "derived"
        assert entry["rows"]
        assert 0 < entry["prior_share"] <= 1.01


def test_the_default_is_the_form_that_predicts_better():
    errors = {f: DOCUMENT["comparison"]["forms"][f]["standardized"] for f in FORMS}
    assert DOCUMENT["default"] == min(errors, key=errors.get)
    assert load_mood().default == DOCUMENT["default"]


def test_the_plain_form_has_fewer_parameters():
    free = {f: sum("prior" in e for e in DOCUMENT["blocks"][f].values()) for f in FORMS}
    assert free["two_exponential"] < free["states"]


def broken(change):
    document = copy.deepcopy(DOCUMENT)
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(format="else"),
        lambda d: d.update(default="neither"),
        lambda d: d["blocks"].pop("relapse"),
        lambda d: d["blocks"]["states"]["drive_half"].update(value="much"),
        lambda d: d["blocks"]["states"]["drive_half"].update(value=float("nan")),
        lambda d: d["blocks"]["states"]["drive_half"].update(value=-1),
        lambda d: d["blocks"]["states"]["drive_half"].update(mark="guessed"),
        lambda d: d["blocks"]["states"]["drive_half"].update(source=" "),
        lambda d: d["blocks"]["states"]["drive_half"].pop("unit"),
        lambda d: d["blocks"]["states"]["drive_half"]["prior"].update(log_sd=0),
        lambda d: d["blocks"]["outcome"]["baseline_madrs"]["between_people"].update(scale="odd"),
        lambda d: d["blocks"]["states"].update(drive_half=[1]),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(change):
    with pytest.raises(MoodError):
        parse_mood(broken(change))


def test_a_file_that_is_no_json_names_the_line():
    with pytest.raises(MoodError, match="line 2"):
        parse_mood("{\n!")


def test_an_unknown_parameter_is_named():
    with pytest.raises(MoodError, match="nothing"):
        load_mood().value("states", "nothing")


def test_importing_loads_neither_scipy_nor_a_compiler():
    code = (
        "import sys, evenkeel.pharmacology.mood\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'scipy', 'numba'}))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
