"""``evenkeel evidence``: what trials say together, and where a reader should stop."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from evenkeel.cli.evidence_forest import forest
from evenkeel.evidence.pooling import (
    INTERVALS,
    MEASURES,
    METHODS,
    EvidenceError,
    as_data,
    cautions,
    pool,
    read_file,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    pooling = verbs.add_parser("pool", help="pool the trials of a CSV file")
    pooling.add_argument(
        "file",
        type=Path,
        metavar="FILE.csv",
        help="columns study,n1,mean1,sd1,n2,mean2,sd2 or study,events1,n1,events2,n2; arm 1 is "
        "the treatment; beside them score, design, allocation",
    )
    pooling.add_argument("--measure", choices=MEASURES, required=True, help="what is pooled")
    pooling.add_argument("--method", choices=METHODS, default="REML", help="the model (REML)")
    pooling.add_argument("--ci", choices=INTERVALS, default="wald", help="the interval (wald)")
    pooling.add_argument("--json", action="store_true", help="numbers instead of a forest plot")
    pooling.add_argument("--plot", type=Path, metavar="FILE", help="a picture, .svg or .png")


def run(arguments: argparse.Namespace) -> int:
    """Pool and report; status 2 and one sentence for what cannot be."""
    try:
        draw = None
        if arguments.plot is not None:
            from evenkeel.cli.evidence_plot import plotter

            draw = plotter(arguments.plot)
        studies = read_file(arguments.file)
        result = pool(studies, arguments.measure, arguments.method, arguments.ci)
        found = cautions(studies, result)
        if draw is not None:
            draw(result)
        if arguments.json:
            print(json.dumps(as_data(result, found), indent=2, allow_nan=False))
        else:
            plain = not (sys.stdout.encoding or "").lower().startswith("utf")
            print(forest(result, found, plain=plain))
    except EvidenceError as error:
        print(f"evenkeel evidence: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read the report has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        name = error.filename or "a file"
        print(f"evenkeel evidence: cannot write {name}: {error.strerror}", file=sys.stderr)
        return 2
    return 0
