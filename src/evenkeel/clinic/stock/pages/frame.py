"""What every page of the ledger needs: its site, its second person, its refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone

from evenkeel.clinic.people.models import Account, Site
from evenkeel.clinic.people.pages.posting import act_once, show_refusal
from evenkeel.clinic.people.second_person import second_person
from evenkeel.clinic.record.act import find
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.models import Record
from evenkeel.clinic.stock.queries import sites_with

#: How a controlled substance is made irretrievable. Clinic policy; no source names a list.
METHODS = (
    ("Drug disposal container", "Drug disposal container"),
    ("Sequestration pouch", "Sequestration pouch"),
    ("Squirted into absorbent and sealed", "Squirted into absorbent and sealed"),
    ("Other, see reason", "Other, see reason"),
)
PERMISSIONS = (
    "receive",
    "count",
    "handle",
    "report",
    "send",
    "adjust",
    "begin",
    "elsewhere",
)


def chosen_site(request: HttpRequest, permission: str = "stock.view") -> tuple[Site, list[Site]]:
    """The site asked for, or the first, with all that may be chosen; its time zone is set.

    Raises ``NotFound`` for a site the caller does not work at, ``Forbidden`` where there is none.
    """
    sites = sites_with(request.ctx, permission)  # type: ignore[attr-defined]
    if not sites:
        raise Forbidden("No site where you work is open.", what_to_do="Ask an administrator.")
    wanted = request.GET.get("site", "")
    site = next((s for s in sites if str(s.pk) == wanted), None) if wanted else sites[0]
    if site is None:
        raise NotFound("There is no such site.")
    timezone.activate(site.timezone)
    return site, sites


def open_here(request: HttpRequest, model: type[Record], pk: Any, what: str, *related: str) -> Any:
    """A row of the ledger, read through the door, in the time zone of its site."""
    row = open_record(
        request.ctx,  # type: ignore[attr-defined]
        model,
        pk,
        "site",
        *related,
        permission="stock.view",
        what=what,
    )
    timezone.activate(row.site.timezone)
    return row


def may(request: HttpRequest, site: Site) -> dict[str, bool]:
    """What the caller may do at a site."""
    actor = request.ctx.actor  # type: ignore[attr-defined]
    return {name: actor.may(f"stock.{name}", site.pk) for name in PERMISSIONS}


class Witnessed(forms.Form):
    """A form that a second person signs at the same screen."""

    email = forms.EmailField(
        label="Second person: e-mail",
        help_text="Whoever stands beside you and sees it, not yourself.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    pin = forms.CharField(
        label="Second person: PIN",
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields([n for n in self.fields if n not in ("email", "pin")] + ["email", "pin"])


def submit(
    request: HttpRequest, form: forms.Form, do: Callable[[dict[str, Any], Account | None], Any]
) -> Any:
    """``do`` with the clean data and the second person, once; ``None`` to show the form again.

    The second person's PIN is looked at before the act, so that a wrong try is counted.
    """
    if not form.is_valid():
        return None
    given = dict(form.cleaned_data)
    email, pin = given.pop("email", ""), given.pop("pin", "")
    try:
        witness = None
        if email or pin or ("email" in form.fields and form.fields["email"].required):
            witness = second_person(request.ctx, email, pin)  # type: ignore[attr-defined]
        return act_once(request, lambda: do(given, witness))
    except (Invalid, Refused, Conflict) as refusal:
        _place(form, refusal)
        return None


def _place(form: forms.Form, refusal: Invalid | Refused | Conflict) -> None:
    """Put a refusal into the form, so that none of its words is lost."""
    if refusal.code in ("second_person_unknown", "same_person"):
        refusal.fields = dict.fromkeys(refusal.fields, refusal.message)
    if "witness" in refusal.fields and "email" in form.fields:
        refusal.fields["email"] = refusal.fields.pop("witness")
    show_refusal(form, refusal)
    for name, said in refusal.fields.items():
        if name not in form.fields:
            form.add_error(None, said)


__all__ = ["METHODS", "Witnessed", "chosen_site", "find", "may", "open_here", "submit"]
