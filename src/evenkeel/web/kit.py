"""The living style guide: every component of the kit on one page, with invented people."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from evenkeel.web import svg
from evenkeel.web.icons import icon_names

# A fixed afternoon: the guide looks the same on every day and on every machine.
NOW = datetime(2026, 11, 23, 14, 14, tzinfo=UTC)


class KitForm(forms.Form):
    """One field of each shape."""

    name = forms.CharField(label="Name", help_text="As on the letter of referral.")
    weight_kg = forms.DecimalField(label="Weight measured today", min_value=20, max_value=400)
    born = forms.DateField(label="Date of birth", widget=forms.DateInput(attrs={"type": "date"}))
    route = forms.ChoiceField(
        label="Route", choices=[("iv", "Into a vein"), ("im", "Into a muscle"), ("nasal", "Nasal")]
    )
    decision = forms.ChoiceField(
        label="Decision",
        widget=forms.RadioSelect,
        choices=[("defer", "Defer, as proposed"), ("go", "Eligible, override with reason")],
        initial="defer",
    )
    reason = forms.CharField(
        label="Reason, kept on the record", widget=forms.Textarea(attrs={"rows": 3}), required=False
    )
    letter = forms.FileField(label="Letter", required=False)
    read = forms.BooleanField(label="I have read the 6 findings")


def _at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def sample_spark() -> svg.PressureSpark:
    """Return a small pressure curve of an invented session."""
    pairs = [(-22, 128, 80), (-17, 129, 81), (-12, 130, 81), (-7, 133, 84), (-2, 141, 89)]
    return svg.PressureSpark(
        start=_at(-27),
        end=_at(38),
        readings=[svg.PressureReading(_at(m), s, d) for m, s, d in pairs],
        now=NOW,
        review_sbp_mmhg=168,
        review_word="review 168",
        start_word="before dose",
        end_word="60 min",
    )


def sample_course() -> svg.CourseStory:
    """Return the story of an invented course of eight sessions."""
    day = datetime(2026, 7, 1, 9, tzinfo=UTC)

    def on(days: float) -> datetime:
        return day + timedelta(days=days)

    held = [34, 37, 41, 44, 48, 51, 79, 114]
    scores = [5, 19, 33, 35, 40, 43, 47, 50, 54, 61, 68, 75, 82, 89, 96, 103, 110, 117, 131, 145]
    totals = [20, 21, 20, 15, 14, 11, 11, 9, 7, 6, 7, 9, 6, 5, 5, 7, 9, 5, 4, 7]
    return svg.CourseStory(
        start=on(0),
        end=on(200),
        today=on(145),
        stages=[
            svg.Stage("Before", on(0), on(33)),
            svg.Stage("Series", on(34), on(51)),
            svg.Stage("Keep well", on(52)),
        ],
        marks=[
            svg.StoryMark(on(5), "Referred"),
            svg.StoryMark(on(19), "Screened"),
            svg.StoryMark(on(26), "Consent"),
            *(svg.StoryMark(on(d), minor=True) for d in (38, 45, 56, 70, 90, 111, 125)),
            svg.StoryMark(on(60), "Integration: 9 talks so far"),
        ],
        sessions=[
            *(svg.SessionMark(n, on(d), 41.0) for n, d in enumerate(held, start=1)),
            svg.SessionMark(9, on(155), planned=True),
        ],
        scores=[svg.ScorePoint(on(d), s) for d, s in zip(scores, totals, strict=True)],
        lines=[
            svg.ScoreLine(10, "Response: 10 or less, half of 20"),
            svg.ScoreLine(4, "Remission: 4 or less"),
        ],
    )


def sample_day() -> svg.Day:
    """Return an invented day on four chairs."""
    start = NOW.replace(hour=8, minute=0)

    def visit(lane: str, hour: float, hours: float, name: str, note: str, state: Any) -> Any:
        begin = start + timedelta(hours=hour - 8)
        return svg.Appointment(lane, begin, begin + timedelta(hours=hours), name, note, state)

    return svg.Day(
        start=start,
        end=start + timedelta(hours=10),
        now=NOW,
        lanes=["Chair 1", "Chair 2", "Chair 3", "Chair 4"],
        appointments=[
            visit("Chair 1", 8.5, 2.1, "Remy Dummy", "esketamine", "done"),
            visit("Chair 1", 13.75, 3.2, "Wren Placeholder", "before dose", "live"),
            visit("Chair 2", 9, 2.2, "Nia Notional", "ketamine IV", "done"),
            visit("Chair 2", 13.25, 2.3, "Ada Sample", "infusing", "live"),
            visit("Chair 3", 9.5, 2.4, "Piet Pretend", "ketamine IM", "gone"),
            visit("Chair 3", 12.3, 2.4, "Tomas Mock", "watching", "live"),
            visit("Chair 4", 15, 2.5, "Gil Standin", "ketamine IV", "planned"),
            visit("Chair 4", 15.5, 0.6, "Rosa Mockup", "talk", "planned"),
        ],
    )


def sample_session() -> svg.SessionRecord:
    """Return an invented session from arrival to leaving."""
    cuffs = [(-5, 127, 80), (0, 129, 81), (5, 130, 81), (10, 133, 84), (15, 137, 87), (20, 141, 89)]
    cuffs += [
        (25, 145, 92),
        (30, 150, 94),
        (40, 149, 93),
        (50, 141, 88),
        (70, 132, 84),
        (95, 128, 81),
    ]
    return svg.SessionRecord(
        start=_at(-15),
        end=_at(105),
        first_dose=NOW,
        pressures=[svg.PressureReading(_at(m), s, d) for m, s, d in cuffs],
        heart_rates_bpm=[svg.Reading(_at(m), s - 60) for m, s, _d in cuffs],
        spo2_percents=[
            svg.Reading(_at(m), v)
            for m, v in ((-5, 98), (5, 97), (20, 91), (30, 95), (60, 97), (95, 98))
        ],
        dissociations_0_10=[
            svg.Reading(_at(m), v)
            for m, v in ((0, 0), (10, 0), (15, 2), (20, 3), (40, 7), (60, 3), (95, 0))
        ],
        sedations_moaas=[svg.Reading(_at(m), v) for m, v in ((0, 5), (20, 4), (60, 5))],
        drugs=[svg.DrugSpan(_at(0), _at(40), "51 mg/h, 34 mg in 40 min")],
        notes=[
            svg.TimedNote(_at(-8), "Ondansetron 4 mg"),
            svg.TimedNote(_at(4), "Eye mask on"),
            svg.TimedNote(_at(14), "“Floating”, calm"),
            svg.TimedNote(_at(96), "Ready to leave"),
        ],
        thresholds=[
            svg.Threshold("pressure", 168, "review", "Review 168, +40"),
            svg.Threshold("pressure", 180, "hold", "Hold 180"),
            svg.Threshold("oxygen", 92, "review", "Review 92"),
        ],
    )


def kit_context() -> dict[str, Any]:
    """Return what the style guide shows."""
    wrong = KitForm({"name": "", "weight_kg": "7000", "decision": "defer", "route": "iv"})
    wrong.is_valid()
    return {
        "icons": icon_names(),
        "form": KitForm(),
        "wrong_form": wrong,
        "now": NOW,
        "taken_at": _at(-2),
        "spark": svg.sparkline(sample_spark()),
        "course_picture": svg.course_chart(sample_course()),
        "day_picture": svg.day_timeline(sample_day(), width=1340),
        "session_picture": svg.session_timeline(sample_session()),
        "levels": ("inform", "review", "hold", "emergency"),
        "marks": (
            ("sourced", "label 2024"),
            ("policy", "clinic policy"),
            ("derived", "forecast"),
            ("unverified", "not verified"),
        ),
        "sources": [
            {"mark": "sourced", "title": "limit 92 %"},
            {"mark": "policy", "title": "action: clinic policy"},
        ],
        "steps": [
            {"label": "Referred", "state": "done", "note": "6 Jul"},
            {"label": "Screened", "state": "done", "note": "20 Jul"},
            {"label": "Consented", "state": "now", "note": "waiting for signature"},
            {"label": "Induction", "state": ""},
            {"label": "Maintenance", "state": ""},
            {"label": "Closed", "state": ""},
        ],
        "pairs": [
            {"label": "Plan 3, signed 24 Aug", "value": "Ketamine IV 0.5 mg/kg over 40 min"},
            {"label": "Now", "value": "PHQ-9 7", "strong": True},
        ],
        "person_lines": ["Recurrent depression, two antidepressants tried and not enough"],
    }


def kit(request: HttpRequest) -> HttpResponse:
    """Show the style guide; route it in the demo and under debug only."""
    return render(request, "web/kit.html", kit_context())
