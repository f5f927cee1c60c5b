"""Forms of the ledger."""

from __future__ import annotations

from typing import Any

from django import forms

from evenkeel.clinic.stock.models import Form, Item
from evenkeel.clinic.stock.pages.frame import METHODS, Witnessed
from evenkeel.protocol.products import PRODUCTS

_DATE = {"type": "date"}


def mass_field(label: str, **given: Any) -> forms.DecimalField:
    """A mass in mg to 0.001 mg."""
    return forms.DecimalField(label=label, max_digits=12, decimal_places=3, min_value=0, **given)


class ItemForm(forms.Form):
    """What a site keeps on its shelves."""

    name = forms.CharField(
        label="Name on the package", max_length=120, help_text="With strength and size."
    )
    product = forms.MultipleChoiceField(
        label="Used for",
        choices=[(code, product.label) for code, product in PRODUCTS.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    form = forms.ChoiceField(label="Comes in", choices=Form.choices)
    content_mg = mass_field("A full container holds, mg")
    volume_ml = forms.DecimalField(
        label="In how many mL",
        required=False,
        min_value=0,
        max_digits=9,
        decimal_places=3,
        help_text="For vials, ampoules and solutions.",
    )
    units = forms.IntegerField(
        label="In how many pieces",
        required=False,
        min_value=1,
        max_value=1000,
        help_text="Devices in a kit, lozenges in a bottle.",
    )
    code = forms.CharField(label="Code (NDC or the like)", max_length=40, required=False)
    schedule = forms.CharField(label="Schedule", max_length=20, required=False)
    low_mg = mass_field("Runs low below, mg", required=False)
    opened_for_h = forms.IntegerField(
        label="Hours it may be used once opened",
        required=False,
        min_value=1,
        max_value=24 * 366,
        help_text="The clinic’s own rule; empty means until it expires.",
    )


class ItemPolicyForm(forms.Form):
    """What may change of an item."""

    low_mg = mass_field("Runs low below, mg", required=False)
    opened_for_h = forms.IntegerField(
        label="Hours it may be used once opened", required=False, min_value=1, max_value=24 * 366
    )
    active = forms.BooleanField(label="Still kept here", required=False)


class ReceiveForm(forms.Form):
    """A delivery; the second person is optional here."""

    item = forms.ModelChoiceField(label="Item", queryset=Item.objects.none())
    lot = forms.CharField(label="Lot", max_length=40)
    expires_on = forms.DateField(
        label="Expires on",
        widget=forms.DateInput(attrs=_DATE),
        help_text="A month alone means its last day.",
    )
    count = forms.IntegerField(label="How many containers", min_value=1, max_value=200)
    invoice = forms.CharField(label="Number of the invoice", max_length=80)
    supplier = forms.CharField(
        label="Supplier",
        max_length=200,
        help_text="Name, address and registration number, as on the invoice.",
    )
    location = forms.CharField(label="Where it stands", max_length=60, required=False)

    def __init__(self, *args: Any, site: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        items = Item.objects.filter(site=site, active=True).order_by("name")
        field = self.fields["item"]
        field.queryset = items  # type: ignore[attr-defined]
        field.label_from_instance = lambda item: item.name  # type: ignore[attr-defined]


class WasteRestForm(Witnessed):
    """The rest of an opened container."""

    amount_mg = mass_field("What you both see is left, mg")
    method = forms.ChoiceField(label="How it was made irretrievable", choices=METHODS)
    reason = forms.CharField(label="Why", max_length=400)


class ReturnForm(Witnessed):
    """Back to the supplier, or to a reverse distributor."""

    party = forms.CharField(
        label="Who takes it", max_length=200, help_text="Name, address, registration number."
    )
    reference = forms.CharField(label="Number of the invoice or consignment", max_length=80)
    reason = forms.CharField(label="Why", max_length=400, required=False)


class DestroyForm(Witnessed):
    """Destroyed on the premises."""

    method = forms.CharField(label="How it was destroyed", max_length=60)
    reference = forms.CharField(
        label="Number of the form", max_length=80, help_text="In the United States DEA Form 41."
    )
    reason = forms.CharField(label="Why", max_length=400)


class SendForm(Witnessed):
    """To another site of the organization."""

    to_site = forms.ChoiceField(label="To")
    reference = forms.CharField(label="Number of the invoice that goes with it", max_length=80)

    def __init__(self, *args: Any, sites: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to_site"]
        field.choices = [(str(s.pk), s.name) for s in sites]  # type: ignore[attr-defined]


class CorrectForm(Witnessed):
    """A wrong line."""

    move = forms.UUIDField(widget=forms.HiddenInput)
    reason = forms.CharField(label="What is wrong with it", max_length=400)


class ArriveForm(Witnessed):
    """What came from another site."""

    found_mg = mass_field("What you both found, mg")
    location = forms.CharField(label="Where it stands", max_length=60, required=False)


class TakeBackForm(Witnessed):
    """What did not go, or came back."""

    reason = forms.CharField(label="Why it came back", max_length=400)


class BeginForm(Witnessed):
    """Who counts together at the beginning."""

    moment = forms.ChoiceField(
        label="Counted at",
        choices=(("opening", "Opening of business"), ("close", "Close of business")),
    )


class ElsewhereForm(forms.Form):
    """The ledger is kept in another system."""

    system = forms.CharField(label="In which system or book", max_length=160)
    reason = forms.CharField(label="Why", max_length=400)


class CountForm(Witnessed):
    """What kind of count, and who counts with you."""

    kind = forms.ChoiceField(
        label="Kind",
        choices=(
            ("routine", "Count of the day or shift"),
            ("biennial", "Inventory (opening or close of business)"),
            ("asked", "Count for a reason"),
        ),
    )
    moment = forms.ChoiceField(
        label="Taken at",
        required=False,
        choices=(
            ("", "During the day"),
            ("opening", "Opening of business"),
            ("close", "Close of business"),
        ),
    )
    extra = forms.CharField(
        label="On the shelf, but not in this list",
        required=False,
        max_length=400,
        help_text="Describe it: item, lot, how much.",
    )
    note = forms.CharField(label="Note", required=False, max_length=400)


class ReportForm(forms.Form):
    """Something is otherwise than the ledger says."""

    what = forms.CharField(
        label="What you found", max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    container = forms.ChoiceField(label="Container", required=False)
    missing_mg = mass_field("Missing, mg", required=False, help_text="Empty where you cannot say.")

    def __init__(self, *args: Any, containers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["container"]
        field.choices = [("", "None in particular")] + [  # type: ignore[attr-defined]
            (str(c.pk), f"{c.label}: {c.item.name}, lot {c.lot}") for c in containers
        ]


class NoteForm(forms.Form):
    """What was found out."""

    text = forms.CharField(
        label="What you found out", max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )


class ExplainForm(forms.Form):
    """The cause is known."""

    cause = forms.CharField(
        label="The cause", max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )


class LossForm(forms.Form):
    """It is a loss or theft."""

    cause = forms.CharField(
        label="What is known of it", max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
    kind = forms.ChoiceField(
        label="It is",
        widget=forms.RadioSelect,
        choices=(
            ("theft", "A theft (always reported)"),
            ("significant", "A significant loss (reported)"),
            ("small", "A loss that is not significant, by the factors above"),
        ),
    )
    discovered_at = forms.DateTimeField(
        label="Discovered to be a loss",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text="Empty: when it was found. The clocks run from here.",
    )


class NoticeForm(forms.Form):
    """A notice was given."""

    reference = forms.CharField(
        label="Number or reference", max_length=120, help_text="How it can be found again."
    )


class PolicyForm(forms.Form):
    """What the site decided about its shelves."""

    count_every_h = forms.IntegerField(
        label="Hours from one count to the next", min_value=1, max_value=744
    )
    tolerance_ml = forms.DecimalField(
        label="Difference of a measured volume that is no discrepancy, mL",
        min_value=0,
        max_value=1,
        decimal_places=2,
        help_text="Zero is strictest. Vials are filled a little over what they say.",
    )
    expiring_days = forms.IntegerField(
        label="Days ahead that an expiry is shown", min_value=0, max_value=730
    )
