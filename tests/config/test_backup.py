"""Backups of a clinic that runs, and clinics out of backups: real processes, both databases."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.clinic.session.watch import beat
from evenkeel.config import age, age_keys, backup_plan
from evenkeel.config.backing_up import make_backup
from evenkeel.config.backup_file import FORMAT, Key, Lock, take_out
from evenkeel.config.backup_plan import Plan, backups_in, is_due, plan_of, prune
from evenkeel.config.errands import Errand
from evenkeel.config.instance import ConfigurationError, Instance
from evenkeel.config.restoring import compare
from tests.config.test_upgrade import ADD, made_on_postgres, python, state, upgradable
from tests.installations import ROOT, Installation

__all__ = ["made_on_postgres", "upgradable"]

#: Made by another program that speaks age (pyrage 1.4.0), so that we do not only read ourselves.
OTHER_IDENTITY = "AGE-SECRET-KEY-19RY2GGNUTPSZYJQGC6C7WLSNKZF87GEEFG9T97FZ67T2CSF2Z99S7EWQEZ"
BY_ANOTHER = base64.b64decode(
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSA3N0pXQVVnZDMvTFI3WlV5OGhVUm5pR0ZIamllTXNCemZjcEc3"
    "K2hXanpFCi9EamN6aEJmKzAzclptNTVqK2hqeEhjZHdEVHgxZjhKMWVWdVplb3hDT2cKLT4gTnl9Pl8tZ3JlYXNlIDFA"
    "b2YKaEMxdHFwVzRCLzJvNEt3MHhBUCtNTUFBT3BPMGk1cjJHV1VORllNL2ljMFBJMWpJVU9wS092Y2FKVXRVdkZQdgpK"
    "a3RMUk0zMDJxRQotLS0gSWl2RFFoOHNUVVE5ai9SUm04cTJkVjlNd3ZUYUxBbzZXc0ViS1dieTN5ZwpGevv8sodDfayR"
    "5jL7BhPQDQgaxfBV/D5qOS/V5Haw0xcjJ/ElJ4el"
)


def sealed(content: bytes, **how: Any) -> bytes:
    out = io.BytesIO()
    sealing = age.Sealing(out, **how)
    sealing.write(content)
    sealing.close()
    return out.getvalue()


def opened(content: bytes, **how: Any) -> bytes:
    return io.BufferedReader(age.Opening(io.BytesIO(content), **how)).read()


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Any, Any, str]:
    """A pair: who can open, who can lock, and the latter as text."""
    identity, recipient = age_keys.new_identity()
    path = tmp_path / "identity.txt"
    path.write_text(f"# mine\n{identity}\n")
    return age_keys.identities_of(path), age_keys.recipients_of([recipient]), recipient


def test_what_another_program_sealed_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "identity.txt"
    path.write_text(OTHER_IDENTITY)
    assert opened(BY_ANOTHER, identities=age_keys.identities_of(path)) == b"a backup"


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 131072, 200_001])
def test_every_length_comes_back(size: int, keys: tuple[Any, Any, str]) -> None:
    identities, recipients, _ = keys
    content = bytes(range(256)) * (size // 256 + 1)
    assert (
        opened(sealed(content[:size], recipients=recipients), identities=identities)
        == (content[:size])
    )
    by_words = sealed(content[:size], passphrase="a long passphrase", work=4)
    assert opened(by_words, passphrase="a long passphrase") == content[:size]


SIZE = 150_000
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_no_byte_of_a_sealed_file_can_be_changed(keys: tuple[Any, Any, str]) -> None:
    identities, recipients, _ = keys
    whole = sealed(bytes(SIZE), recipients=recipients)

    @given(st.integers(0, len(whole) - 1), st.integers(1, 255))
    def change(place: int, by: int) -> None:
        spoiled = bytearray(whole)
        spoiled[place] ^= by
        with pytest.raises(age.Unreadable):
            opened(bytes(spoiled), identities=identities)

    change()


def test_a_sealed_file_cut_anywhere_is_found(keys: tuple[Any, Any, str]) -> None:
    identities, recipients, _ = keys
    whole = sealed(bytes(SIZE), recipients=recipients)
    header = len(whole) - 16 - SIZE - 3 * 16
    chunk = 64 * 1024 + 16
    for end in (
        0,
        5,
        header - 1,
        header,
        header + 8,
        header + 16,
        header + 16 + chunk,
        len(whole) - 1,
    ):
        with pytest.raises(age.Unreadable):
            opened(whole[:end], identities=identities)
    with pytest.raises(age.Unreadable):
        opened(whole + b"x", identities=identities)
    start = header + 16  # the first two chunks in each other's place
    moved = whole[:start] + whole[start + chunk : start + 2 * chunk] + whole[start : start + chunk]
    with pytest.raises(age.Unreadable):
        opened(moved + whole[start + 2 * chunk :], identities=identities)


def test_only_the_right_key_opens(keys: tuple[Any, Any, str], tmp_path: Path) -> None:
    _, recipients, _ = keys
    whole = sealed(b"x", recipients=recipients)
    path = tmp_path / "identity.txt"
    path.write_text(OTHER_IDENTITY)
    for how, said in (
        ({"identities": age_keys.identities_of(path)}, "encrypted for another"),
        ({}, "--identity"),
        ({"passphrase": "a long passphrase"}, "--identity"),
    ):
        with pytest.raises(age.Unreadable, match=said):
            opened(whole, **how)
    by_words = sealed(b"x", passphrase="a long passphrase", work=4)
    with pytest.raises(age.Unreadable, match="does not open"):
        opened(by_words, passphrase="another passphrase")
    greedy = re.sub(rb"(-> scrypt \S+) 4\n", rb"\1 40\n", by_words)
    with pytest.raises(age.Unreadable, match="more work"):
        opened(greedy, passphrase="a long passphrase")


@pytest.mark.parametrize("text", ["age1", "age1qqqq", "agE1" + "q" * 58, "x" * 200, "AGE1é"])
def test_a_recipient_that_is_mistyped_is_refused(text: str, keys: tuple[Any, Any, str]) -> None:
    with pytest.raises(ConfigurationError):
        age_keys.recipients_of([text])
    good = keys[2]
    with pytest.raises(ConfigurationError):
        age_keys.recipients_of([good[:-1] + ("q" if good[-1] != "q" else "p")])


def archive(*parts: tuple[str, bytes], **manifest: Any) -> bytes:
    """A backup as somebody else might write it."""
    said = {
        "format": FORMAT,
        "parts": [
            {"name": n, "bytes": len(c), "sha256": hashlib.sha256(c).hexdigest()} for n, c in parts
        ],
        "rows": {},
        "chain": {"position": 0, "hash": ""},
        **manifest,
    }
    return tarred(("manifest.json", json.dumps(said).encode()), *parts)


def tarred(*parts: tuple[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        for name, content in parts:
            info = tarfile.TarInfo(name)
            info.size, info.type = len(content) if kind == tarfile.REGTYPE else 0, kind
            info.linkname = "/etc/passwd"
            made.addfile(info, io.BytesIO(content))
    return out.getvalue()


LISTED = {"name": "a", "bytes": 1, "sha256": "0" * 64}
HOSTILE: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "damaged, cut off, or no backup"),
    ("words", b"this is no backup" * 99, "no backup"),
    ("cut", archive(("a", b"x" * 99_999))[:200], "damaged, cut off"),
    ("no manifest", tarred(("a", b"x")), "does not begin with one"),
    ("a list", tarred(("manifest.json", b"[]")), "cannot be used"),
    ("deep", tarred(("manifest.json", b"[" * 99_999)), "cannot be used"),
    ("newer form", archive(format="evenkeel-backup/9"), "this program reads"),
    ("up", archive(("../a", b"x")), "is called"),
    ("root", archive(("/a", b"x")), "is called"),
    ("hidden", archive((".a", b"x")), "is called"),
    ("other folder", archive(("home/a", b"x")), "is called"),
    ("twice", archive(parts=[LISTED, LISTED]), "twice"),
    ("lacking", archive(parts=[LISTED]), "lacks"),
    ("more", archive(("a", b"x"), parts=[]), "does not list"),
    ("longer", archive(("a", b"xy"), parts=[LISTED]), "does not list"),
    ("other sum", archive(("a", b"x"), parts=[LISTED]), "not what its manifest says"),
    ("link", tarred(("manifest.json", b"{}"), kind=tarfile.SYMTYPE), "does not begin"),
]


@pytest.mark.parametrize(("what", "content", "said"), HOSTILE, ids=[row[0] for row in HOSTILE])
def test_a_file_that_is_no_sound_backup_is_refused(
    what: str, content: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.backup"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        take_out(path, Key(), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir() if p.name not in ("a", "x.backup")) == []


@pytest.fixture
def identity(tmp_path: Path) -> tuple[Path, str]:
    """The file of a key, and its recipient."""
    identity, recipient = age_keys.new_identity()
    path = tmp_path / "key.txt"
    path.write_text(identity)
    return path, recipient


def backed_up(made: Installation, folder: Path, *words: str) -> Path:
    done = made.command("backup", "--to", str(folder), *words)
    assert done.returncode == 0, done.stderr
    return backups_in(folder)[-1]


WRITE = ADD.replace("range(3)", "range(60)").replace("Added {n}", "W {n}")


def test_a_backup_under_writers_is_one_moment_and_restores_elsewhere(
    upgradable: Installation, tmp_path: Path, identity: tuple[Path, str]
) -> None:
    key, recipient = identity
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE], env=upgradable.environment, cwd=ROOT, stderr=subprocess.PIPE
    )
    try:
        file = backed_up(upgradable, tmp_path / "b", "--encrypt-to", recipient)
    finally:
        _, said = writer.communicate(timeout=120)
    assert writer.returncode == 0, said
    assert file.name.endswith(".backup.age")
    assert file.stat().st_mode & 0o077 == 0
    assert b"Bench" not in file.read_bytes()
    if (upgradable.home / "evenkeel.toml").exists():
        return  # restoring a server's database has a test of its own
    elsewhere = Installation(tmp_path / "elsewhere", {})
    words = ("restore", str(file), "--identity", str(key))
    done = upgradable.command(*words, "--into", str(elsewhere.home))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the record is whole" in done.stdout
    assert not (elsewhere.home / "restore-unfinished").exists()
    again = elsewhere.command(*words)
    assert again.returncode == 1
    assert "a clinic lives in" in again.stderr
    replaced = elsewhere.command(*words, "--replace")
    assert replaced.returncode == 0, replaced.stderr
    assert list(elsewhere.home.glob("replaced-*/evenkeel.sqlite3"))


@pytest.mark.sqlite
def test_nothing_is_touched_by_a_backup_that_is_not_whole(
    installation: Installation, tmp_path: Path, identity: tuple[Path, str]
) -> None:
    key, recipient = identity
    file = backed_up(installation, tmp_path / "b", "--encrypt-to", recipient)
    before = (installation.home / "evenkeel.sqlite3").read_bytes()
    content = file.read_bytes()
    middle = len(content) // 2
    file.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    done = installation.command("restore", str(file), "--replace", "--identity", str(key))
    assert done.returncode == 1
    assert "is damaged" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(installation.home.glob(".restoring-*"))
    file.write_bytes(content)
    good = installation.command("restore", str(file), "--check", "--identity", str(key))
    assert good.returncode == 0, good.stderr
    assert "nothing was changed" in good.stdout
    assert (installation.home / "evenkeel.sqlite3").read_bytes() == before


def test_what_differs_from_the_manifest_is_told() -> None:
    tables = {"record_chainentry": 2, "django_migrations": 0, "record_installation": 0}

    def ask(question: str) -> list[tuple[Any, ...]]:
        if "sqlite_master" in question:
            return [(name,) for name in tables]
        if "count(*)" in question:
            return [(tables[question.split('"')[1]],)]
        return [(2, "ab")] if "ORDER BY position" in question else []

    manifest = {"chain": {"position": 2, "hash": "ab"}, "rows": dict(tables)}
    compare(ask, manifest, postgres=False)
    for changed, said in (
        ({"chain": {"position": 3, "hash": "ab"}}, "its chain ends at entry 2, not 3"),
        ({"chain": {"position": 2, "hash": "cd"}}, "another hash"),
        ({"rows": tables | {"record_chainentry": 3}}, "record_chainentry has 2 rows, not 3"),
        ({"rows": tables | {"more": 1}}, "more has None rows, not 1"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            compare(ask, manifest | changed, postgres=False)


def changed_manifest(file: Path, to: Path, **said: Any) -> Path:
    """An open backup whose manifest says something else."""
    with tarfile.open(file, "r:gz") as old, tarfile.open(to, "w:gz") as new:
        for info in old:
            held = old.extractfile(info)
            assert held is not None
            content = held.read()
            if info.name == "manifest.json":
                content = json.dumps(json.loads(content) | said).encode()
                info.size = len(content)
            new.addfile(info, io.BytesIO(content))
    return to


@pytest.mark.soak
@pytest.mark.sqlite
def test_a_backup_is_held_against_its_manifest_its_version_and_heads_kept_elsewhere(
    installation: Installation, tmp_path: Path
) -> None:
    file = backed_up(installation, tmp_path / "b")
    (tmp_path / "out").mkdir()
    manifest = take_out(file, Key(), tmp_path / "out")
    home = tmp_path / "elsewhere"

    def restore(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
        return installation.command("restore", str(path), "--into", str(home), *words)

    chain = {**manifest["chain"], "hash": "0" * 64}
    rows = {**manifest["rows"], "people_patient": 1000}
    newer = {**manifest["migrations"], "people": [*manifest["migrations"]["people"], "0099_later"]}
    for said, words in (
        ({"chain": chain}, "its chain ends at entry"),
        ({"rows": rows}, "people_patient has"),
        ({"migrations": newer, "version": "9.9"}, "install that version first"),
        ({"database": "postgresql"}, "is of a PostgreSQL clinic"),
    ):
        path = changed_manifest(file, tmp_path / "changed.backup", **said)
        done = restore(path)
        assert done.returncode == 1
        assert words in done.stderr
        assert not (home / "evenkeel.sqlite3").exists()
    done = restore(file)
    assert done.returncode == 0, done.stderr


@pytest.mark.soak
@pytest.mark.sqlite
def test_a_backup_of_an_older_version_is_brought_to_this_one(
    installation: Installation, tmp_path: Path
) -> None:
    python(
        installation,
        "from evenkeel.config.manage import start_django; start_django()\n"
        "from django.core.management import call_command\n"
        "call_command('migrate', 'axes', '0008', verbosity=0)",
    )
    file = backed_up(installation, tmp_path / "b")
    home = tmp_path / "elsewhere"
    done = installation.command("restore", str(file), "--into", str(home))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Bringing it from version" in done.stdout
    assert Installation(home, {}).command("doctor").returncode == 0


@pytest.mark.postgres
@pytest.mark.parametrize("upgradable", ["postgres"], indirect=True)
def test_a_server_gets_its_clinic_back_or_keeps_what_it_has(
    upgradable: Installation, tmp_path: Path
) -> None:
    file = backed_up(upgradable, tmp_path / "b")
    before = state(upgradable)
    python(upgradable, ADD)
    after = state(upgradable)
    assert upgradable.command("restore", str(file)).returncode == 1
    wrong = changed_manifest(file, tmp_path / "wrong.backup", rows={"people_patient": 1})
    refused = upgradable.command("restore", str(wrong), "--replace")
    assert refused.returncode == 1, refused.stdout
    assert "not what its manifest says" in refused.stderr
    assert state(upgradable) == after
    done = upgradable.command("restore", str(file), "--replace")
    assert done.returncode == 0, done.stdout + done.stderr
    assert state(upgradable)[1:] == before[1:]
    assert upgradable.command("verify").returncode == 0


@pytest.mark.soak
@pytest.mark.sqlite
def test_keys_go_along_only_when_asked_and_sealed(
    installation: Installation, tmp_path: Path, identity: tuple[Path, str]
) -> None:
    key, recipient = identity
    secret = (installation.home / "secret_key").read_text()
    (installation.home / "evenkeel.toml").write_text('email_user = "x"\nidle_lock_s = 60\n')
    open_one = installation.command("backup", "--to", str(tmp_path / "b"), "--with-keys")
    assert open_one.returncode == 1
    assert "only into an encrypted backup" in open_one.stderr
    file = backed_up(installation, tmp_path / "b", "--with-keys", "--encrypt-to", recipient)
    home = tmp_path / "elsewhere"
    words = ("restore", str(file), "--into", str(home), "--identity", str(key))
    assert installation.command(*words).returncode == 0
    assert (home / "secret_key").read_text() != secret
    assert "idle_lock_s" in (home / "evenkeel.toml").read_text()
    assert installation.command(*words, "--replace", "--with-keys").returncode == 0
    assert (home / "secret_key").read_text() == secret
    assert (home / "secret_key").stat().st_mode & 0o077 == 0


BEAT = {"state": "ok", "encrypted": True}
STANDING = [
    ({}, None, {}, "never", "No backup was ever made"),
    ({}, 1, BEAT, "ok", "encrypted."),
    ({}, 1, BEAT | {"encrypted": False}, "ok", "not encrypted"),
    ({}, 24 * 8, BEAT, "stale", "Backups are stale"),
    ({"backup_every_h": "4"}, 5.9, BEAT, "ok", "encrypted."),
    ({"backup_every_h": "4"}, 6.1, BEAT, "stale", "Backups are stale"),
    ({}, 1, BEAT | {"state": "failed", "why": "disk full"}, "failed", "disk full"),
    ({"backup_every_h": "often"}, 1, BEAT, "failed", "a number of hours"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("said", "age_h", "detail", "state_now", "words"), STANDING)
def test_how_backups_stand_is_told(
    said: dict[str, str],
    age_h: float | None,
    detail: dict[str, Any],
    state_now: str,
    words: str,
    tmp_path: Path,
) -> None:
    if age_h is not None:
        beat(backup_plan.HEARTBEAT, NOW - timedelta(hours=age_h), **detail)
    found = backup_plan.standing(Instance(tmp_path, said), NOW)
    assert found.state == state_now
    assert words in found.words


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    with pytest.raises(ConfigurationError, match="no backup can be written"):
        make_backup(Instance(tmp_path), blocked, NOW, Lock())
    with pytest.raises(ConfigurationError, match="there is no clinic"):
        make_backup(Instance(tmp_path), tmp_path / "b", NOW, Lock())
    with pytest.raises(ConfigurationError, match="only into an encrypted"):
        make_backup(Instance(tmp_path), tmp_path / "b", NOW, Lock(), with_keys=True)
    assert list((tmp_path / "b").iterdir()) == []


def touched(folder: Path, *ages_h: float) -> list[Path]:
    found = []
    for age_h in ages_h:
        at = NOW - timedelta(hours=age_h)
        path = folder / f"evenkeel-{at:%Y%m%dT%H%M%SZ}.backup"
        path.touch()
        found.append(path)
    return found


@pytest.mark.parametrize(
    ("ages_h", "due"), [((), True), ((25,), True), ((25, 23.9), False), ((24,), True)]
)
def test_a_backup_is_due_by_the_newest_in_the_folder(
    ages_h: tuple[float, ...], due: bool, tmp_path: Path
) -> None:
    touched(tmp_path, *ages_h)
    (tmp_path / "evenkeel-20261126T115959Z.backup.partial").touch()
    (tmp_path / "notes.backup").touch()
    assert is_due(Plan(timedelta(hours=24), tmp_path, (), 3), NOW) is due
    assert not is_due(Plan(None, tmp_path, (), 3), NOW)


def test_older_ones_go_and_nothing_else(tmp_path: Path) -> None:
    made = touched(tmp_path, 5, 4, 3, 2, 1)
    (tmp_path / "evenkeel-before.sqlite3").touch()
    assert prune(tmp_path, 2, made[-1]) == made[:3]
    assert backups_in(tmp_path) == made[3:]
    assert (tmp_path / "evenkeel-before.sqlite3").exists()
    assert prune(tmp_path, 1, made[3]) == [], "never the one just made"


SETTINGS = [
    ({"backup_every_h": "0.1"}, "backup_every_h"),
    ({"backup_every_h": "1e99"}, "backup_every_h"),
    ({"backup_every_h": "nan"}, "backup_every_h"),
    ({"backup_keep": "0"}, "backup_keep"),
    ({"backup_keep": "-1"}, "backup_keep"),
]


@pytest.mark.parametrize(("given_settings", "said"), SETTINGS)
def test_a_plan_that_cannot_be_is_refused(
    given_settings: dict[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        plan_of(Instance(tmp_path, given_settings))


def test_an_errand_runs_once_when_due_and_waits_after_a_failure(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    script = f"open({str(mark)!r}, 'a').write('x'); raise SystemExit(1)"
    errand = Errand("test", [sys.executable, "-c", script], lambda: True)
    errand.look(0.0)
    running = errand.running
    assert running is not None
    errand.look(1.0)
    running.wait(20)
    errand.look(40.0)
    errand.look(100.0)
    assert errand.running is None
    assert mark.read_text() == "x"
    errand.look(41.0 + 900.0)
    assert errand.running is not None
    errand.stop()
