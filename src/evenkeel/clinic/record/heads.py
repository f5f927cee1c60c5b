"""Signed heads: what the whole record was at one time, in one line that can be kept anywhere.

A head names the number of entries, the root of the Merkle tree over them and the hash of the last
one, and is signed with Ed25519 (RFC 8032). Held against the database later, it shows every entry
up to it that is gone, new or not what it was. No framework and no database is needed to check one.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from evenkeel.clinic.record import merkle
from evenkeel.clinic.record.sealing import canonical, digest, leaf_data

HEAD_FORMAT: Final = "evenkeel-head/1"
KEY_FORMAT: Final = "evenkeel-key/1"
_HEX64: Final = re.compile(r"[0-9a-f]{64}")
_LONGEST_LINE: Final = 10_000


class HeadError(ValueError):
    """A line that is no head or key statement; the message says why."""


@dataclass(frozen=True, slots=True)
class Head:
    """The state of an installation's record at one time.

    ``size`` entries, ``root`` of their tree and ``chain_hash`` of the last one (hexadecimal);
    ``installation`` is the hash of the first entry, which no other installation shares; ``key`` is
    the id of the key that signed.
    """

    installation: str
    size: int
    root: str
    chain_hash: str
    at: datetime
    key: str
    signature: str = ""

    def said(self) -> dict[str, Any]:
        """What is signed."""
        return {
            "format": HEAD_FORMAT,
            "installation": self.installation,
            "size": self.size,
            "root": self.root,
            "chain_hash": self.chain_hash,
            "at": self.at,
            "key": self.key,
        }

    def line(self) -> str:
        """The head as one line of JSON, without the line's end."""
        return canonical(self.said() | {"signature": self.signature})

    @property
    def filename(self) -> str:
        """The name of its file: sorts by size, then by time."""
        return f"head-{self.size:012d}-{self.at:%Y%m%dT%H%M%SZ}.json"


@dataclass(frozen=True, slots=True)
class KeyStatement:
    """A public key, since when it signs, and the key before it that vouches for it.

    ``previous`` is empty for the first key, and for one made because the last was lost: then
    nothing but the word of a person on the chain says that it belongs to this installation.
    """

    installation: str
    public_key: str
    at: datetime
    previous: str = ""
    signature: str = ""
    vouched: str = ""

    @property
    def key(self) -> str:
        """The id of the key."""
        return key_id(public_key_from(self.public_key))

    def said(self) -> dict[str, Any]:
        """What the key itself, and the one before it, sign."""
        return {
            "format": KEY_FORMAT,
            "installation": self.installation,
            "public_key": self.public_key,
            "at": self.at,
            "previous": self.previous,
        }

    def line(self) -> str:
        """The statement as one line of JSON."""
        return canonical(self.said() | {"signature": self.signature, "vouched": self.vouched})

    @property
    def filename(self) -> str:
        """The name of its file."""
        return f"key-{self.at:%Y%m%dT%H%M%SZ}-{self.key}.json"


