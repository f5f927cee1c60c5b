"""The key that signs heads: kept, changed, lost; and entries that were lost with a backup."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection

from evenkeel.clinic.people.actions.set_up import add_chair
from evenkeel.clinic.record import audit_key
from evenkeel.clinic.record.act import Context, system_actor
from evenkeel.clinic.record.errors import Forbidden, Invalid, Refused
from evenkeel.clinic.record.exporting import Exporter, NotSigned, exported, set_lost_aside
from evenkeel.clinic.record.heads import KeyRing, read_folder
from evenkeel.clinic.record.models import ChainEntry, ChainPayload, Version
from evenkeel.clinic.record.verify import verify
from tests.clinic_factory import Clinic

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    before = settings.AUDIT_KEYS_PATH, settings.HEADS_PATH, settings.HEADS_COPY_PATH
    settings.AUDIT_KEYS_PATH, settings.HEADS_PATH = tmp_path / "keys", tmp_path / "heads"
    settings.HEADS_COPY_PATH = str(tmp_path / "elsewhere")
    yield tmp_path
    settings.AUDIT_KEYS_PATH, settings.HEADS_PATH, settings.HEADS_COPY_PATH = before


@pytest.fixture
def command(clinic: Clinic, home: Path) -> Context:
    ctx = Context(system_actor("somebody at this machine"), clinic.clock, via="command")
    assert audit_key.make_first_key(ctx)
    return ctx


def test_the_key_is_its_owners_alone_and_made_once(command: Context, home: Path) -> None:
    path = audit_key.key_path()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert audit_key.make_first_key(command) is None
    secret = path.read_text().splitlines()[1]
    stored = "".join(ChainPayload.objects.values_list("body", flat=True))
    assert secret not in stored
    assert audit_key.statements_on_chain()[0].public_key in stored


def test_a_new_key_is_vouched_for_and_both_are_believed(
    command: Context, clinic: Clinic, home: Path, django_capture_on_commit_callbacks: object
) -> None:
    assert Exporter().export(clinic.clock)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        audit_key.rotate_key(command, reason="Once a year")
    assert not list((home / "keys").glob("before-*")), "a key that signs no more is not kept"
    assert Exporter().export(clinic.clock)
    found = verify()
    assert found.whole, found.breaks
    assert (found.heads, found.notes) == (2, [])
    assert {head.key for head in exported()} == {k.key for k in audit_key.statements_on_chain()}
    copies, keys, unread = read_folder(home / "elsewhere")
    assert (len(copies), len(keys), unread) == (2, 2, [])
    assert not KeyRing(keys).unvouched
    # a stranger who knew the first key is told the same, and one who knew another is not
    assert verify(trusted_key=keys[0].key).whole
    assert any("was never this" in b.what for b in verify(trusted_key="0" * 16).breaks)


def test_a_lost_key_is_said_replaced_by_a_person_and_never_silently(
    command: Context, clinic: Clinic, home: Path
) -> None:
    assert Exporter().export(clinic.clock)
    with pytest.raises(Refused):
        audit_key.replace_lost_key(command, reason="It is not lost")
    audit_key.key_path().unlink()
    with pytest.raises(NotSigned, match="cannot be read"):
        Exporter().export(clinic.clock)
    assert audit_key.make_first_key(command) is None, "no key is made behind anybody's back"
    with pytest.raises(Refused):
        audit_key.rotate_key(command, reason="It is lost")
    with pytest.raises(Invalid):
        audit_key.replace_lost_key(command, reason=" ")
    with pytest.raises(Forbidden):
        audit_key.replace_lost_key(clinic.as_("medical_director"), reason="From a page")
    made = audit_key.replace_lost_key(command, reason="The disk of the keys broke")
    assert Exporter().export(clinic.clock)
    found = verify()
    assert found.whole, found.breaks
    assert any(made.key in note and "vouched for by no key" in note for note in found.notes)
    # a key that no entry announces signs nothing
    audit_key.key_path().write_bytes(_foreign_key())
    with pytest.raises(NotSigned, match="no entry announces"):
        Exporter().export(clinic.clock)


def _foreign_key() -> bytes:
    return audit_key._pem(Ed25519PrivateKey.generate())


def test_entries_lost_with_a_backup_are_for_a_person_to_say(
    command: Context, clinic: Clinic, home: Path
) -> None:
    assert Exporter().export(clinic.clock)
    kept = ChainEntry.objects.count()
    for number in range(3):
        add_chair(clinic.as_("administrator"), site_id=clinic.site.pk, name=f"Lost {number}")
    assert Exporter().export(clinic.clock)
    with pytest.raises(Refused):
        set_lost_aside(command, reason="Nothing was lost")
    _go_back_to(kept)
    assert any("was cut at entry" in b.what for b in verify().breaks)
    with pytest.raises(NotSigned, match="chain ends at entry"):
        Exporter().export(clinic.clock)
    lost = set_lost_aside(command, reason="The disk broke; the backup of the evening is back")
    assert [head.size for head in lost] == [kept + 3]
    found = verify()
    assert found.whole, found.breaks
    assert any("stand for entries that were lost" in note for note in found.notes)
    add_chair(clinic.as_("administrator"), site_id=clinic.site.pk, name="After")
    assert Exporter().export(clinic.clock)
    assert verify().fitting == ChainEntry.objects.count()


def _go_back_to(position: int) -> None:
    for model in (ChainEntry, ChainPayload, Version):
        model.objects.filter(position__gt=position).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM people_chair WHERE name LIKE 'Lost%'")


def test_a_folder_that_cannot_be_written_is_said(
    command: Context, clinic: Clinic, home: Path
) -> None:
    (home / "elsewhere").write_text("no folder")
    with pytest.raises(NotSigned):
        Exporter().export(clinic.clock)
    assert len(exported([home / "heads"])) == 1, "the other folder has its head"
