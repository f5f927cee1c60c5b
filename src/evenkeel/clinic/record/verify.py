"""Checking that every clinical row is what the chain says was written."""

from __future__ import annotations

import json
from typing import Any

from django.apps import apps
from django.db import models

from evenkeel.clinic.record.chain import Break, Verification, state_digest, verify_links
from evenkeel.clinic.record.models import Appended, ChainPayload, Record, Version

CANNOT_DETECT = (
    "This cannot show that nothing was cut from the chain's end, or that the whole chain was not "
    "rewritten; compare the head above with one kept elsewhere."
)
_PAGE = 1000


class FullVerification(Verification):
    """The links, and the rows they cover."""

    rows: int = 0


def verify() -> FullVerification:
    """Verify links and payloads, then every row of every clinical table against its entry."""
    links = verify_links()
    result = FullVerification(links.entries, links.head_hash, links.breaks)
    result.rows = 0
    for model in apps.get_models():
        if issubclass(model, Record):
            _check_versions(model, result)
        elif issubclass(model, Appended):
            _check_appended(model, result)
    return result


def _pages(model: type[models.Model]) -> Any:
    after = None
    while True:
        rows = model._default_manager.order_by("pk")
        page = list((rows.filter(pk__gt=after) if after else rows)[:_PAGE])
        if not page:
            return
        yield page
        after = page[-1].pk


def _check_versions(model: type[Record], result: FullVerification) -> None:
    kind = model._meta.label_lower
    known = {}
    for row in Version.objects.filter(kind=kind).order_by("version").iterator():
        known[row.object_id] = row
    for page in _pages(model):
        for row in page:
            result.rows += 1
            newest = known.pop(row.pk, None)
            if newest is None:
                result.breaks.append(Break(None, f"{kind} {row.pk} was inserted unrecorded"))
            elif newest.version != row.version or newest.digest != state_digest(row):
                result.breaks.append(
                    Break(newest.position, f"{kind} {row.pk} was changed unrecorded")
                )
    for object_id, newest in known.items():
        result.breaks.append(Break(newest.position, f"{kind} {object_id} was removed"))


def _check_appended(model: type[Appended], result: FullVerification) -> None:
    kind = model._meta.label_lower
    counted = 0
    for page in _pages(model):
        payloads = ChainPayload.objects.in_bulk({row.position for row in page})
        for row in page:
            result.rows += 1
            counted += 1
            written = payloads.get(row.position)
            if written is None or state_digest(row) != _digest_in(written.body, kind, row.pk):
                result.breaks.append(
                    Break(row.position, f"{kind} {row.pk} is not what was recorded")
                )
    recorded = _count_recorded(kind)
    if recorded > counted:
        result.breaks.append(Break(None, f"{recorded - counted} rows of {kind} were removed"))


def _digest_in(body: str, kind: str, key: Any) -> str | None:
    for effect in json.loads(body)["effects"]:
        if effect["kind"] == kind and effect["id"] == str(key):
            return str(effect["digest"])
    return None


def _count_recorded(kind: str) -> int:
    needle = f'"kind":"{kind}"'
    return sum(
        body.count(needle)
        for body in ChainPayload.objects.filter(body__contains=needle)
        .values_list("body", flat=True)
        .iterator()
    )
