"""Encrypted files in the age format, version 1 (https://c2sp.org/age), from ``cryptography``.

The file's key is wrapped for each recipient by X25519, HKDF-SHA-256 and ChaCha20-Poly1305, or once
for a passphrase by scrypt; the content is sealed in chunks of 64 KiB, each authenticated with its
place, the last one marked. So a changed byte, a chunk that is missing, moved or appended, and a
file that ends early are all found. Any other program that speaks age opens these files.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import io
import secrets
from collections.abc import Sequence
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from evenkeel.config.instance import ConfigurationError

MAGIC: Final = b"age-encryption.org/v1"
_CHUNK: Final = 64 * 1024
_TAG: Final = 16
_X25519: Final = b"age-encryption.org/v1/X25519"
_SCRYPT: Final = b"age-encryption.org/v1/scrypt"
#: log2 of the work of scrypt: about a second. The specification's own programs use 18.
WORK: Final = 18
#: A file that asks for more would keep a machine busy for minutes and fill its memory.
MOST_WORK: Final = 20
_LONGEST_HEADER: Final = 64 * 1024


class Unreadable(ConfigurationError):
    """An encrypted file that cannot be opened; the message says what is wrong with it."""


def _hkdf(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt or None, info).derive(key)


def _b64(content: bytes) -> bytes:
    return base64.b64encode(content).rstrip(b"=")


def _unb64(text: bytes) -> bytes:
    try:
        found = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable("the header of the encrypted file is damaged") from None
    if _b64(found) != text:
        raise Unreadable("the header of the encrypted file is damaged")
    return found


def _wrap_x25519(recipient: X25519PublicKey, file_key: bytes) -> tuple[list[bytes], bytes]:
    mine = X25519PrivateKey.generate()
    share = mine.public_key().public_bytes_raw()
    salt = share + recipient.public_bytes_raw()
    key = _hkdf(mine.exchange(recipient), salt, _X25519)
    return [b"X25519", _b64(share)], ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None)


def _scrypt_key(passphrase: str, salt: bytes, work: int) -> bytes:
    return Scrypt(_SCRYPT + salt, 32, 2**work, 8, 1).derive(passphrase.encode())


def _wrap_passphrase(passphrase: str, file_key: bytes, work: int) -> tuple[list[bytes], bytes]:
    salt = secrets.token_bytes(16)
    body = ChaCha20Poly1305(_scrypt_key(passphrase, salt, work)).encrypt(bytes(12), file_key, None)
    return [b"scrypt", _b64(salt), str(work).encode()], body


def _stanza(words: list[bytes], body: bytes) -> bytes:
    text = _b64(body)
    lines = [text[n : n + 64] for n in range(0, len(text), 64)]
    if not lines or len(lines[-1]) == 64:
        lines.append(b"")
    return b"-> " + b" ".join(words) + b"\n" + b"\n".join(lines) + b"\n"


def _mac(file_key: bytes, header: bytes) -> bytes:
    return hmac.digest(_hkdf(file_key, b"", b"header"), header, hashlib.sha256)


class Sealing(io.RawIOBase):
    """A file to write to, sealed into ``under``. Only :meth:`close` makes it whole."""

    def __init__(
        self,
        under: BinaryIO,
        recipients: Sequence[X25519PublicKey] = (),
        passphrase: str = "",
        *,
        work: int = WORK,
    ) -> None:
        if bool(recipients) == bool(passphrase):
            raise ConfigurationError("encrypt either to recipients or with a passphrase")
        file_key = secrets.token_bytes(16)
        wrapped = [_wrap_x25519(one, file_key) for one in recipients]
        if passphrase:
            wrapped = [_wrap_passphrase(passphrase, file_key, work)]
        header = MAGIC + b"\n" + b"".join(_stanza(*one) for one in wrapped) + b"---"
        nonce = secrets.token_bytes(16)
        under.write(header + b" " + _b64(_mac(file_key, header)) + b"\n" + nonce)
        self._under = under
        self._cipher = ChaCha20Poly1305(_hkdf(file_key, nonce, b"payload"))
        self._held = bytearray()
        self._count = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]
        """Take content; whole chunks are sealed at once, the last when it is closed."""
        self._held += content
        while len(self._held) > _CHUNK:
            self._seal(bytes(self._held[:_CHUNK]), last=False)
            del self._held[:_CHUNK]
        return len(content)

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        nonce = self._count.to_bytes(11, "big") + bytes([last])
        self._under.write(self._cipher.encrypt(nonce, chunk, None))
        self._count += 1

    def close(self) -> None:
        """Seal the last chunk."""
        if not self.closed:
            self._seal(bytes(self._held), last=True)
        super().close()


class Opening(io.RawIOBase):
    """A sealed file to read from; every byte it gives was authenticated.

    Raises :class:`Unreadable`, also in the midst of reading: what was read before is sound, but
    only the end shows that nothing is missing.
    """

    def __init__(
        self, under: BinaryIO, identities: Sequence[X25519PrivateKey] = (), passphrase: str = ""
    ) -> None:
        self._under = under
        header, stanzas, mac = _read_header(under)
        file_key = _unwrap(stanzas, identities, passphrase)
        if not hmac.compare_digest(_mac(file_key, header), mac):
            raise Unreadable("the header of the encrypted file was changed")
        nonce = under.read(16)
        if len(nonce) != 16:
            raise Unreadable("the encrypted file ends early: it is cut off")
        self._cipher = ChaCha20Poly1305(_hkdf(file_key, nonce, b"payload"))
        self._plain = memoryview(b"")
        self._next = under.read(_CHUNK + _TAG)
        self._count = 0
        self._done = False

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Fill the buffer as far as the chunk at hand goes."""
        if not self._plain and not self._done:
            self._plain = memoryview(self._chunk())
        size = min(len(buffer), len(self._plain))
        buffer[:size] = self._plain[:size]
        self._plain = self._plain[size:]
        return size

    def _chunk(self) -> bytes:
        sealed = self._next
        self._next = self._under.read(_CHUNK + _TAG)
        last = not self._next
        nonce = self._count.to_bytes(11, "big") + bytes([last])
        try:
            plain = self._cipher.decrypt(nonce, sealed, None)
        except InvalidTag:
            if last and self._is_not_last(sealed):
                raise Unreadable("the encrypted file ends early: it is cut off") from None
            raise Unreadable(f"the encrypted file is damaged in chunk {self._count + 1}") from None
        if last and not plain and self._count:
            raise Unreadable("the encrypted file has an empty chunk at its end")
        self._count += 1
        self._done = last
        return plain

    def _is_not_last(self, sealed: bytes) -> bool:
        """Whether the file's end is a chunk that was followed by more, or a part of one."""
        if len(sealed) < _CHUNK + _TAG:
            return True  # a last chunk that was damaged looks the same as one that was cut
        try:
            self._cipher.decrypt(self._count.to_bytes(11, "big") + b"\x00", sealed, None)
        except InvalidTag:
            return False
        return True


