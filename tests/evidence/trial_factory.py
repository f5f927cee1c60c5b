"""Invented trials, as the files would hold them."""

from __future__ import annotations

import json
from typing import Any

from evenkeel.evidence.library import Trial, read_trial


def document(trial_id: str = "ONE", **changes: Any) -> dict[str, Any]:
    """A trial of esketamine against placebo spray: response of 30 in 100 and 20 in 100."""
    found: dict[str, Any] = {
        "id": trial_id,
        "name": trial_id.title(),
        "about": "invented",
        "year": 2020,
        "doi": "10.1000/1",
        "doi_read": True,
        "pmid": None,
        "registry": {"id": "NCT1", "read": True},
        "population": "invented people",
        "diagnosis": "depression",
        "design": "parallel",
        "design_words": "parallel",
        "blinding": "double_blind",
        "blinding_words": "",
        "randomized_n": 200,
        "drug": "esketamine",
        "route": "nasal",
        "course": "repeated",
        "regimen": "esketamine",
        "comparator": "placebo_spray",
        "comparator_words": "placebo spray",
        "funding": None,
        "risk_of_bias": None,
        "arms": [
            {"id": "e", "role": "treatment", "name": "esketamine"},
            {"id": "p", "role": "comparator", "name": "placebo"},
        ],
        "sources": {"s1": {"cite": "https://doi.org/10.1000/1", "read": "primary page"}},
        "rows": [
            counted(f"{trial_id}-1", "e", 30, 100),
            counted(f"{trial_id}-2", "p", 20, 100),
        ],
    }
    return {**found, **changes}


def paid(**changes: Any) -> dict[str, Any]:
    """Who paid for a trial, as a file would say it."""
    found = {"words": "A maker of sprays", "kind": "industry", "mark": "verified"}
    source = {"cite": "https://example.org/registry", "read": "primary page"}
    return {**found, "source": source, **changes}


def judged(judgment: str = "low", **changes: Any) -> dict[str, Any]:
    """What a review judged of a trial, as a file would say it."""
    found = {"judgment": judgment, "by": "An invented review", "words": "All domains"}
    source = {"cite": "doi:10.1000/2, https://example.org/review", "read": "primary page"}
    return {**found, "mark": "verified", "source": source, **changes}


def counted(row: str, arm: str, events: int, n: int, **changes: Any) -> dict[str, Any]:
    """A row of an arm: how many of how many responded by day 28."""
    found = {"row": row, "arm": arm, "outcome": "response", "when": "day 28", "day": 28}
    return {**found, "events": events, "n": n, "mark": "verified", "source": "s1", **changes}


def measured(row: str, arm: str, mean: float, sd: float, n: int, **changes: Any) -> dict[str, Any]:
    """A row of an arm: the change of MADRS by day 28."""
    found = {"row": row, "arm": arm, "outcome": "depression", "when": "day 28", "day": 28}
    found |= {"score": "change", "scale": "MADRS", "mean": mean, "sd": sd, "n": n}
    return {**found, "mark": "verified", "source": "s1", **changes}


def contrast(row: str, **effect: Any) -> dict[str, Any]:
    """A row between arms: a difference of MADRS at day 28."""
    found = {"row": row, "contrast": "dose vs placebo", "outcome": "depression", "when": "day 28"}
    found |= {"day": 28, "scale": "MADRS", "mark": "verified", "source": "s1"}
    return {**found, "effect": {"kind": "MD", "words": "LS mean difference", **effect}}


def trial(trial_id: str = "ONE", **changes: Any) -> Trial:
    """The same, read as a file would be."""
    content = json.dumps(document(trial_id, **changes)).encode()
    return read_trial(content, f"{trial_id.lower()}.json")


def together(*found: Trial) -> dict[str, Trial]:
    """Trials by id."""
    return {one.id: one for one in found}
