"""The page on which a clinician says what an unknown entry is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.people.actions.read_entry import read_entry
from evenkeel.clinic.people.fact_item import LISTS, label_of, list_name
from evenkeel.clinic.people.models import Fact, Patient
from evenkeel.clinic.people.pages.people import open_patient
from evenkeel.clinic.people.pages.posting import submit
from evenkeel.clinic.people.unread import suggested
from evenkeel.clinic.record.act import find
from evenkeel.clinic.record.errors import Conflict, NotFound
from evenkeel.clinic.record.routes import page
from evenkeel.protocol.conditions import known_conditions
from evenkeel.protocol.medicines import known_medicines

_NAME_LABELS = {
    "condition": "The condition it is",
    "medicine": "The medicine it is",
    "allergy": "What the allergy is to",
}
#: What people call the code systems of an import; others are shown by their address.
_SYSTEMS = {
    "http://snomed.info/sct": "SNOMED CT",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "http://hl7.org/fhir/sid/icd-10": "ICD-10",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
}


class ReadForm(forms.Form):
    """What the entry is: a name the lists know, or nothing that matters here, with the reason."""

    kind = forms.ChoiceField(
        label="What is it?",
        choices=(("known", "One the rules know"), ("no_concern", "Read, of no concern here")),
        widget=forms.RadioSelect,
    )
    name = forms.CharField(max_length=120, required=False)
    reason = forms.CharField(
        label="Why, or where you looked",
        max_length=300,
        required=False,
        help_text="Needed where it is of no concern. It stands in the record under your name.",
    )

    def __init__(self, *args: Any, key: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["name"]
        field.label = _NAME_LABELS[key]
        if key == "allergy":
            field.help_text = "In words, such as: ketamine, latex, penicillin."
        else:
            field.help_text = "Where the rules know it: start to type, and choose from the list."
            field.widget.attrs["list"] = "known-names"
        field.widget.attrs["autocomplete"] = "off"


@page("facts.read")
def fact_read(request: HttpRequest, patient_id: Any, fact_id: Any) -> HttpResponse:
    """Say what an entry is that no list of names knows."""
    ctx = request.ctx  # type: ignore[attr-defined]
    row = open_patient(request, patient_id, "facts.read", "an entry nobody has read")
    fact = _entry(row, fact_id)
    near = suggested(fact)
    form = ReadForm(request.POST or None, key=fact.key, initial={"name": near})

    def do(given: dict[str, Any]) -> dict[str, Any]:
        read = read_entry(
            ctx, fact_id=fact.pk, kind=given["kind"], name=given["name"], reason=given["reason"]
        )
        return {"ids": [str(one.pk) for one in read]}

    if request.method == "POST" and submit(request, form, do):
        messages.success(request, f"{list_name(fact.value)}: read.")
        return HttpResponseRedirect(reverse("patient", args=[row.pk]))
    value = fact.value if isinstance(fact.value, dict) else {}
    shown = {
        "patient": row,
        "fact": fact,
        "label": label_of(fact.key),
        "written": list_name(fact.value),
        "codings": [
            (_SYSTEMS.get(str(one.get("system")), one.get("system")), one.get("code"))
            for one in value.get("codings") or []
            if isinstance(one, dict)
        ],
        "near": near,
        "form": form,
        "known": _known_names(fact.key),
    }
    return render(request, "people/fact_read.html", shown, status=422 if form.errors else 200)


def _entry(row: Patient, fact_id: Any) -> Fact:
    """This person's entry of a list, if it still stands."""
    fact = find(Fact, fact_id)
    if fact.patient_id != row.pk or fact.key not in LISTS or fact.state != "known":
        raise NotFound("There is nothing here with that address.")
    if fact.replaced_by_id is not None or fact.status == "entered_in_error":
        raise Conflict("This entry was changed already.", what_to_do="Open its newest entry.")
    return fact


def _known_names(key: str) -> list[str]:
    if key == "condition":
        return sorted(item.label for item in known_conditions().values())
    if key == "medicine":
        return sorted(item.ingredient for item in known_medicines())
    return []
