"""A questionnaire as it is asked at a site, as a FHIR R4 Questionnaire."""

from __future__ import annotations

from typing import Any

from evenkeel.instruments import Instrument


def write_questionnaire(instrument: Instrument) -> dict[str, Any]:
    """The resource, with the words asked. Without its words it says so in its description."""
    resource = instrument.questionnaire
    if not resource.get("item"):
        resource.pop("item", None)  # FHIR has no empty list
    return resource
