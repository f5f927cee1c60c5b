"""What a clinic adds to a draft: an addiction program, and one more fact that must be known."""

from __future__ import annotations

import pytest

from evenkeel.protocol import parse_protocol
from evenkeel.protocol.comparing import changes
from evenkeel.protocol.editions import Document, document_text, read_text, shipped_document
from evenkeel.protocol.edits import apply
from evenkeel.protocol.facts import Facts
from evenkeel.protocol.screening import screen
from tests.protocol.cases import good_case
from tests.protocol.test_addiction import judged

IV = "us-racemic-iv"
PROGRAM = {
    "addiction_programme.sent": "1",
    "addiction_programme.name": "  Recovery  clinic ",
    "addiction_programme.takes.cannabis": "yes",
    "addiction_programme.takes.alcohol": "yes",
    "why.other.addiction_programme": "An addiction specialist works here.",
}
FACT = {
    "add.fact": "drug_screen",
    "add.when": "every",
    "add.stage": "session",
    "add.resolve": "Urine screen on the day.",
    "add.why": "Asked by our board.",
}


def given(document: Document | None = None, **fields: str) -> tuple[Document, dict[str, str]]:
    return apply(document or shipped_document(IV), fields)


def test_a_program_is_added_loud_and_lowers_what_it_names() -> None:
    document, errors = given(**PROGRAM)
    assert errors == {}
    (change,) = changes(shipped_document(IV), document)
    assert change.label == "Addiction program"
    assert change.before == "not stated"
    assert change.after == "“Recovery clinic”, where misuse is treated of: alcohol, cannabis"
    assert (change.is_loud, change.reason) == (True, "An addiction specialist works here.")
    assert change.source is not None
    assert change.source.mark == "clinic policy"
    held = parse_protocol(read_text(document_text(document)))
    assert "contraindicated" in judged("alcohol_use_disorder", parse_protocol(shipped_document(IV)))
    assert "contraindicated" not in judged("alcohol_use_disorder", held)
    assert "contraindicated" in judged("cocaine_use_disorder", held)


def test_a_program_is_changed_and_dropped_and_left_alone_where_its_form_was_not_sent() -> None:
    document, _ = given(**PROGRAM)
    assert given(document, **{"threshold.bp_gate.sbp_mmhg": "140"}) == (document, {})
    more = {**PROGRAM, "addiction_programme.takes.cocaine": "yes"}
    wider, errors = given(document, **more)
    assert errors == {}
    assert wider["addiction_programme"]["substances"] == ["alcohol", "cannabis", "cocaine"]
    (change,) = changes(document, wider)
    assert change.is_loud
    gone, errors = given(wider, **{"addiction_programme.sent": "1"})
    assert errors == {}
    assert parse_protocol(gone).addiction_programme is None
    assert changes(shipped_document(IV), gone) == ()
    (change,) = changes(wider, gone)
    assert (change.after, change.is_loud) == ("not stated", False)


@pytest.mark.parametrize(
    ("change", "wrong", "says"),
    [
        ({"addiction_programme.name": " "}, "addiction_programme.name", "called"),
        ({"why.other.addiction_programme": ""}, "why.other.addiction_programme", "why"),
        ({"addiction_programme.takes.ketamine": "yes"}, "addiction_programme.substances", "always"),
        ({"addiction_programme.takes.opioids": "yes"}, "addiction_programme.substances", "always"),
        (
            {"addiction_programme.takes.intoxication": "yes"},
            "addiction_programme.substances",
            "on the day always waits",
        ),
        ({"addiction_programme.takes.tea": "yes"}, "addiction_programme.substances", "one of"),
        (
            {"addiction_programme.takes.cannabis": "", "addiction_programme.takes.alcohol": ""},
            "addiction_programme.substances",
            "Choose",
        ),
    ],
)
def test_what_a_program_may_not_be_is_said_at_its_field(
    change: dict[str, str], wrong: str, says: str
) -> None:
    _, errors = given(**{**PROGRAM, **change})
    assert list(errors) == [wrong]
    assert says in errors[wrong]


def test_one_more_fact_is_asked_for_and_can_be_taken_out_again() -> None:
    document, errors = given(**FACT)
    assert errors == {}
    (change,) = changes(shipped_document(IV), document)
    assert (change.label, change.after) == ("Urine drug screen", "Before every session")
    assert (change.reason, change.is_loud) == ("Asked by our board.", False)
    held = parse_protocol(document)
    case = {name: value for name, value in good_case().items() if name != "drug_screen"}
    found = {
        f.id: f
        for f in screen(Facts.from_document(case), product="racemic_iv", protocol=held).findings
    }
    assert found["required.drug_screen"].resolve == "Urine screen on the day."
    gone, errors = given(
        document, **{"required.drug_screen": "none", "why.required.drug_screen": ""}
    )
    assert (gone, errors) == (shipped_document(IV), {})


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"add.fact": "favorite_color"}, "add.fact"),
        ({"add.fact": ""}, "add.fact"),
        ({"add.fact": "ecg"}, "add.fact"),  # asked for already, in its own line
        ({"add.fact": "deceased"}, "add.fact"),  # nobody is asked that
        ({"add.when": "sometimes"}, "add.when"),
        ({"add.stage": ""}, "add.stage"),
        ({"add.resolve": " "}, "add.resolve"),
        ({"add.why": ""}, "add.why"),
    ],
)
def test_what_is_wrong_with_a_new_fact_is_said_at_its_field(
    change: dict[str, str], wrong: str
) -> None:
    document, errors = given(**{**FACT, **change})
    assert list(errors) == [wrong]
    assert document == shipped_document(IV)
