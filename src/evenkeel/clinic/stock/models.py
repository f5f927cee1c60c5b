"""The controlled-drug ledger: what stands on the shelves, and every line that changed it.

Mass is in milligrams to 0.001 mg. A container's balance is the sum of its lines; a wrong line is
never changed but answered by a counter-line that names it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from evenkeel.clinic.people.models import Account, Site
from evenkeel.clinic.record.models import Appended, Record


def mass(**given: Any) -> models.DecimalField[Any, Any]:
    """A column of mass in mg, to 0.001 mg."""
    return models.DecimalField(max_digits=12, decimal_places=3, **given)


class LedgerBegun(Record):
    """Since when, and how, a site accounts for its controlled drugs. The last by number stands."""

    MODES = (("here", "Kept here"), ("elsewhere", "Kept in another system"))

    #: Counted up within the site: a clock may go back, this does not.
    number = models.PositiveSmallIntegerField()
    mode = models.CharField(max_length=10, choices=MODES)
    since = models.DateTimeField()
    #: The other system, by name, where the ledger is kept elsewhere.
    elsewhere = models.CharField(max_length=160, blank=True)
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "number"], name="one_beginning_number")
        ]


class StockPolicy(Record):
    """What a site decided about its shelves. Clinic policy throughout."""

    #: Hours from one count to the next.
    count_every_h = models.PositiveSmallIntegerField(default=24)
    #: How far a measured volume may lie from the ledger before it is a discrepancy.
    tolerance_ml = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(0))
    #: Days ahead that a coming expiry is shown.
    expiring_days = models.PositiveSmallIntegerField(default=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site"], name="one_stock_policy")]


class Form(models.TextChoices):
    """What an item comes in."""

    VIAL = "vial", "Vial"
    AMPOULE = "ampoule", "Ampoule"
    DEVICE_KIT = "device_kit", "Kit of nasal devices"
    LOZENGE = "lozenge", "Lozenges"
    CAPSULE = "capsule", "Capsules"
    TABLET = "tablet", "Tablets"
    SOLUTION = "solution", "Oral solution"


#: Forms that are measured by volume; the others are counted in whole units.
MEASURED = frozenset({Form.VIAL, Form.AMPOULE, Form.SOLUTION})


class Item(Record):
    """What a site keeps on its shelves: one product of one maker in one size."""

    SUBSTANCES = (
        ("racemic_ketamine", "Ketamine (racemic)"),
        ("esketamine", "Esketamine (S-ketamine)"),
    )

    #: Codes of the protocol's products that it may serve.
    product = models.JSONField(default=list)
    substance = models.CharField(max_length=20, choices=SUBSTANCES)
    name = models.CharField(max_length=120)
    form = models.CharField(max_length=12, choices=Form.choices)
    #: What one full container holds.
    content_mg = mass()
    volume_ml = models.DecimalField(max_digits=9, decimal_places=3, null=True)
    strength_mg_per_ml = models.DecimalField(max_digits=9, decimal_places=3, null=True)
    #: Devices in a kit, lozenges in a bottle; 1 where it is measured by volume.
    units = models.PositiveSmallIntegerField(default=1)
    #: National code of the package (NDC and the like).
    code = models.CharField(max_length=40, blank=True)
    #: The legal schedule as the site's law names it ("CIII").
    schedule = models.CharField(max_length=20, blank=True)
    #: Below this the shelves say that it runs low; NULL: they never do.
    low_mg = mass(null=True)
    #: Hours that an opened container may be used; NULL: until it expires. Clinic policy.
    opened_for_h = models.PositiveIntegerField(null=True)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(content_mg__gt=0) & Q(units__gt=0), name="an_item_holds_something"
            )
        ]

    @property
    def is_measured(self) -> bool:
        """Whether it is measured by volume rather than counted."""
        return self.form in MEASURED

    @property
    def unit_mg(self) -> Decimal:
        """The mass of one device, lozenge or tablet; of a measured item of the container."""
        return self.content_mg / self.units


class ContainerState(models.TextChoices):
    """How a container stands."""

    SEALED = "sealed", "Sealed"
    OPEN = "open", "Open"
    EMPTY = "empty", "Empty"
    GONE = "gone", "Not here any more"


#: States in which a container stands on a shelf and is counted.
ON_SHELF = (ContainerState.SEALED, ContainerState.OPEN)


class Container(Record):
    """One vial, kit or bottle. ``remaining_mg`` is kept by its moves and by nothing else."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="containers")
    #: The short number written on it and printed in lists.
    label = models.CharField(max_length=12)
    lot = models.CharField(max_length=40)
    expires_on = models.DateField()
    location = models.CharField(max_length=60, blank=True)
    remaining_mg = mass(default=Decimal(0))
    state = models.CharField(
        max_length=8, choices=ContainerState.choices, default=ContainerState.SEALED
    )
    #: When it came; no line of it may be dated earlier.
    received_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    use_by = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "label"], name="one_container_label"),
            models.CheckConstraint(
                condition=Q(remaining_mg__gte=0), name="a_container_is_never_negative"
            ),
        ]
        indexes = [models.Index(fields=["site", "state", "expires_on"], name="container_on_shelf")]

    @property
    def place_in_line(self) -> int:
        """The number on it as a number, for 9 to stand before 10."""
        return int(self.label) if self.label.isdigit() else 0


