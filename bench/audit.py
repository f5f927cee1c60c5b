"""``evenkeel bench audit``: how long it takes to check a long record, and on what machine.

A throw-away clinic is filled through the product's actions; entries like those of a working day
(mostly readings of pages, then readings of monitors, then rows that were written) are then put
behind them by direct SQL, sealed as the product seals them. The check is the product's own. It
must count what was written and find it whole, and find it broken after one byte was changed.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.home import make_database, temporary_home
from bench.machine import Share, database_version, machine

TARGET_S = 30.0
TARGET_ENTRIES = 1_000_000
#: Of twenty entries so many write nothing, file a reading, write a row.
READS, EVENTS, WRITES = 12, 5, 3
_BATCH = 5000
_MORNING = datetime(2026, 1, 5, 8, tzinfo=UTC)


class Miscount(RuntimeError):
    """What was checked is not what was written: the figure does not count."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything."""

    entries: int = TARGET_ENTRIES
    processes: int = 0


def run(sizes: Sizes, *, database: str = "") -> dict[str, Any]:
    """Fill, check, print; raises :class:`Miscount` where the check cannot be trusted."""
    with temporary_home(database):
        make_database()
        from bench.clinic import Shape, fill

        fill(datetime.now(UTC), Shape(people=20, live_sessions=4, past_sessions=4))
        started = time.perf_counter()
        written = _write(sizes.entries)
        filled_s = time.perf_counter() - started
        found = _measure(sizes, written)
        found |= {"filled_s": round(filled_s, 1), "machine": machine()}
        found["database"] = database_version()
        _print(found)
        return found


def _measure(sizes: Sizes, written: dict[str, int]) -> dict[str, Any]:
    from django.db import connection

    from evenkeel.clinic.record.chain import head
    from evenkeel.clinic.record.verify_fast import usual_processes, verify_in

    processes = sizes.processes or usual_processes()
    length = head()[0]
    share = Share(lambda: ())
    began, cpu = time.perf_counter(), _cpu_s()
    found = verify_in(processes, head_folders=[], progress=_bar("checking"))
    wall_s, cpu_s, others = time.perf_counter() - began, _cpu_s() - cpu, share.others()
    if not found.whole:
        raise Miscount(f"a sound record was called broken: {found.breaks[:3]}")
    if found.entries != length or length < sizes.entries:
        raise Miscount(f"{found.entries} of {length} entries were checked")
    rows = written["events"] + written["writes"]
    if found.rows < rows:
        raise Miscount(f"{found.rows} rows were checked, and {rows} written")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE record_chainpayload SET body = body || ' ' WHERE position = %s", [length - 7]
        )
    broken = verify_in(processes, head_folders=[])
    if [one.position for one in broken.breaks] != [length - 7]:
        raise Miscount(f"one changed byte was not found where it is: {broken.breaks[:3]}")
    return {
        "entries": found.entries,
        "rows": found.rows,
        "processes": processes,
        "wall_s": round(wall_s, 2),
        "cpu_s": round(cpu_s, 2),
        "others": round(others, 3),
        "peak_mib_a_process": _peak_mib(),
        "entries_per_s": round(found.entries / wall_s),
    }


def _cpu_s() -> float:
    """Processor seconds of this process and of those it waited for."""
    own, ended = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


def _peak_mib() -> int:
    return round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)


