"""The key that signs heads: made when the installation is founded, kept outside the database.

It lies in a folder of its own under ``EVENKEEL_HOME``, readable by its owner alone, and is part of
no backup of the database. Its public half stands in the entry that announced it and in the folder
of exported heads.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings
from django.db import transaction

from evenkeel.clinic.record.act import Act, Context, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.record.heads import KeyStatement, key_id, parse_key, sign_key
from evenkeel.clinic.record.models import ChainEntry, ChainPayload
from evenkeel.clinic.record.sealing import canonical

MAKE, ROTATE, REPLACE = "audit_key.make", "audit_key.rotate", "audit_key.replace_lost"
_FILE = "signing.pem"


class KeyLost(RuntimeError):
    """The key is not where it should be, or cannot be read."""


def key_path() -> Path:
    """Where the private key lies."""
    return Path(settings.AUDIT_KEYS_PATH) / _FILE


def load_key() -> Ed25519PrivateKey:
    """The key that signs now. Raises :class:`KeyLost`."""
    try:
        key = load_pem_private_key(key_path().read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise KeyLost(f"the signing key {key_path()} cannot be read: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyLost(f"{key_path()} holds another kind of key")
    return key


def installation_id() -> str:
    """The hash of the first entry, by which heads name the installation; empty before it."""
    return ChainEntry.objects.filter(position=1).values_list("hash", flat=True).first() or ""


def statements_on_chain() -> list[KeyStatement]:
    """Every key that an entry announced, oldest first."""
    rows = ChainEntry.objects.filter(action__in=(MAKE, ROTATE, REPLACE), outcome="done")
    bodies = ChainPayload.objects.filter(position__in=rows.values("position"))
    found = []
    for body in bodies.order_by("position").values_list("body", flat=True):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            found.append(parse_key(_statement_in(body)))
    return found


def _statement_in(body: str) -> str:
    return canonical(json.loads(body)["notes"]["statement"])


def make_first_key(ctx: Context) -> KeyStatement | None:
    """Make the installation's first key; ``None`` where there has been one.

    A key that was announced and is gone is not replaced silently: :func:`replace_lost_key`.
    """
    if not installation_id() or ChainEntry.objects.filter(action=MAKE).exists():
        return None
    return _make(ctx)  # type: ignore[no-any-return]


@action(MAKE, permission="audit.verify")
def _make(act: Act) -> KeyStatement:
    return _announce(act, Ed25519PrivateKey.generate(), None)


@action(ROTATE, permission="audit.key")
def rotate_key(act: Act, *, reason: str) -> KeyStatement:
    """A new key, vouched for by the one before. Raises ``Refused`` where that one is lost."""
    act.reason = _reason(reason)
    try:
        previous = load_key()
    except KeyLost as lost:
        raise Refused(
            f"The key cannot be changed: {lost}.",
            what_to_do="Put the key back from where it was kept, or say that it is lost.",
        ) from None
    return _announce(act, Ed25519PrivateKey.generate(), previous)


@action(REPLACE, permission="audit.key")
def replace_lost_key(act: Act, *, reason: str) -> KeyStatement:
    """A new key that nothing vouches for but this entry. Raises ``Refused`` where none is lost."""
    act.reason = _reason(reason)
    try:
        held = load_key()
    except KeyLost:
        return _announce(act, Ed25519PrivateKey.generate(), None)
    if key_id(held) in {one.key for one in statements_on_chain()}:
        raise Refused("The key is there.", what_to_do="Change it, so that it vouches for the new.")
    return _announce(act, Ed25519PrivateKey.generate(), None)


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid("Say why.", fields={"reason": "Enter the reason."})
    return reason.strip()


def _announce(act: Act, key: Ed25519PrivateKey, previous: Ed25519PrivateKey | None) -> KeyStatement:
    statement = sign_key(key, installation=installation_id(), at=act.now, previous=previous)
    act.note(
        statement=statement.said()
        | {"signature": statement.signature, "vouched": statement.vouched}
    )
    if previous is not None:
        # kept until the entry is committed; a key that signs no more is worth nothing but a theft
        before = key_path().with_name(f"before-{key_id(previous)}.pem")
        _write_private(before, _pem(previous))
        transaction.on_commit(lambda: before.unlink(missing_ok=True))
    # inside the transaction: where the key cannot be written, no entry announces it
    _write_private(key_path(), _pem(key))
    write_statements([Path(settings.AUDIT_KEYS_PATH)], [statement])
    return statement


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_private(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_suffix(".partial")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    settle(path.parent)


def write_statements(folders: Iterable[Path], statements: Iterable[KeyStatement]) -> None:
    """Put each statement into each folder that has it not. Raises ``OSError``."""
    for folder in folders:
        for one in statements:
            if not (folder / one.filename).exists():
                write_line(folder / one.filename, one.line())


def write_line(path: Path, line: str) -> None:
    """A file of one line, whole or not at all. Raises ``OSError``."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    with open(partial, "w", encoding="utf-8") as file:
        file.write(f"{line}\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    settle(path.parent)


def settle(folder: Path) -> None:
    """Have the folder's names on the disk, where the file system knows how."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
