"""``evenkeel evidence QUESTION``: what the bundled trials say to a question."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Sequence
from pathlib import Path

from evenkeel.cli.pharmacology_tables import whole
from evenkeel.evidence.answering import Answer, answer, as_data, forest_data, in_words
from evenkeel.evidence.answering.report import counts, limits
from evenkeel.evidence.library import Statement, questions
from evenkeel.evidence.pooling import Pooled
from evenkeel.web.svg.forest import Forest, ForestStudy, forest_plot, short

_WIDTH = 100
_FAMILIES = {
    "about": "About ketamine",
    "benefit": "Does it help",
    "comparison": "Against other treatments",
    "harm": "Side effects",
    "long_term": "In the long run",
    "other_condition": "Other conditions",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of a question."""
    parser.add_argument("--json", action="store_true", help="numbers instead of words")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="a forest plot, .svg or .png")
    parser.add_argument(
        "--only-verified", action="store_true", help="leave out what nobody read at its source"
    )


def name_all() -> None:
    """Print every question with its id."""
    family = ""
    for question in questions().values():
        if question.family != family:
            family = question.family
            print(f"\n{_FAMILIES[family]}")
        print(f"  {question.id:<32} {question.title}")


def run(question_id: str, arguments: argparse.Namespace) -> None:
    """Answer and report. Raises ``EvidenceError`` for a plot of nothing."""
    found = answer(question_id, arguments.only_verified)
    if arguments.plot is not None:
        _plot(found, arguments.plot)
    if arguments.json:
        print(json.dumps(as_data(found), indent=2, allow_nan=False))
    else:
        print("\n".join(_report(found)))


def _plot(found: Answer, path: Path) -> None:
    data = forest_data(found)
    data["studies"] = [ForestStudy(**study) for study in data["studies"]]
    if path.suffix.lower() == ".svg":
        with whole(path) as temporary:
            temporary.write_text(str(forest_plot(Forest(**data))), encoding="utf-8")
        return
    from evenkeel.cli.evidence_plot import plotter

    assert found.pooled is not None
    plotter(path)(found.pooled)


def _report(found: Answer) -> list[str]:
    question, pooled = found.question, found.pooled
    lines = [question.title, "", *textwrap.wrap(in_words(found), _WIDTH)]
    if question.family == "about":
        lines.append(f"({question.days_words})")
    else:
        lines.append(f"Certainty: {found.certainty.level}.")
    if pooled is not None:
        lines += ["", f"{question.measure}, {question.days_words}"]
        for study, weight in zip(found.studies, pooled.weights, strict=True):
            one = limits(study, pooled)
            numbers = _three(one["effect"], one["low"], one["high"])
            lines.append(
                f"  {study.label:<28} {counts(study):<18} {numbers:>24} {100 * weight:5.0f} %"
                f"  {study.mark}"
            )
        if found.usual is not None and pooled.k > 1:
            lines += _together(pooled, found.usual)
    lines += _listed(
        "Shown by itself",
        [
            f"{d.label}, {d.arm}, {d.outcome}, {d.when}: {d.words}"
            + (f" ({d.percent:.0f} %)" if d.percent is not None and d.events is not None else "")
            + (f" [{d.mark}]" if d.mark != "verified" else "")
            for d in found.described
        ],
    )
    lines += _listed("Could people tell?", found.masking)
    lines += _listed("Trials that found no clear difference", found.found_nothing)
    lines += _listed(
        "Why the certainty is no higher",
        [f"{d.name.replace('_', ' ')}: {d.reason}" for d in found.certainty.domains if d.levels],
    )
    lines += _listed("What this cannot say", found.cannot_say)
    lines += _listed("Known besides", [_stated(s) for s in question.statements])
    lines += _listed("Published elsewhere", [_stated(s) for s in question.published])
    lines += _listed("Notes", question.notes)
    kept = [e for e in found.excluded if not e.another_question]
    lines += _listed("Left out", [f"{e.label} ({', '.join(e.rows)}): {e.reason}" for e in kept])
    other = len({e.trial for e in found.excluded if e.another_question})
    if other:
        whose = "one trial" if other == 1 else f"{other} trials"
        lines += ["", f"Rows of {whose} answer another question; --json lists them."]
    return lines


def _stated(statement: Statement) -> str:
    mark = "" if statement.mark == "sourced" else f"; {statement.mark}"
    return f"{statement.text} [{statement.source}{mark}]"


def _together(pooled: Pooled, usual: Pooled) -> list[str]:
    natural, spread = pooled.natural, pooled.spread
    ends = [natural(x) for x in (pooled.estimate, pooled.low, pooled.high)]
    lines = [f"  {'together':<28} {'':<18} {_three(*ends):>24}"]
    low, high = natural(usual.low), natural(usual.high)
    lines.append(f"  without Hartung-Knapp the limits would be {short(low)} and {short(high)}")
    lines.append(f"  tau2 {spread.tau2:.3g}, I2 {spread.i2:.0f} %")
    if pooled.predicted:
        low, high = (natural(x) for x in pooled.predicted)
        lines.append(f"  a further trial may lie between {short(low)} and {short(high)}")
    return lines


def _three(middle: float, low: float, high: float) -> str:
    return f"{short(middle)} ({short(low)} to {short(high)})"


def _listed(head: str, items: Sequence[str]) -> list[str]:
    lines: list[str] = []
    for item in items:
        lines += textwrap.wrap(item, _WIDTH - 2, initial_indent="  - ", subsequent_indent="    ")
    return ["", head, *lines] if lines else []
