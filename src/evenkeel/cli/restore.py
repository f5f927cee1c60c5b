"""``evenkeel restore``: a clinic out of its backup, proved before it takes any place."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from evenkeel.cli.backup import passphrase_from
from evenkeel.config.backup_file import Key
from evenkeel.config.instance import HOME_VARIABLE, ConfigurationError, find_instance
from evenkeel.config.manage import start_django
from evenkeel.config.restoring import prove_sqlite, refuse_newer, restore, staged


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the backup")
    parser.add_argument("--into", type=Path, metavar="HOME", help="the installation's folder")
    parser.add_argument("--identity", type=Path, metavar="FILE", help="the key that opens it")
    parser.add_argument("--passphrase-file", type=Path, help="the passphrase that opens it")
    parser.add_argument("--heads", type=Path, metavar="FOLDER", help="heads kept elsewhere")
    parser.add_argument(
        "--replace", action="store_true", help="put it in the place of a clinic that lives there"
    )
    parser.add_argument("--with-keys", action="store_true", help="take the keys in it too")
    parser.add_argument(
        "--check", action="store_true", help="prove that it could be restored, and change nothing"
    )


def run(arguments: argparse.Namespace) -> int:
    """Restore or check; status 1 where the backup is not whole or the place is taken."""
    if arguments.into:
        os.environ[HOME_VARIABLE] = str(arguments.into.expanduser().absolute())
    key = Key(arguments.identity, passphrase_from(arguments.passphrase_file))
    start_django()
    if arguments.check:
        return _check(arguments, key)
    instance = find_instance()
    done = restore(
        instance,
        arguments.file,
        key,
        replace=arguments.replace,
        with_keys=arguments.with_keys,
        say=print,
    )
    _say(done.manifest)
    known = _hold_against_heads(arguments.heads)
    if done.replaced:
        print(f"What stood there lies in {done.replaced}")
    _note(arguments.file, done.manifest, upgraded=done.upgraded)
    if not arguments.with_keys:
        print(
            "The keys are not in it: everybody signs in again, and no head is signed until the old "
            "key is put back, or a new one announced: evenkeel heads --key-is-lost --reason WORDS"
        )
    return int(not known)


def _check(arguments: argparse.Namespace, key: Key) -> int:
    """Take it apart, prove it, throw it away."""
    home = find_instance().home
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with staged(arguments.file, key, home, refuse_newer) as (here, manifest):
        if manifest["database"] != "sqlite":
            print("Every part is what the manifest says; a dump is proved only by restoring it.")
        else:
            prove_sqlite(here, manifest, print)
    _say(manifest)
    print("It can be restored; nothing was changed.")
    return 0


def _say(manifest: dict[str, Any]) -> None:
    rows = sum(manifest["rows"].values())
    print(
        f"Made {manifest['made_at']} by version {manifest['version']}: entry "
        f"{manifest['chain']['position']} is its last, {rows} rows in "
        f"{len(manifest['rows'])} tables."
    )
    print("Chain, head and rows are what the manifest says, and the record is whole.")


def _hold_against_heads(folder: Path | None) -> bool:
    """Whether heads kept elsewhere know nothing that is not here."""
    from evenkeel.config.heads_kept import against_heads

    words, good = against_heads(folder)
    for line in words:
        print(line)
    return good


def _note(file: Path, manifest: dict[str, Any], *, upgraded: bool) -> None:
    from evenkeel.clinic.oversight.actions.note_backup import note_restore
    from evenkeel.clinic.record.act import Context, system_actor

    note_restore(
        Context(system_actor("restore"), via="command"),
        file=file.name,
        made_at=manifest["made_at"],
        position=manifest["chain"]["position"],
        head_hash=manifest["chain"]["hash"],
        upgraded=upgraded,
    )


__all__ = ["ConfigurationError", "add_arguments", "run"]
