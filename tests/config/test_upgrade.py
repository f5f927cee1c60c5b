"""``evenkeel upgrade``: a copy first, back where it fails, back on request; on both databases."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests import needs
from tests.installations import ROOT, Installation
from tests.postgres import running_postgres

FAILING = {"DJANGO_SETTINGS_MODULE": "tests.config.failing_settings"}
LOOK = """
from evenkeel.config.manage import start_django; start_django()
import json
from django.db import connection
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.chain import head
print(json.dumps([head(), sorted(connection.introspection.table_names()),
    sorted(Account.objects.values_list("full_name", flat=True))]))
"""
ADD = """
from evenkeel.config.manage import start_django; start_django()
from evenkeel.clinic.people.actions.set_up import add_chair
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.act import Actor, Context
from evenkeel.clinic.record.permissions import Role
actor = Actor("system:test", "Test", frozenset({(None, Role.ADMINISTRATOR)}))
for n in range(3):
    add_chair(Context(actor), site_id=Site.objects.get().pk, name=f"Added {n}")
"""


@pytest.fixture(scope="module")
def made_on_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A home of a clinic that was made once on PostgreSQL, and the address of its database."""
    binaries = needs.postgres_binaries()
    needs.need(binaries, "a PostgreSQL server")
    assert binaries is not None
    home = tmp_path_factory.mktemp("made-on-postgres")
    programs = f"{binaries}{os.pathsep}{os.environ['PATH']}"
    with running_postgres(binaries) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", programs)
        address = copied_database(server, "made", "template0")
        use_database(home, address)
        python(
            Installation(home, {}),
            "from bench.make import make; make(people=1, live=1, past=0, sign_ins=1)",
        )
        yield home, address


def copied_database(address: str, name: str, original: str) -> str:
    """The address of a new database on the same server, with what the original holds."""
    with psycopg.connect(f"{address.rpartition('/')[0]}/postgres", autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{original}"')
    return f"{address.rpartition('/')[0]}/{name}"


def use_database(home: Path, address: str) -> None:
    settings = home / "evenkeel.toml"
    settings.touch(mode=0o600)
    settings.write_text(f'database = "{address}"\n')


#: PostgreSQL's own copies are proved by those of a server's backup; the soak upgrades it too.
MOSTLY_SQLITE = [
    "sqlite",
    pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.soak]),
]


@pytest.fixture(params=MOSTLY_SQLITE)
def upgradable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """A filled clinic of the test's own on either database."""
    if request.param == "sqlite":
        made: Installation = request.getfixturevalue("installation")
        yield made
        return
    original, address = request.getfixturevalue("made_on_postgres")
    home = tmp_path / "home"
    shutil.copytree(original, home)
    home.chmod(0o700)
    use_database(home, copied_database(address, request.node.originalname[-48:], "made"))
    yield Installation(home, {})


def python(installation: Installation, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=installation.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def state(installation: Installation) -> list[object]:
    found: list[object] = json.loads(python(installation, LOOK))
    return found


def copies(installation: Installation) -> list[Path]:
    return sorted((installation.home / "backups").glob("evenkeel-*"))


def test_a_copy_is_made_and_opens(upgradable: Installation) -> None:
    before = state(upgradable)
    done = upgradable.command("upgrade")
    assert done.returncode == 0, done.stderr
    assert len(copies(upgradable)) == 1
    assert copies(upgradable)[0].stat().st_mode & 0o077 == 0
    assert str(copies(upgradable)[0]) in done.stdout
    assert state(upgradable) == before


def test_a_step_that_fails_leaves_everything_as_it_was(upgradable: Installation) -> None:
    before = state(upgradable)
    failed = upgradable.command("upgrade", **FAILING)
    assert failed.returncode == 1
    assert "the second step fails" in failed.stderr
    assert "as it was before" in failed.stderr
    assert state(upgradable) == before
    assert upgradable.command("verify").returncode == 0
    assert upgradable.command("upgrade").returncode == 0


def test_going_back_says_what_it_would_lose(upgradable: Installation) -> None:
    before = state(upgradable)
    assert upgradable.command("upgrade").returncode == 0
    python(upgradable, ADD)
    after = state(upgradable)
    refused = upgradable.command("upgrade", "--back")
    assert refused.returncode == 1
    assert "3 entries were recorded since" in refused.stderr
    assert upgradable.command("upgrade", "--back", "--lose", "2").returncode == 1
    assert state(upgradable) == after
    done = upgradable.command("upgrade", "--back", "--lose", "3")
    assert done.returncode == 0, done.stderr
    assert state(upgradable) == before
    assert upgradable.command("verify").returncode == 0


def test_a_named_copy_is_put_back(upgradable: Installation) -> None:
    before = state(upgradable)
    assert upgradable.command("upgrade").returncode == 0
    chosen = copies(upgradable)[0]
    moved = upgradable.home / f"kept{chosen.suffix}"
    shutil.move(chosen, moved)
    python(upgradable, ADD)
    missing = upgradable.command("upgrade", "--back", "--copy", str(chosen), "--lose", "9")
    assert missing.returncode == 1
    assert "there is no backup" in missing.stderr
    assert upgradable.command("upgrade", "--back", "--lose", "9").returncode == 1
    done = upgradable.command("upgrade", "--back", "--copy", str(moved), "--lose", "3")
    assert done.returncode == 0, done.stderr
    assert state(upgradable) == before


def test_a_copy_that_is_none_changes_nothing(upgradable: Installation) -> None:
    before = state(upgradable)
    broken = upgradable.home / "broken.sqlite3"
    broken.write_bytes(b"this is no database" * 1000)
    refused = upgradable.command("upgrade", "--back", "--copy", str(broken), "--lose", "99")
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert state(upgradable) == before


def test_a_first_upgrade_makes_the_database(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    fresh = Installation(tmp_path, {})
    done = fresh.command("upgrade")
    assert done.returncode == 0, done.stderr
    assert copies(fresh) == []
    assert fresh.command("doctor").returncode == 0


@pytest.mark.sqlite
def test_a_damaged_database_is_not_upgraded(installation: Installation) -> None:
    path = installation.home / "evenkeel.sqlite3"
    for ending in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{ending}").unlink()
    content = bytearray(path.read_bytes())
    for page in range(20, len(content) // 4096, 3):
        content[page * 4096 + 100 : page * 4096 + 300] = b"\xff" * 200
    path.write_bytes(content)
    refused = installation.command("upgrade")
    assert refused.returncode == 1
    assert "nothing was changed" in refused.stderr
    assert path.read_bytes() == bytes(content)
