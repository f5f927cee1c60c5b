"""Pooling of trials: effects, fixed and random models, intervals, and where to stop."""

from evenkeel.evidence.pooling.bayes import Posterior, posterior
from evenkeel.evidence.pooling.cautions import cautions
from evenkeel.evidence.pooling.effects import Effects, effects, hedges_correction
from evenkeel.evidence.pooling.pool import Pooled, pool
from evenkeel.evidence.pooling.reading import Table, read_file, read_table, read_text
from evenkeel.evidence.pooling.regression import explained, meta_regression, subgroups
from evenkeel.evidence.pooling.report import as_data
from evenkeel.evidence.pooling.sensitivity import cumulative, egger, leave_one_out
from evenkeel.evidence.pooling.studies import (
    INTERVALS,
    MEASURES,
    METHODS,
    Caution,
    EvidenceError,
    Study,
)

__all__ = [
    "INTERVALS",
    "MEASURES",
    "METHODS",
    "Caution",
    "Effects",
    "EvidenceError",
    "Pooled",
    "Posterior",
    "Study",
    "Table",
    "as_data",
    "cautions",
    "cumulative",
    "effects",
    "egger",
    "explained",
    "hedges_correction",
    "leave_one_out",
    "meta_regression",
    "pool",
    "posterior",
    "read_file",
    "read_table",
    "read_text",
    "subgroups",
]
