"""Checking a bundle with nothing but the bundle: no database, no settings, no network."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from evenkeel.clinic.oversight.bundle.audit_check import check_entries
from evenkeel.clinic.oversight.bundle.form import (
    FORMAT,
    HEAD,
    KEYS,
    MANIFEST,
    MOST_MANIFEST_BYTES,
    STYLE,
    STYLE_TEXT,
    files_of_table,
)
from evenkeel.clinic.oversight.bundle.ledger_check import check_ledger
from evenkeel.clinic.oversight.bundle.opening import Refused, read_archive, read_json
from evenkeel.clinic.record.heads import (
    Head,
    HeadError,
    KeyRing,
    KeyStatement,
    parse_head,
    parse_key,
    read_folder,
    signed_by,
)

#: What such a check cannot find, in words for whoever reads its result.
CANNOT_DETECT: Final = (
    "Whether the key that signed belongs to this clinic: compare its id with the one the clinic "
    "made known, or with a head you keep (--heads).",
    "What was entered wrongly or not at all: the bundle shows what was recorded.",
    "Of entries with parts withheld only that they stand at their place; what is told of them is "
    "the clinic's word, under its signature. The same holds for the other tables.",
    "What was recorded after the bundle was made.",
)


@dataclass(slots=True)
class Step:
    """One step of the check: whether it held, what was looked at, and where it failed."""

    good: bool
    what: str
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Checked:
    """What the check of a bundle found."""

    steps: list[Step] = field(default_factory=list)
    manifest: dict[str, Any] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether every step held."""
        return bool(self.steps) and all(step.good for step in self.steps)


def check_bundle(path: Path, heads: Path | None = None, trusted: str = "") -> Checked:
    """Check a bundle, step by step; what depends on a step that failed is not looked at.

    ``heads`` is a folder of heads kept elsewhere, ``trusted`` the id of a key known from
    elsewhere. Never raises for what an archive may hold.
    """
    found = Checked()
    try:
        _Check(found, read_archive(path), heads, trusted).run()
    except Refused as refused:
        found.steps.append(Step(False, "The archive can be opened", [str(refused)]))
    return found


class _Check:
    """The steps, in order."""

    def __init__(
        self, found: Checked, files: dict[str, bytes], heads: Path | None, trusted: str
    ) -> None:
        self.found, self.files, self.heads, self.trusted = found, files, heads, trusted
        self.head: Head | None = None
        self.keys: list[KeyStatement] = []

    def step(self, what: str, faults: list[str]) -> bool:
        """Note a step; whether it held."""
        self.found.steps.append(Step(not faults, what, faults))
        return not faults

    def run(self) -> None:
        """Everything, as far as it can be gone."""
        if not self.step("The archive has a manifest, a head and keys", self._read()):
            return
        ring = KeyRing(self.keys, trusted=self.trusted)
        assert self.head is not None
        if not self.step(f"Signed by key {self.head.key}", self._signature(ring)):
            return
        if not self.step(f"{len(self.files) - 1} files are what the manifest says", self._sums()):
            return
        tables = self._tables()
        if tables is None:
            return
        self._contents(tables)
        if self.heads is not None:
            self._kept_heads(self.heads, tables["audit/entries"])

    def _read(self) -> list[str]:
        missing = [name for name in (MANIFEST, HEAD, KEYS) if name not in self.files]
        if missing:
            return [f"{name} is missing: this is no inspection bundle" for name in missing]
        if len(self.files[MANIFEST]) > MOST_MANIFEST_BYTES:
            return ["the manifest is too long"]
        manifest = read_json(self.files[MANIFEST], MANIFEST)
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            return [f"the manifest does not say that it is {FORMAT}"]
        self.found.manifest = manifest
        try:
            self.head = parse_head(self.files[HEAD].decode().strip())
            self.keys = [parse_key(line) for line in self.files[KEYS].decode().splitlines()[:100]]
        except (HeadError, UnicodeDecodeError) as error:
            return [f"head or keys cannot be read: {error}"]
        return []

    def _signature(self, ring: KeyRing) -> list[str]:
        head, manifest = self.head, dict(self.found.manifest)
        assert head is not None
        faults = []
        if why := ring.why_not(head):
            faults.append(f"the head {why}")
        signature, key = manifest.pop("signature", ""), ring.keys.get(str(manifest.get("key")))
        if key is None:
            faults.append("the manifest was signed by a key that the bundle does not hold")
        elif not isinstance(signature, str) or not _is_signed(key, manifest, signature):
            faults.append("the manifest's signature does not fit: it was changed")
        if manifest.get("key") != head.key:
            faults.append("manifest and head were signed by different keys")
        if manifest.get("head") != self.files[HEAD].decode().strip():
            faults.append("the manifest names another head")
        if self.trusted and head.key != self.trusted:
            faults.append(f"it was signed by key {head.key}, not by {self.trusted}")
        return faults

    def _sums(self) -> list[str]:
        listed = self.found.manifest.get("files")
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            return ["the manifest lists no files"]
        sums = {str(one.get("name")): one.get("sha256") for one in listed}
        faults = [f"{name} is missing" for name in sums if name not in self.files]
        for name, content in self.files.items():
            if name == MANIFEST:
                continue
            if name not in sums:
                faults.append(f"{name} is not listed")
            elif hashlib.sha256(content).hexdigest() != sums[name]:
                faults.append(f"{name} was changed")
        return faults[:20]

    def _tables(self) -> dict[str, dict[str, Any]] | None:
        """Every table, once CSV and page are found to say what the JSON says."""
        found, faults = {}, []
        try:
            for part in self.found.manifest["parts"]:
                for name in part["tables"]:
                    base = f"{part['name']}/{name}"
                    table = _table(self.files[f"{base}.json"], base)
                    again = files_of_table(part["name"], part["title"], table)
                    faults += [
                        f"{one} does not say what {base}.json says"
                        for one, content in again.items()
                        if self.files.get(one) != content
                    ]
                    found[base] = table
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            faults.append(f"the tables cannot be read: {str(error)[:120]}")
        needed = ("audit/entries", "ledger/containers", "ledger/lines", "protocols/in-force")
        faults += [f"{name} is missing" for name in needed if name not in found]
        if self.files.get(STYLE) != STYLE_TEXT.encode():
            faults.append(f"{STYLE} is not the style of a bundle: pages could look otherwise")
        good = self.step(f"{len(found)} tables: pages and CSV say what the JSON says", faults[:20])
        return found if good else None

    def _contents(self, tables: dict[str, dict[str, Any]]) -> None:
        assert self.head is not None
        counted, faults = check_entries(tables["audit/entries"], self.head)
        self.step(
            f"{counted.entries} entries follow from each other and stand under the head: "
            f"{counted.whole} told whole, {counted.part} with parts withheld, "
            f"{counted.place} by their place alone",
            faults,
        )
        containers, lines, faults = check_ledger(
            tables["ledger/containers"], tables["ledger/lines"]
        )
        self.step(f"{lines} ledger lines of {containers} containers add up", faults)
        self.step("Protocols are what was signed", list(_protocols(tables["protocols/in-force"])))

    def _kept_heads(self, folder: Path, entries: dict[str, Any]) -> None:
        heads, _, unread = read_folder(folder)
        assert self.head is not None
        faults = [f"not read: {one}" for one in unread[:5]]
        mine = [one for one in heads if one.installation == self.head.installation]
        if not mine:
            faults.append("none of the heads kept there is of this installation")
        hashes = {row["position"]: row["hash"] for row in entries["rows"]}
        hashes[self.head.size] = self.head.chain_hash
        compared = 0
        for one in mine:
            if one.size in hashes:
                compared += 1
                if hashes[one.size] != one.chain_hash:
                    faults.append(f"the head over {one.size} entries is of another record")
        words = f"{compared} of {len(mine)} heads kept elsewhere lie in this time, and fit"
        self.step(words, faults)


