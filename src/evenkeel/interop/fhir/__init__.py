"""FHIR R4: reading a Bundle into one person and that person's facts.

Knows no database: bytes in, `ImportReading` out, or `BundleError` with every problem found.
"""

from .bundle.reading import read_bundle
from .reading import (
    DEFAULT,
    BundleError,
    FactKind,
    FactStatus,
    Identifier,
    ImportReading,
    Limits,
    Problem,
    ReadFact,
    ReadPatient,
    SetAside,
)

__all__ = [
    "DEFAULT",
    "BundleError",
    "FactKind",
    "FactStatus",
    "Identifier",
    "ImportReading",
    "Limits",
    "Problem",
    "ReadFact",
    "ReadPatient",
    "SetAside",
    "read_bundle",
]
