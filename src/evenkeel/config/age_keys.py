"""Keys of encrypted backups: pairs in the form of age (https://age-encryption.org/v1).

A recipient (``age1...``) can only lock; its identity (``AGE-SECRET-KEY-1...``) opens. Both are
written in Bech32 (BIP 173), as the age specification asks, so that any tool that speaks age can
make and read them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from evenkeel.config.instance import ConfigurationError

RECIPIENT: Final = "age"
IDENTITY: Final = "age-secret-key-"
_ALPHABET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit in range(5):
            check ^= _GENERATOR[bit] if (top >> bit) & 1 else 0
    return check


def _expanded(prefix: str) -> list[int]:
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def _regroup(values: bytes | list[int], from_bits: int, to_bits: int, *, pad: bool) -> list[int]:
    held = bits = 0
    found = []
    for value in values:
        held = held << from_bits | value
        bits += from_bits
        while bits >= to_bits:
            bits -= to_bits
            found.append(held >> bits & (1 << to_bits) - 1)
    left = held & (1 << bits) - 1
    if pad and bits:
        found.append(left << (to_bits - bits))
    elif not pad and (bits >= from_bits or left):
        raise ValueError("padding")
    return found


def bech32(prefix: str, content: bytes) -> str:
    """``content`` as Bech32 under ``prefix``, in small letters."""
    data = _regroup(content, 8, 5, pad=True)
    check = _polymod(_expanded(prefix) + data + [0] * 6) ^ 1
    data += [check >> 5 * (5 - n) & 31 for n in range(6)]
    return f"{prefix}1{''.join(_ALPHABET[n] for n in data)}"


def from_bech32(text: str, prefix: str) -> bytes:
    """The content of a Bech32 text. Raises ``ValueError`` for one that is mistyped or another."""
    if text not in (text.lower(), text.upper()):
        raise ValueError("mixed capital and small letters")
    text = text.lower()
    found, _, rest = text.rpartition("1")
    if found != prefix or len(rest) < 6 or any(c not in _ALPHABET for c in rest):
        raise ValueError(f"does not begin with {prefix}1, or holds a letter that is none")
    data = [_ALPHABET.index(c) for c in rest]
    if _polymod(_expanded(prefix) + data) != 1:
        raise ValueError("mistyped")
    return bytes(_regroup(data[:-6], 5, 8, pad=False))


def new_identity() -> tuple[str, str]:
    """A new pair: identity, recipient."""
    key = X25519PrivateKey.generate()
    identity = bech32(IDENTITY, key.private_bytes_raw()).upper()
    return identity, bech32(RECIPIENT, key.public_key().public_bytes_raw())


def recipients_of(given: list[str]) -> list[X25519PublicKey]:
    """The recipients named, each a key or a file with one a line.

    Raises :class:`ConfigurationError` for what is neither.
    """
    found = []
    for one in given:
        if one.startswith(f"{RECIPIENT}1"):
            lines = [one]
        else:
            lines = _lines(Path(one), "a recipient (age1...) nor a file of recipients")
        for line in lines:
            try:
                found.append(X25519PublicKey.from_public_bytes(from_bech32(line, RECIPIENT)))
            except ValueError as error:
                raise ConfigurationError(f"the recipient {line[:16]}... is {error}") from None
    return found


def identities_of(path: Path) -> list[X25519PrivateKey]:
    """The identities in a file. Raises :class:`ConfigurationError` where it holds none."""
    found = []
    for line in _lines(path, "a file that can be read"):
        try:
            found.append(X25519PrivateKey.from_private_bytes(from_bech32(line, IDENTITY)))
        except ValueError:
            continue
    if not found:
        raise ConfigurationError(f"{path} holds no identity (AGE-SECRET-KEY-1...)")
    return found


def _lines(path: Path, what: str) -> list[str]:
    try:
        text = path.expanduser().read_text()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{path} is not {what}") from None
    stripped = (line.strip() for line in text.splitlines())
    return [line for line in stripped if line and not line.startswith("#")]
