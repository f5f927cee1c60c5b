"""Whose readings are these: by device and chair, by bed, checked by patient. Never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from evenkeel.clinic.people.models import Chair, Patient, Site
from evenkeel.clinic.session.models import LIVE_STATES, Monitor, MonitorSource, Session
from evenkeel.clinic.session.monitor_batch import MonitorBatch


@dataclass(frozen=True, slots=True)
class Match:
    """The session readings belong to, or why none was found; the site either way."""

    site_id: UUID
    session: Session | None = None
    why: str = ""
    monitor: Monitor | None = None
    known_patient: bool = False


def match(batch: MonitorBatch) -> Match:
    """Find the one live session a message belongs to.

    The chair comes from the registered device, else from a bed label that names exactly one
    chair; where both speak they must agree. A patient id that is somebody's here must be the
    person in the chair; where no chair is known it finds the person's own live session.
    """
    monitor = Monitor.objects.filter(identifier__in=batch.device_ids, active=True).first()
    site_id = _site_of(monitor, batch.peer)
    chairs = _chairs_named(batch.places, monitor, batch.peer)
    chair_id = monitor.chair_id if monitor is not None else None
    owners = _owners(batch.patient_ids)
    if chair_id is not None:
        if chairs and chair_id not in {c.pk for c in chairs}:
            return Match(site_id, why="The device stands at one chair and names another bed.")
    elif len(chairs) > 1:
        return Match(site_id, why="The bed's name fits more than one chair.", monitor=monitor)
    elif chairs:
        chair_id, site_id = chairs[0].pk, chairs[0].site_id
    found = _live(chair_id, owners)
    if len(found) > 1:
        return Match(site_id, why="More than one session fits.", monitor=monitor)
    if not found:
        return Match(site_id, why=_nowhere(chair_id, owners, batch), monitor=monitor)
    session = found[0]
    if owners and session.patient_id not in owners:
        return Match(
            site_id,
            why="The message names another person than the one in the chair.",
            monitor=monitor,
        )
    return Match(session.site_id, session, "", monitor, bool(owners))


def _nowhere(chair_id: Any, owners: set[UUID], batch: MonitorBatch) -> str:
    if chair_id is not None:
        return "There is no live session in that chair."
    if owners:
        return "The person named has no live session."
    if batch.places or batch.device_ids:
        return "Neither the device nor the bed is known here."
    return "The message names no device, bed or person."


def _live(chair_id: Any, owners: set[UUID]) -> list[Session]:
    rows = Session.objects.filter(state__in=LIVE_STATES)
    if chair_id is not None:
        return list(rows.filter(chair_id=chair_id)[:2])
    return list(rows.filter(patient_id__in=owners)[:2]) if owners else []


def _chairs_named(places: Sequence[str], monitor: Monitor | None, peer: str) -> list[Chair]:
    """Active chairs whose bed label is one of ``places``, at the site of the sender if known."""
    wanted = {place.strip().casefold() for place in places if place.strip()}
    if not wanted:
        return []
    chairs = Chair.objects.filter(active=True).exclude(bed_label="")
    site_id = monitor.site_id if monitor is not None else _source_site(peer)
    if site_id is not None:
        chairs = chairs.filter(site_id=site_id)
    return [c for c in chairs if c.bed_label.strip().casefold() in wanted]


def _source_site(peer: str) -> UUID | None:
    found: UUID | None = (
        MonitorSource.objects.filter(address=peer, active=True)
        .values_list("site_id", flat=True)
        .first()
        if peer
        else None
    )
    return found


def _site_of(monitor: Monitor | None, peer: str) -> UUID:
    """Where an unmatched message waits: the device's site, the sender's, else the first with
    chairs, for monitors stand at chairs."""
    if monitor is not None:
        return monitor.site_id
    found = _source_site(peer)
    if found is not None:
        return found
    with_chairs = Chair.objects.filter(active=True).order_by("created_at", "order", "pk")
    first: UUID | None = with_chairs.values_list("site_id", flat=True).first()
    if first is not None:
        return first
    any_site: UUID = (
        Site.objects.filter(active=True).order_by("created_at", "pk").values_list("pk", flat=True)
    )[0]
    return any_site


def _owners(patient_ids: Sequence[str]) -> set[UUID]:
    """Everybody here who bears one of these ids, as record number or as another identifier."""
    wanted = [one.strip() for one in patient_ids if one.strip()][:8]
    if not wanted:
        return set()
    return set(Patient.objects.filter(mrn__in=wanted).values_list("pk", flat=True))
