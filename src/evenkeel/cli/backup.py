"""``evenkeel backup``: a backup of the clinic while it runs, or a key to encrypt backups with."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from evenkeel.config.age_keys import new_identity
from evenkeel.config.backing_up import make_backup
from evenkeel.config.backup_file import Lock
from evenkeel.config.backup_plan import note_backup, note_failure, plan_of, prune
from evenkeel.config.instance import ConfigurationError, find_instance

NOT_IN_IT = (
    "Not in it: the secret key and the keys that sign heads (unless --with-keys), the files that "
    "settings name (passwords, TLS), the database's password, and earlier backups."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="where the backup goes")
    parser.add_argument(
        "--encrypt-to",
        action="append",
        default=[],
        metavar="RECIPIENT",
        help="age1... or a file of them; give it again for more who can open it",
    )
    parser.add_argument("--passphrase-file", type=Path, help="encrypt by what stands in this file")
    parser.add_argument(
        "--with-keys", action="store_true", help="also the installation's own keys; encrypted only"
    )
    parser.add_argument("--keep", type=int, metavar="N", help="delete older ones beyond N")
    parser.add_argument("--planned", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--new-key", type=Path, metavar="FILE", help="make a key to encrypt backups with, and end"
    )


def run(arguments: argparse.Namespace) -> int:
    """Back up; status 1 where no sound backup could be made."""
    if arguments.new_key:
        return _new_key(arguments.new_key)
    instance = find_instance()
    plan = plan_of(instance)
    folder = (arguments.to or plan.folder).expanduser()
    recipients = tuple(arguments.encrypt_to) or (
        () if arguments.passphrase_file else plan.recipients
    )
    lock = Lock(recipients, passphrase_from(arguments.passphrase_file))
    now = datetime.now(UTC)
    try:
        made = make_backup(instance, folder, now, lock, with_keys=arguments.with_keys, say=print)
    except ConfigurationError as error:
        note_failure(str(error))
        raise
    note_backup(made)
    keep = plan.keep if arguments.planned and arguments.keep is None else arguments.keep
    for gone in prune(folder, keep, made.path) if keep else ():
        print(f"Deleted {gone.name}: {keep} are kept")
    rows = sum(made.manifest["rows"].values())
    print(f"{made.path}")
    print(f"Entry {made.position} is its last, {rows} rows in {len(made.manifest['rows'])} tables.")
    print(f"SHA-256 {made.sha256}")
    print("It is encrypted." if made.sealed else "It is NOT encrypted: anybody can read it.")
    print(NOT_IN_IT)
    return 0


def passphrase_from(path: Path | None) -> str:
    """The first line of a file. Raises :class:`ConfigurationError` where there is none."""
    if path is None:
        return ""
    try:
        lines = path.expanduser().read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from None
    if not lines or len(lines[0]) < 12:
        raise ConfigurationError("a passphrase has at least 12 letters")
    return lines[0]


def _new_key(path: Path) -> int:
    identity, recipient = new_identity()
    try:
        handle = os.open(path.expanduser(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be made: {error.strerror}") from None
    with os.fdopen(handle, "w") as file:
        file.write(f"# opens backups of evenkeel; public key: {recipient}\n{identity}\n")
    print(recipient)
    print(f"Keep {path} away from this machine: whoever has it can read every backup made for it.")
    print("Without it no backup made for it can ever be opened.")
    return 0
