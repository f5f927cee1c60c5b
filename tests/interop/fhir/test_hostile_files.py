"""Broken and hostile files: each is refused with a report that helps, and nothing is read."""

from __future__ import annotations

import gzip
import json
import time
from datetime import datetime
from typing import Any

import pytest

from evenkeel.interop.fhir import DEFAULT, BundleError, Limits, read_bundle

from .samples import (
    BUNDLED,
    NOW,
    bundle,
    condition,
    encoded,
    medicine,
    patient,
    refusal,
)

GOOD = encoded(bundle(condition()))
DEEP = 100_000


def nested(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"url": "x"}
    for _ in range(levels):
        inner = {"extension": [inner]}
    return inner


FILES = {
    "nothing": (b"", "empty"),
    "blanks": (b" \n\t ", "empty"),
    "not JSON": (b"hello", "not JSON"),
    "cut short": (GOOD[:-20], "not JSON"),
    "open string": (b'{"resourceType": "Bundle', "not JSON"),
    "open escape": (b'{"a": "\\', "not JSON"),
    "two documents": (GOOD + b"\n" + GOOD, "goes on"),
    "XML": (b'<?xml version="1.0"?><Bundle/>', "XML"),
    "gzip": (gzip.compress(GOOD), "compressed (gzip)"),
    "zip": (b"PK\x03\x04rest", "compressed (zip)"),
    "UTF-16": (GOOD.decode().encode("utf-16"), "UTF-16"),
    "UTF-16 unmarked": (GOOD.decode().encode("utf-16-le"), "UTF-16"),
    "Latin-1": ('{"a": "Müller"}'.encode("latin-1"), "not UTF-8"),
    "50 MB": (b" " * 50_000_000, "at most 16,777,216"),
    "deep lists": (b"[" * DEEP + b"]" * DEEP, "nested more than 64"),
    "deep objects": (b'{"a":' * DEEP + b"1" + b"}" * DEEP, "nested more than 64"),
    "deep, unclosed": (b"[" * DEEP, "nested more than 64"),
    "many values": (b"[" + b"[]," * 2_500_000 + b"[]]", "more than 2,000,000 values"),
    "duplicate key": (b'{"resourceType": "Bundle", "resourceType": "Patient"}', "twice"),
    "duplicate key within": (b'{"a": {"b": 1, "b": 1}}', '"b" twice'),
    "NaN": (b'{"a": NaN}', "NaN"),
    "Infinity": (b'{"a": -Infinity}', "-Infinity"),
    "beyond double": (b'{"a": 1e999}', "too large"),
    "long number": (b'{"a": ' + b"9" * 5000 + b"}", "5,000 characters"),
    "raw control character": (b'{"a": "\x01"}', "not JSON"),
    "a list": (b"[]", "not an object"),
    "a number": (b"7", "not an object"),
    "null": (b"null", "not an object"),
    "no type": (b"{}", "not FHIR"),
    "a type that is no text": (b'{"resourceType": ["Bundle"]}', "not FHIR"),
    "a Patient alone": (encoded(patient()), "is a FHIR Patient, not a Bundle"),
    "no entries": (encoded({"resourceType": "Bundle", "type": "collection"}), "no list of"),
    "entries no list": (encoded(bundle(entry={"resource": patient()})), "no list of entries"),
    "entries empty": (encoded(bundle(entry=[])), "no list of entries"),
    "too many entries": (encoded(bundle(entry=[{}] * 20_001)), "20,001 entries"),
    "no bundle type": (encoded(bundle(type=None)), "is missing"),
    "a history": (encoded(bundle(type="history")), 'is "history"'),
    "no patient": (encoded(bundle(first=condition())), "no Patient"),
    "two patients": (
        encoded(bundle(patient(id="2", name=[{"family": "Other"}]))),
        "2 patients",
    ),
}


@pytest.mark.parametrize(("data", "says"), FILES.values(), ids=FILES.keys())
def test_file(data: bytes, says: str) -> None:
    started = time.process_time()
    error = refusal(data)
    assert says in str(error)
    assert time.process_time() - started < 20
    for problem in error.problems:
        assert problem.message.endswith(".")
        assert problem.what_to_do.endswith(".")


def test_deep_within_one_record() -> None:
    assert "nested more than 64" in str(refusal(bundle(condition(extension=[nested(40)]))))
    reading = read_bundle(
        encoded(bundle(condition(extension=[nested(20)]))), now=NOW, limits=DEFAULT
    )
    assert len(reading.facts) == 1


def test_a_deeper_limit_still_ends_in_a_report() -> None:
    with pytest.raises(BundleError, match="nested more than"):
        read_bundle(b"[" * DEEP + b"]" * DEEP, now=NOW, limits=Limits(max_depth=DEEP * 2))


def test_a_byte_order_mark_is_no_fault() -> None:
    assert read_bundle(b"\xef\xbb\xbf" + GOOD, now=NOW) == read_bundle(GOOD, now=NOW)


def test_brackets_and_quotes_inside_text_are_text() -> None:
    label = '"[[{{' * 100 + "\\"
    (fact,) = read_bundle(encoded(bundle(condition(label))), now=NOW).facts
    assert fact.value["label"] == label


def test_a_string_never_closed_is_scanned_once() -> None:
    data = b'{"a": "' + b'\\"' * 4_000_000
    started = time.process_time()
    assert "not JSON" in str(refusal(data))
    assert time.process_time() - started < 20


def test_a_report_repeats_nothing_of_the_person() -> None:
    person = patient(
        name=[{"family": "Sample", "given": ["Ada", 7]}], birthDate="1984-99-99", gender="female"
    )
    report = str(refusal(bundle(condition("Secret illness", onsetDateTime="x"), first=person)))
    for private in ("Sample", "Ada", "1984", "Secret", "A-1"):
        assert private not in report


def test_a_hostile_word_is_shown_harmless() -> None:
    error = refusal(bundle(medicine(status="<b>\u2028" + "x" * 500)))
    (message,) = [problem.message for problem in error.problems]
    assert "<b>?xxx" in message
    assert len(message) < 250


def test_a_naive_clock_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="aware"):
        read_bundle(GOOD, now=datetime(2025, 1, 1))


def test_an_error_holds_no_reading() -> None:
    error = refusal(bundle(condition(code=None)))
    assert set(vars(error)) == {"problems", "more"}


def test_a_large_real_record_is_within_the_limits() -> None:
    document = json.loads(BUNDLED[0].read_text())
    claims = [e for e in document["entry"] if e["resource"]["resourceType"] == "Claim"]
    document["entry"] += claims * 200
    data = encoded(document)
    assert 2_000_000 < len(data) < DEFAULT.max_bytes
    reading = read_bundle(data, now=NOW)
    assert reading.not_used["Claim"] == len(claims) * 201
