"""Questions from their files; each mistake named by file and field."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from evenkeel.evidence.library.fields import Fields, parse_object, read_object
from evenkeel.evidence.library.question import (
    BETTER,
    FAMILIES,
    QUESTION_MEASURES,
    Alone,
    Indirectness,
    Question,
    Statement,
)
from evenkeel.evidence.library.trial import DESIGNS
from evenkeel.evidence.pooling import EvidenceError

FOLDER = Path(__file__).parent.parent / "questions"
#: Designs that may stand beside each other; a question that wants another says so.
TOGETHER = ("parallel", "first_period")
STATEMENT_MARKS = ("sourced", "unverified", "editorial")


@cache
def questions() -> dict[str, Question]:
    """All questions by id, in their order; read once a process. Raises ``EvidenceError``."""
    found = [
        _question(Fields(path.name, read_object(path)), path.stem)
        for path in sorted(FOLDER.glob("*.json"))
    ]
    return {q.id: q for q in sorted(found, key=lambda q: (FAMILIES.index(q.family), q.order, q.id))}


def read_question(content: bytes, name: str) -> Question:
    """One question from the bytes of a file; its id is the name without ``.json``."""
    return _question(Fields(name, parse_object(content, name)), name.removesuffix(".json"))


def _question(f: Fields, question_id: str) -> Question:
    question = Question(
        id=question_id,
        title=f.words("title"),
        family=f.choice("family", FAMILIES),
        order=f.count("order") or 0,
        outcomes=f.texts("outcomes"),
        outcome_words=f.words("outcome_words"),
        days=_window(f),
        target_day=f.number("target_day", 0),
        days_words=f.words("days_words"),
        population_words=f.words("population_words"),
        diagnoses=f.texts("diagnoses"),
        designs=f.texts("designs") or TOGETHER,
        intervention_words=f.words("intervention_words"),
        drugs=f.texts("drugs"),
        routes=f.texts("routes"),
        courses=f.texts("courses"),
        comparator_words=f.words("comparator_words"),
        comparators=f.texts("comparators"),
        scales=f.texts("scales"),
        measure=f.choice("measure", QUESTION_MEASURES),
        better=f.choice("better", BETTER),
        pooled_reports=f.flag("pooled_reports", False),
        self_reported=f.flag("self_reported", True),
        indirectness=_indirectness(f),
        publication_bias=f.flag("publication_bias", False),
        alone=tuple(_alone(Fields(f"{f.where}, alone", a)) for a in f.objects("alone", 20)),
        statements=_statements(f, "statements"),
        published=_statements(f, "published"),
        unknown=f.texts("unknown"),
        notes=f.texts("notes"),
    )
    f.done()
    _fits(question, f)
    return question


def _fits(question: Question, f: Fields) -> None:
    strange = [d for d in question.designs if d not in DESIGNS]
    if strange:
        raise f.wrong("designs", f"{strange[0][:40]!r} is not one of {', '.join(DESIGNS)}")
    apart = set(question.designs) - set(TOGETHER)
    if len(question.designs) > 1 and apart:
        raise f.wrong("designs", f"{sorted(apart)[0]} is never pooled with another design")
    if question.outcomes and not question.comparators:
        raise f.wrong("comparators", "say against what")
    if not (question.outcomes or question.alone or question.statements):
        raise EvidenceError(f"{f.where}: neither outcomes, alone nor statements: nothing to say")
    if question.family == "about" and not question.statements:
        raise f.wrong("statements", "a question about ketamine itself is answered by statements")
    counted = question.measure in ("RR", "OR")
    if counted == (question.better in ("lower", "higher")):
        raise f.wrong("better", "more or fewer goes with RR and OR, lower or higher with means")


def _window(f: Fields) -> tuple[float, float] | None:
    found = f.objects("days", 2)
    if not found:
        return None
    inside = Fields(f"{f.where}, days", {"first": found[0], "last": found[-1]})
    first, last = inside.number("first", 0), inside.number("last", 0)
    if len(found) != 2 or first is None or last is None or first > last:
        raise f.wrong("days", "the first and the last day of the window are needed")
    return first, last


def _indirectness(f: Fields) -> Indirectness:
    if not f.has("indirectness"):
        f.words_or_none("indirectness")
        return Indirectness(0, "")
    inside = f.inside("indirectness")
    levels = inside.count("levels", 1)
    if levels not in (1, 2):
        raise inside.wrong("levels", "1 or 2 is needed")
    found = Indirectness(levels, inside.words("reason"))
    inside.done()
    return found


def _alone(f: Fields) -> Alone:
    found = Alone(f.words("trial"), f.texts("outcomes"), f.words("why"))
    f.done()
    return found


def _statements(f: Fields, key: str) -> tuple[Statement, ...]:
    return tuple(_statement(Fields(f"{f.where}, {key}", s)) for s in f.objects(key, 20))


def _statement(f: Fields) -> Statement:
    found = Statement(f.words("text"), f.words("source"), f.choice("mark", STATEMENT_MARKS))
    f.done()
    return found
