"""The inspection bundle: whom it names, what it holds, and that a stranger finds every change."""

from __future__ import annotations

import argparse
import io
import json
import os
import stat
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from evenkeel.cli import inspect
from evenkeel.clinic.oversight import making
from evenkeel.clinic.oversight.actions.make_bundle import ask_bundle
from evenkeel.clinic.oversight.bundle import audit
from evenkeel.clinic.oversight.bundle.archive import write_archive
from evenkeel.clinic.oversight.bundle.checking import check_bundle
from evenkeel.clinic.oversight.bundle.opening import Refused, read_archive, read_json
from evenkeel.clinic.oversight.bundle.range_proof import prove_range, root_from_range
from evenkeel.clinic.record import merkle
from evenkeel.clinic.record.errors import DomainError
from evenkeel.clinic.record.models import ChainEntry
from tests.clinic.oversight.bundles import (
    FIRST,
    LAST,
    Files,
    cells,
    fill,
    make,
    packed,
    resummed,
    rewritten,
    table,
    unpacked,
)
from tests.clinic_factory import Clinic, sign_in

NAMES = (b"Zephyrine", b"Quillfeather")
_made: dict[str, bytes] = {}


@pytest.fixture
def house(clinic: Clinic, settings: Any, tmp_path: Path) -> Clinic:
    """A clinic with something to inspect; keys, heads and bundles in folders of the test's own."""
    settings.AUDIT_KEYS_PATH, settings.HEADS_PATH = tmp_path / "keys", tmp_path / "heads"
    settings.BUNDLES_PATH = tmp_path / "bundles"
    clinic.extra["patient"] = fill(clinic)
    return clinic