def _is_signed(key: Any, manifest: dict[str, Any], signature: str) -> bool:
    try:
        return signed_by(key, manifest, signature)
    except (TypeError, ValueError, RecursionError):
        return False


def _table(content: bytes, name: str) -> dict[str, Any]:
    table = read_json(content, name)
    fits = (
        isinstance(table, dict)
        and isinstance(table.get("rows"), list)
        and all(isinstance(row, dict) for row in table["rows"])
        and isinstance(table.get("columns"), list)
        and all(isinstance(one, list) and len(one) == 2 for one in table["columns"])
        and isinstance(table.get("beside"), dict)
        and all(isinstance(table.get(key), str) for key in ("name", "title", "says"))
    )
    if not fits:
        raise ValueError(f"{name} is no table")
    return table  # type: ignore[no-any-return]


def _protocols(table: dict[str, Any]) -> Iterator[str]:
    for row in table["rows"]:
        text, expected = row.get("text"), row.get("text_hash")
        digest = hashlib.sha256(str(text).encode("utf-8", "surrogatepass")).hexdigest()
        if not isinstance(text, str) or digest != expected:
            name = f"{row.get('product')} {row.get('number')}"[:60]
            yield f"the text of {name} is not the one that was signed"


def as_text(found: Checked, say: Callable[[str], None]) -> None:
    """Tell the result in words."""
    manifest = found.manifest
    if manifest.get("organisation") is not None:
        first, last = str(manifest.get("from"))[:10], str(manifest.get("to"))[:10]
        sites = ", ".join(str(one)[:80] for one in manifest.get("sites", [])[:20])
        say(f"{str(manifest['organisation'])[:120]}: {sites}, {first} to {last}")
    for step in found.steps:
        say(f"{'ok      ' if step.good else 'FAILED  '}{step.what}")
        for fault in step.faults:
            say(f"          {fault}")
    say("The bundle is whole." if found.good else "The bundle is NOT what was written.")
    say("What this cannot show:")
    for line in CANNOT_DETECT:
        say(f"  {line}")


__all__ = ["CANNOT_DETECT", "Checked", "Step", "as_text", "check_bundle"]
