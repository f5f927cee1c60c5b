"""``evenkeel questionnaire``: what there is, a template, and loading the clinic's text."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from evenkeel.instruments import (
    InstrumentError,
    for_a_person,
    languages_of,
    load,
    parse,
    shelved,
    template,
    with_wording,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="every questionnaire, and whether its text ships")
    make = verbs.add_parser("template", help="print the file to fill in with your licensed text")
    make.add_argument("instrument")
    check = verbs.add_parser("check", help="hold a filled-in file against the structure")
    check.add_argument("instrument")
    check.add_argument("file", type=Path, metavar="FILE.json")
    bring = verbs.add_parser("load", help="store a filled-in file in this installation")
    bring.add_argument("instrument")
    bring.add_argument("file", type=Path, metavar="FILE.json")
    bring.add_argument("--license", required=True, help="by what right the clinic uses the text")
    bring.add_argument("--site", default="", help="name of the site, where there are several")


def run(arguments: argparse.Namespace) -> int:
    """Do the verb; status 2 for a file or name that cannot be used, with nothing stored."""
    try:
        if arguments.verb == "list":
            return _list()
        if arguments.verb == "template":
            _say_where(arguments.instrument)
            print(json.dumps(template(arguments.instrument), indent=2, ensure_ascii=False))
            return 0
        data = arguments.file.read_bytes()
        if arguments.verb == "check":
            found = with_wording(arguments.instrument, parse(data), "checked only")
            print(f"{found.title}: the file fits, {len(found.items)} questions.")
            return 0
        return _load(arguments, data)
    except (InstrumentError, OSError) as error:
        print(error, file=sys.stderr)
        return 2


def _say_where(name: str) -> None:
    """Beside the file, where a person sees it and no pipe does: what is missing and who has it."""
    instrument = load(name)
    if instrument.text_ships or not sys.stderr.isatty():
        return
    why = instrument.licence.statement if instrument.licence else instrument.notice
    print(f"{instrument.title}: {why}", file=sys.stderr)
    if instrument.official:
        print(f"The owner's text: {instrument.official}", file=sys.stderr)


def _list() -> int:
    for name in shelved():
        instrument = load(name)
        if not instrument.asked_alone:
            continue
        ships = "load your text"
        if instrument.text_ships:
            ships = f"ships: {', '.join(languages_of(name))}"
        who = "person" if for_a_person(instrument) else "clinician"
        print(f"{name:15} {instrument.title:20} {who:10} {ships:15} {instrument.purpose}")
    return 0


def _load(arguments: argparse.Namespace, data: bytes) -> int:
    from evenkeel.clinic.outcome.actions.load_text import load_text
    from evenkeel.clinic.people.models import Site
    from evenkeel.clinic.record.act import Context, system_actor
    from evenkeel.clinic.record.errors import DomainError

    sites = list(Site.objects.filter(active=True).order_by("created_at"))
    wanted = [s for s in sites if not arguments.site or s.name == arguments.site]
    if len(wanted) != 1:
        known = ", ".join(site.name for site in sites) or "none"
        print(f"Say which site with --site; there are: {known}", file=sys.stderr)
        return 2
    ctx = Context(system_actor("command line"), via="command")
    try:
        row = load_text(
            ctx,
            site_id=wanted[0].pk,
            instrument_id=arguments.instrument,
            data=data,
            licence=arguments.license,
        )
    except DomainError as error:
        print(f"{error.message} {error.what_to_do}".strip(), file=sys.stderr)
        return 2
    print(f"Stored for {wanted[0].name}: {row.instrument}, language {row.language}.")
    return 0
