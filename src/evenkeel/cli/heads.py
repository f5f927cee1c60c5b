"""``evenkeel heads``: signed heads of the record, and the key that signs them."""

from __future__ import annotations

import argparse
import sys

from evenkeel.clinic.record import audit_key, exporting
from evenkeel.clinic.record.act import Context, system_actor
from evenkeel.clinic.record.clock import system_clock
from evenkeel.clinic.record.errors import DomainError
from evenkeel.clinic.record.exporting import Exporter, NotSigned
from evenkeel.clinic.record.heads import HeadError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--export", action="store_true", help="sign and write a head now")
    which.add_argument("--new-key", action="store_true", help="sign with a new key from now on")
    which.add_argument(
        "--key-is-lost", action="store_true", help="make a new key that the old cannot vouch for"
    )
    which.add_argument(
        "--entries-were-lost",
        action="store_true",
        help="after going back to a backup: say that later heads stand for entries that are gone",
    )
    parser.add_argument("--reason", default="", help="why, for the record; your name with it")


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked, then say how heads stand; status 1 where something is wrong."""
    ctx = Context(system_actor("somebody at this machine"), via="command", reason=arguments.reason)
    try:
        if arguments.new_key:
            audit_key.rotate_key(ctx, reason=arguments.reason)
        elif arguments.key_is_lost:
            audit_key.replace_lost_key(ctx, reason=arguments.reason)
        elif arguments.entries_were_lost:
            exporting.set_lost_aside(ctx, reason=arguments.reason)
        if arguments.new_key or arguments.key_is_lost or arguments.entries_were_lost:
            print("It is on the record.")
        if arguments.export or arguments.new_key:
            _export()
    except DomainError as refusal:
        print(f"evenkeel: {refusal.message} {refusal.what_to_do}".rstrip(), file=sys.stderr)
        return 1
    except NotSigned as refusal:
        print(f"evenkeel: no head was signed: {refusal}", file=sys.stderr)
        exporting.note_round(system_clock(), problem=str(refusal))
        return 1
    return _tell()


def _export() -> None:
    exporter = Exporter()
    exporter.export(system_clock())
    exporting.note_round(system_clock(), size=exporter.tree.size)


def _tell() -> int:
    try:
        for one in audit_key.statements_on_chain():
            by = f"vouched for by {one.previous}" if one.previous else "vouched for by its entry"
            print(f"key {one.key} since {one.at:%Y-%m-%d %H:%M} UTC, {by}")
            print(f"    public key (Ed25519, base64): {one.public_key}")
    except HeadError as error:
        print(f"evenkeel: a key on the chain cannot be read: {error}", file=sys.stderr)
    for folder in exporting.folders():
        found = exporting.exported([folder])
        newest = (
            f"newest {found[-1].at:%Y-%m-%d %H:%M} UTC, {found[-1].size} entries" if found else ""
        )
        print(f"{folder}: {len(found)} heads {newest}".rstrip())
    try:
        audit_key.load_key()
    except audit_key.KeyLost as lost:
        print(f"evenkeel: {lost}", file=sys.stderr)
        return 1
    return 0
