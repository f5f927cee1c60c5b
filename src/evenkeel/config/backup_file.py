"""The file of a backup: a manifest and what it lists, in one compressed archive, open or sealed.

Inside the seal (:mod:`evenkeel.config.age`) it is a ``tar`` compressed by gzip, so that a clinic
can be got out of it without this program. ``manifest.json`` comes first and lists every other part
with its length and SHA-256; nothing that is not listed is taken out, and nothing but plain files.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

from evenkeel.config import age, age_keys
from evenkeel.config.instance import ConfigurationError

FORMAT: Final = "evenkeel-backup/1"
MANIFEST: Final = "manifest.json"
_LONGEST_MANIFEST: Final = 4 * 1024 * 1024
_MOST_PARTS: Final = 20_000
#: Names of parts: a folder at most, no dot in front, nothing that leads elsewhere.
_NAME: Final = re.compile(
    r"(?:(?:spool|schedules|messages|words|heads|keys|settings)/)?[A-Za-z0-9_][\w.@+:-]{0,150}",
    re.ASCII,
)
_BLOCK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Lock:
    """For whom a backup is sealed; for nobody where both are empty."""

    recipients: tuple[str, ...] = ()
    passphrase: str = ""

    def __bool__(self) -> bool:
        return bool(self.recipients or self.passphrase)


@dataclass(frozen=True, slots=True)
class Key:
    """By what a backup is opened."""

    identity_path: Path | None = None
    passphrase: str = ""


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def part(path: Path, name: str) -> dict[str, Any]:
    """What the manifest says of a file."""
    return {"name": name, "bytes": path.stat().st_size, "sha256": sha256_of(path)}


def write_backup(to: Path, manifest: dict[str, Any], files: dict[str, Path], lock: Lock) -> Path:
    """Write ``files`` (by their names in the archive) behind ``manifest`` into the file ``to``.

    It appears under its name only once it is whole and on the disk.
    """
    partial = to.with_name(f"{to.name}.partial")
    recipients = age_keys.recipients_of(list(lock.recipients))
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with contextlib.ExitStack() as opened:
            under: Any = opened.enter_context(os.fdopen(handle, "wb"))
            out = under
            if lock:
                out = opened.enter_context(age.Sealing(under, recipients, lock.passphrase))
            packed = opened.enter_context(gzip.GzipFile("", "wb", 3, fileobj=out, mtime=0))
            with tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive:
                text = json.dumps(manifest, indent=1, sort_keys=True).encode()
                _add(archive, MANIFEST, len(text), io.BytesIO(text))
                for listed in manifest["parts"]:
                    with files[listed["name"]].open("rb") as file:
                        _add(archive, listed["name"], listed["bytes"], file)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.rename(to)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ConfigurationError(f"the backup could not be written to {to}: {error}") from None
    return to


def _add(archive: tarfile.TarFile, name: str, length: int, content: BinaryIO | IO[bytes]) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = length, 0o600
    archive.addfile(info, content)


@contextlib.contextmanager
def _archive(path: Path, key: Key) -> Iterator[tarfile.TarFile]:
    """The archive in a backup, opened by ``key`` where it is sealed."""
    try:
        under = path.open("rb")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    with under:
        sealed = under.peek(len(age.MAGIC)).startswith(age.MAGIC)
        try:
            inner: Any = under
            if sealed:
                ids = age_keys.identities_of(key.identity_path) if key.identity_path else []
                inner = io.BufferedReader(age.Opening(under, ids, key.passphrase), _BLOCK)
            with (
                gzip.GzipFile(fileobj=inner, mode="rb") as packed,
                tarfile.open(fileobj=packed, mode="r|") as archive,
            ):
                yield archive
                # what follows the last part belongs to the seal and to the checksum
                while packed.read(_BLOCK):
                    pass
        except age.Unreadable as error:
            raise ConfigurationError(f"{path.name}: {error}") from None
        except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
            cause = f"{path.name} is damaged, cut off, or no backup ({error})"
            raise ConfigurationError(cause) from None


def take_out(
    path: Path,
    key: Key,
    into: Path,
    accept: Callable[[dict[str, Any]], None] = lambda manifest: None,
) -> dict[str, Any]:
    """Take every part of a backup out into a folder of its own and return the manifest.

    ``accept`` sees the manifest before anything else is taken out. Raises
    :class:`ConfigurationError` for a file that is damaged, cut off, not opened by the key, or
    holds anything but what its manifest lists; what was taken out so far is of no use then.
    """
    with _archive(path, key) as archive:
        manifest = _manifest(archive, path.name)
        accept(manifest)
        listed = {one["name"]: one for one in manifest["parts"]}
        while (info := archive.next()) is not None:
            wanted = listed.pop(info.name, None)
            if wanted is None or not info.isreg() or info.size != wanted["bytes"]:
                raise ConfigurationError(f"{path.name} holds {info.name!r}, which it does not list")
            _take_part(archive, info, into / info.name, wanted["sha256"])
        if listed:
            missing = ", ".join(sorted(listed))[:200]
            raise ConfigurationError(f"{path.name} lacks what its manifest lists: {missing}")
    return manifest


def _take_part(archive: tarfile.TarFile, info: tarfile.TarInfo, to: Path, expected: str) -> None:
    to.parent.mkdir(exist_ok=True, mode=0o700)
    content = archive.extractfile(info)
    assert content is not None
    digest = hashlib.sha256()
    handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        while block := content.read(_BLOCK):
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != expected:
        raise ConfigurationError(f"{info.name} in the backup is not what its manifest says")


def _manifest(archive: tarfile.TarFile, name: str) -> dict[str, Any]:
    info = archive.next()
    if info is None or info.name != MANIFEST or not info.isreg() or info.size > _LONGEST_MANIFEST:
        raise ConfigurationError(f"{name} is no backup of a clinic: it does not begin with one")
    content = archive.extractfile(info)
    assert content is not None
    try:
        found = json.loads(content.read(_LONGEST_MANIFEST))
        _check_manifest(found)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigurationError(f"{name} has a manifest that cannot be used: {error}") from None
    return found  # type: ignore[no-any-return]


def _check_manifest(found: dict[str, Any]) -> None:
    if found["format"] != FORMAT:
        raise ValueError(f"its format is {str(found['format'])[:40]}, this program reads {FORMAT}")
    parts = found["parts"]
    names = [one["name"] for one in parts]
    if len(names) > _MOST_PARTS or len(set(names)) != len(names):
        raise ValueError("a part is listed twice, or there are too many")
    for one in parts:
        if not _NAME.fullmatch(one["name"]) or int(one["bytes"]) < 0:
            raise ValueError(f"a part is called {str(one['name'])[:80]!r}")
        if not re.fullmatch(r"[0-9a-f]{64}", one["sha256"]):
            raise ValueError("a part has no checksum")
    chain = found["chain"]
    if not isinstance(chain["position"], int) or not isinstance(found["rows"], dict):
        raise ValueError("it does not say how far the chain goes")
