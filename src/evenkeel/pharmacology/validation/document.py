"""``docs/validation.md``: the same report for people who read, with what it means first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from . import words
from .answers import Answer
from .meaning import sentences
from .mood_comparison import Comparison
from .outlook import at_fault, needed, not_taken, replaced
from .plots import Picture, pictures
from .rows import BUNDLED, bundled_text, fingerprint
from .summary import (
    KIND_NAMES,
    KINDS,
    ROLE_NAMES,
    Section,
    Summary,
    counted,
    goals,
    sections,
)

FOLDER = "validation"
#: A group with a smaller share inside is called not good in words.
GOOD = 0.8
_TITLES = {
    "validation": "Independent observations",
    "calibration": "Observations that informed the models",
    "implementation": "Output of published models",
    "informational": "Listed, not judged",
}


def markdown(answers: Sequence[Answer], comparison: Comparison | None = None) -> str:
    """The document as text; the same answers give the same text."""
    drawn = pictures(answers)
    lines = ["# What the models were validated against", ""]
    lines += [*_head(answers), "", *_method(), "", *_goals(answers), ""]
    if comparison is not None:
        lines += [*_comparison(comparison), ""]
    lines += [*_groups(answers), ""]
    lines += [*_pictures(drawn), ""]
    lines += [*_corrected(answers), ""]
    lines += [*_replaced(answers), ""]
    lines += [*_outside(answers), ""]
    lines += [*_needed(answers), ""]
    lines += [*_not_taken(), ""]
    for section in sections(answers):
        lines += [*_section(section), ""]
    return "\n".join(lines).rstrip() + "\n"


def _head(answers: Sequence[Answer]) -> Iterator[str]:
    """A few paragraphs for a clinician, made from the numbers."""
    pk, pd = counted(answers, "pk"), counted(answers, "pd")
    yield (
        "evenkeel forecasts blood levels and effects with published models. This page holds the "
        "forecasts against published measurements that the models did not come from. How close "
        "is close enough was written down for every number before any was compared."
    )
    yield ""
    yield (
        f"**Blood levels**: {pk.inside} of {len(pk.judged)} such numbers fall inside their bands. "
        f"They are typically off by a factor of {pk.gmfe:.1f}: where 100 ng/mL is forecast, "
        f"{100 / pk.gmfe:.0f} or {100 * pk.gmfe:.0f} is nothing unusual. "
        f"{_by_group(pk)}{_untested(answers, pk)}"
    )
    yield ""
    waiting = f" {len(pd.unanswered)} more are not answered yet." if pd.unanswered else ""
    yield (f"**Effects**: {pd.inside} of {len(pd.judged)} fall inside.{waiting} {_by_group(pd)}")
    yield ""
    outside = [answer for kind in KINDS for answer in counted(answers, kind).outside]
    missed = sum(goal.met is False for goal in goals(answers))
    verdict = f"{missed} of the goals below are missed." if missed else "The goals below are met."
    yield (
        f"**What that means**: {verdict} {' '.join(sentences(outside))} "
        f"{_why_not_closer(answers)}A forecast is "
        "the typical course of such people and not this person's; it serves to plan and to "
        "compare. It never decides that a reading is wrong, that a monitor can go or that somebody "
        "can leave."
    )


def _why_not_closer(answers: Sequence[Answer]) -> str:
    """What stands between the numbers outside and their bands, for somebody who decides."""
    found = at_fault(answers)
    link = "What would settle each stands [below](#what-it-would-take)."
    return f"{found} {link} " if found else ""


def _by_group(summary: Summary) -> str:
    """Which groups are good and which are not, in words."""
    groups = [
        Summary(name, tuple(a for a in summary.judged if a.target.group == name))
        for name in _names(summary.judged)
    ]
    good = [_named(group) for group in groups if group.share >= GOOD]
    weak = [_named(group) for group in groups if group.share < GOOD]
    parts = [("Mostly inside", good), ("Often outside", weak)]
    found = " ".join(f"{word}: {'; '.join(names)}." for word, names in parts if names)
    return f"{found} A group of two or three numbers says little."


def _untested(answers: Sequence[Answer], summary: Summary) -> str:
    """Products and routes of which only the model's own data are here."""
    others = [a for a in answers if a.target.kind == "pk" and a.target.band is not None]
    names = [
        name
        for name in _names(others)
        if name not in _names(summary.answers) and name.split(", ")[1:] != ["parameters"]
    ]
    return f" Tested by no independent number: {'; '.join(names)}." if names else ""