def _read_header(under: BinaryIO) -> tuple[bytes, list[tuple[list[bytes], bytes]], bytes]:
    raw, stanzas = b"", []
    line = _line(under)
    if line != MAGIC:
        raise Unreadable("this is no file encrypted by age, version 1")
    raw += line + b"\n"
    words: list[bytes] | None = None
    body = b""
    while True:
        line = _line(under)
        if len(raw) > _LONGEST_HEADER:
            raise Unreadable("the header of the encrypted file is too long")
        if words is None and line.startswith(b"---"):
            return raw + b"---", stanzas, _unb64(line[4:] if line[3:4] == b" " else b"?")
        raw += line + b"\n"
        if words is None:
            if not line.startswith(b"-> ") or len(line) < 4:
                raise Unreadable("the header of the encrypted file is damaged")
            words, body = line[3:].split(b" "), b""
            continue
        if len(line) > 64:
            raise Unreadable("the header of the encrypted file is damaged")
        body += line
        if len(line) < 64:
            stanzas.append((words, _unb64(body)))
            words = None


def _line(under: BinaryIO) -> bytes:
    found = bytearray()
    while len(found) < 4096:
        byte = under.read(1)
        if byte == b"\n":
            return bytes(found)
        if not byte:
            raise Unreadable("the encrypted file ends early: it is cut off")
        found += byte
    raise Unreadable("the header of the encrypted file is damaged")


def _unwrap(
    stanzas: list[tuple[list[bytes], bytes]],
    identities: Sequence[X25519PrivateKey],
    passphrase: str,
) -> bytes:
    by_passphrase = any(words[0] == b"scrypt" for words, _ in stanzas)
    if by_passphrase and len(stanzas) != 1:
        raise Unreadable("the header of the encrypted file is damaged")
    for words, body in stanzas:
        key = None
        if words[0] == b"X25519" and len(words) == 2:
            for identity in identities:
                key = _x25519_key(identity, _unb64(words[1]))
                found = _try(key, body)
                if found is not None:
                    return found
        elif words[0] == b"scrypt" and len(words) == 3 and passphrase:
            found = _try(_passphrase_key(words, passphrase), body)
            if found is not None:
                return found
            raise Unreadable("this passphrase does not open it")
    if by_passphrase:
        raise Unreadable("it is encrypted with a passphrase: give it in a file, --passphrase-file")
    if not identities:
        raise Unreadable("it is encrypted: give the file of its key, --identity")
    raise Unreadable("this key does not open it: it was encrypted for another")


def _x25519_key(identity: X25519PrivateKey, share: bytes) -> bytes:
    try:
        shared = identity.exchange(X25519PublicKey.from_public_bytes(share))
    except ValueError:
        raise Unreadable("the header of the encrypted file is damaged") from None
    return _hkdf(shared, share + identity.public_key().public_bytes_raw(), _X25519)


def _passphrase_key(words: list[bytes], passphrase: str) -> bytes:
    salt, work = _unb64(words[1]), words[2]
    if len(salt) != 16 or not work.isdigit() or work.startswith(b"0") or len(work) > 2:
        raise Unreadable("the header of the encrypted file is damaged")
    if int(work) > MOST_WORK:
        raise Unreadable("its passphrase asks for more work than this program will do")
    return _scrypt_key(passphrase, salt, int(work))


def _try(key: bytes, body: bytes) -> bytes | None:
    if len(body) != 32:
        raise Unreadable("the header of the encrypted file is damaged")
    try:
        return ChaCha20Poly1305(key).decrypt(bytes(12), body, None)
    except InvalidTag:
        return None