class MoveKind(models.TextChoices):
    """What a line of the ledger says happened."""

    INITIAL = "initial", "Counted at the beginning"
    RECEIVE = "receive", "Received"
    DRAW = "draw", "Drawn for a session"
    PUT_BACK = "put_back", "Put back unopened"
    WASTE = "waste", "Wasted of what was drawn"
    WASTE_REST = "waste_rest", "Rest of a container wasted"
    TRANSFER_OUT = "transfer_out", "Sent to another site"
    TRANSFER_IN = "transfer_in", "Came from another site"
    RETURN_SUPPLIER = "return_supplier", "Returned"
    DESTROYED = "destroyed", "Destroyed"
    LOSS = "loss", "Lost or stolen"
    COUNT_CORRECTION = "count_correction", "Corrected after a count"
    VOID = "void", "Counter-line"


class Move(Appended):
    """One line of the ledger.

    ``amount_mg`` is how the container's content changed: below zero where something left it.
    ``stated_mg`` is the amount the line speaks of, never below zero; a waste of what was drawn
    states an amount and changes nothing, for the draw already lowered the container.
    ``balance_mg`` is what the container holds after it.
    """

    container = models.ForeignKey(Container, on_delete=models.PROTECT, related_name="moves")
    #: Counted up within a container, so that two lines of one act stand in order too.
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=MoveKind.choices)
    amount_mg = mass()
    stated_mg = mass()
    balance_mg = mass()
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    witness = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    session_id = models.UUIDField(null=True)
    patient_id = models.UUIDField(null=True)
    #: How a waste was made irretrievable.
    method = models.CharField(max_length=60, blank=True)
    reason = models.TextField(blank=True)
    #: Number of the invoice, form or consignment.
    reference = models.CharField(max_length=80, blank=True)
    #: From whom it came or to whom it went, outside the installation.
    party = models.CharField(max_length=200, blank=True)
    to_site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+")
    #: The line that this one answers: a counter-line the wrong one, an arrival the sending.
    corrects = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="corrected_by"
    )
    answers = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="answered_by"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(balance_mg__gte=0) & Q(stated_mg__gte=0),
                name="a_balance_is_never_negative",
            ),
            models.UniqueConstraint(fields=["container", "number"], name="one_line_number"),
        ]
        indexes = [
            models.Index(fields=["session_id", "position"], name="move_by_session"),
            models.Index(fields=["site", "happened_at"], name="move_by_day"),
        ]


class Count(Record):
    """A count of everything on a site's shelves, by two people who were not told the balances."""

    KINDS = (
        ("initial", "Initial inventory"),
        ("biennial", "Biennial inventory"),
        ("routine", "Count of the day or shift"),
        ("asked", "Count for a reason"),
    )
    MOMENTS = (
        ("opening", "Opening of business"),
        ("close", "Close of business"),
        ("", "During the day"),
    )

    kind = models.CharField(max_length=10, choices=KINDS)
    moment = models.CharField(max_length=8, choices=MOMENTS, blank=True)
    counted_at = models.DateTimeField()
    counted_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["site", "counted_at"], name="count_by_day")]


class CountLine(Appended):
    """What one container was counted to hold, and what the ledger said at that moment."""

    count = models.ForeignKey(Count, on_delete=models.PROTECT, related_name="lines")
    container = models.ForeignKey(Container, on_delete=models.PROTECT, related_name="counted")
    counted_mg = mass()
    expected_mg = mass()
    #: Whether the seal was whole.
    sealed = models.BooleanField(default=False)
    counted_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["container", "counted_at"], name="count_of_container")]


class DiscrepancyState(models.TextChoices):
    """How far a discrepancy has been dealt with."""

    OPEN = "open", "Open"
    LOOKED_INTO = "looked_into", "Being looked into"
    EXPLAINED = "explained", "Explained"
    LOSS = "loss", "A loss"


UNRESOLVED = (DiscrepancyState.OPEN, DiscrepancyState.LOOKED_INTO)


class Discrepancy(Record):
    """Shelf and ledger do not agree, or something is missing; open until somebody answers for it.

    ``difference_mg`` is what was found less what the ledger said.
    """

    container = models.ForeignKey(
        Container, null=True, on_delete=models.PROTECT, related_name="discrepancies"
    )
    count = models.ForeignKey(
        Count, null=True, on_delete=models.PROTECT, related_name="discrepancies"
    )
    difference_mg = mass()
    what = models.TextField()
    found_at = models.DateTimeField()
    found_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=12, choices=DiscrepancyState.choices, default=DiscrepancyState.OPEN
    )
    cause = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    #: Of a loss: theft or loss, whether it is significant, and from when the clocks run.
    is_theft = models.BooleanField(null=True)
    is_significant = models.BooleanField(null=True)
    discovered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["site", "state"], name="discrepancy_by_state")]


class DiscrepancyNote(Appended):
    """What somebody found out about a discrepancy."""

    discrepancy = models.ForeignKey(Discrepancy, on_delete=models.PROTECT, related_name="notes")
    by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField()


class Notice(Record):
    """One thing that the law asks for after a loss, with its time and who did it."""

    discrepancy = models.ForeignKey(Discrepancy, on_delete=models.PROTECT, related_name="notices")
    #: Key of the notice in the register of the site's jurisdiction.
    kind = models.CharField(max_length=40)
    label = models.CharField(max_length=160)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes = [models.Index(fields=["site", "done_at", "due_at"], name="notice_by_day")]


__all__ = [
    "MEASURED",
    "ON_SHELF",
    "UNRESOLVED",
    "Container",
    "ContainerState",
    "Count",
    "CountLine",
    "Discrepancy",
    "DiscrepancyNote",
    "DiscrepancyState",
    "Form",
    "Item",
    "LedgerBegun",
    "Move",
    "MoveKind",
    "Notice",
    "StockPolicy",
]
