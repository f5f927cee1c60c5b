"""The report of a run as plain text, and as data for other programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from . import words
from .answers import Answer
from .mood_comparison import Comparison
from .summary import KIND_NAMES, ROLE_NAMES, Goal, Section, Summary, goals, sections

_HEAD = ("", "target", "observed", "predicted", "ratio", "band", "unit", "what")


def text(
    answers: Sequence[Answer], comparison: Comparison | None = None, *, whole: bool = True
) -> str:
    """The whole report. ``whole`` is false where only some rows were asked for: no goals then."""
    lines: list[str] = []
    run = [answer for answer in answers if not answer.target.refused]
    refused = [answer for answer in answers if answer.target.refused]
    for section in sections(run):
        lines += [*_section(section), ""]
    if refused:
        lines += [*_refused(refused, len(answers)), ""]
    if comparison is not None:
        lines += [*_comparison(comparison), ""]
    if whole:
        lines += _goals(goals(run))
    else:
        lines.append("The goals are for a whole run; these are some of its rows.")
    return "\n".join(lines) + "\n"


def data(answers: Sequence[Answer], comparison: Comparison | None = None) -> dict[str, Any]:
    """The same as an object for JSON."""
    run = [answer for answer in answers if not answer.target.refused]
    return {
        "format": "evenkeel-validation-report/1",
        "goals": [{"name": g.name, "found": g.found, "met": g.met} for g in goals(run)],
        "groups": [
            {"kind": section.kind, "role": section.role, **_sums(summary)}
            for section in sections(run)
            for summary in (section.whole, *section.groups)
        ],
        "mood": None if comparison is None else comparison.data(),
        "targets": [_entry(answer) for answer in run],
        "refused": [
            {"id": answer.target.id, "row": answer.target.row, "why": answer.target.refused}
            for answer in answers
            if answer.target.refused
        ],
    }


def _refused(answers: Sequence[Answer], of: int) -> Iterator[str]:
    title = f"Refused: {len(answers)} of {of}; they count nowhere"
    yield title
    yield "=" * len(title)
    wide = min(40, max(len(answer.target.id) for answer in answers))
    for answer in answers:
        yield f"  {answer.target.id.ljust(wide)}  {answer.target.refused}"


def _section(section: Section) -> Iterator[str]:
    title = f"{KIND_NAMES[section.kind]}, {section.role}: {ROLE_NAMES[section.role]}"
    yield title
    yield "=" * len(title)
    for summary in section.groups:
        yield ""
        yield f"{summary.name}: {_summed(summary)}"
        yield from _table(summary.answers)
    if section.role != "informational":
        yield ""
        yield f"all of {section.kind.upper()} {section.role}: {_summed(section.whole)}"


def _summed(summary: Summary) -> str:
    open_ = f", {len(summary.unanswered)} not answered" if summary.unanswered else ""
    if not summary.judged:
        return f"{len(summary.answers)} rows, none judged{open_}"
    return f"{words.share(summary)}, {words.folds(summary)}{open_}"


def _table(answers: Sequence[Answer]) -> Iterator[str]:
    rows = [_HEAD, *(_row(answer) for answer in answers)]
    wide = [max(len(row[k]) for row in rows) for k in range(len(_HEAD))]
    for row, answer in zip(rows, [None, *answers], strict=True):
        cells = [
            cell.rjust(size) if k in (2, 3, 4) else cell.ljust(size)
            for k, (cell, size) in enumerate(zip(row, wide, strict=True))
        ]
        yield "  " + "  ".join(cells).rstrip()
        if answer is not None and answer.why_not and answer.target.how is not None:
            yield f"       {answer.why_not}"
        if answer is not None and answer.target.corrected is not None:
            yield f"       corrected, first {words.number(answer.first)}: {_what(answer)}"
        if answer is not None and answer.inside is False:
            yield f"       why: {answer.reason or 'not known'}"


def _what(answer: Answer) -> str:
    return "" if answer.target.corrected is None else answer.target.corrected.what


def _row(answer: Answer) -> tuple[str, ...]:
    target = answer.target
    return (
        words.MARKS[answer.inside],
        target.id,
        words.observed(answer),
        words.number(answer.predicted),
        words.ratio(answer),
        words.band(answer),
        target.unit,
        target.what,
    )


def _comparison(comparison: Comparison) -> Iterator[str]:
    yield "Two models of mood, each predicting the study it was not given"
    for name, error, points in comparison.errors:
        yield f"  {name}: {error:.3f} {comparison.unit}; {points:.2f} MADRS points"
    yield f"  {comparison.words}"


def _goals(found: Sequence[Goal]) -> Iterator[str]:
    yield "Goals, set beforehand"
    for goal in found:
        yield f"  {goal.verdict:<7}  {goal.name}: {goal.found}"
    missed = [goal.name for goal in found if goal.met is False]
    yield ""
    if missed:
        yield f"Not met: {'; '.join(missed)}."
    elif all(goal.listed for goal in found):
        yield "No number of this run counts toward a goal."
    elif any(goal.met is None and not goal.listed for goal in found):
        yield "No goal is missed; some are open until every row is answered."
    else:
        yield "All goals are met."


def _sums(summary: Summary) -> dict[str, Any]:
    judged = len(summary.judged)
    return {
        "group": summary.name,
        "targets": len(summary.answers),
        "judged": judged,
        "inside": summary.inside,
        "share_interval": list(summary.interval) if judged else None,
        "afe": summary.afe if summary.ratios else None,
        "gmfe": summary.gmfe if summary.ratios else None,
        "folds": len(summary.ratios),
    }


def _entry(answer: Answer) -> dict[str, Any]:
    target = answer.target
    return {
        "id": target.id,
        "kind": target.kind,
        "group": target.group,
        "role": target.role,
        "counts": target.counts,
        "model": target.model,
        "observed": target.observed,
        "predicted": answer.predicted,
        "predicted_first": answer.first,
        "ratio": answer.ratio,
        "unit": target.unit,
        "band": None if target.band is None else list(target.band),
        "inside": answer.inside,
        "status": answer.status,
        "status_expected": target.status_expected,
        "why_not": answer.why_not,
        "reason": answer.reason if answer.inside is False else "",
    }
