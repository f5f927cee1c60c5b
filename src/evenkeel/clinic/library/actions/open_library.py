"""Letting anybody read the answers, or only those who sign in."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.library.models import Opening
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Refused


@action("library.open", permission="library.open")
def open_library(act: Act, *, site_id: Any, is_public: bool) -> Opening:
    """Open or close the answers of a site. Raises ``Refused`` where that changes nothing."""
    site = act.open(Site, site_id)
    row = Opening.objects.filter(site=site).first() or Opening(site=site)
    if row.is_public == is_public and row.version:
        raise Refused("It is so already.", code="unchanged")
    row.is_public = is_public
    return act.write(row)
