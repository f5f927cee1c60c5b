"""A clinic's own protocol as a document: whole, within limits, edited line by line, compared."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.protocol import ProtocolError, load_protocol, parse_protocol, protocol_names
from evenkeel.protocol.comparing import changes
from evenkeel.protocol.editions import (
    LARGEST_BYTES,
    document_text,
    filled_in,
    parse_signed,
    read_text,
    shipped_document,
    text_digest,
    whole_document,
)
from evenkeel.protocol.edits import apply, faults, objections
from evenkeel.protocol.entries import entries
from evenkeel.protocol.labels import (
    DISCHARGE_LABELS,
    SECTIONS,
    THRESHOLD_LABELS,
    threshold_label,
    threshold_section,
)
from evenkeel.protocol.pack import DISCHARGE_ITEMS
from evenkeel.protocol.thresholds import NEEDS
from tests.protocol.test_pack import POLICY, own

IV = "us-racemic-iv"
SYSTOLIC = "threshold.bp_gate.sbp_mmhg"


def test_every_threshold_and_discharge_item_has_a_plain_name() -> None:
    assert set(NEEDS) <= set(THRESHOLD_LABELS)
    assert set(DISCHARGE_ITEMS) <= set(DISCHARGE_LABELS)


def test_what_is_new_shows_all_the_same() -> None:
    assert threshold_label("watch.bladder_weeks") == "Watch: bladder weeks"
    assert threshold_section("watch.bladder_weeks") in SECTIONS


@pytest.mark.parametrize("name", protocol_names())
def test_a_shipped_protocol_made_whole_says_the_same_and_needs_nothing(name: str) -> None:
    document = shipped_document(name)
    held, shipped = parse_protocol(document | {"name": name}), load_protocol(name)
    assert dict(held.thresholds) == dict(shipped.thresholds)
    assert dict(held.rules) == dict(shipped.rules)
    assert (held.required, held.discharge_required) == (
        shipped.required,
        shipped.discharge_required,
    )
    assert json.loads(document_text(document)) == document
    assert (faults(document), objections(document)) == ({}, {})
    assert not any(entry.is_changed for entry in entries(document))


def test_a_whole_document_stays_what_it_was_when_the_shipped_one_changes() -> None:
    document = whole_document(
        own(thresholds={"weight.low_kg": {"value": 35, "unit": "kg", **POLICY}})
    )
    # as if a later version shipped another number, and asked for one more
    document["thresholds"]["alarm.sbp_hold_mmhg"]["value"] = 175
    del document["thresholds"]["alarm.dissociation_strong"]
    held, wrong = parse_signed(document)
    assert (held.number("weight.low_kg"), held.number("alarm.sbp_hold_mmhg")) == (35, 175)
    assert (held.number("alarm.dissociation_strong"), wrong) == (7, "")
    assert filled_in(document) == ("alarm.dissociation_strong",)


def test_what_it_does_not_know_is_refused_by_name() -> None:
    with pytest.raises(ProtocolError, match="favorite_color"):
        whole_document(own(favorite_color="green"))
    with pytest.raises(ProtocolError, match="removal_notes"):
        whole_document(own(removal_notes=["x"]))


def test_a_part_without_lines_of_its_own_is_shown_and_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("editions", "entries"):
        monkeypatch.setattr(f"evenkeel.protocol.{module}.OTHER_PARTS", ("night_program",))
    part = {"name": "Night clinic", "days": ["Mon", "Tue"], **POLICY, "note": "Our decision."}
    document = whole_document(own(night_program=part))
    (change,) = changes(shipped_document(IV), document)
    assert (change.label, change.before, change.after, change.is_loud) == (
        "Night program",
        "not stated",
        "Night clinic; Mon, Tue",
        True,
    )
    del part["note"]
    assert list(objections(whole_document(own(night_program=part)))) == ["why.other.night_program"]


def test_what_was_signed_holds_though_this_software_would_object() -> None:
    document = whole_document(own())
    document["thresholds"]["alarm.hat_size"] = {"value": 7, "unit": "cm", **POLICY}
    document["thresholds"]["bp_gate.sbp_mmhg"]["value"] = 200
    with pytest.raises(ProtocolError):
        parse_protocol(document)
    held, wrong = parse_signed(document)
    assert held.number("bp_gate.sbp_mmhg") == 200
    assert "hat_size" in wrong


def test_the_hash_is_that_of_the_file() -> None:
    text = document_text(shipped_document(IV))
    assert text_digest(text) == hashlib.sha256(text.encode()).hexdigest()


def test_a_changed_number_becomes_clinic_policy_with_its_reason() -> None:
    document, errors = apply(
        shipped_document(IV), {SYSTOLIC: " 135 ", f"why.{SYSTOLIC}": "Older people here."}
    )
    assert errors == {}
    assert document["thresholds"]["bp_gate.sbp_mmhg"] == {
        "value": 135,
        "unit": "mmHg",
        "mark": "clinic policy",
        "source": "clinic_own",
        "note": "Older people here.",
    }
    (change,) = changes(shipped_document(IV), document)
    assert (change.before, change.after, change.reason) == (
        "140 mmHg",
        "135 mmHg",
        "Older people here.",
    )
    back, errors = apply(document, {SYSTOLIC: "140", f"why.{SYSTOLIC}": ""})
    assert (back, errors) == (shipped_document(IV), {})


@pytest.mark.parametrize(
    ("field", "typed", "why", "wrong"),
    [
        (SYSTOLIC, "135", "", f"why.{SYSTOLIC}"),
        (SYSTOLIC, "much", "x", SYSTOLIC),
        (SYSTOLIC, "nan", "x", SYSTOLIC),
        (SYSTOLIC, "1e400", "x", SYSTOLIC),
        (SYSTOLIC, "", "x", SYSTOLIC),
        (SYSTOLIC, "300", "x", SYSTOLIC),
        (SYSTOLIC, "180", "x", SYSTOLIC),  # no longer below where the session is held
        ("threshold.dose.range_mg_per_kg", "0.75, 0.1", "x", "threshold.dose.range_mg_per_kg"),
        ("rule.capacity", "shout", "x", "rule.capacity"),
        ("rule.capacity", "defer", "", "why.rule.capacity"),
        ("required.ecg", "none", "", "why.required.ecg"),
        ("discharge.gait", "no", "", "why.discharge.gait"),
        # ASRA's consensus rules these out for infusions; no clinic can loosen that
        ("rule.current_psychosis", "needs_specialist_review", "x", "rule.current_psychosis"),
        ("rule.active_substance_use", "none", "x", "rule.active_substance_use"),
        ("rule.deceased", "inform", "x", "rule.deceased"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(field: str, typed: str, why: str, wrong: str) -> None:
    _, errors = apply(shipped_document(IV), {field: typed, f"why.{field}": why})
    assert list(errors) == [wrong]


def test_every_fault_is_said_at_once() -> None:
    _, errors = apply(
        shipped_document(IV),
        {
            **{SYSTOLIC: "300", f"why.{SYSTOLIC}": "x"},
            **{"threshold.weight.low_kg": "0", "why.threshold.weight.low_kg": "x"},
            **{"threshold.staff.prescriber_on_site": "none"},
            **{"discharge.escort": "no"},
        },
    )
    assert set(errors) == {
        SYSTOLIC,
        "threshold.weight.low_kg",
        "threshold.staff.prescriber_on_site",
        "why.discharge.escort",
    }


@pytest.mark.parametrize(
    ("field", "typed", "loud"),
    [
        ("rule.capacity", "defer", True),
        ("rule.suicide_risk", "contraindicated", False),
        ("rule.suicide_risk", "none", True),
        ("required.ecg", "none", True),
        ("required.ecg", "every", False),
        ("discharge.gait", "no", True),
        (SYSTOLIC, "150", False),  # clinic policy before and after
        ("threshold.vitals.every_min", "5", True),  # the source says 10
    ],
)
def test_a_loosened_rule_and_a_departure_from_a_source_are_loud(
    field: str, typed: str, loud: bool
) -> None:
    document, errors = apply(shipped_document(IV), {field: typed, f"why.{field}": "Our decision."})
    assert errors == {}
    (change,) = changes(shipped_document(IV), document)
    assert (change.is_loud, change.reason) == (loud, "Our decision.")
    parse_protocol(document)


def test_an_optional_number_can_be_stated_and_taken_out() -> None:
    field = "threshold.dose.usual_mg_per_kg"
    without, errors = apply(shipped_document(IV), {field: "", f"why.{field}": "By weight band."})
    assert errors == {}
    assert parse_protocol(without).find("dose.usual_mg_per_kg") is None
    (change,) = changes(shipped_document(IV), without)
    assert (change.after, change.reason) == ("not stated", "By weight band.")
    again, errors = apply(without, {field: "0.5", f"why.{field}": ""})
    assert (again, errors) == (shipped_document(IV), {})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (b"{" * 10, "file"),
        (b"[" * 100_000, "file"),
        (b'{"a": NaN}', "file"),
        (b'{"a": 1, "a": 2}', "file"),
        (b"\xff\xfe{}", "file"),
        (b" " * (LARGEST_BYTES + 1), "file"),
        (json.dumps({"notes": "x" * 3000}).encode(), "notes"),
        (b'{"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"b": 1}}}}}}}}}', "b"),
        (b'{"title": "\\ud800"}', "title"),
        (b'{"title": "a\\u0000b"}', "title"),
    ],
)
def test_a_file_beyond_the_limits_is_refused_by_name(text: bytes, named: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        read_text(text)
    assert caught.value.key == named


@given(st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["extends", "thresholds", "rules", "weight.low_kg", "capacity", "mark",
                         "value", "unit", "effect", "product", "discharge_required",
                         "required_before_session", "ecg", "note", "source"]),
        inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_whatever_a_file_holds_it_is_taken_whole_or_refused(raw: object) -> None:
    document = {**own(), **raw} if isinstance(raw, dict) else raw
    try:
        whole = whole_document(document)
    except ProtocolError:
        return
    parse_protocol(whole)
    faults(whole)
    objections(whole)
    assert read_text(document_text(whole)) == whole
