"""What a failing target means for somebody who uses a forecast, said only while it fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .answers import Answer

#: The first failing target of each set speaks for all of it.
MEANING: Mapping[tuple[str, ...], str] = {
    ("L2.auc", "L3.auc", "L4.auc"): (
        "What a blocker of CYP3A does to a swallowed dose is not predicted well; go by what was "
        "measured with that drug."
    ),
    ("T1.f",): (
        "How much of a swallowed dose of S-ketamine reaches the blood differs twofold between "
        "studies, and so may the forecast."
    ),
    ("P1.cmax", "B3.cmax"): "Peaks after a swallowed dose are forecast too low.",
    ("pd-v19.SBP_rise40_drug", "pd-v19.SBP180_drug", "pd-v19.SBP_rise40_placebo"): (
        "Large rises of blood pressure are forecast too rarely, after the drug by a factor of "
        "about 1.6, without it by more: a low forecast risk of severe pressure must not reassure "
        "anybody."
    ),
    ("pd-v17.t_baseline_range", "pd-v26.resolve"): (
        "Pressure and sedation are forecast to pass somewhat later than was seen."
    ),
    ("pd-v08.duration_upper",): (
        "After a fast injection dissociation is forecast to last longer than was seen."
    ),
    ("pd-v27.dizziness",): "Dizziness over a course is forecast too often.",
    ("pd-v34.response",): (
        "Fewer people are forecast to respond to one infusion than did in trials."
    ),
    ("pd-v47.remission_induction_end",): (
        "Fewer people are forecast to remit within four weeks than did in a long trial."
    ),
    ("pd-v47.remission_week56",): (
        "Over a year the forecast of mood is too dark for those who stay in treatment."
    ),
    ("pd-v13.r_230min", "pd-v14.slope"): (
        "How strongly somebody dissociates says nothing about mood in the forecast; in some trials "
        "it said a little."
    ),
}


def sentences(answers: Sequence[Answer]) -> list[str]:
    """One sentence for each set of which any target fails."""
    failing = {answer.target.id for answer in answers if answer.inside is False}
    return [words for ids, words in MEANING.items() if failing & set(ids)]
