"""What is read as a case, and what is refused before anything is believed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.cli.casefile import MAX_BYTES, MAX_DEPTH, parse
from evenkeel.protocol.errors import FactsError


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe{\x00}\x00", "UTF-8"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "Infinity"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": ' + b"9" * 40 + b"}", "40 digits"),
        (b'{"sex": "male", "sex": "female"}', "sex: stands twice"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "levels deep"),
        (b"[" * 500_000, "levels deep"),
        (b'"' + b"a" * MAX_BYTES + b'"', "2,000,000 bytes"),
    ],
    ids=lambda v: str(v[:20]),
)
def test_what_cannot_be_a_case_is_refused_in_one_sentence(data: bytes, says: str) -> None:
    with pytest.raises(FactsError, match=says):
        parse(data)


def test_depth_up_to_the_limit_and_a_byte_order_mark_are_read() -> None:
    nested = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert json.dumps(parse(nested)).encode() == nested
    assert parse(b"\xef\xbb\xbf{}") == {}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = parse(data)
    except FactsError:
        return
    assert json.loads(data.decode("utf-8-sig")) == found
