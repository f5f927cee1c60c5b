"""How a course stands between sessions, as its page shows it: in words, bars, rows and a band."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.course.pages.frame import address
from evenkeel.clinic.outcome.ahead.handing_on import learned_from
from evenkeel.clinic.outcome.ahead.learning import DAYS_AHEAD
from evenkeel.clinic.outcome.ahead.points import points_of
from evenkeel.clinic.outcome.ahead.standing import Standing
from evenkeel.clinic.outcome.course_story import DRAWN, CourseStory
from evenkeel.clinic.outcome.models import SpacingDecision
from evenkeel.evidence.coming_back import ways_to_go_on
from evenkeel.instruments import load
from evenkeel.pharmacology.long_term import ASK_OTHER_USE, STUDIED_TOP
from evenkeel.protocol.spacing import WITHHOLDS, SpacingProposal
from evenkeel.web import svg
from evenkeel.web.wording import chance_text, day_text

_DAY: Final = timedelta(days=1)
_HEADS: Final = {
    "as_planned": "As planned",
    "earlier": "Earlier",
    "later": "Later",
    "withheld": "No day: something is open",
    "none": "No day proposed",
}
#: What a finding's family is called before the finding itself.
_FAMILIES: Final = {
    "craving": "Craving",
    "misuse": "Possible misuse",
    "bladder": "Bladder",
    "pressure": "Blood pressure",
    "safety": "Safety",
    "hold": "A hold",
}
#: At least so far ahead the picture looks, and so far beyond what is marked on it.
_LOOK_DAYS, _BEYOND_DAYS = 28, 10


def shown_standing(story: CourseStory, standing: Standing) -> dict[str, Any]:
    """The context of ``outcome/coming_back_card.html``."""
    payload = standing.forecast.payload if standing.forecast else None
    return {
        "standing": standing,
        "proposal": standing.proposal,
        "head": _head(standing),
        "withheld": _withheld(standing.proposal),
        "chances": _chances(story, standing) if payload else [],
        "lost": _lost(standing) if payload else "",
        "surprises": _surprises(story, standing) if payload else [],
        "learned": f"learned from {learned_from(payload)}" if payload else "",
        "exposure": exposure(story),
        "ways": ways(standing),
        "decided": decided(standing.decision, standing) if standing.decision else None,
        "url": address("coming_back", course_id=story.summary.course.pk),
        **_settled_on(story, standing),
    }


def _settled_on(story: CourseStory, standing: Standing) -> dict[str, str]:
    """Where what is missing for a forecast is recorded."""
    course, code = story.summary.course, standing.none.code if standing.none else ""
    if code == "no_weight":
        url = address("patient_facts", patient_id=course.patient_id)
        return {"settle_url": url, "settle_label": "To the facts"}
    if code == "no_score":
        url = address("questionnaires", course_id=course.pk)
        return {"settle_url": url, "settle_label": "To the questionnaires"}
    if code == "no_session":
        return {"settle_url": address("plan", course_id=course.pk), "settle_label": "To the plan"}
    return {}


def _head(standing: Standing) -> dict[str, str]:
    found, planned = standing.proposal, standing.inputs.planned_at
    if found is None:
        if standing.none is not None:
            return {"big": "No forecast", "small": ""}
        return {"big": "Nothing is planned", "small": "Without a visit ahead no day is proposed."}
    small = ""
    if found.at is None or planned is None:
        return {"big": _HEADS[found.kind], "small": small}
    apart = abs((found.at.date() - planned.date()).days)
    if found.moves:
        small = f"{apart} days {found.kind} than planned, {day_text(planned)}"
        if apart == 0:
            small = f"{found.kind} on the day that is planned"
    word = "around " if found.kind == "earlier" else "until " if found.kind == "later" else ""
    if found.not_before:
        word = "not before "
    return {"big": f"{_HEADS[found.kind]}, {word}{day_text(found.at)}", "small": small}


def _withheld(found: SpacingProposal | None) -> list[dict[str, str]]:
    if found is None:
        return []
    return [
        {"family": _FAMILIES[WITHHOLDS[each.id]], "statement": each.statement}
        for each in found.withheld_by
    ]


def _at(payload: dict[str, Any], name: str, at: datetime) -> float | None:
    """A chance by a moment, to the nearest day; ``None`` beyond what was looked at."""
    chances = payload[name]
    if chances is None:
        return None
    day = round((at - datetime.fromisoformat(payload["known_at"])) / _DAY)
    return float(chances[max(day, 0)]) if day < len(chances) else None


def _chances(story: CourseStory, standing: Standing) -> list[dict[str, Any]]:
    """Chances of relapse as bars: before the planned visit, and by the one after with and without.

    The visit after is one more spacing away, at least a week.
    """
    assert standing.forecast is not None
    payload, planned, plan = standing.forecast.payload, standing.inputs.planned_at, None
    plan = story.summary.plan
    if payload["relapse"] is None or planned is None or plan is None:
        return []
    after = planned + max(timedelta(days=float(plan.spacing_days)), 7 * _DAY)
    wanted = [
        (f"Before the visit planned {day_text(planned)}", "relapse", planned),
        (f"By {day_text(after)}, without that visit", "relapse", after),
        (f"By {day_text(after)}, with it", "relapse_planned", after),
    ]
    rows = []
    for label, name, at in wanted:
        chance = _at(payload, name, at)
        if chance is not None:
            rows.append({"label": label, "text": chance_text(chance), "percent": 100 * chance})
    return rows


def _lost(standing: Standing) -> str:
    """When relief would be lost without more: the middle, and where nine in ten lie."""
    assert standing.forecast is not None
    payload = standing.forecast.payload
    chances = payload["relapse"]
    if chances is None:
        return ""

    known = datetime.fromisoformat(payload["known_at"])

    def by(share: float) -> str:
        day = next((n for n, chance in enumerate(chances) if chance >= share), None)
        beyond = f"after {day_text(known + DAYS_AHEAD * _DAY)}"
        return beyond if day is None else day_text(known + day * _DAY)

    well = chance_text(payload["well"])
    said = (
        f"Of those who are well on {day_text(known)} ({well} of the virtual people), half relapse "
        f"by {by(0.5)} without more; 9 in 10 {by(0.05)} to {by(0.95)}."
    )
    return said.replace("by after", "only after")


def _surprises(story: CourseStory, standing: Standing) -> list[dict[str, str]]:
    """Scores that hardly any virtual person would have given."""
    assert standing.forecast is not None
    rows = {str(row.pk): row for row in story.responses}
    found = []
    for score_id, tail in standing.forecast.payload["surprises"]:
        row = rows.get(score_id)
        if row is not None:
            found.append(
                {
                    "what": f"{load(row.instrument).title} {row.total}",
                    "when": day_text(row.answered_at),
                    "share": chance_text(tail),
                }
            )
    return found


def exposure(story: CourseStory) -> dict[str, Any]:
    """What was given so far, beside what labels and trials saw."""
    given, now = story.given, story.summary.now
    signal = story.watch.signal
    weeks = (now - given[0].first_dose_at) / (7 * _DAY) if given else 0.0
    recent = sum(1 for s in given if s.first_dose_at > now - timedelta(days=28))
    grams = None if signal is None else float(signal.grams_per_week)
    return {
        "sessions": len(given),
        "mg": story.total_mg,
        "weeks": max(1, round(weeks)),
        "recent": recent,
        "mg_a_week": None if grams is None else 1000.0 * grams,
        "above": grams is not None and grams > STUDIED_TOP.value,
        "elsewhere_unknown": signal is not None and signal.ask == ASK_OTHER_USE,
        "studied": STUDIED_TOP,
        "studied_mg": 1000.0 * STUDIED_TOP.value,
    }


def ways(standing: Standing) -> list[dict[str, Any]]:
    """The five ways to go on, all alike; which one the forecast speaks for is said in words."""
    found = standing.proposal
    spoken = {"as_planned": "keep", "earlier": "earlier", "later": "later"}
    named = spoken.get(found.kind, "") if found is not None else ""
    return [{"way": way, "spoken_for": way.id == named} for way in ways_to_go_on()]


def decided(row: SpacingDecision, standing: Standing) -> dict[str, Any]:
    """A decision in words, and whether it rests on another forecast than that of now."""
    known = standing.forecast.digest if standing.forecast else ""
    day = f", {day_text(row.on_day)}" if row.on_day else ""
    return {
        "row": row,
        "what": f"{row.get_decision_display()}{day}",
        "on_another": bool(known) and row.proposed.get("forecast") != known,
        "then": row.proposed.get("kind", ""),
    }


def rows_of(standing: Standing) -> list[dict[str, str]]:
    """The forecast week by week, as a table."""
    if standing.forecast is None:
        return []
    payload = standing.forecast.payload
    scale = payload["scales"][payload["drawn"]]
    known = datetime.fromisoformat(payload["known_at"])
    rows = []
    for day in range(0, DAYS_AHEAD + 1, 7):
        low, middle, high = (scale["bands"][n][day] for n in (0, 2, 4))
        row = {
            "day": day_text(known + day * _DAY),
            "middle": f"{middle:.0f}",
            "range": f"{low:.0f} to {high:.0f}",
            "response": chance_text(scale["response"][day]),
            "remission": chance_text(scale["remission"][day]),
            "planned": f"{scale['planned'][day]:.0f}" if scale["planned"] else "",
        }
        for name in ("relapse", "relapse_planned"):
            row[name] = chance_text(payload[name][day]) if payload[name] else ""
        rows.append(row)
    return rows


def band_of(story: CourseStory, standing: Standing) -> svg.Forecast | None:
    """The forecast as the course's picture draws it, as far ahead as there is something to see."""
    if standing.forecast is None:
        return None
    payload, found = standing.forecast.payload, standing.proposal
    scale = payload["scales"][DRAWN]
    known = datetime.fromisoformat(payload["known_at"])
    planned = standing.inputs.planned_at
    marked = [story.summary.now, known, *([planned] if planned else [])]
    crosses = found.crosses_at if found is not None else None
    at = found.at if found is not None and found.moves else None
    marked += [moment for moment in (crosses, at) if moment is not None]
    end = max(story.summary.now + _LOOK_DAYS * _DAY, max(marked) + _BEYOND_DAYS * _DAY)
    days = range(min(DAYS_AHEAD, max(1, (end - known) // _DAY)) + 1)
    number = max((s.number for s in story.sessions), default=0) + 1
    return svg.Forecast(
        points=points_of(payload, DRAWN, days[-1]),
        label="without more",
        other=[
            svg.ScorePoint(known + day * _DAY, scale["planned"][day])
            for day in days
            if scale["planned"] and planned and known + day * _DAY >= planned - _DAY
        ],
        other_label=f"with session {number}",
        window=(at - _DAY / 2, at + _DAY / 2) if at else None,
        crosses_at=crosses,
        crosses_label=_crossing_words(found),
    )


def _crossing_words(found: SpacingProposal | None) -> str:
    if found is None or found.tolerance is None or found.crosses_at is None:
        return ""
    return f"Relapse likelier than {100 * found.tolerance:.0f} %"
