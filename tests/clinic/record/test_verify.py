"""Whatever is done to any table behind the program's back, ``verify`` names it.

The world is built once for the file; each attack is direct SQL in a transaction that is undone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction

from evenkeel.clinic.people.actions.set_up import add_chair
from evenkeel.clinic.record import audit_key, installation
from evenkeel.clinic.record.act import Context, system_actor
from evenkeel.clinic.record.chain import entry_hash
from evenkeel.clinic.record.clock import FixedClock
from evenkeel.clinic.record.exporting import Exporter
from evenkeel.clinic.record.models import Appended, ChainEntry, ChainPayload, Record, Version
from evenkeel.clinic.record.sealing import canonical, digest, payload_digest
from evenkeel.clinic.record.states import state_columns
from evenkeel.clinic.record.tables import CHAINED, TABLES, WATCHED, labels, table_of
from evenkeel.clinic.record.verify import Verified, verify
from tests.clinic.record.filling import fill_every_table
from tests.clinic_factory import Clinic, build_clinic
from tests.conftest import START
from tests.security.world import build_world

pytestmark = pytest.mark.django_db
MODELS = [
    apps.get_model(label)
    for label in (*labels(CHAINED), *labels(WATCHED))
    if label in {model._meta.label_lower for model in apps.get_models()}
]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of keys and one of heads for this file alone."""
    home = tmp_path_factory.mktemp("audit")
    before = settings.AUDIT_KEYS_PATH, settings.HEADS_PATH
    settings.AUDIT_KEYS_PATH, settings.HEADS_PATH = home / "keys", home / "heads"
    yield home
    settings.AUDIT_KEYS_PATH, settings.HEADS_PATH = before


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, keys: Path) -> Iterator[Clinic]:
    """A clinic with rows in every table and two exported heads, undone when the file is done."""
    installation.forget()
    with django_db_blocker.unblock(), transaction.atomic():
        clock = FixedClock(START)
        clinic = build_clinic(clock)
        audit_key.make_first_key(Context(system_actor("installer"), clock))
        assert Exporter().export(clock)
        made = build_world(clinic)
        fill_every_table(made)
        assert Exporter().export(clock)
        yield clinic
        transaction.set_rollback(True)
    installation.forget()


