"""Threads of one process that write acts as fast as they can: ``... THREADS ACTS SITE_ID``."""

from __future__ import annotations

import sys
import threading
import uuid

from evenkeel.config.manage import start_django

start_django()

from django.db import connection  # noqa: E402

from evenkeel.clinic.people.actions.set_up import add_chair  # noqa: E402
from evenkeel.clinic.record.act import Actor, Context, together  # noqa: E402
from evenkeel.clinic.record.errors import Invalid  # noqa: E402
from evenkeel.clinic.record.permissions import Role  # noqa: E402

threads, acts, site_id = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
actor = Actor("system:writer", "Writer", frozenset({(None, Role.ADMINISTRATOR)}))
ctx = Context(actor, via="test")
failures: list[str] = []


def chair(name: str = "") -> None:
    add_chair(ctx, site_id=site_id, name=name or uuid.uuid4().hex[:20])


def write(number: int) -> None:
    """One act a transaction, now and then two, now and then one that is undone."""
    try:
        for count in range(acts):
            if count % 7 == 3:
                with together():
                    chair()
                    chair()
            elif count % 7 == 5:
                try:
                    with together():
                        chair()
                        add_chair(ctx, site_id=site_id, name="")
                except Invalid:
                    continue
            else:
                chair()
    except Exception as error:
        failures.append(repr(error))
    finally:
        connection.close()


workers = [threading.Thread(target=write, args=(n,)) for n in range(threads)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print("\n".join(failures))
sys.exit(bool(failures))
