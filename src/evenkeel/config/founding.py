"""The first entry of a new installation's chain."""

from __future__ import annotations

from evenkeel.clinic.people.actions.decide_acting import give_grace_where_missing
from evenkeel.clinic.people.actions.set_up import found_installation
from evenkeel.clinic.record.act import Context, system_actor
from evenkeel.clinic.record.installation import forget, installation


def give_days_of_grace() -> int:
    """Give every site that has none a day from which credentials count; how many were given one.

    After an upgrade: what worked the day before works the day after.
    """
    return give_grace_where_missing(Context(system_actor("installer"), via="command"))


def found_if_new(*, organisation: str = "", demo: bool = False, seed: str = "") -> None:
    """Write the installation's row unless it is there."""
    if installation() is None:
        ctx = Context(system_actor("installer"), via="command")
        found_installation(ctx, organisation=organisation, demo=demo, seed=seed)
        forget()