@pytest.fixture(autouse=True)
def undone(world: Clinic) -> Iterator[None]:
    """Each attack is undone; constraints that the attacker would have lifted are not in the way."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def run(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def said(found: Verified) -> str:
    return "\n".join(f"{one.position} {one.what}" for one in found.breaks)


def table(model: type[models.Model]) -> tuple[str, str]:
    quote = connection.ops.quote_name
    pk: Any = model._meta.pk
    return quote(model._meta.db_table), quote(pk.column)


def keys_of(model: type[models.Model]) -> list[Any]:
    name, pk = table(model)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {pk} FROM {name} ORDER BY {pk}")
        return [row[0] for row in cursor.fetchall()]


def test_an_untouched_record_is_whole_up_to_the_newest_head(world: Clinic) -> None:
    found = verify()
    assert found.whole, said(found)
    assert found.heads == 2
    assert found.fitting == found.entries == ChainEntry.objects.count()
    assert found.rows >= len(MODELS)


def test_every_table_is_classified_and_the_world_has_rows_of_every_chained_one() -> None:
    every = {m._meta.label_lower for m in apps.get_models(include_auto_created=True)}
    assert every <= set(TABLES), f"say in record/tables.py what is known of {every - set(TABLES)}"
    for model in apps.get_models():
        known = table_of(model._meta.label_lower)
        assert known is not None
        assert (known.kind == CHAINED) == issubclass(model, Record | Appended), model
        assert known.kind == CHAINED or known.why, f"say why {model} is {known.kind}"
    assert [m._meta.label for m in MODELS if not m._base_manager.exists()] == []


def _changed(model: type[models.Model]) -> tuple[str, Any]:
    """A column of the first row, and another value of its kind."""
    names = state_columns(model)[0]
    for field in reversed(model._meta.concrete_fields):
        if field.attname not in names or field.primary_key or field.is_relation:
            continue
        if isinstance(field, models.BooleanField) and not field.null:
            return field.column, "flip"
        if isinstance(field, models.DateField | models.UUIDField | models.BooleanField):
            continue
        if isinstance(field, models.JSONField):
            return field.column, '{"forged": 1}'
        if isinstance(field, models.IntegerField | models.FloatField | models.DecimalField):
            return field.column, 7
        return field.column, "forged"
    raise AssertionError(f"{model} has no column to change")


def edit(model: type[models.Model]) -> str:
    """Change one column of the first row; returns how the finding names it."""
    name, pk = table(model)
    column, value = _changed(model)
    quoted = connection.ops.quote_name(column)
    key = keys_of(model)[0]
    if value == "flip":
        run(f"UPDATE {name} SET {quoted} = NOT {quoted} WHERE {pk} = %s", key)
    else:
        run(f"UPDATE {name} SET {quoted} = %s WHERE {pk} = %s", value, key)
    return "is not what was recorded" if issubclass(model, Appended) else f"({column})"


def remove(model: type[models.Model]) -> str:
    """Delete the first row."""
    name, pk = table(model)
    run(f"DELETE FROM {name} WHERE {pk} = %s", keys_of(model)[0])
    return "was removed"


def insert(model: type[models.Model]) -> str:
    """Insert a copy of the first row."""
    _insert_copy(model, keys_of(model)[0])
    return "was inserted"


def swap(model: type[models.Model]) -> str:
    """Have two rows change their keys."""
    name, pk = table(model)
    one, two, *_ = keys_of(model)
    spare: Any = "cd" * 16 if isinstance(model._meta.pk, models.UUIDField) else 77
    for old, new in ((one, spare), (two, one), (spare, two)):
        run(f"UPDATE {name} SET {pk} = %s WHERE {pk} = %s", new, old)
    return "was changed" if not issubclass(model, Appended) else "is not what was recorded"


def empty(model: type[models.Model]) -> str:
    """Delete every row."""
    run(f"DELETE FROM {table(model)[0]}")
    return "was removed"


ATTACKS = (edit, remove, insert, swap, empty)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_an_attack_on_every_table_at_once_is_named_for_every_table(attack: Any) -> None:
    _lift_constraints()
    reached = [m for m in MODELS if attack is not swap or len(keys_of(m)) > 1]
    counts = {m: len(keys_of(m)) for m in reached}
    told = {m: attack(m) for m in reached}
    found = verify()
    for model, words in told.items():
        kind = model._meta.label_lower
        named = [b for b in found.breaks if b.what.startswith(f"{kind} ") and words in b.what]
        assert len(named) == {swap: 2, empty: counts[model]}.get(attack, 1), (kind, said(found))
        if attack is not insert:
            assert all(b.position is not None for b in named)
    kinds = {b.what.split(" ")[0] for b in found.breaks}
    assert kinds == {m._meta.label_lower for m in reached}, "something was named that is sound"
    assert len(reached) > 20


@pytest.mark.soak
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
@pytest.mark.parametrize("model", MODELS, ids=lambda m: m._meta.label_lower)
def test_an_attack_on_one_table_is_named(model: type[models.Model], attack: Any) -> None:
    if attack is swap and len(keys_of(model)) < 2:
        pytest.skip("one row has nothing to change places with")
    _lift_constraints()
    words = attack(model)
    found = verify()
    assert {b.what.split(" ")[0] for b in found.breaks} == {model._meta.label_lower}
    assert any(words in b.what for b in found.breaks)


def _lift_constraints() -> None:
    if connection.vendor == "sqlite":
        run("PRAGMA ignore_check_constraints = ON")
        run("PRAGMA defer_foreign_keys = ON")
    else:
        run("SET session_replication_role = replica")
        run("ALTER TABLE record_installation DROP CONSTRAINT IF EXISTS one_installation")


def _another(field: models.Field[Any, Any]) -> str:
    """A text for a unique column, of the kind that the column takes."""
    if isinstance(field, models.GenericIPAddressField):
        return "10.9.9.9"
    if isinstance(field, models.DateField):
        return "1999-01-01 00:00:00"
    if isinstance(field, models.UUIDField):
        return "ef" * 16
    return "f@x.y" if isinstance(field, models.EmailField) else "forged"


def _insert_copy(model: type[models.Model], key: Any) -> None:
    """A copy of a row under another key, with unique columns changed where they must be."""
    name, pk = table(model)
    unique = {f.column for f in model._meta.concrete_fields if f.unique and not f.primary_key}
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            unique |= {model._meta.get_field(one).column for one in constraint.fields[-1:]}  # type: ignore[union-attr]
    columns, values = [], []
    for field in model._meta.concrete_fields:
        quoted = connection.ops.quote_name(field.column)
        columns.append(quoted)
        if field.primary_key:
            values.append("%s")
        elif field.column in unique and isinstance(field, models.IntegerField):
            values.append(f"{quoted} + 1000")
        elif field.column in unique and not field.is_relation:
            values.append(f"'{_another(field)}'")
        elif field.column in unique:
            values.append("NULL" if field.null else f"'{'ef' * 16}'")
        else:
            values.append(quoted)
    other: Any = 99 if not isinstance(model._meta.pk, models.UUIDField) else "ab" * 16
    if model._meta.label_lower == "record.installation":
        other = 2
    run(
        f"INSERT INTO {name} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {name} "
        f"WHERE {pk} = %s",
        other,
        key,
    )


def _entry(position: int) -> ChainEntry:
    return ChainEntry.objects.get(pk=position)


def _rehash(first: int) -> None:
    """What a forger does who knows the format: every hash from an entry on, worked out anew."""
    rows = ChainEntry.objects.filter(position__gte=first).order_by("position")
    before = ChainEntry.objects.filter(position=first - 1).values_list("hash", flat=True).first()
    for entry in rows:
        entry.previous_hash = before or entry.previous_hash
        entry.hash = before = entry_hash(entry)
        ChainEntry.objects.filter(pk=entry.pk).update(
            previous_hash=entry.previous_hash, hash=entry.hash
        )


def _forge_consistently() -> int:
    """An edited row with its version, its payload and the digest of that payload, all agreeing."""
    version = Version.objects.filter(kind="people.patient").order_by("position").first()
    assert version is not None
    payload = ChainPayload.objects.get(pk=version.position)
    body = json.loads(payload.body)
    for effect in body["effects"]:
        if effect["kind"] == "people.patient":
            effect["state"]["given_name"] = "Forged"
            effect["digest"] = digest(canonical(effect["state"]))
            Version.objects.filter(
                object_id=effect["id"], kind="people.patient", version=effect["version"]
            ).update(digest=effect["digest"])
            run(
                "UPDATE people_patient SET given_name = 'Forged' WHERE mrn = %s",
                effect["state"]["mrn"],
            )
    text = canonical(body)
    ChainPayload.objects.filter(pk=payload.pk).update(body=text)
    ChainEntry.objects.filter(pk=payload.pk).update(
        payload_digest=payload_digest(payload.salt, text)
    )
    return int(version.position)


def _swap_payloads() -> None:
    one, two = ChainPayload.objects.order_by("-position")[:2]
    for row, other in ((one, two), (two, one)):
        ChainPayload.objects.filter(pk=row.pk).update(salt=other.salt, body=other.body)


def _swap_entries() -> None:
    run("UPDATE record_chainentry SET position = 999999 WHERE position = 20")
    run("UPDATE record_chainentry SET position = 20 WHERE position = 21")
    run("UPDATE record_chainentry SET position = 21 WHERE position = 999999")


def _cut(entries: int) -> None:
    newest = ChainEntry.objects.order_by("-position")[0].position
    for model in (ChainEntry, ChainPayload, Version):
        model.objects.filter(position__gt=newest - entries).delete()


def _append_forged() -> None:
    last = ChainEntry.objects.order_by("-position")[0]
    last.position, last.action = last.position + 1, "forged"
    last.save(force_insert=True)
    ChainPayload.objects.create(position=last.position, salt="", body="{}")


def _move_event() -> None:
    run(
        "UPDATE session_sessionevent SET position = position + 1 WHERE kind = 'start'"
        " OR position = (SELECT max(position) FROM session_sessionevent)"
    )


CHAIN_ATTACKS: dict[str, tuple[Callable[[], object], str]] = {
    "a column of an entry": (
        lambda: run("UPDATE record_chainentry SET actor_name = 'X' WHERE position = 30"),
        "30 was changed after it was written",
    ),
    "a time by a microsecond": (
        lambda: run("UPDATE record_chainentry SET reason = reason || ' ' WHERE position = 30"),
        "30 was changed after it was written",
    ),
    "an entry removed": (
        lambda: run("DELETE FROM record_chainentry WHERE position = 30"),
        "30 entry 30 is missing",
    ),
    "an entry put in": (_append_forged, "does not follow from the entry before it"),
    "two entries that changed places": (_swap_entries, "20 was changed after it was written"),
    "two payloads that changed places": (_swap_payloads, "has a payload that was changed"),
    "a payload edited": (
        lambda: ChainPayload.objects.filter(pk=30).update(body='{"effects":[],"notes":{}}'),
        "30 has a payload that was changed",
    ),
    "a payload removed": (
        lambda: ChainPayload.objects.filter(pk=30).delete(),
        "30 has lost its payload",
    ),
    "a payload erased without a word": (
        lambda: ChainPayload.objects.filter(pk=30).update(salt="", body=""),
        "30 has a payload that was erased, and no entry says so",
    ),
    "a payload of no entry": (
        lambda: ChainPayload.objects.create(position=10**9, salt="", body=""),
        "there is a payload of it",
    ),
    "versions removed": (
        lambda: Version.objects.filter(kind="people.patient").delete(),
        "was removed from the index",
    ),
    "a version edited": (
        lambda: Version.objects.filter(kind="people.patient").update(digest="0" * 64),
        "was changed in the index",
    ),
    "a version of no entry": (
        lambda: Version.objects.create(
            kind="people.patient", object_id="ab" * 16, version=1, position=10**9, digest="0" * 64
        ),
        "was inserted behind the record",
    ),
    "an event under another entry": (_move_event, "session.sessionevent"),
    "row, version and payload forged alike": (
        _forge_consistently,
        "was changed after it was written",
    ),
    "forged alike, and every later hash worked out anew": (
        lambda: _rehash(_forge_consistently()),
        "the chain was rewritten after entry",
    ),
    "the first entry, and every hash after it": (
        lambda: (
            run("UPDATE record_chainentry SET actor_name = 'X' WHERE position = 1"),
            _rehash(1),
        ),
        "is of another installation, or the first entry was changed",
    ),
    "the end cut off": (lambda: _cut(3), "the chain was cut at entry"),
    "a trigger": (
        lambda: run(
            "CREATE TRIGGER quiet AFTER INSERT ON people_fact BEGIN SELECT 1; END"
            if connection.vendor == "sqlite"
            else "CREATE TRIGGER quiet AFTER INSERT ON people_fact EXECUTE FUNCTION "
            "suppress_redundant_updates_trigger()"
        ),
        "trigger quiet on people_fact",
    ),
    "a value of another kind": (
        lambda: (
            run("UPDATE people_patient SET birth_date = 'no date'")
            if connection.vendor == "sqlite"
            else run("UPDATE people_patient SET birth_date = '1900-01-01'")
        ),
        "people.patient",
    ),
}


@pytest.mark.parametrize("attack", CHAIN_ATTACKS)
def test_an_attack_on_the_chain_itself_is_found(attack: str) -> None:
    do, words = CHAIN_ATTACKS[attack]
    do()
    found = verify()
    assert words in said(found)


def test_a_forgery_after_the_newest_head_is_what_cannot_be_found(world: Clinic) -> None:
    exporting_from = ChainEntry.objects.count()
    made = add_chair(world.as_("administrator"), site_id=world.site.pk, name="After")
    version = Version.objects.get(object_id=made.pk)
    assert version.position == exporting_from + 1
    body = json.loads(ChainPayload.objects.get(pk=version.position).body)
    body["effects"][0]["state"]["name"] = "Forged"
    body["effects"][0]["digest"] = digest(canonical(body["effects"][0]["state"]))
    salt = ChainPayload.objects.get(pk=version.position).salt
    ChainPayload.objects.filter(pk=version.position).update(body=canonical(body))
    Version.objects.filter(pk=version.pk).update(digest=body["effects"][0]["digest"])
    run("UPDATE people_chair SET name = 'Forged' WHERE name = 'After'")
    ChainEntry.objects.filter(pk=version.position).update(
        payload_digest=payload_digest(salt, canonical(body))
    )
    _rehash(version.position)
    found = verify()
    assert found.whole, "this is the limit that the words name"
    assert found.fitting < found.entries
