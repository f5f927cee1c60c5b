"""``evenkeel evidence``: what trials say together, and where a reader should stop."""

from __future__ import annotations

import argparse
import os
import sys

from evenkeel.cli import evidence_pool, evidence_question
from evenkeel.evidence.library.question_reading import FOLDER
from evenkeel.evidence.pooling import EvidenceError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs: pool, list, and one for each question."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="pool | list | QUESTION")
    evidence_pool.add_arguments(verbs.add_parser("pool", help="pool the trials of a CSV file"))
    verbs.add_parser("list", help="name the questions that the bundled trials are asked")
    for question_id in sorted(path.stem for path in FOLDER.glob("*.json")):
        evidence_question.add_arguments(verbs.add_parser(question_id))


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; status 2 and one sentence for what cannot be."""
    try:
        if arguments.verb == "pool":
            evidence_pool.run(arguments)
        elif arguments.verb == "list":
            evidence_question.name_all()
        else:
            evidence_question.run(arguments.verb, arguments)
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
