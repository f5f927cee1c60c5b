"""Bedside monitors: which chair each stands at, and from which addresses messages are taken."""

from __future__ import annotations

import ipaddress
from typing import Any

from evenkeel.clinic.people.actions.set_up import check_timezone
from evenkeel.clinic.people.models import Chair, Site
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.clinic.session.models import LIVE_STATES, Monitor, MonitorSource, Session


@action("monitor.place", permission="device.manage")
def place_monitor(
    act: Act, *, site_id: Any, identifier: str, chair_id: Any = None, timezone: str = ""
) -> Monitor:
    """Put a monitor at a chair of a site (``None``: at none); a new one is registered.

    Its readings go to whoever sits there. So that one person's are never charted as another's, a
    monitor does not go straight from a chair with a live session to another chair: it is taken
    away first (``Refused``, ``chair_live``). ``timezone`` is that of its clock where it sends
    none. Raises ``Invalid`` by field, ``Conflict`` where another monitor stands there.
    """
    site = act.open(Site, site_id)
    identifier = identifier.strip()
    if not identifier or len(identifier) > 80 or "\x00" in identifier:
        raise Invalid("Which monitor?", fields={"identifier": "Enter the name it gives itself."})
    if timezone:
        check_timezone(timezone)
    chair = _chair(act, site, chair_id)
    monitor = Monitor.objects.filter(identifier=identifier).first()
    if monitor is None:
        monitor = Monitor(site=site, identifier=identifier)
    else:
        act.check(monitor)
    if chair is not None:
        _check_not_straight(monitor, chair)
        other = Monitor.objects.filter(chair=chair, active=True).exclude(pk=monitor.pk).first()
        if other is not None:
            raise Conflict(
                f"{other.identifier} stands at {chair.name}.",
                what_to_do="Take it away from there first.",
                fields={"chair_id": f"{other.identifier} stands there."},
                code="chair_taken",
            )
    monitor.site, monitor.chair, monitor.timezone, monitor.active = site, chair, timezone, True
    return act.write(monitor)


@action("monitor.retire", permission="device.manage")
def retire_monitor(act: Act, *, monitor_id: Any) -> Monitor:
    """Take a monitor out of use; what it sends then waits in the tray."""
    monitor = act.open(Monitor, monitor_id)
    monitor.active, monitor.chair = False, None
    return act.write(monitor)


def _chair(act: Act, site: Site, chair_id: Any) -> Chair | None:
    if not chair_id:
        return None
    chair = act.open(Chair, chair_id)
    if chair.site_id != site.pk or not chair.active:
        raise Invalid("Choose a chair of this site.", fields={"chair_id": "Choose a chair."})
    return chair


def _check_not_straight(monitor: Monitor, to: Chair) -> None:
    if monitor.chair_id in (None, to.pk):
        return
    if Session.objects.filter(chair_id=monitor.chair_id, state__in=LIVE_STATES).exists():
        raise Refused(
            "Somebody is being treated in the chair where it stands.",
            what_to_do="Take it off the person, put it at no chair, then at the new one.",
            code="chair_live",
        )


@action("monitor.allow_source", permission="device.manage")
def allow_source(act: Act, *, site_id: Any, address: str, label: str = "") -> MonitorSource:
    """Take messages from an address from now on. Raises ``Invalid`` for what is no address."""
    site = act.open(Site, site_id)
    try:
        parsed = ipaddress.ip_address(address.strip())
    except ValueError:
        raise Invalid(
            "This is not an address.",
            fields={"address": "Enter an IP address, like 192.168.10.21."},
        ) from None
    if parsed.is_unspecified or parsed.is_multicast:
        raise Invalid("No machine has this address.", fields={"address": "Enter one machine's."})
    if len(label) > 80 or "\x00" in label:
        raise Invalid("The name is too long.", fields={"label": "At most 80 letters."})
    source = MonitorSource.objects.filter(address=str(parsed)).first()
    if source is None:
        source = MonitorSource(site=site, address=str(parsed))
    else:
        act.check(source)
    source.label, source.active = label.strip(), True
    return act.write(source)


@action("monitor.close_source", permission="device.manage")
def close_source(act: Act, *, source_id: Any) -> MonitorSource:
    """Take no more messages from an address; connections from it are refused and counted."""
    source = act.open(MonitorSource, source_id)
    if not source.active:
        return source
    source.active = False
    return act.write(source)
