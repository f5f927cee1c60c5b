"""``evenkeel evidence pool``: the trials of a CSV file."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from evenkeel.cli.evidence_forest import forest
from evenkeel.evidence.pooling import (
    INTERVALS,
    MEASURES,
    METHODS,
    as_data,
    cautions,
    pool,
    read_table,
)
from evenkeel.evidence.pooling.looks import look, told


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE.csv",
        help="columns study,n1,mean1,sd1,n2,mean2,sd2 or study,events1,n1,events2,n2; arm 1 is "
        "the treatment; beside them score, design, allocation",
    )
    parser.add_argument("--measure", choices=MEASURES, required=True, help="what is pooled")
    parser.add_argument("--method", choices=METHODS, default="REML", help="the model (REML)")
    parser.add_argument("--ci", choices=INTERVALS, default="wald", help="the interval (wald)")
    parser.add_argument("--json", action="store_true", help="numbers instead of a forest plot")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="a picture, .svg or .png")
    looks = parser.add_argument_group("further looks at the same trials")
    looks.add_argument("--subgroup", metavar="COLUMN", help="pool each value of a column apart")
    looks.add_argument("--moderator", metavar="COLUMN", help="regress on a column of numbers")
    looks.add_argument("--egger", action="store_true", help="whether small trials differ")
    looks.add_argument("--leave-one-out", action="store_true", help="without each trial in turn")
    looks.add_argument("--bayes", action="store_true", help="with stated priors")


def run(arguments: argparse.Namespace) -> None:
    """Pool and report. Raises ``EvidenceError`` for what cannot be pooled."""
    draw = None
    if arguments.plot is not None:
        from evenkeel.cli.evidence_plot import plotter

        draw = plotter(arguments.plot)
    wanted = [c for c in (arguments.subgroup, arguments.moderator) if c is not None]
    table = read_table(arguments.file, wanted)
    result = pool(table.studies, arguments.measure, arguments.method, arguments.ci)
    found = cautions(table.studies, result)
    looks = look(
        table,
        result,
        subgroup=arguments.subgroup,
        moderator=arguments.moderator,
        small_studies=arguments.egger,
        without_each=arguments.leave_one_out,
        bayes=arguments.bayes,
    )
    if draw is not None:
        draw(result)
    if arguments.json:
        print(json.dumps({**as_data(result, found), **looks}, indent=2, allow_nan=False))
        return
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    print("\n".join([forest(result, found, plain=plain), *told(looks)]))
