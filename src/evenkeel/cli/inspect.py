"""``evenkeel inspect``: a signed bundle that an inspector can read and check offline."""

from __future__ import annotations

import argparse
import contextlib
import sys
import uuid
from datetime import date
from pathlib import Path
from typing import Any

from evenkeel.config.instance import ConfigurationError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--from", dest="first", type=_day, required=True, metavar="DAY")
    parser.add_argument("--to", dest="last", type=_day, required=True, metavar="DAY")
    parser.add_argument("--site", default="", help="one site, by its name; else all of them")
    parser.add_argument("--by", default="", metavar="EMAIL", help="in whose name it is made")
    parser.add_argument(
        "--with-identity",
        action="store_true",
        help="name people; needs --reason, and --by a medical director who allows it",
    )
    parser.add_argument("--reason", default="", help="why people are named")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    parser.add_argument("--bundle-id", type=uuid.UUID, default=None, help=argparse.SUPPRESS)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a day looks like 2026-11-26") from None


def run(arguments: argparse.Namespace) -> int:
    """Write the bundle; status 1 where it may not or cannot be made."""
    from evenkeel.clinic.oversight.actions.make_bundle import make_bundle
    from evenkeel.clinic.oversight.making import Told
    from evenkeel.clinic.record.errors import DomainError

    told = Told(arguments.bundle_id, sys.stderr)
    try:
        written = make_bundle(
            _context(arguments.by),
            first_day=arguments.first,
            last_day=arguments.last,
            to=arguments.output,
            site_id=_site(arguments.site),
            identified=arguments.with_identity,
            reason=arguments.reason,
            bundle_id=arguments.bundle_id,
            progress=told.progress,
        )
    except DomainError as error:
        told.failed(f"{error.message} {error.what_to_do}".strip())
        print(f"evenkeel: {error.message} {error.what_to_do}".strip(), file=sys.stderr)
        return 1
    told.done(written.sha256)
    print(written.path)
    for part in written.manifest["parts"]:
        rows = ", ".join(f"{name} {count}" for name, count in part["rows"].items())
        print(f"  {part['title']}: {rows}")
    print(f"SHA-256 {written.sha256}")
    print(f"Signed by key {written.manifest['key']}")
    print(f"Check it anywhere: evenkeel verify {written.path.name}")
    return 0


def _context(email: str) -> Any:
    from evenkeel.clinic.people.caller import context_for
    from evenkeel.clinic.people.models import Account
    from evenkeel.clinic.record.act import Context, system_actor

    if not email:
        return Context(system_actor("inspect"), via="command")
    account = Account.objects.filter(email__iexact=email, is_active=True).first()
    if account is None:
        raise ConfigurationError(f"nobody signs in here as {email}")
    return context_for(account, via="command")


def _site(name: str) -> Any:
    from evenkeel.clinic.people.models import Site

    if not name:
        return None
    with contextlib.suppress(ValueError):
        return uuid.UUID(name)
    found = list(Site.objects.filter(name__iexact=name))
    if len(found) != 1:
        known = ", ".join(Site.objects.order_by("name").values_list("name", flat=True))
        raise ConfigurationError(f"there is no one site called {name!r}; there are: {known}")
    return found[0].pk