@pytest.fixture
def bundle(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A bundle of that clinic that names nobody; made once, then only written down again."""
    if "bundle" not in _made:
        house: Clinic = request.getfixturevalue("house")
        make(house.as_("auditor"), tmp_path / "made.zip")
        _made["bundle"] = (tmp_path / "made.zip").read_bytes()
    path = tmp_path / "bundle.zip"
    path.write_bytes(_made["bundle"])
    return path


def faults(path: Path, **given: Any) -> str:
    found = check_bundle(path, **given)
    assert found.good is not any(not step.good for step in found.steps)
    return " | ".join(fault for step in found.steps for fault in step.faults)


@pytest.mark.django_db
def test_it_is_whole_and_names_nobody(bundle: Path) -> None:
    assert check_bundle(bundle).good, faults(bundle)
    files = unpacked(bundle)
    assert not [n for n, content in files.items() if any(name in content for name in NAMES)]
    lines = cells(files, "ledger/lines")
    assert [(line["What"], line["Change, mg"], line["Balance, mg"]) for line in lines] == [
        ("Received", "500.000", "500.000")
    ] * 2
    entries = table(files, "audit/entries")["rows"]
    about = [row for row in entries if row.get("person")]
    assert {row["told"] for row in about} == {"part"}
    assert all(row["person"].startswith("P-") for row in about)
    assert len({row["person"] for row in about}) == 1
    named = next(row for row in entries if row.get("action") == "read list" and row["reason"])
    assert (named["reason"], named["told"]) == ("[withheld]", "part")
    assert {row["told"] for row in entries} == {"whole", "part", "place"}
    readme = files["README.txt"].decode()
    assert "evenkeel verify" in readme
    assert "Nobody who was treated is named" in readme


@pytest.mark.django_db
def test_a_sign_is_another_in_every_bundle_and_the_same_in_one(
    house: Clinic, tmp_path: Path
) -> None:
    signs = []
    for name in ("one", "two"):
        written = make(house.as_("auditor"), tmp_path / f"{name}.zip")
        rows = table(unpacked(written.path), "audit/entries")["rows"]
        signs.append({row["person"] for row in rows if row.get("person")})
    assert [len(found) for found in signs] == [1, 1]
    assert not signs[0] & signs[1]
    acts = ChainEntry.objects.filter(action__startswith="inspection.").order_by("position")
    assert (
        list(acts.values_list("action", flat=True))
        == [
            "inspection.make",
            "inspection.written",
        ]
        * 2
    )


@pytest.mark.django_db
def test_the_same_is_the_same_byte_for_byte(house: Clinic, tmp_path: Path) -> None:
    asked = ask_bundle(house.as_("auditor"), first_day=FIRST, last_day=LAST)
    made = [write_archive(asked, tmp_path / f"{n}.zip", lambda *said: None) for n in range(2)]
    assert made[0].path.read_bytes() == made[1].path.read_bytes()


@pytest.mark.django_db
def test_only_a_medical_director_lets_people_be_named(house: Clinic, tmp_path: Path) -> None:
    to = tmp_path / "named.zip"
    for role, code in (("auditor", "forbidden"), ("prescriber", "forbidden")):
        with pytest.raises(DomainError) as caught:
            make(house.as_(role), to, identified=True, reason="Asked")
        assert caught.value.code == code
    with pytest.raises(DomainError):
        make(house.system, to, identified=True, reason="Asked")
    with pytest.raises(DomainError) as unsaid:
        make(house.as_("medical_director"), to, identified=True, reason=" ")
    assert unsaid.value.fields
    assert not to.exists()
    make(house.as_("medical_director"), to, identified=True, reason="Court order 12")
    files = unpacked(to)
    assert check_bundle(to).good, faults(to)
    assert all(any(name in c for c in files.values()) for name in NAMES)
    rows = table(files, "audit/entries")["rows"]
    assert {row["told"] for row in rows} == {"whole", "place"}
    manifest = json.loads(files["manifest.json"])
    assert manifest["allowed_by"] == "Test medical_director"
    assert manifest["reason"] == "Court order 12"


@pytest.mark.django_db
def test_days_that_cannot_be_are_refused(
    house: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "none.zip"
    wrong: list[dict[str, Any]] = [
        {"first_day": LAST, "last_day": FIRST},
        {"first_day": FIRST.replace(year=2031), "last_day": LAST.replace(year=2031)},
        {"first_day": FIRST.replace(year=2015)},
        {"site_id": house.other_site.pk},
        {"site_id": uuid.uuid4()},
    ]
    for given_days in wrong:
        with pytest.raises(DomainError):
            make(house.as_("auditor"), to, **given_days)
    monkeypatch.setattr(audit, "MOST_ENTRIES", 3)
    with pytest.raises(DomainError) as caught:
        make(house.as_("auditor"), to)
    assert caught.value.code == "too_long"
    assert not to.exists()


def entry(files: Files, told: str = "whole") -> int:
    rows = table(files, "audit/entries")["rows"]
    return next(n for n, row in enumerate(rows) if row["told"] == told and 0 < n < len(rows) - 1)


def at(name: str, change: Callable[[list[dict[str, Any]], int], None]) -> Callable[[Files], Files]:
    """A change to the rows of a table, in all its files, under a manifest that fits again."""

    def spoil(files: Files) -> Files:
        number = entry(files) if name == "audit/entries" else 0
        return rewritten(files, name, lambda found: change(found["rows"], number))

    return spoil


def set_to(key: str, value: Any) -> Callable[[list[dict[str, Any]], int], None]:
    return lambda rows, n: rows[n].update({key: value})


#: What a forger does who holds the clinic's key but not its record: everything is signed anew.
FORGED: list[tuple[str, Callable[[Files], Files], str]] = [
    ("an entry is changed", at("audit/entries", set_to("action", "nothing")), "not what its hash"),
    ("an entry is gone", at("audit/entries", lambda rows, n: rows.pop(n) and None), "is missing"),
    (
        "entries change places",
        at("audit/entries", lambda rows, n: rows.insert(n, rows.pop(n + 1))),
        "is missing",
    ),
    ("a hash is changed", at("audit/entries", set_to("hash", "0" * 64)), "not what its hash"),
    ("the last entry is cut", at("audit/entries", lambda rows, n: rows.pop() and None), "proof"),
    ("an entry is another word", at("audit/entries", set_to("told", "truly")), "how it is told"),
    ("a balance is changed", at("ledger/lines", set_to("balance_mg", "499.000")), "follows"),
    ("an amount is changed", at("ledger/lines", set_to("change_mg", "1.000")), "follows"),
    ("an amount is no number", at("ledger/lines", set_to("change_mg", "NaN")), "no number"),
    ("a line is gone", at("ledger/lines", lambda rows, n: rows.pop(n) and None), "come to"),
    ("an end is changed", at("ledger/containers", set_to("closing_mg", "1.000")), "come to"),
    ("a container is gone", at("ledger/containers", lambda rows, n: rows.pop(0) and None), "not l"),
    ("a protocol is changed", at("protocols/in-force", set_to("text", "{}")), "that was signed"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("what", "spoil", "said"), FORGED, ids=[row[0] for row in FORGED])
def test_what_was_changed_is_found_even_under_a_fitting_signature(
    what: str, spoil: Callable[[Files], Files], said: str, bundle: Path, tmp_path: Path
) -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    files = signed_by(spoil(unpacked(bundle)), key)
    found = faults(packed(files, tmp_path / "forged.zip"))
    assert said in found, found


def signed_by(files: Files, key: Ed25519PrivateKey) -> Files:
    """Head, keys and manifest as somebody with this key would sign them."""
    from evenkeel.clinic.record.heads import parse_head, parse_key, sign_head, sign_key

    head = parse_head(files["head.json"].decode())
    first = parse_key(files["keys.jsonl"].decode().splitlines()[0])
    again = sign_head(
        key,
        installation=head.installation,
        size=head.size,
        root=bytes.fromhex(head.root),
        chain_hash=head.chain_hash,
        at=head.at,
    )
    statement = sign_key(key, installation=head.installation, at=first.at)
    files = files | {
        "head.json": f"{again.line()}\n".encode(),
        "keys.jsonl": f"{statement.line()}\n".encode(),
    }
    return resummed(files, key, head=again.line(), key=again.key)


@pytest.mark.django_db
def test_another_key_is_found_by_who_knows_the_right_one(bundle: Path, tmp_path: Path) -> None:
    files = unpacked(bundle)
    right = json.loads(files["manifest.json"])["key"]
    assert check_bundle(bundle, trusted=right).good
    forged = packed(
        signed_by(files, Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)), tmp_path / "f.zip"
    )
    assert check_bundle(forged).good, "without the right key nobody can tell: CANNOT_DETECT"
    assert "not by" in faults(forged, trusted=right)


@pytest.mark.django_db
def test_heads_kept_elsewhere_are_held_against_it(bundle: Path, tmp_path: Path) -> None:
    files = unpacked(bundle)
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "head-000000000001-20261123T140000Z.json").write_bytes(files["head.json"])
    assert check_bundle(bundle, folder).good
    other = json.loads(files["head.json"]) | {"chain_hash": "1" * 64}
    (folder / "head-000000000002-20261123T140000Z.json").write_text(json.dumps(other))
    assert "of another record" in faults(bundle, heads=folder)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "none of the heads" in faults(bundle, heads=empty)


SPOILED: list[tuple[str, Callable[[Files], Files], str]] = [
    ("csv", lambda f: f | {"ledger/lines.csv": f["ledger/lines.csv"] + b"x"}, "was changed"),
    ("page", lambda f: f | {"audit/entries.html": b"<html>"}, "was changed"),
    ("more", lambda f: f | {"ledger/more.csv": b""}, "is not listed"),
    ("less", lambda f: {n: c for n, c in f.items() if n != "README.txt"}, "is missing"),
    (
        "no manifest",
        lambda f: {n: c for n, c in f.items() if n != "manifest.json"},
        "no inspection",
    ),
    ("no head", lambda f: {n: c for n, c in f.items() if n != "head.json"}, "no inspection"),
    ("sums made to fit", lambda f: resummed(f | {"README.txt": b"x"}), "signature does not fit"),
    ("another format", lambda f: resummed(f, format="x/1"), "does not say that it is"),
    ("head no head", lambda f: f | {"head.json": b"{}"}, "cannot be read"),
    ("manifest a list", lambda f: f | {"manifest.json": b"[]"}, "does not say that it is"),
    ("not a number", lambda f: f | {"manifest.json": b'{"a": NaN}'}, "no JSON"),
    ("deep", lambda f: f | {"manifest.json": b"[" * 100_000}, "no JSON"),
    ("long number", lambda f: f | {"manifest.json": b"1" * 50_000}, "no JSON"),
    ("long manifest", lambda f: f | {"manifest.json": b" " * 2_000_000}, "too long"),
    ("no text", lambda f: f | {"manifest.json": b"\xff\xfe"}, "no JSON"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("what", "spoil", "said"), SPOILED, ids=[row[0] for row in SPOILED])
def test_a_spoiled_archive_is_told_in_words(
    what: str, spoil: Callable[[Files], Files], said: str, bundle: Path, tmp_path: Path
) -> None:
    found = faults(packed(spoil(unpacked(bundle)), tmp_path / "spoiled.zip"))
    assert said in found, found


def archive(*members: tuple[str, bytes], **how: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = how.get("packing", zipfile.ZIP_DEFLATED)
            info.external_attr = how.get("mode", 0o100644) << 16
            made.writestr(info, content)
    return out.getvalue()


BOMB = bytes(301 * 1024 * 1024)
HOSTILE: list[tuple[str, Callable[[], bytes], str]] = [
    ("nothing", lambda: b"", "no archive"),
    ("no archive", lambda: b"PK\x03\x04" + b"x" * 500, "no archive"),
    ("up", lambda: archive(("../../etc/passwd.json", b"x")), "which no bundle does"),
    ("root", lambda: archive(("/etc/passwd", b"x")), "which no bundle does"),
    ("drive", lambda: archive(("c:\\x.json", b"x")), "which no bundle does"),
    ("folder", lambda: archive(("ledger/", b"")), "which no bundle does"),
    ("deep", lambda: archive(("a/b/c.json", b"x")), "which no bundle does"),
    ("newline", lambda: archive(("a\nb.json", b"x")), "which no bundle does"),
    ("capital", lambda: archive(("A.json", b"x")), "which no bundle does"),
    ("link", lambda: archive(("a.json", b"/etc"), mode=stat.S_IFLNK | 0o777), "no plain file"),
    ("packed", lambda: archive(("a.json", b"x"), packing=zipfile.ZIP_BZIP2), "in a way"),
    ("many", lambda: archive(*((f"a{n}.json", b"") for n in range(201))), "at most 200"),
    ("bomb", lambda: archive(("a.json", BOMB)), "too large"),
]


@pytest.mark.parametrize(("what", "build", "said"), HOSTILE, ids=[row[0] for row in HOSTILE])
def test_a_hostile_archive_is_not_opened(
    what: str, build: Callable[[], bytes], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "hostile.zip"
    path.write_bytes(build())
    with pytest.raises(Refused, match=said):
        read_archive(path)
    assert not check_bundle(path).good


def test_names_twice_and_sizes_that_lie_are_found(tmp_path: Path) -> None:
    path = tmp_path / "twice.zip"
    with pytest.warns(UserWarning, match="Duplicate"):
        path.write_bytes(archive(("a.json", b"x"), ("a.json", b"y")))
    with pytest.raises(Refused, match="twice"):
        read_archive(path)
    lying = bytearray(archive(("a.json", bytes(5_000_000))))
    place = lying.rindex(b"PK\x01\x02")  # the directory says that it unpacks to ten bytes
    lying[place + 24 : place + 28] = (10).to_bytes(4, "little")
    path.write_bytes(lying)
    with pytest.raises(Refused):
        read_archive(path)
    path.write_bytes(b"")
    with pytest.raises(Refused):
        read_archive(tmp_path / "is not there.zip")
    with pytest.raises(Refused):
        read_json(b'{"a": Infinity}', "x")


@pytest.mark.django_db
def test_no_byte_can_be_changed_unseen(bundle: Path, tmp_path: Path) -> None:
    whole, content = unpacked(bundle), bundle.read_bytes()

    @given(st.integers(0, len(content) - 1), st.integers(1, 255))
    @hypothesis_settings(max_examples=40)
    def flip(place: int, by: int) -> None:
        spoiled = bytearray(content)
        spoiled[place] ^= by
        path = tmp_path / "flipped.zip"
        path.write_bytes(spoiled)
        if check_bundle(path).good:
            assert unpacked(path) == whole, "dates of the archive's own directory say nothing"

    flip()


def test_a_run_gives_the_root_of_the_tree_and_no_other_run_does() -> None:
    for size in range(1, 14):
        leaves = [merkle.hash_leaf(bytes([n])) for n in range(size)]
        root = merkle.root(leaves)
        for first in range(size):
            for last in range(first, size):
                path = prove_range(first, last, leaves)
                run = leaves[first : last + 1]
                assert root_from_range(first, size, run, path) == root
                other = [merkle.hash_leaf(b"x"), *run[1:]]
                assert root_from_range(first, size, other, path) != root
                with pytest.raises(ValueError):
                    root_from_range(first, size, run, [*path, root])
            single = prove_range(first, first, leaves)
            assert sorted(single) == sorted(merkle.inclusion_proof(first, leaves))


@pytest.mark.django_db
def test_a_stranger_checks_it_with_nothing_but_the_file(bundle: Path, tmp_path: Path) -> None:
    run = [sys.executable, "-m", "evenkeel.cli", "verify"]
    nothing = {"PATH": "/usr/bin:/bin", "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    done = subprocess.run(
        [*run, str(bundle)], env=nothing, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The bundle is whole." in done.stdout
    assert not list(tmp_path.glob("**/*.sqlite3"))
    spoiled = packed(unpacked(bundle) | {"README.txt": b"Trust me."}, tmp_path / "spoiled.zip")
    found = subprocess.run(
        [*run, str(spoiled)], env=nothing, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert found.returncode == 1
    assert "README.txt was changed" in found.stdout


@pytest.mark.django_db
def test_the_page_makes_it_in_a_process_of_its_own(
    house: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[list[str]] = []
    monkeypatch.setattr(making, "_start", begun.append)
    client = sign_in(Client(), house.staff["auditor"])
    assert "No bundle yet" in client.get("/oversight/inspection").content.decode()
    said = {"act_id": "1", "from": FIRST.isoformat(), "to": LAST.isoformat(), "site": ""}
    wrong = client.post("/oversight/inspection", {**said, "act_id": "0", "to": "2026-10-01"})
    assert wrong.status_code == 422
    named = {**said, "act_id": "2", "identified": "yes", "reason": "Curious"}
    assert client.post("/oversight/inspection", named).status_code == 403
    assert not begun
    assert client.post("/oversight/inspection", said).status_code == 303
    assert client.post("/oversight/inspection", said).status_code == 303
    assert len(begun) == 1, "a form sent twice makes one bundle"
    words = {w.partition("=")[0]: w.partition("=")[2] for w in begun[0][1:]}
    bundle_id = uuid.UUID(words["--bundle-id"])
    assert making.state_of(bundle_id, house.clock.now()).state == "making"
    parser = argparse.ArgumentParser()
    inspect.add_arguments(parser)
    assert inspect.run(parser.parse_args(begun[0][1:])) == 0
    assert making.state_of(bundle_id, house.clock.now()).state == "ready"
    page = client.get("/oversight/inspection").content.decode()
    assert f"/oversight/inspection/{bundle_id}.zip" in page
    fetched = client.get(f"/oversight/inspection/{bundle_id}.zip")
    assert b"".join(fetched.streaming_content) == making.path_of(bundle_id).read_bytes()
    elsewhere = sign_in(Client(), house.staff["prescriber"])
    assert elsewhere.get(f"/oversight/inspection/{bundle_id}.zip").status_code == 403
    old = house.clock.now().timestamp() - making.KEPT_FOR.total_seconds() - 60
    os.utime(making.path_of(bundle_id), (old, old))
    assert making.throw_away_old(house.clock.now()) == 1
    assert client.get(f"/oversight/inspection/{bundle_id}.zip").status_code == 404
