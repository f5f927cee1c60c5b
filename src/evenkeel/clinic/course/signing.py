"""Who signs, and what a signature says."""

from __future__ import annotations

import unicodedata

from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.people.signing import role_at, signer
from evenkeel.clinic.record.act import Act
from evenkeel.clinic.record.errors import Invalid
from evenkeel.clinic.record.permissions import Role


def is_prescriber(act: Act, site_id: object) -> bool:
    """Whether the actor prescribes at this site."""
    return any(
        role == Role.PRESCRIBER and site in (None, site_id) for site, role in act.actor.grants
    )


def check_typed_name(patient: Patient, typed: str) -> str:
    """The typed name, tidied. Raises ``Invalid`` unless it is the name on record.

    Case, accents and spaces are forgiven: it shows that this person typed, it is no password.
    """
    name = " ".join(typed.split())
    if not name:
        raise Invalid(
            "The signature is missing.",
            fields={"signed_name": "The person types their full name here."},
            code="signature_missing",
        )
    if _folded(name) != _folded(patient.name):
        raise Invalid(
            "The typed name is not the name on record.",
            fields={"signed_name": f"Type the name as it is on record: {patient.name}."},
            code="signature_name",
        )
    return name[:160]


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name)
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold().replace(" ", "")


__all__ = ["check_typed_name", "is_prescriber", "role_at", "signer"]
