"""``evenkeel import-fhir FILE``: bring a person in from a FHIR bundle."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from pathlib import Path

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.act import Actor, Context
from evenkeel.clinic.record.errors import DomainError
from evenkeel.clinic.record.permissions import Role
from evenkeel.config.instance import ConfigurationError
from evenkeel.interop.fhir import BundleError, read_bundle
from evenkeel.interop.fhir.importing import import_bundle
from evenkeel.interop.fhir.reading import DEFAULT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", type=Path, help="a FHIR R4 bundle of one person")
    parser.add_argument("--site", help="the site's name, where there are several")
    parser.add_argument(
        "--confirm-duplicate",
        action="store_true",
        help="register a second person of the same name and birth date",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Import the file and print what was filed; status 1 where nothing was."""
    user = getpass.getuser()[:40]
    actor = Actor(f"command:{user}", f"{user} (command line)", frozenset({(None, Role.FRONT_DESK)}))
    ctx = Context(actor, via="command")
    try:
        with arguments.file.open("rb") as file:
            data = file.read(DEFAULT.max_bytes + 1)
        reading = read_bundle(data, now=ctx.clock.now())
        report = import_bundle(
            ctx,
            reading,
            site_id=_site(arguments.site).pk,
            confirm_duplicate=arguments.confirm_duplicate,
        )
    except OSError as error:
        raise ConfigurationError(f"{arguments.file}: {error.strerror}") from None
    except BundleError as refused:
        print(f"evenkeel: the file was not taken, nothing was stored\n{refused}", file=sys.stderr)
        return 1
    except DomainError as refused:
        said = " ".join([refused.message, refused.what_to_do, *refused.fields.values()])
        print(f"evenkeel: {said.strip()} Nothing was stored.", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(report.as_dict(), indent=2))
        return 0
    what = "registered" if report.is_new else "found"
    print(f"{report.mrn} {what}{' (has died)' if report.deceased else ''}")
    print(f"{report.added} new facts, {report.replaced} changed, {report.unchanged} known already")
    for aside in report.set_aside:
        print(f"set aside: {aside['origin']}: {aside['why']}")
    for note in report.notes:
        print(f"please read: {note}")
    return 0


def _site(name: str | None) -> Site:
    sites = Site.objects.filter(active=True)
    chosen = list(sites.filter(name__iexact=name) if name else sites)
    if len(chosen) != 1:
        known = ", ".join(sorted(s.name for s in sites)) or "none yet"
        raise ConfigurationError(f"say which site with --site; there are: {known}")
    return chosen[0]  # type: ignore[no-any-return]
