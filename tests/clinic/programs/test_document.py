"""A program file holds together, or is refused with the place that is wrong."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.clinic.programs.document import (
    read_program,
    read_text,
    shipped,
    shipped_document,
)
from evenkeel.clinic.programs.edits import apply, changes, fields_of
from evenkeel.clinic.programs.parts import ProgramError

Doc = dict[str, Any]


def test_the_shipped_programs_are_the_five_and_all_are_given_on_the_premises() -> None:
    assert set(shipped()) == {
        "montreal", "low_dose_lozenge", "intramuscular", "medical_only", "group",
    }  # fmt: skip
    for program_id in shipped():
        assert shipped_document(program_id)["place"] == "premises"


def test_the_montreal_model_says_what_the_paper_says() -> None:
    """Garel 2023: six infusions in four weeks, nine aims, a session in seven steps."""
    program = shipped()["montreal"]
    assert program.count("dosing") == 6
    assert len(program.steps) == 7
    from_paper = [i for i in program.items_at("preparation") if i.mark == "sourced"]
    assert len(from_paper) == 9
    assert {i.source.url for i in from_paper if i.source} == {
        "https://doi.org/10.3389/fpsyt.2023.1268832"
    }
    spans = {step.id: step.minutes for step in program.steps}
    assert spans["debrief"] == (20, 30)
    assert spans["under_the_drug"] == (50, 60)


def test_five_meetings_of_the_group_three_with_a_dose() -> None:
    program = shipped()["group"]
    assert (len(program.visits), program.count("dosing"), program.most_people) == (5, 3, 4)


def put(*path: Any, value: Any) -> Callable[[Doc], None]:
    def change(document: Doc) -> None:
        inner: Any = document
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value

    return change


def take(*path: Any) -> Callable[[Doc], None]:
    def change(document: Doc) -> None:
        inner: Any = document
        for step in path[:-1]:
            inner = inner[step]
        del inner[path[-1]]

    return change


DOSE = {"kinds": ["dosing"], "minutes": {"dosing": 100}, "mark": "clinic policy"}
PREPARE = {"kinds": ["preparation"], "minutes": {"preparation": 50}, "mark": "clinic policy"}
INTEGRATE = {"kinds": ["integration"], "minutes": {"integration": 50}, "mark": "clinic policy"}

BROKEN: list[tuple[str, Callable[[Doc], None], str, str]] = [
    ("at home", put("place", value="home"), "place", "on the premises"),
    ("at home, otherwise said", put("place", value=None), "place", "on the premises"),
    ("a place nobody named", take("place"), "place", "is missing"),
    ("a word unknown", put("dose_at_home", value=True), "dose_at_home", "is not known here"),
    ("a step unknown", put("steps", 2, "place", value="home"), "steps[2].place", "not known"),
    ("no mark", take("steps", 2, "mark"), "steps[2].mark", "is missing"),
    ("a mark nobody knows", put("steps", 0, "mark", value="felt"), "steps[0].mark", "one of"),
    ("sourced without a source", take("steps", 1, "source"), "steps[1].source", "is missing"),
    ("a source that is not there", put("steps", 1, "source", value="x"), "steps[1].source", "“x”"),
    ("a source of no address", put("sources", "garel", "url", value="Garel"), "sources.garel.url",
     "web address"),
    ("a source cited nowhere", put("sources", "spare", value={"title": "x", "url": "https://x.y",
     "kind": "primary"}), "sources.spare", "cited nowhere"),
    ("a span the wrong way", put("steps", 5, "minutes", value=[30, 20]), "steps[5].minutes",
     "least 30 and most 20"),
    ("a span of words", put("steps", 5, "minutes", value="20"), "steps[5].minutes", "two numbers"),
    ("a kind unknown", put("visits", 0, "kinds", value=["retreat"]), "visits[0].kinds[0]",
     "one of"),
    ("minutes missing", put("visits", 0, "minutes", value={}), "visits[0].minutes", "each kind"),
    ("minutes of nothing", put("visits", 0, "minutes", "preparation", value=True),
     "visits[0].minutes.preparation", "whole number"),
    ("too many visits", put("visits", 1, "times", value=30), "visits[1]", "more than 60"),
    ("no dose", put("visits", value=[PREPARE]), "visits", "no dosing session"),
    ("integration before the first dose", put("visits", value=[PREPARE, INTEGRATE, DOSE]), "visits",
     "before the first dosing"),
    ("preparation after the last dose", put("visits", value=[PREPARE, DOSE, INTEGRATE, PREPARE]),
     "visits", "after the last dosing"),
    ("therapy without preparation", put("visits", value=[DOSE, INTEGRATE]), "visits",
     "no preparation"),
    ("therapy without integration", put("visits", value=[PREPARE, DOSE]), "visits",
     "no integration"),
    ("therapy without a touch agreement", put("touch_agreement", value=False), "touch_agreement",
     "agreed before"),
    ("talks without therapy", put("therapy", value=False), "therapy", "talks among the visits"),
    ("nobody at the dose", put("staffing", value=[]), "staffing", "nobody for"),
    ("no nurse at the dose", take("staffing", 1), "staffing", "no session nurse"),
    ("a role unknown", put("staffing", 0, "role", value="shaman"), "staffing[0].role", "one of"),
    ("staff of a visit that is not", put("staffing", 0, "at", value="retreat"), "staffing[0].at",
     "one of"),
    ("a line twice", put("checklist", 1, "id", value="frame"), "checklist[1]", "twice"),
    ("an id with a space", put("steps", 0, "id", value="check in"), "steps[0].id", "small letters"),
    ("no steps", put("steps", value=[]), "steps", "no step"),
    ("steps no list", put("steps", value={}), "steps", "list"),
    ("a step no object", put("steps", 0, value="talk"), "steps[0]", "object"),
    ("no route", put("routes", value=[]), "routes", "at least one"),
    ("a route unknown", put("routes", value=["smoked"]), "routes[0]", "one of"),
    ("no title", put("title", value="  "), "title", "words"),
    ("a title without end", put("title", value="x" * 81), "title", "at most 80"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "place", "says"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_what_does_not_hold_together_is_refused_with_its_place(
    change: Callable[[Doc], None], place: str, says: str
) -> None:
    document = copy.deepcopy(shipped_document("montreal"))
    change(document)
    with pytest.raises(ProgramError) as refused:
        read_program(document, name="montreal.json")
    assert refused.value.place == place
    assert says in refused.value.message
    assert str(refused.value).startswith(f"montreal.json: {place}: ")


@pytest.mark.parametrize(
    "text", ["", "[]", "3", "{", "null", '{"id": 1}', "[" * 5000, "x" * 100_001]
)
def test_what_is_no_program_is_refused(text: str) -> None:
    with pytest.raises(ProgramError):
        read_text(text, name="file")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=120)
@given(st.sampled_from(sorted(shipped_document("montreal"))), JSON)
def test_no_part_of_a_file_can_break_the_reader(part: str, value: Any) -> None:
    document = shipped_document("montreal") | {part: value}
    with contextlib.suppress(ProgramError):
        assert read_program(document, name="file").visits


def test_what_a_clinic_writes_otherwise_becomes_its_policy_and_loses_the_citation() -> None:
    document = shipped_document("montreal")
    mine = apply(
        document, {"steps.debrief.what": "Silence first.", "steps.debrief.minutes": "30-45"}
    )
    program = read_program(mine, name="ours")
    step = next(s for s in program.steps if s.id == "debrief")
    assert (step.what, step.minutes, step.mark, step.source) == (
        "Silence first.", (30, 45), "clinic policy", None,
    )  # fmt: skip
    untouched = next(s for s in program.steps if s.id == "check_in")
    assert untouched.mark == "sourced"
    assert [(c.was, c.now) for c in changes(shipped()["montreal"], program)] == [
        (shipped()["montreal"].steps[5].what, "Silence first."),
        ("20-30", "30-45"),
    ]


def test_a_form_sent_back_untouched_changes_nothing() -> None:
    for program_id, program in shipped().items():
        given = {field.name: field.value for field in fields_of(program)}
        again = read_program(apply(shipped_document(program_id), given), name="again")
        assert again == program


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ({"visits": "dosing 100"}, "visits"),
        ({"visits": "at home 60"}, "visits"),
        ({"steps.debrief.minutes": "long"}, "steps.debrief.minutes"),
        ({"about.most_people": "0"}, "about.most_people"),
        ({"staffing.dosing.session_nurse": "0"}, "staffing"),
        ({"staffing.dosing.therapist": "-1"}, "staffing.dosing.therapist"),
    ],
)
def test_an_edit_that_breaks_the_program_is_refused(typed: dict[str, str], place: str) -> None:
    with pytest.raises(ProgramError) as refused:
        read_program(apply(shipped_document("montreal"), typed), name="ours")
    assert refused.value.place == place


def test_a_line_of_the_checklist_is_added_and_taken_out() -> None:
    given = {
        "drop.music": "on",
        "new.at": "integration",
        "new.title": "A walk!",
        "new.own_words": "",
    }
    program = read_program(apply(shipped_document("montreal"), given), name="ours")
    assert program.item("music") is None
    added = program.item("a_walk")
    assert added is not None
    assert (added.at, added.mark) == ("integration", "clinic policy")
    assert shipped()["montreal"].item("music") is not None
