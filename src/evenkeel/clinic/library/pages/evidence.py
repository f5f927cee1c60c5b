"""The evidence: one page a question, with the trials pooled before the reader's eyes."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse

from evenkeel.clinic.library.certainty import boxes
from evenkeel.clinic.library.pages.answers import frame, may_read
from evenkeel.clinic.record.errors import NotFound
from evenkeel.clinic.record.permissions import PUBLIC
from evenkeel.clinic.record.routes import page
from evenkeel.evidence.answering import Answer, answer, answers, as_data, in_words
from evenkeel.evidence.library import questions
from evenkeel.web.svg.forest import Forest, ForestStudy, forest_plot
from evenkeel.web.svg.icons_of_100 import People, icons_of_100

FAMILIES: Final = (
    ("about", "What it is"),
    ("benefit", "Does it help"),
    ("comparison", "Against other treatments"),
    ("other_condition", "Other illnesses"),
    ("harm", "What it costs on the day"),
    ("long_term", "In the long run"),
)


@page(PUBLIC)
def evidence(request: HttpRequest) -> HttpResponse:
    """Every question with its answer in a sentence."""
    if (elsewhere := may_read(request)) is not None:
        return elsewhere
    found = answers(_only_verified(request))
    shown = {
        **frame(request),
        "only_verified": _only_verified(request),
        "families": [
            (title, [_line(one) for one in found if one.question.family == family])
            for family, title in FAMILIES
        ],
        "results_url": _results_url(request),
        "trials": sum(1 for _ in {s.trial for one in found for s in one.studies}),
    }
    return render(request, "library/evidence.html", shown)


def _results_url(request: HttpRequest) -> str:
    """The clinic's own results, for who may see them; another room's page, known by name."""
    ctx = getattr(request, "ctx", None)
    if not ctx or not ctx.actor.may("outcome.view"):
        return ""
    try:
        return reverse("own_results")
    except NoReverseMatch:
        return ""


def _only_verified(request: HttpRequest) -> bool:
    return request.GET.get("only") == "verified"


def _line(one: Answer) -> dict[str, Any]:
    return {
        "question": one.question,
        "words": in_words(one),
        "certainty": one.certainty.level,
        "boxes": boxes(one.certainty.level),
        "state": one.state,
    }


@page(PUBLIC)
def question(request: HttpRequest, question_id: str) -> HttpResponse:
    """One question: of 100 people, the trials, how sure, and what it cannot say."""
    if (elsewhere := may_read(request)) is not None:
        return elsewhere
    found = _found(request, question_id)
    shown = {
        **frame(request),
        "only_verified": found.only_verified,
        "found": found,
        "question": found.question,
        "words": in_words(found),
        "boxes": boxes(found.certainty.level),
        "forest": forest_plot(forest_of(found)) if found.pooled else "",
        "narrow": forest_plot(forest_of(found), 340) if found.pooled else "",
        "people": _people(found),
        "doubts": [
            {"name": d.name.replace("_", " ").capitalize(), "doubt": d}
            for d in found.certainty.domains
        ],
        "left_out": [e for e in found.excluded if not e.another_question],
        "elsewhere": [e for e in found.excluded if e.another_question],
    }
    return render(request, "library/question.html", shown)


def _found(request: HttpRequest, question_id: str) -> Answer:
    if question_id not in questions():
        raise NotFound("There is no such question.", what_to_do="Look in the list of questions.")
    return answer(question_id, _only_verified(request))


def _people(found: Answer) -> list[dict[str, Any]]:
    """Two groups of 100: with the treatment, its range told apart, and without."""
    counts = found.absolute
    if counts is None:
        return []
    low, high = sorted((counts.low, counts.high))
    question = found.question
    return [
        {
            "who": question.intervention_words,
            "count": round(counts.treated),
            "low": round(low),
            "high": round(high),
            "drawn": hundred(question.intervention_words, counts.treated, low, high),
        },
        {
            "who": question.comparator_words,
            "count": round(counts.without),
            "drawn": hundred(question.comparator_words, counts.without, hue="compare"),
        },
    ]


def hundred(
    who: str,
    count: float,
    low: float | None = None,
    high: float | None = None,
    hue: str = "mood",
) -> str:
    """A hundred people, those with the outcome filled."""
    return icons_of_100(People(who, count, low, high, hue=hue))


def forest_of(found: Answer) -> Forest:
    """The answer as the drawing takes it, on the reader's scale."""
    pooled, question = found.pooled, found.question
    assert pooled is not None
    data = as_data(found)
    numbers = data["pooled"]
    fewer_is_better = question.better in ("fewer", "lower")
    better, worse = "better with it", "better without it"
    if question.family == "harm":
        better, worse = "less with it", "more with it"
    many = pooled.k > 1
    return Forest(
        title=question.title,
        studies=[
            ForestStudy(
                study["label"],
                study["effect"],
                study["low"],
                study["high"],
                study["weight"],
                _counts(study),
            )
            for study in data["studies"]
        ],
        ratio=question.measure in ("RR", "OR"),
        unit={"RR": "Risk ratio", "OR": "Odds ratio"}.get(question.measure, question.measure),
        together=(numbers["estimate"], numbers["ci_low"], numbers["ci_high"]) if many else None,
        further=(
            (numbers["prediction_low"], numbers["prediction_high"])
            if many and numbers["prediction_low"] is not None
            else None
        ),
        left=better if fewer_is_better else worse,
        right=worse if fewer_is_better else better,
        counts_head="with / without",
    )


def _counts(study: dict[str, Any]) -> str:
    events, people = study["events"], study["people"]
    if events and people:
        return f"{events[0]}/{people[0]} · {events[1]}/{people[1]}"
    return f"{people[0]} · {people[1]}" if people else ""


@page(PUBLIC)
def api_evidence(request: HttpRequest) -> HttpResponse:
    """The questions, each with its address and its answer in a sentence."""
    if (elsewhere := may_read(request)) is not None:
        return elsewhere
    listed = [
        {
            "id": one.question.id,
            "title": one.question.title,
            "in_words": in_words(one),
            "certainty": one.certainty.level,
            "url": request.build_absolute_uri(f"/api/evidence/{one.question.id}"),
        }
        for one in answers(_only_verified(request))
    ]
    return JsonResponse({"questions": listed})


@page(PUBLIC)
def api_question(request: HttpRequest, question_id: str) -> HttpResponse:
    """All there is of one question, as ``evenkeel evidence QUESTION --json`` prints it."""
    if (elsewhere := may_read(request)) is not None:
        return elsewhere
    return JsonResponse(as_data(_found(request, question_id)))
