"""Opening a bundle that may come from anybody: what is not a plain small archive is refused.

No framework, no database, nothing is written to the disk.
"""

from __future__ import annotations

import json
import re
import stat
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

from evenkeel.clinic.oversight.bundle.form import (
    MOST_BYTES,
    MOST_BYTES_A_FILE,
    MOST_FILES,
    README,
)

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9]+)?(?:/[a-z0-9][a-z0-9_-]*\.[a-z]+)?")
_BLOCK: Final = 1024 * 1024
_ENCRYPTED: Final = 0x1


class Refused(ValueError):
    """An archive that is not opened; the message says why."""


def read_archive(path: Path) -> dict[str, bytes]:
    """Every file of the archive by its name, in memory.

    Raises :class:`Refused` for what is no archive, names a file twice or outside, is encrypted,
    or is larger than a bundle may be, whatever its own directory says.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            _check_names(infos)
            left = MOST_BYTES
            found = {}
            for info in infos:
                found[info.filename] = _content(archive, info, left)
                left -= len(found[info.filename])
            return found
    except Refused:
        raise
    except FileNotFoundError:
        raise Refused(f"there is no file {path}") from None
    except (
        OSError,
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OverflowError,
    ) as error:
        raise Refused(f"it is no archive that can be read: {str(error)[:200]}") from None


def _check_names(infos: list[zipfile.ZipInfo]) -> None:
    if len(infos) > MOST_FILES:
        raise Refused(f"it holds {len(infos)} files; a bundle holds at most {MOST_FILES}")
    seen = set()
    for info in infos:
        name = info.filename
        shown = name[:80].encode("ascii", "backslashreplace").decode()
        if name != README and not _NAME.fullmatch(name):
            raise Refused(f"it holds a file called {shown!r}, which no bundle does")
        if name.lower() in seen:
            raise Refused(f"it holds {shown} twice")
        seen.add(name.lower())
        if info.flag_bits & _ENCRYPTED:
            raise Refused(f"{shown} is encrypted")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise Refused(f"{shown} is no plain file")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused(f"{shown} is packed in a way that no bundle is")
        if info.file_size > MOST_BYTES_A_FILE:
            raise Refused(f"{shown} would be {info.file_size} bytes: too large for a bundle")
    if sum(info.file_size for info in infos) > MOST_BYTES:
        raise Refused("its files would be larger together than a bundle may be")


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: int) -> bytes:
    """A file's content; its own word for its size is not believed."""
    found = bytearray()
    most = min(MOST_BYTES_A_FILE, left)
    with archive.open(info) as file:
        while block := file.read(_BLOCK):
            found += block
            if len(found) > most:
                raise Refused(f"{info.filename} unpacks to more than a bundle may hold")
    return bytes(found)


def read_json(content: bytes, name: str) -> Any:
    """What a JSON file says. Raises :class:`Refused` where it says nothing that can be used."""
    try:
        return json.loads(content.decode("utf-8", "surrogatepass"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{name} is no JSON that can be read: {str(error)[:120]}") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")