def _named(group: Summary) -> str:
    return f"{group.name} ({group.inside} of {len(group.judged)})"


def _names(answers: Sequence[Answer]) -> list[str]:
    return list(dict.fromkeys(answer.target.group for answer in answers))


def _method() -> Iterator[str]:
    yield (
        "Every number below is predicted by the model that the product uses for that product, "
        "route and sampling site, for the typical person of that study, or for virtual people "
        "where the number is a share or a spread. Nothing was tuned to make a row pass. AFE is "
        "the average fold error, GMFE the geometric mean fold error: 1 is perfect, 1.35 is wrong "
        "by 35 % one way or the other. The range after a share is its exact 95 % interval. "
        "A product named in a group is the one its model is for."
    )
    yield ""
    prints = "; ".join(f"`{name}` {fingerprint(bundled_text(name))[:16]}" for name in BUNDLED)
    yield (
        f"Bands, roles and recipes are fixed; a test holds them to their fingerprints ({prints}). "
        "What was corrected since keeps its first recipe, and with those put back the table still "
        "has the fingerprint that it had before the first run."
    )
    yield ""
    yield "To see it again on your own machine:"
    yield ""
    yield "```sh"
    yield "evenkeel validate"
    yield "```"
    yield ""
    yield (
        "`--write` makes this page anew (with the extra `plots`), `--rows FILE` runs a file of the "
        "same format, `--json FILE` keeps all numbers."
    )


def _goals(answers: Sequence[Answer]) -> Iterator[str]:
    yield "## Goals, set beforehand"
    yield ""
    yield from _rows(
        ("goal", "found", ""),
        [
            (goal.name, goal.found, f"**{goal.verdict}**" if goal.met is False else goal.verdict)
            for goal in goals(answers)
        ],
    )


def _comparison(comparison: Comparison) -> Iterator[str]:
    yield "## Two models of mood"
    yield ""
    yield comparison.words
    yield ""
    yield from _rows(
        ("model", comparison.unit, "MADRS points"),
        [(name, f"{error:.3f}", f"{points:.2f}") for name, error, points in comparison.errors],
    )


def _groups(answers: Sequence[Answer]) -> Iterator[str]:
    yield "## By group"
    for section in sections(answers):
        if section.role == "informational":
            continue
        yield ""
        yield f"**{_title(section)}**: {ROLE_NAMES[section.role]}."
        yield ""
        yield from _rows(
            ("group", "inside", "share (95 % interval)", "AFE", "GMFE", "not answered"),
            [_group(summary) for summary in (*section.groups, section.whole)],
        )


def _group(summary: Summary) -> tuple[str, ...]:
    judged = len(summary.judged)
    low, high = summary.interval
    return (
        f"**{summary.name}**" if summary.name == "all" else summary.name,
        f"{summary.inside} of {judged}" if judged else "-",
        f"{summary.share:.0%} ({100 * low:.0f} to {100 * high:.0f})" if judged else "-",
        f"{summary.afe:.2f}" if summary.ratios else "-",
        f"{summary.gmfe:.2f}" if summary.ratios else "-",
        str(len(summary.unanswered) or ""),
    )


def _pictures(drawn: Sequence[Picture]) -> Iterator[str]:
    yield "## Pictures"
    for picture in drawn:
        yield ""
        yield f"![{picture.alt}]({FOLDER}/{picture.name}.svg)"
        yield ""
        yield picture.caption


def _corrected(answers: Sequence[Answer]) -> Iterator[str]:
    changed = [answer for answer in answers if answer.target.corrected is not None]
    yield "## What was corrected after the first run"
    yield ""
    pk, pd = counted(answers, "pk"), counted(answers, "pd")
    yield (
        "A recipe says how a published number is predicted. Where its source shows that it was "
        "wrong, it was corrected and both are run. A reader who wants none of it has the first "
        f"column of predictions: with the first recipes {pk.inside_first} of {len(pk.judged)} "
        f"concentrations (GMFE {pk.gmfe_first:.2f}) and {pd.inside_first} of {len(pd.judged)} "
        "effects lie inside. Bands, roles, models and observed numbers are as they were."
    )
    yield ""
    yield from _rows(
        ("target", "role", "what was changed", "why", "observed", "band", "first", "now", "source"),
        [_correction(answer) for answer in changed],
    )