def public_key_text(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """The 32 bytes of a public key in base64."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return base64.b64encode(public.public_bytes_raw()).decode()


def public_key_from(text: str) -> Ed25519PublicKey:
    """The key that :func:`public_key_text` wrote. Raises :class:`HeadError`."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        raise HeadError("this is no public key") from None


def key_id(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """A short name for a key: the first 16 hexadecimal digits of its SHA-256."""
    return digest(public_key_text(key))[:16]


def _sign(key: Ed25519PrivateKey, said: Mapping[str, Any]) -> str:
    return base64.b64encode(key.sign(canonical(said).encode())).decode()


def signed_by(key: Ed25519PublicKey, said: Mapping[str, Any], signature: str) -> bool:
    """Whether ``signature`` (base64) is that of ``key`` under the canonical text of ``said``."""
    try:
        key.verify(base64.b64decode(signature, validate=True), canonical(said).encode())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def sign_head(
    key: Ed25519PrivateKey,
    *,
    installation: str,
    size: int,
    root: bytes,
    chain_hash: str,
    at: datetime,
) -> Head:
    """A head over ``size`` entries, signed."""
    at = at.astimezone(UTC)
    head = Head(installation, size, root.hex(), chain_hash, at, key_id(key))
    return replace(head, signature=_sign(key, head.said()))


def sign_key(
    key: Ed25519PrivateKey,
    *,
    installation: str,
    at: datetime,
    previous: Ed25519PrivateKey | None = None,
) -> KeyStatement:
    """A statement that ``key`` signs from now on; ``previous`` vouches for it where it is given."""
    statement = KeyStatement(
        installation,
        public_key_text(key),
        at.astimezone(UTC),
        key_id(previous) if previous else "",
    )
    said = statement.said()
    vouched = _sign(previous, said) if previous else ""
    return replace(statement, signature=_sign(key, said), vouched=vouched)


def head_is_signed(head: Head, key: Ed25519PublicKey) -> bool:
    """Whether ``key`` signed this head."""
    return head.key == key_id(key) and signed_by(key, head.said(), head.signature)


def parse_head(line: str) -> Head:
    """The head of one line; its signature is not looked at. Raises :class:`HeadError`."""
    said = _parsed(line, HEAD_FORMAT)
    size = said.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise HeadError("a head says how many entries there are")
    hashes = [_hash(said, name) for name in ("installation", "root", "chain_hash")]
    return Head(
        hashes[0],
        size,
        hashes[1],
        hashes[2],
        _time(said),
        _text(said, "key"),
        _text(said, "signature"),
    )


def parse_key(line: str) -> KeyStatement:
    """The statement of one line; its signatures are not looked at. Raises :class:`HeadError`."""
    said = _parsed(line, KEY_FORMAT)
    statement = KeyStatement(
        _hash(said, "installation"),
        _text(said, "public_key"),
        _time(said),
        _text(said, "previous"),
        _text(said, "signature"),
        _text(said, "vouched"),
    )
    public_key_from(statement.public_key)
    return statement


def _parsed(line: str, form: str) -> dict[str, Any]:
    if len(line) > _LONGEST_LINE:
        raise HeadError("the line is too long")
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        raise HeadError("the line is not JSON") from None
    if not isinstance(said, dict) or said.get("format") != form:
        raise HeadError(f"the line does not say that it is {form}")
    return said


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str):
        raise HeadError(f"{name} is missing")
    return value


def _hash(said: Mapping[str, Any], name: str) -> str:
    value = _text(said, name)
    if not _HEX64.fullmatch(value):
        raise HeadError(f"{name} is not a SHA-256 in hexadecimal")
    return value


def _time(said: Mapping[str, Any]) -> datetime:
    try:
        at = datetime.fromisoformat(_text(said, "at"))
    except ValueError:
        raise HeadError("the time cannot be read") from None
    if at.tzinfo is None:
        raise HeadError("the time names no zone")
    return at.astimezone(UTC)


class KeyRing:
    """The keys of one installation, each vouched for by the one before it.

    ``doubts`` are what a reader should know: a statement that is not signed, a key that nobody
    vouched for, a second first key.
    """

    def __init__(self, statements: Iterable[KeyStatement], *, trusted: str = "") -> None:
        """``trusted`` is the id of a key known from elsewhere; else the oldest one is believed."""
        self.keys: dict[str, Ed25519PublicKey] = {}
        self.unvouched: list[KeyStatement] = []
        self.doubts: list[str] = []
        for one in sorted(statements, key=lambda s: (s.at, s.previous != "")):
            self._add(one, trusted)

    def _add(self, one: KeyStatement, trusted: str) -> None:
        public = public_key_from(one.public_key)
        if not signed_by(public, one.said(), one.signature):
            self.doubts.append(f"the statement of key {one.key} is not signed by it")
            return
        before = self.keys.get(one.previous)
        if before is not None:
            if not signed_by(before, one.said(), one.vouched):
                self.doubts.append(f"key {one.key} is not vouched for by key {one.previous}")
                return
        elif one.key != trusted and (trusted or self.keys):
            self.unvouched.append(one)
        self.keys[one.key] = public

    def why_not(self, head: Head) -> str:
        """Why this head is not to be believed; empty where it is signed by a known key."""
        key = self.keys.get(head.key)
        if key is None:
            return f"was signed by the unknown key {head.key}"
        return "" if head_is_signed(head, key) else "carries a signature that does not fit"


def read_folder(folder: Path) -> tuple[list[Head], list[KeyStatement], list[str]]:
    """Every head and key statement in a folder, by size and time, and what could not be read."""
    heads: list[Head] = []
    keys: list[KeyStatement] = []
    unread: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            text = path.read_text(encoding="utf-8").strip()
            if path.name.startswith("key-"):
                keys.append(parse_key(text))
            elif path.name.startswith("head-"):
                heads.append(parse_head(text))
        except (OSError, UnicodeDecodeError, HeadError) as error:
            unread.append(f"{path.name}: {error}")
    return sorted(heads, key=lambda h: (h.size, h.at)), keys, unread


def proves_entry(head: Head, position: int, entry_hash: str, path: Iterable[str]) -> bool:
    """Whether an inclusion proof (hexadecimal) places an entry's hash under a head."""
    try:
        steps = [bytes.fromhex(step) for step in path]
        leaf = merkle.hash_leaf(leaf_data(entry_hash))
    except ValueError:
        return False
    return merkle.verify_inclusion(position - 1, head.size, leaf, steps, bytes.fromhex(head.root))
