"""Putting a bundle together: tables, the signed head, the proof, the manifest, its signature."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from evenkeel import __version__
from evenkeel.clinic.oversight.bundle.asked import Asked, Table
from evenkeel.clinic.oversight.bundle.form import (
    FORMAT,
    HEAD,
    INDEX,
    KEYS,
    MANIFEST,
    PAGE_FOOT,
    README,
    STYLE,
    STYLE_TEXT,
    files_of_table,
    page_head,
)
from evenkeel.clinic.oversight.bundle.parts import PARTS
from evenkeel.clinic.oversight.bundle.pseudonyms import People
from evenkeel.clinic.oversight.bundle.range_proof import prove_range
from evenkeel.clinic.oversight.bundle.reading import readme
from evenkeel.clinic.record.audit_key import KeyLost, load_key, statements_on_chain
from evenkeel.clinic.record.clock import FixedClock
from evenkeel.clinic.record.errors import Refused
from evenkeel.clinic.record.exporting import Exporter, NotSigned
from evenkeel.clinic.record.heads import Head, key_id
from evenkeel.clinic.record.installation import installation
from evenkeel.clinic.record.merkle import hash_leaf
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.record.sealing import canonical, leaf_data
from evenkeel.clinic.record.verify import one_moment

#: (steps done, of how many, what is being done)
Progress = Callable[[int, int, str], None]
_THE_ONE_DATE: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Written:
    """A bundle that was written."""

    path: Path
    manifest: dict[str, Any]
    sha256: str


def write_archive(asked: Asked, to: Path, progress: Progress) -> Written:
    """Write the bundle into the file ``to``, which appears only once it is whole.

    Everything in it is as it stood at one moment; nobody who writes has to wait. Raises
    ``Refused`` where no head can be signed, or where the time holds too much.
    """
    with one_moment():
        progress(0, len(PARTS) + 2, "Signing the head of the record")
        head, keys = _signed_head(asked)
        people = People(asked)
        files: dict[str, bytes] = {}
        parts = []
        for number, part in enumerate(PARTS, 1):
            progress(number, len(PARTS) + 2, part.title)
            tables = part.tables(asked, people)
            if part.name == "audit":
                _prove(tables[0], head)
            for table in tables:
                files |= files_of_table(part.name, part.title, _plain(table))
            parts.append(
                {
                    "name": part.name,
                    "title": part.title,
                    "tables": [table.name for table in tables],
                    "rows": {table.name: len(table.rows) for table in tables},
                }
            )
    files |= {
        HEAD: f"{head.line()}\n".encode(),
        KEYS: "".join(f"{one}\n" for one in keys).encode(),
        STYLE: STYLE_TEXT.encode(),
    }
    progress(len(PARTS) + 1, len(PARTS) + 2, "Writing the archive")
    said = _said(asked, head, parts)
    files[README] = readme(said).encode()
    files[INDEX] = _index(said).encode()
    manifest = _signed_manifest(said, files)
    files[MANIFEST] = (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode()
    _zip(files, to)
    progress(len(PARTS) + 2, len(PARTS) + 2, "Done")
    return Written(to, manifest, hashlib.sha256(to.read_bytes()).hexdigest())


def _signed_head(asked: Asked) -> tuple[Head, list[str]]:
    exporter = Exporter()
    try:
        head = exporter.export(FixedClock(asked.made_at)) or exporter.written
    except NotSigned as error:
        raise Refused(
            f"The record's head cannot be signed: {error}.",
            what_to_do="Check the record first; without a signed head a bundle proves nothing.",
            code="not_signed",
        ) from None
    if head is None:
        raise Refused("Nothing was recorded yet.", code="not_signed")
    return head, [one.line() for one in statements_on_chain()]


def _prove(table: Table, head: Head) -> None:
    """Put the proof beside the entries: the hashes of the tree that lie outside their run."""
    if not table.rows:
        table.beside = {"proof": []}
        return
    hashes = ChainEntry.objects.filter(position__lte=head.size).order_by("position")
    leaves = [hash_leaf(leaf_data(one)) for one in hashes.values_list("hash", flat=True).iterator()]
    first, last = table.rows[0]["position"], table.rows[-1]["position"]
    table.beside = {"proof": [step.hex() for step in prove_range(first - 1, last - 1, leaves)]}


def _plain(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "title": table.title,
        "says": table.says,
        "columns": [list(column) for column in table.columns],
        "rows": table.rows,
        "beside": table.beside,
    }


def _said(asked: Asked, head: Head, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """What the manifest says, but for files and signature."""
    house = installation()
    return {
        "format": FORMAT,
        "bundle": str(asked.bundle_id),
        "organisation": house.organisation if house else "",
        "demonstration": bool(house and house.demo),
        "made_at": asked.made_at.isoformat(timespec="seconds"),
        "made_by": asked.made_by,
        "version": __version__,
        "from": asked.first_day.isoformat(),
        "to": asked.last_day.isoformat(),
        "since": asked.since.isoformat(),
        "until": asked.until.isoformat(),
        "zone": asked.zone,
        "sites": [site.name for site in asked.sites],
        "every_site": asked.every_site,
        "identified": asked.identified,
        "allowed_by": asked.allowed_by,
        "reason": asked.reason,
        "head": head.line(),
        "key": head.key,
        "parts": parts,
    }


def _signed_manifest(said: dict[str, Any], files: dict[str, bytes]) -> dict[str, Any]:
    try:
        key = load_key()
    except KeyLost as lost:
        raise Refused(f"The bundle cannot be signed: {lost}.", code="not_signed") from None
    if key_id(key) != said["key"]:
        raise Refused("The key was changed meanwhile.", what_to_do="Ask for the bundle again.")
    manifest = said | {
        "files": [
            {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in sorted(files.items())
        ]
    }
    signature = base64.b64encode(key.sign(canonical(manifest).encode())).decode()
    return manifest | {"signature": signature}


def _index(said: dict[str, Any]) -> str:
    """The page on which an inspector begins."""
    who = "People are named." if said["identified"] else "Nobody treated is named."
    lines = [
        page_head(f"Inspection bundle of {said['organisation']}"),
        f"<h1>Inspection bundle of {html.escape(said['organisation'])}</h1>",
        "<p><b>A demonstration: everybody in it is invented.</b></p>" * said["demonstration"],
        f"<p>{html.escape(', '.join(said['sites']))}. {said['from']} to {said['to']} "
        f"({html.escape(said['zone'])}). {who}</p>",
        f'<p><a href="{README}">How to read and check it</a></p>',
    ]
    for part in said["parts"]:
        lines.append(f"<h2>{html.escape(part['title'])}</h2><ul>")
        for name in part["tables"]:
            base = f"{part['name']}/{name}"
            lines.append(
                f'<li><a href="{base}.html">{html.escape(name.replace("-", " ").capitalize())}</a>'
                f", {part['rows'][name]} rows "
                f'(<a href="{base}.csv">CSV</a>, <a href="{base}.json">JSON</a>)</li>'
            )
        lines.append("</ul>")
    lines.append(
        f"<h2>Signed</h2><dl><dt>Key</dt><dd><code>{said['key']}</code></dd>"
        f"<dt>Made</dt><dd>{said['made_at']} by {html.escape(said['made_by'])}</dd>"
        f"<dt>Bundle</dt><dd><code>{said['bundle']}</code></dd></dl>{PAGE_FOOT}"
    )
    return "\n".join(lines)


def _zip(files: dict[str, bytes], to: Path) -> None:
    """The same files make the same archive, byte for byte."""
    partial = to.with_name(f"{to.name}.partial")
    try:
        handle = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        with (
            os.fdopen(handle, "w+b") as under,
            zipfile.ZipFile(under, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
        ):
            for name in [README, INDEX, MANIFEST, *sorted(files)]:
                if name in archive.NameToInfo:
                    continue
                info = zipfile.ZipInfo(name, _THE_ONE_DATE)
                info.create_system, info.external_attr = 3, 0o100644 << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, files[name])
        partial.replace(to)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise Refused(f"The bundle cannot be written to {to}: {error.strerror}.") from None
