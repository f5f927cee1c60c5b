"""Signed heads and the keys that sign them: lines that a stranger can check."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.clinic.record import heads, merkle
from evenkeel.clinic.record.sealing import digest, leaf_data

AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
#: The first secret key of RFC 8032, section 7.1, and its public key.
KEY = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
)
PUBLIC = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
OTHER = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
HASHES = [digest(str(n)) for n in range(1, 12)]


def head_of(size: int, key: Ed25519PrivateKey = KEY) -> heads.Head:
    leaves = [merkle.hash_leaf(leaf_data(one)) for one in HASHES[:size]]
    return heads.sign_head(
        key,
        installation=HASHES[0],
        size=size,
        root=merkle.root(leaves),
        chain_hash=HASHES[size - 1],
        at=AT,
    )


def test_a_head_is_one_line_that_says_what_was_signed() -> None:
    head = head_of(7)
    line = head.line()
    assert "\n" not in line
    assert heads.parse_head(line) == head
    assert heads.head_is_signed(head, KEY.public_key())
    assert heads.public_key_from(heads.public_key_text(KEY)).public_bytes_raw().hex() == PUBLIC


@pytest.mark.parametrize(
    "change",
    [
        {"size": 6},
        {"root": HASHES[3]},
        {"chain_hash": HASHES[3]},
        {"at": AT + timedelta(seconds=1)},
        {"installation": HASHES[1]},
        {"key": heads.key_id(OTHER)},
        {"signature": "AAAA"},
        {"signature": "not base64!"},
    ],
    ids=lambda c: next(iter(c)),
)
def test_nothing_of_a_head_can_be_changed(change: dict[str, object]) -> None:
    forged = replace(head_of(7), **change)
    ring = heads.KeyRing([heads.sign_key(KEY, installation=HASHES[0], at=AT)])
    assert not ring.why_not(head_of(7))
    assert ring.why_not(forged)


def test_a_new_key_is_believed_where_the_one_before_vouches_for_it() -> None:
    first = heads.sign_key(KEY, installation=HASHES[0], at=AT)
    later = AT + timedelta(days=1)
    second = heads.sign_key(OTHER, installation=HASHES[0], at=later, previous=KEY)
    assert heads.parse_key(second.line()) == second
    ring = heads.KeyRing([second, first])
    assert (ring.doubts, ring.unvouched) == ([], [])
    assert not ring.why_not(head_of(3, OTHER))
    forged = replace(second, vouched=second.signature)
    assert heads.KeyRing([first, forged]).why_not(head_of(3, OTHER))
    assert heads.KeyRing([first, replace(second, signature="AAAA")]).doubts


def test_a_key_that_nobody_vouched_for_is_said() -> None:
    first = heads.sign_key(KEY, installation=HASHES[0], at=AT)
    lost = heads.sign_key(OTHER, installation=HASHES[0], at=AT + timedelta(days=1))
    assert heads.KeyRing([first, lost]).unvouched == [lost]
    # with the first key known from elsewhere, an earlier one slipped in is seen
    slipped = heads.sign_key(OTHER, installation=HASHES[0], at=AT - timedelta(days=1))
    assert heads.KeyRing([first, slipped], trusted=first.key).unvouched == [slipped]


def test_an_entry_is_proved_under_a_head_without_the_others() -> None:
    head = head_of(11)
    leaves = [merkle.hash_leaf(leaf_data(one)) for one in HASHES]
    path = [step.hex() for step in merkle.inclusion_proof(4, leaves)]
    assert heads.proves_entry(head, 5, HASHES[4], path)
    assert not heads.proves_entry(head, 5, HASHES[5], path)
    assert not heads.proves_entry(head, 6, HASHES[4], path)
    assert not heads.proves_entry(head, 5, "no hash", path)


@given(st.one_of(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists)))
def test_what_is_no_head_is_refused_in_words(said: object) -> None:
    for line in (
        str(said),
        json.dumps(said),
        json.dumps({"format": heads.HEAD_FORMAT, "size": said}),
    ):
        with pytest.raises(heads.HeadError):
            heads.parse_head(line)
        with pytest.raises(heads.HeadError):
            heads.parse_key(line)


def test_a_folder_is_read_with_what_could_not_be(tmp_path: Path) -> None:
    for size in (3, 11, 7):
        (tmp_path / head_of(size).filename).write_text(head_of(size).line() + "\n")
    statement = heads.sign_key(KEY, installation=HASHES[0], at=AT)
    (tmp_path / statement.filename).write_text(statement.line())
    (tmp_path / "head-spoiled.json").write_text("{")
    found, keys, unread = heads.read_folder(tmp_path)
    assert [head.size for head in found] == [3, 7, 11]
    assert keys == [statement]
    assert unread == ["head-spoiled.json: the line is not JSON"]


def test_checking_needs_no_framework() -> None:
    code = (
        "import sys, evenkeel.clinic.record.heads, evenkeel.clinic.record.merkle, "
        "evenkeel.clinic.record.sealing; print('django' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
