"""How a course stands between sessions: the forecast kept of it, and what the protocol makes of it.

Reading only. The forecast itself is worked out elsewhere (``work``); here it is put beside what is
known now, so that one that has been overtaken says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.course.forecast_terms import NoForecast
from evenkeel.clinic.outcome.actions.record_watch import HOLD_KIND as WATCH_HOLD
from evenkeel.clinic.outcome.actions.record_watch import choice_of
from evenkeel.clinic.outcome.ahead.inputs import LEARNED, AheadInputs, read_inputs
from evenkeel.clinic.outcome.course_story import CourseStory
from evenkeel.clinic.outcome.filing import HOLD_KIND
from evenkeel.clinic.outcome.models import MoodAhead, SpacingDecision
from evenkeel.clinic.record.chain import canonical, digest
from evenkeel.protocol.long_term_items import watch_questions
from evenkeel.protocol.spacing import (
    WITHHOLDS,
    ComingBack,
    OpenFinding,
    SpacingProposal,
    propose_spacing,
)

_NOT_YET: Final = NoForecast("not_yet", "The forecast is being worked out.", "Look again soon.")
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Standing:
    """``forecast`` is the row where it holds a forecast, else ``none`` says why there is none.

    ``is_overtaken``: what it follows from has changed since. ``proposal`` is None where there is
    nothing to propose on. ``decisions`` stand the newest first.
    """

    inputs: AheadInputs
    forecast: MoodAhead | None
    none: NoForecast | None
    is_overtaken: bool
    proposal: SpacingProposal | None
    decisions: Sequence[SpacingDecision]

    @property
    def decision(self) -> SpacingDecision | None:
        """The decision that stands."""
        return self.decisions[0] if self.decisions else None

    @property
    def known_at(self) -> datetime | None:
        """From when the forecast runs."""
        payload = self.forecast.payload if self.forecast else None
        return datetime.fromisoformat(payload["known_at"]) if payload else None

    def snapshot(self) -> dict[str, Any]:
        """What a decision is made on, as plain JSON."""
        found = self.proposal
        shown: dict[str, Any] = {
            "forecast": self.forecast.digest if self.forecast else "",
            "planned_at": _iso(self.inputs.planned_at),
        }
        if found is not None:
            shown |= {
                "kind": found.kind,
                "at": _iso(found.at),
                "tolerance": found.tolerance,
                "by_planned": None if found.by_planned is None else round(found.by_planned, 4),
                "crosses_at": _iso(found.crosses_at),
                "reasons": list(found.reasons),
                "withheld_by": [each.statement for each in found.withheld_by],
            }
        return shown

    @property
    def shown_digest(self) -> str:
        """Names what was shown: a decision names it, so that nobody decides on another page."""
        moving = {"at"} if self.proposal is not None and self.proposal.kind == "earlier" else set()
        shown = {key: value for key, value in self.snapshot().items() if key not in moving}
        return digest(canonical(shown))


def standing_of(story: CourseStory) -> Standing:
    """Read how a course stands; five queries beside those of the story."""
    course = story.summary.course
    inputs = read_inputs(
        course,
        responses=story.responses,
        appointments=story.appointments,
        plan=story.summary.plan,
    )
    row = MoodAhead.objects.filter(course=course).defer("people").first()
    forecast = row if row is not None and row.payload and inputs.missing is None else None
    none = None
    if forecast is None:
        none = inputs.missing or _NOT_YET
        if row is not None and row.reason_code and row.digest == inputs.digest:
            none = NoForecast(row.reason_code, row.reason, row.what_to_do)
    decisions = SpacingDecision.objects.filter(course=course).select_related("decided_by")
    return Standing(
        inputs=inputs,
        forecast=forecast,
        none=none,
        is_overtaken=forecast is not None and forecast.digest != inputs.digest,
        proposal=_proposal(story, inputs, forecast),
        decisions=list(decisions.order_by("-decided_at", "-created_at")),
    )


def open_findings(story: CourseStory) -> tuple[OpenFinding, ...]:
    """What has to be weighed before a day is proposed, the gravest family first.

    As on the list of what is to be resolved: an answer is open until it is reviewed, what follows
    from the sessions until it was talked over.
    """
    found = [
        OpenFinding("safety", signal.statement)
        for signal in story.signals
        if signal.closed_at is None
    ]
    found += [
        OpenFinding("hold", str(hold.get("statement", "A hold")))
        for hold in story.summary.course.dose_holds
        if hold.get("kind") not in (HOLD_KIND, WATCH_HOLD)
    ]
    for entry in story.watch.open_entries:
        choice, question = choice_of(entry), watch_questions().get(entry.item)
        if entry.item in WITHHOLDS and choice is not None and question is not None:
            found.append(OpenFinding(entry.item, f"{question.label}: {choice.label}"))
    for item in story.watch.items:
        question = watch_questions().get(item.id)
        if question is not None and question.answers:
            continue
        if item.id in WITHHOLDS and item.state in ("drifting", "concerning"):
            found.append(OpenFinding(item.id, f"{item.label}: {item.statement}"))
    return tuple(found)


def _proposal(
    story: CourseStory, inputs: AheadInputs, forecast: MoodAhead | None
) -> SpacingProposal | None:
    """The protocol's proposal; none without a signed plan, a dosing course or any forecast."""
    summary = story.summary
    given = [session.first_dose_at for session in story.given]
    if forecast is None or not given or inputs.planned_at is None or summary.held is None:
        return None
    plan, payload = summary.plan, forecast.payload
    if plan is None:
        return None
    met = _responses_met(story)
    since = [well for at, well in met if at > max(given)]
    asked = ComingBack(
        now=summary.now,
        planned_at=inputs.planned_at,
        spacing_days=float(plan.spacing_days),
        known_at=datetime.fromisoformat(payload["known_at"]),
        relapse=None if payload["relapse"] is None else tuple(payload["relapse"]),
        sessions=tuple(given),
        sessions_planned=plan.sessions_planned,
        first_series=summary.course.state == "induction",
        was_well=any(well for _, well in met) if met else None,
        is_well=since[-1] if since else None,
        open_findings=open_findings(story),
    )
    return propose_spacing(asked, summary.held.protocol)


def _responses_met(story: CourseStory) -> list[tuple[datetime, bool]]:
    """When each score after the first dose was given and whether it met response, in order."""
    return [
        (line.response.answered_at, bool(line.since_baseline.met))
        for line in story.scores
        if line.instrument.id in LEARNED and line.since_baseline is not None
    ]


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