def _correction(answer: Answer) -> tuple[str, ...]:
    target, corrected = answer.target, answer.target.corrected
    assert corrected is not None
    marks = [words.MARKS[inside] for inside in (answer.inside_first, answer.inside)]
    numbers = [words.number(value) for value in (answer.first, answer.predicted)]
    first, now = (f"{number} ({mark})" for number, mark in zip(numbers, marks, strict=True))
    told = (corrected.what, corrected.why, f"{words.observed(answer)} {target.unit}")
    link = f"[read here]({corrected.source})"
    return (target.id, target.role, *told, words.band(answer), first, now, link)


def _outside(answers: Sequence[Answer]) -> Iterator[str]:
    yield "## What fails, and why"
    yield ""
    yield (
        "Reasons were looked for after the first run. No band, role or model was changed for one; "
        "what was wrong with a recipe and what was replaced stand above."
    )
    yield ""
    yield from _rows(
        ("target", "role", "what", "observed", "predicted", "band", "why"),
        [
            (
                answer.target.id,
                answer.target.role,
                answer.target.what,
                f"{words.observed(answer)} {answer.target.unit}",
                words.number(answer.predicted),
                words.band(answer),
                answer.reason or "not known",
            )
            for answer in answers
            if answer.inside is False
        ],
    )


def _replaced(answers: Sequence[Answer]) -> Iterator[str]:
    yield "## What was replaced by something better founded"
    yield ""
    yield (
        "A value gives way where another source says more about the same thing, whatever that does "
        "to a row; a row's own source never counts."
    )
    yield ""
    yield from _rows(("what", "before", "now", "why", "rows", "source"), list(replaced(answers)))


def _needed(answers: Sequence[Answer]) -> Iterator[str]:
    yield "## What it would take"
    yield ""
    yield f"{at_fault(answers)} Choosing other numbers until a row fits would settle none of them."
    yield ""
    yield from _rows(("target", "what is at fault", "what would settle it"), list(needed(answers)))


def _not_taken() -> Iterator[str]:
    yield "## What was looked at and not taken"
    yield ""
    yield from _rows(("question", "found", "why nothing was changed", "sources"), list(not_taken()))


def _section(section: Section) -> Iterator[str]:
    yield f"## {_title(section)}, row by row"
    for summary in section.groups:
        yield ""
        yield f"### {summary.name[0].upper()}{summary.name[1:]}"
        yield ""
        if section.role == "informational":
            yield from _rows(
                ("target", "what", "observed", "predicted", "why it is not judged", "source"),
                [_informational(answer) for answer in summary.answers],
            )
        else:
            yield from _rows(
                ("", "target", "what", "observed", "predicted", "ratio", "band", "model", "source"),
                [_judged(answer) for answer in summary.answers],
            )


def _title(section: Section) -> str:
    return f"{_TITLES[section.role]}, {KIND_NAMES[section.kind]}"


def _judged(answer: Answer) -> tuple[str, ...]:
    target = answer.target
    status = words.status(answer)
    return (
        words.MARKS[answer.inside] or answer.why_not,
        target.id,
        f"{target.what} ({target.population})",
        f"{words.observed(answer)} {target.unit}",
        words.number(answer.predicted),
        words.ratio(answer),
        words.band(answer),
        f"{target.model or '-'}{f' ({status})' if status else ''}",
        _source(answer),
    )


def _informational(answer: Answer) -> tuple[str, ...]:
    target = answer.target
    return (
        target.id,
        f"{target.what} ({target.population})",
        f"{words.observed(answer)} {target.unit}",
        words.number(answer.predicted),
        target.note or target.band_from,
        _source(answer),
    )


def _source(answer: Answer) -> str:
    target = answer.target
    cited = target.citation.split(". doi:")[0].replace("[", "(").replace("]", ")")
    return f"[{cited}]({target.url.replace(')', '%29').replace('(', '%28')})"


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
