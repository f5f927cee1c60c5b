"""What a finished session comes to, in the few figures the course on one page shows."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.session.models import Session
from evenkeel.clinic.session.queries import events_of, meta_of
from evenkeel.clinic.session.raising import protocol_of
from evenkeel.clinic.session.timeline import Timeline, read_timeline


def summary_of(timeline: Timeline) -> dict[str, Any]:
    """The figures of a closed session; a figure nobody measured is left out.

    Pressures in mmHg, doses in mg, saturation in percent, dissociation 0 to 10. The peaks are
    those after the first dose. ``ready_after_min`` counts from the first dose; ``left_early`` names
    what was missing where the person went before they were ready; ``words`` are the last the person
    was quoted with.
    """
    started, found = timeline.started_at, {"total_mg": round(timeline.given_mg, 2)}
    if started is None:
        return _drawn(timeline)
    for name, short in (("sbp_mmhg", "sbp"), ("dbp_mmhg", "dbp")):
        if name in timeline.baseline and name in timeline.peak_rise:
            found[f"baseline_{short}"] = timeline.baseline[name]
            found[f"peak_{short}"] = timeline.baseline[name] + timeline.peak_rise[name]
    after = {
        name: [point.value for point in points if point.at >= started]
        for name, points in timeline.series.items()
    }
    if after.get("dissociation_0_10"):
        found["peak_dissociation"] = max(after["dissociation_0_10"])
    if after.get("spo2_percent"):
        found["lowest_spo2"] = min(after["spo2_percent"])
    whole: dict[str, Any] = {k: int(v) if v == int(v) else v for k, v in found.items()}
    if timeline.ready_at is not None:
        whole["ready_after_min"] = round((timeline.ready_at - started).total_seconds() / 60)
    if timeline.left_early is not None:
        whole["left_early"] = [one["label"] for one in timeline.left_early["missing"]]
    quoted = [note.text for note in timeline.notes if note.quoted]
    if quoted:
        whole["words"] = quoted[-1]
    return whole | _drawn(timeline)


def _drawn(timeline: Timeline) -> dict[str, Any]:
    """From which lots drug was drawn, and what was wasted and put back of it, mg."""
    account = timeline.account
    if account is None or not account.lines:
        lots = sorted({g.body["lot"] for g in timeline.drug if g.body.get("lot")})
        return {"lots": lots} if lots else {}
    found: dict[str, Any] = {
        "lots": sorted({line.lot for line in account.lines if line.drawn_mg}),
        "drawn_mg": float(account.drawn_mg),
    }
    for name in ("wasted_mg", "put_back_mg"):
        if getattr(account, name):
            found[name] = float(getattr(account, name))
    return found


def summarize(session: Session) -> dict[str, Any]:
    """The summary of a closed session from everything recorded in it."""
    at = session.closed_at or session.updated_at
    timeline = read_timeline(meta_of(session), events_of(session.pk), at, protocol_of(session))
    return summary_of(timeline)