def _bar(what: str) -> Any:
    def show(done: int, of: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done == of else ""
            print(f"\r{what} {100 * done // of:3d} %{end}", end="", file=sys.stderr, flush=True)

    return show


def _print(found: dict[str, Any]) -> None:
    where = ", ".join(f"{name} {value}" for name, value in found["machine"].items())
    print(f"{where}\n{found['database']}\n")
    print(
        f"verify: {found['entries']:,} entries and {found['rows']:,} rows in {found['wall_s']} s "
        f"({found['cpu_s']} s of processors in {found['processes']} processes, at most "
        f"{found['peak_mib_a_process']} MiB each)"
    )
    if found["entries"] >= TARGET_ENTRIES:
        met = "met" if found["wall_s"] < TARGET_S else "MISSED"
        print(f"target: a million entries in under {TARGET_S:.0f} s: {met}")
    if found["others"] > 0.05:
        print(f"others took {100 * found['others']:.0f} % of the processors meanwhile")


class _Kind:
    """A table whose rows are made after one that the product wrote."""

    def __init__(self, model: Any) -> None:
        from django.db import connection

        from evenkeel.clinic.record.states import state_columns

        self.model, self.kind = model, model._meta.label_lower
        self.names, self.state = state_columns(model)
        row = model._base_manager.order_by("pk").first()
        self.patient_id, self.site_id = row.patient_ref, row.site_id
        self.values = [getattr(row, name) for name in self.names]
        fields = {field.attname: field for field in model._meta.concrete_fields}
        self.stored = [
            fields[name].get_db_prep_save(value, connection)
            for name, value in zip(self.names, self.values, strict=True)
        ]
        self.columns = [fields[name].column for name in self.names]
        self.id_field = fields["id"]
        self.at = self.names.index("position") if "position" in self.names else None
        if "version" in self.names:
            self.values[self.names.index("version")] = 1
            self.stored[self.names.index("version")] = 1
        if "source_key" in self.names:  # one fact a source
            self.values[self.names.index("source_key")] = ""
            self.stored[self.names.index("source_key")] = ""

    def make(self, position: int) -> tuple[list[Any], dict[str, Any]]:
        """A row for the database, and its effect."""
        from django.db import connection

        from evenkeel.clinic.record.sealing import canonical, digest

        key = uuid.uuid4()
        values, stored = self.values.copy(), self.stored.copy()
        values[0], stored[0] = key, self.id_field.get_db_prep_save(key, connection)
        if self.at is not None:
            values[self.at] = stored[self.at] = position
        state = self.state(values)
        effect = {"kind": self.kind, "id": key, "digest": digest(canonical(state))}
        if self.at is None:
            effect |= {"version": 1, "state": state}
        return stored, effect


def _write(count: int) -> dict[str, int]:
    """Append entries until there are ``count``; returns how many of each kind were added."""
    from django.db import transaction

    from evenkeel.clinic.people.models import Fact
    from evenkeel.clinic.record.chain import head
    from evenkeel.clinic.session.models import SessionEvent

    kinds = {"events": _Kind(SessionEvent), "writes": _Kind(Fact)}
    added = dict.fromkeys(("reads", "events", "writes"), 0)
    show = _bar("writing")
    first, previous = head()
    while first < count:
        with transaction.atomic():
            last = min(first + _BATCH, count)
            previous = _batch(first + 1, last, previous, kinds, added)
        first = last
        show(first, count)
    return added


def _batch(
    first: int, last: int, previous: str, kinds: dict[str, _Kind], added: dict[str, int]
) -> str:
    from evenkeel.clinic.record.chain import seal
    from evenkeel.clinic.record.models import ChainEntry, ChainPayload, Version

    tables: dict[str, list[Any]] = {"entries": [], "payloads": [], "versions": []}
    rows: dict[str, list[Any]] = {name: [] for name in kinds}
    for position, what in _mix(first, last):
        added[what] += 1
        entry = _entry(position, what, kinds["events"])
        effects = []
        if what in kinds:
            stored, effect = kinds[what].make(position)
            rows[what].append(stored)
            effects.append(effect)
            if "version" in effect:
                tables["versions"].append(
                    Version(
                        kind=effect["kind"],
                        object_id=effect["id"],
                        version=1,
                        position=position,
                        digest=effect["digest"],
                    )
                )
        tables["payloads"].append(seal(entry, {"effects": effects, "notes": {}}, previous))
        tables["entries"].append(entry)
        previous = entry.hash
    for model, name in ((ChainEntry, "entries"), (ChainPayload, "payloads"), (Version, "versions")):
        model.objects.bulk_create(tables[name], batch_size=2000)
    for name, kind in kinds.items():
        _insert(kind, rows[name])
    return previous


def _mix(first: int, last: int) -> Iterator[tuple[int, str]]:
    for position in range(first, last + 1):
        place = position % (READS + EVENTS + WRITES)
        yield (
            position,
            "reads" if place < READS else "events" if place < READS + EVENTS else "writes",
        )


def _entry(position: int, what: str, like: _Kind) -> Any:
    from evenkeel.clinic.record.models import ChainEntry

    action = {"reads": "read course page", "events": "session.file", "writes": "fact.record"}[what]
    return ChainEntry(
        position=position,
        recorded_at=datetime(2026, 1, 5, 8, tzinfo=UTC)
        + timedelta(seconds=position, microseconds=7),
        happened_at=None,
        actor_id="5d0c3f6e-6c1c-4d6a-9d9c-0f6f6d0b8a11",
        actor_name="Noor Fiktiv, RN",
        action=action,
        outcome="done",
        site_id=like.site_id,
        patient_id=like.patient_id,
        subject=f"course:{like.patient_id}",
        reason="",
        via="screen",
    )


def _insert(kind: _Kind, rows: list[Any]) -> None:
    from django.db import connection

    quote = connection.ops.quote_name
    columns = ", ".join(quote(column) for column in kind.columns)
    places = ", ".join(["%s"] * len(kind.columns))
    table = quote(kind.model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)


def as_json(found: dict[str, Any]) -> str:
    """The figures, for a file."""
    return json.dumps(found, indent=2) + "\n"
