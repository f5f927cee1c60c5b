"""``evenkeel simulate``: what a regimen does to many virtual people."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from evenkeel.cli.pharmacology_models import choose_model, listed
from evenkeel.cli.pharmacology_outputs import choose_outputs
from evenkeel.cli.pharmacology_people import Asked, Found, Progress, work_out
from evenkeel.cli.pharmacology_report import report
from evenkeel.cli.pharmacology_tables import TableError, writers
from evenkeel.pharmacology import (
    Model,
    PharmacologyError,
    Regimen,
    TimesError,
    describe,
    draw_covariates,
    draw_people,
    load_model,
)
from evenkeel.pharmacology.choice import Drug
from evenkeel.pharmacology.effects import COVARIATES, draw_acute_people
from evenkeel.pharmacology.errors import PeopleError, RegimenError
from evenkeel.pharmacology.interactions import interaction_covariates
from evenkeel.pharmacology.regimen_tokens import Words
from evenkeel.pharmacology.regimen_words import Spoken, read_words
from evenkeel.pharmacology.regimen_written import read_document

MOST_PEOPLE = 1_000_000
MOST_TIMES = 100_000
LARGEST_FILE = 1_000_000
_DRUGS: dict[str, Drug] = {
    "racemic": "racemic",
    "esketamine": "s_ketamine",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "regimen",
        nargs="?",
        metavar="REGIMEN",
        help="in words, as '0.5 mg/kg iv over 40 min' or '84 mg nasal'; or a file ending in .json",
    )
    parser.add_argument("--drug", choices=sorted(_DRUGS), help="racemic unless given nasally")
    parser.add_argument("--model", metavar="ID", help="a bundled model or a file of your own")
    parser.add_argument("--people", type=int, default=1000, metavar="N", help="(1000)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed, the same people (0)")
    parser.add_argument("--weight", type=float, metavar="KG", help="everybody's weight")
    parser.add_argument("--age", type=float, metavar="YEARS", help="everybody's age")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any other covariate of the model, as cyp2b6_activity=0.5",
    )
    parser.add_argument(
        "--adults", action="store_true", help="draw weight, age and sex as in the trials"
    )
    parser.add_argument(
        "--taking", action="append", default=[], metavar="DRUG", help="as ticlopidine; repeatable"
    )
    parser.add_argument("--until", metavar="TIME", help="as 4h or 2 weeks")
    parser.add_argument("--every", metavar="TIME", help="distance of the times (1 min)")
    parser.add_argument(
        "--output",
        action="append",
        default=[],
        metavar="NAME",
        help="what to show; 'levels' for all blood levels, 'effects' for all acute effects",
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="one row a person and time")
    parser.add_argument("--parquet", type=Path, metavar="FILE", help="the same as Parquet")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="a picture, .png or .svg")
    parser.add_argument("--dark", action="store_true", help="the picture on dark ground")
    parser.add_argument("--list-models", action="store_true", help="list the models and stop")


def run(arguments: argparse.Namespace) -> int:
    """Simulate and report; status 2 and one sentence for what cannot be."""
    try:
        if arguments.list_models:
            print(listed())
            return 0
        asked, spoken_name = _asked(arguments)
        found = _simulate(arguments, asked)
        print(report(asked, found, spoken_name))
    except (PharmacologyError, TableError) as error:
        print(f"evenkeel simulate: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read the report has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        name = error.filename or "a file"
        print(f"evenkeel simulate: cannot write {name}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


def _simulate(arguments: argparse.Namespace, asked: Asked) -> Found:
    """Work it out; files appear when everything has been written, else not at all."""
    draw = None
    if arguments.plot is not None:
        from evenkeel.cli.pharmacology_plots import plotter

        draw = plotter(arguments.plot, dark=arguments.dark)
    progress = Progress(asked.people.n, sys.stderr)
    about = {
        "model": asked.model.id,
        "model_version": str(asked.model.version),
        "regimen": describe(asked.regimen)[:2000],
        "seed": str(asked.seed),
    }
    columns = [one.name for one in asked.outputs]
    try:
        with writers(arguments.csv, arguments.parquet, columns, about) as tables:
            found = work_out(asked, tables, progress, for_plot=draw is not None)
            if draw is not None:
                draw(asked, found)
    finally:
        progress.end()
    return found


def _asked(arguments: argparse.Namespace) -> tuple[Asked, str]:
    """Everything asked for, checked; and the regimen as it was said."""
    if not 1 <= arguments.people <= MOST_PEOPLE:
        raise PeopleError(f"between 1 and {MOST_PEOPLE:,} people, not {arguments.people:,}")
    if arguments.seed < 0:
        raise PeopleError(f"the seed must be 0 or more, not {arguments.seed}")
    spoken, said = _regimen(arguments.regimen)
    drug = _DRUGS[arguments.drug] if arguments.drug else spoken.drug
    if arguments.drug and spoken.drug and drug != spoken.drug:
        raise RegimenError(f"the regimen is of {spoken.drug}, --drug says {arguments.drug}")
    if arguments.model:
        model = load_model(arguments.model)
        if drug is not None and drug != model.drug:
            raise RegimenError(f"{model.id} is about {model.drug}, the regimen is of {drug}")
    else:
        model = load_model(choose_model(spoken.regimen, drug))
    until_h, every_h = _span(arguments, spoken.regimen)
    outputs = choose_outputs(arguments.output, model)
    covariates, notes = _covariates(arguments, model)
    person = None
    if any(one.group for one in outputs):
        rng = np.random.default_rng([arguments.seed, 1])
        person = draw_acute_people(arguments.people, rng, covariates=covariates)
        # What only the effects ask of a person is no business of the blood level's model.
        own = {"weight_kg", *model.covariates}
        covariates = {k: v for k, v in covariates.items() if k in own or k not in COVARIATES}
    asked = Asked(
        model=model,
        regimen=spoken.regimen,
        people=draw_people(model, arguments.people, arguments.seed, **covariates),
        seed=arguments.seed,
        until_h=until_h,
        every_h=every_h,
        outputs=outputs,
        person=person,
        notes=notes,
    )
    return asked, said


def _regimen(given: str | None) -> tuple[Spoken, str]:
    if given is None:
        raise RegimenError(
            "say what is given, for example: evenkeel simulate '0.5 mg/kg iv over 40 min'"
        )
    if not given.endswith(".json"):
        return read_words(given), given
    path = Path(given)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RegimenError(f"{given} is larger than {LARGEST_FILE} bytes")
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RegimenError(f"cannot read {given}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, PharmacologyError):
            raise
        raise RegimenError(f"{given} is not JSON: {error}") from error
    try:
        return read_document(document), given
    except RegimenError as error:
        raise RegimenError(f"{given}: {error}") from error


def _covariates(
    arguments: argparse.Namespace, model: Model
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What is known of the people, and what other drugs do to them with its notes."""
    covariates: dict[str, Any] = {}
    if arguments.adults:
        drawn = draw_covariates(arguments.people, arguments.seed)
        known = {"weight_kg", *model.covariates}
        covariates |= {name: values for name, values in drawn.items() if name in known}
    found, notes = interaction_covariates(model, arguments.taking)
    covariates |= found
    for word in arguments.set:
        name, sign, text = word.partition("=")
        try:
            covariates[name.strip()] = float(text)
        except ValueError:
            text = ""
        if not sign or not text:
            raise PeopleError(f"--set takes NAME=VALUE with a number, not {word!r}")
    if arguments.weight is not None:
        covariates["weight_kg"] = arguments.weight
    if arguments.age is not None:
        covariates["age_years"] = arguments.age
    return covariates, notes


def _span(arguments: argparse.Namespace, regimen: Regimen) -> tuple[float, float]:
    """Until when, and how far apart, in hours."""
    if arguments.until:
        until_h = _hours(arguments.until, "--until")
    else:
        until_h = max(4.0, math.ceil(regimen.end_h + 3.0))
    if arguments.every:
        every_h = _hours(arguments.every, "--every")
    else:
        usual = (minutes / 60.0 for minutes in (1, 5, 15, 60, 240))
        every_h = next((step for step in usual if until_h / step <= 1500), until_h / 1500)
    if not every_h <= until_h or until_h / every_h > MOST_TIMES:
        raise TimesError(
            f"from 0 to {until_h:g} h every {every_h * 60:g} min is not between 1 and "
            f"{MOST_TIMES:,} times; change --until or --every"
        )
    return until_h, every_h


def _hours(text: str, option: str) -> float:
    words = Words(text)
    try:
        hours = words.hours("4h")
        words.end()
    except RegimenError as error:
        raise TimesError(f"{option}: {error}") from error
    if not hours > 0:
        raise TimesError(f"{option} must be more than nothing")
    return hours
