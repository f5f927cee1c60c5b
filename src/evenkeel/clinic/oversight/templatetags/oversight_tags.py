"""What stands beside a record: statements of disagreement, open requests, limits on its use."""

from __future__ import annotations

from typing import Any

from django import template

from evenkeel.clinic.oversight.privacy_queries import beside_record

register = template.Library()


@register.inclusion_tag("oversight/_beside.html")
def beside(patient_id: Any) -> dict[str, Any]:
    """Everything that must be seen beside this person's record; nothing where there is none."""
    return {"rows": beside_record(patient_id)}
