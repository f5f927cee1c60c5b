"""The first entries of an installation's chain: who it is, and the key that signs its heads."""

from __future__ import annotations

from typing import Final

from evenkeel.clinic.people.actions.decide_acting import give_grace_where_missing
from evenkeel.clinic.people.actions.set_up import found_installation
from evenkeel.clinic.record.act import Context, system_actor
from evenkeel.clinic.record.audit_key import make_first_key
from evenkeel.clinic.record.installation import forget, installation
from evenkeel.clinic.record.watched import begin_watching

#: Who writes what an installation or an upgrade begins with.
INSTALLER: Final = system_actor("installer").id


def give_days_of_grace() -> int:
    """Give every site that has none a day from which credentials count; how many were given one.

    After an upgrade: what worked the day before works the day after.
    """
    return give_grace_where_missing(Context(system_actor("installer"), via="command"))


def found_if_new(*, organisation: str = "", demo: bool = False, seed: str = "") -> None:
    """Write the installation's row unless it is there, and what later versions begin with."""
    if installation() is None:
        ctx = Context(system_actor("installer"), via="command")
        found_installation(ctx, organisation=organisation, demo=demo, seed=seed)
        forget()
    # also for an installation of an earlier version, once
    begin_watching()
    make_first_key(Context(system_actor("installer"), via="command"))
