"""Files of sessions: read, written, and refused with what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.pharmacology.calibration import RecordedSession, SessionsError, read_sessions
from evenkeel.pharmacology.calibration import sessions as room
from evenkeel.pharmacology.calibration.sessions import document, load_sessions

WORDS = "0.5 mg/kg iv over 40 min"


def one(**changes: Any) -> dict[str, Any]:
    return {
        "person": "invented-1",
        "session": 1,
        "covariates": {"weight_kg": 78},
        "given": [
            {"from_min": 0, "regimen": WORDS},
            {"from_min": 25, "regimen": f"{WORDS}; halve the rate at 25 min"},
        ],
        "readings": [
            {"at_min": 10, "kind": "sbp", "value": 138},
            {"at_min": 0, "kind": "sbp", "value": 131, "id": "a"},
        ],
        **changes,
    }


def read(*sessions: Any, **more: Any) -> tuple[RecordedSession, ...]:
    return read_sessions({"format": room.FORMAT, "sessions": list(sessions), **more})


def test_a_session_is_read_in_order_and_written_back() -> None:
    found = read(one(session=2), one())
    assert [session.id for session in found] == ["invented-1/1", "invented-1/2"]
    first = found[0]
    assert [r.value for r in first.readings] == [131, 138]
    assert [at_h * 60 for at_h, _ in first.given] == [0, 25]
    assert first.drug == "racemic"
    again = read_sessions(json.loads(json.dumps(document(found))))
    for own, other in zip(found, again, strict=True):
        assert (own.readings, own.given, own.covariates) == (
            other.readings, other.given, other.covariates
        )  # fmt: skip


def test_a_nasal_session_is_esketamine_and_a_regimen_that_never_changed_stands_alone() -> None:
    session = one(regimen="56 mg nasal")
    del session["given"]
    (found,) = read(session)
    assert found.drug == "s_ketamine"
    assert found.blood_model().id == "perez_ruixo_2021"


NOT_AGREEING = [
    {"from_min": 0, "regimen": WORDS},
    {"from_min": 25, "regimen": "1 mg/kg iv over 40 min"},
]
BAD: dict[str, tuple[Any, str]] = {
    "no object": ("session", "must be an object"),
    "unknown key": (one(mood=3), "unknown key 'mood'"),
    "no person": (one(person=""), "1 to 64 characters"),
    "person a number": (one(person=7), "'person', a text"),
    "session zero": (one(session=0), "from 1 to 1000"),
    "session true": (one(session=True), "whole number"),
    "both given and regimen": (one(regimen=WORDS), "either 'given' or 'regimen'"),
    "given nothing": (one(given=[]), "'given' must be a list"),
    "given late": (one(given=[{"from_min": 5, "regimen": WORDS}]), "known from 0 min"),
    "given backwards": (one(given=one()["given"][::-1]), "known from 0 min"),
    "given otherwise before": (one(given=NOT_AGREEING), "differ in what was given before 25"),
    "words not understood": (one(given=[{"regimen": "a little"}]), "a little"),
    "a regimen of a number": (one(given=[{"regimen": 3}]), "JSON object"),
    "a drug nobody has": (one(drug="nitrous oxide"), "racemic, s_ketamine"),
    "a drug told twice": (one(drug="racemic", given=[{"regimen": "56 mg esketamine iv bolus"}]),
                          "told differently"),
    "a model by path": (one(model="../secrets.json"), "id of a bundled model"),
    "no such model": (one(model="nobody_1999"), "nobody_1999"),
    "a route no model has": (one(given=[{"regimen": "50 mg film"}]), "no bundled model"),
    "covariate unknown": (one(covariates={"shoe_size": 43}), "shoe_size"),
    "covariate in words": (one(covariates={"weight_kg": "heavy"}), "weight_kg must be a number"),
    "covariates a list": (one(covariates=[1]), "must be an object"),
    "readings no list": (one(readings=None), "'readings' must be a list"),
    "a level": (one(readings=[{"at_min": 1, "kind": "ketamine_ng_ml", "value": 9}]),
                "reading 1: the key 'kind'"),
    "before the start": (one(readings=[{"at_min": -1, "kind": "sbp", "value": 9}]), "from 0 on"),
    "the next week": (one(readings=[{"at_min": 9999, "kind": "sbp", "value": 120}]),
                      "within a day"),
    "half a step": (one(readings=[{"at_min": 1, "kind": "moaas", "value": 4.5}]), "MOAA/S"),
    "no time": (one(readings=[{"kind": "sbp", "value": 120}]), "reading 1: at_min"),
    "no number": (one(readings=[{"at_min": 1, "kind": "sbp", "value": float("nan")}]), "number"),
}  # fmt: skip


@pytest.mark.parametrize(("session", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_replayed_is_said(session: Any, words: str) -> None:
    with pytest.raises(SessionsError) as caught:
        read(one(person="fine"), session)
    assert words in str(caught.value)
    assert "session 2 of the file" in str(caught.value)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ([], "evenkeel-sessions/1"),
        ({"format": "else"}, "evenkeel-sessions/1"),
        ({"format": room.FORMAT, "sessions": []}, "list of 1 to"),
        ({"format": room.FORMAT, "sessions": [one()], "pages": 1}, "unknown key 'pages'"),
        ({"format": room.FORMAT, "sessions": [one(), one()]}, "invented-1/1 stands twice"),
    ],
)
def test_a_document_that_is_none_is_said(made: object, words: str) -> None:
    with pytest.raises(SessionsError, match=words):
        read_sessions(made)


def test_files_that_are_none_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sessions.json"
    with pytest.raises(SessionsError, match=r"sessions\.json cannot be read"):
        load_sessions(path)
    for content, words in ((b"\xff\xfe", "UTF-8"), (b"{", "not JSON"), (b"[" * 99_999, "not JSON")):
        path.write_bytes(content)
        with pytest.raises(SessionsError, match=words):
            load_sessions(path)
    path.write_text(json.dumps({"format": room.FORMAT, "sessions": [one()]}))
    assert len(load_sessions(path)) == 1
    monkeypatch.setattr(room, "LARGEST_BYTES", 100)
    with pytest.raises(SessionsError, match="larger than"):
        load_sessions(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)


@given(st.sampled_from([*sorted(one()), "drug", "model"]), JSON)
def test_hostile_values_are_refused_with_words_or_read(key: str, value: object) -> None:
    try:
        found = read(one(**{key: value}))
    except SessionsError:
        return
    assert found[0].readings == tuple(sorted(found[0].readings))


@given(JSON)
def test_hostile_documents_are_refused(made: object) -> None:
    with pytest.raises(SessionsError):
        read_sessions(made)
