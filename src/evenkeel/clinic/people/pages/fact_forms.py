"""One form for each kind of fact, made from what the protocol's vocabulary says of it."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from evenkeel.clinic.people.fact_item import KEPT, LISTS, FactItem, label_of
from evenkeel.protocol.vocabulary import SCORES, VOCABULARY

YES_NO = (("yes", "Yes"), ("no", "No"))
CONDITION_STATES = (
    ("active", "Yes, now"),
    ("history", "In the past"),
    ("resolved", "Yes, and it is over"),
    ("absent", "No"),
)
LIST_STATES = (("active", "Now"), ("history", "In the past"), ("resolved", "It is over"))
MEDICINE_STATES = (("active", "Takes it"), ("inactive", "No longer takes it"))
ALLERGY_STATES = (("active", "Holds"), ("inactive", "No longer holds"))
CSSRS_QUESTIONS = {
    "q1": "1. Wish to be dead",
    "q2": "2. Thoughts of suicide",
    "q3": "3. Thoughts of a method",
    "q4": "4. Some intent to act",
    "q5": "5. A plan and intent",
    "q6": "6. Preparation or attempt",
}


class FactForm(forms.Form):
    """What every fact carries: its value, when it was found, where it comes from."""

    found_on = forms.DateField(
        label="Measured or found on",
        required=False,
        help_text="Leave it empty where nobody knows.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    found_at = forms.TimeField(
        label="At",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    origin = forms.CharField(
        label="Where it comes from",
        max_length=120,
        initial="told by the person",
        help_text="Such as: measured here, referral letter, told by the person.",
    )

    def __init__(self, *args: Any, key: str, correcting: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = key
        self.kind = kind_of(key)
        self.value_names = list(_FIELDS[self.kind](key))
        rest = dict(self.fields)
        self.fields.clear()
        self.fields.update(_FIELDS[self.kind](key))
        self.fields.update(rest)
        if correcting:
            del self.fields["origin"]
            self.fields["reason"] = forms.CharField(label="Why it is corrected", max_length=300)

    def item(self, zone: str, now: datetime) -> FactItem:
        """What was entered, as a fact. Only for a valid form."""
        given = self.cleaned_data
        state, status, value = _VALUES[self.kind](self, given)
        return FactItem(
            key=self.key,
            value=value,
            state=state,
            status=status,
            as_of=moment_of(given.get("found_on"), given.get("found_at"), zone, now),
            origin=given.get("origin") or "entered here",
        )

    @property
    def value_fields(self) -> list[forms.BoundField]:
        """The fields of the value itself."""
        return [self[name] for name in self.value_names]


def kind_of(key: str) -> str:
    """Which form a fact key is entered by."""
    if key in LISTS:
        return key
    if key in KEPT:
        return "number"
    kind = VOCABULARY[key].type
    return "number" if kind == "whole" else kind


def initial_of(key: str, row: Any, zone: str) -> dict[str, Any]:
    """The values a stored fact gives its form."""
    local = row.as_of.astimezone(ZoneInfo(zone)) if row.as_of else None
    shown: dict[str, Any] = {
        "found_on": local.date() if local else None,
        "found_at": local.time().replace(second=0, microsecond=0) if local else None,
    }
    value, kind = row.value, kind_of(key)
    if kind == "boolean":
        shown["value"] = "yes" if value and row.state == "known" else "no"
    elif kind == "condition":
        shown["value"] = "absent" if row.state == "absent" else row.status
    elif kind in LISTS:
        shown |= dict(value) if isinstance(value, dict) else {"label": value}
        shown["status"] = row.status
    elif kind == "pressures":
        shown |= value or {}
    elif kind == "scores":
        shown |= {
            "score": next(iter(value or {}), ""),
            "total": next(iter((value or {}).values()), ""),
        }
    elif kind == "answers":
        shown |= {name: "yes" if yes else "no" for name, yes in (value or {}).items()}
    elif kind == "names":
        shown["value"] = "\n".join(value or [])
    else:
        shown["value"] = value
    return shown


def moment_of(day: Any, at: Any, zone: str, now: datetime) -> datetime | None:
    """The moment entered, in UTC. A day alone stands at noon, or now where noon is yet to come."""
    if day is None:
        return None
    moment = datetime.combine(day, at or time(12), tzinfo=ZoneInfo(zone)).astimezone(UTC)
    today = day == now.astimezone(ZoneInfo(zone)).date()
    return min(moment, now) if at is None and today else moment


def _radio(label: str, choices: Any, required: bool = True) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, widget=forms.RadioSelect, required=required
    )


def _number(key: str) -> dict[str, forms.Field]:
    if key in KEPT:
        label, unit, low, high = KEPT[key]
        return {"value": forms.FloatField(label=f"{label} ({unit})", min_value=low, max_value=high)}
    spec = VOCABULARY[key]
    label = f"{spec.label} ({spec.unit})" if spec.unit else spec.label
    field = forms.IntegerField if spec.type == "whole" else forms.FloatField
    return {"value": field(label=label, min_value=spec.low, max_value=spec.high)}


def _choice(key: str) -> dict[str, forms.Field]:
    spec = VOCABULARY[key]
    words = [(c, c.replace("_", " ").capitalize() if len(c) > 1 else c) for c in spec.choices]
    return {"value": _radio(spec.label, words)}


def _pressures(key: str) -> dict[str, forms.Field]:
    return {
        "sbp_mmhg": forms.IntegerField(label="Systolic (mmHg)", min_value=20, max_value=350),
        "dbp_mmhg": forms.IntegerField(label="Diastolic (mmHg)", min_value=10, max_value=300),
    }


def _scores(key: str) -> dict[str, forms.Field]:
    choices = [(name, f"{label} (0 to {top})") for name, (label, top) in SCORES.items()]
    return {
        "score": forms.ChoiceField(label="Questionnaire", choices=choices),
        "total": forms.FloatField(label="Total", min_value=0, max_value=100),
    }


def _answers(key: str) -> dict[str, forms.Field]:
    return {
        name: _radio(CSSRS_QUESTIONS.get(name, name), YES_NO, required=False)
        for name in VOCABULARY[key].choices
    }


def _names(key: str) -> dict[str, forms.Field]:
    return {
        "value": forms.CharField(
            label=VOCABULARY[key].label,
            help_text="One a line. Names or codes: “major depressive disorder”, “F33.2”.",
            max_length=3000,
            widget=forms.Textarea(attrs={"rows": 3}),
        )
    }


def _list(states: Any, key: str) -> dict[str, forms.Field]:
    return {
        "label": forms.CharField(label=label_of(key), max_length=300),
        "status": _radio("How it stands", states),
    }


def _medicine(key: str) -> dict[str, forms.Field]:
    return {
        **_list(MEDICINE_STATES, key),
        "dose_mg_per_day": forms.FloatField(
            label="Dose a day (mg)", required=False, min_value=0, max_value=1e6
        ),
        "route": forms.CharField(
            label="Way it is taken", max_length=60, required=False, help_text="Such as oral, nasal."
        ),
    }


_FIELDS: dict[str, Any] = {
    "number": _number,
    "boolean": lambda key: {"value": _radio(label_of(key), YES_NO)},
    "choice": _choice,
    "condition": lambda key: (
        {"value": _radio(label_of(key), CONDITION_STATES)}
        if key in VOCABULARY
        else _list(LIST_STATES, key)
    ),
    "medicine": _medicine,
    "allergy": lambda key: _list(ALLERGY_STATES, key),
    "names": _names,
    "pressures": _pressures,
    "scores": _scores,
    "answers": _answers,
}

Entered = tuple[str, str, Any]  # state, status, value


def _value_condition(form: FactForm, given: dict[str, Any]) -> Entered:
    if form.key in LISTS:
        return _value_list(form, given)
    chosen = given["value"]
    return ("absent", "active", None) if chosen == "absent" else ("known", chosen, True)


def _value_list(form: FactForm, given: dict[str, Any]) -> Entered:
    value = {"label": given["label"]}
    for name in ("dose_mg_per_day", "route"):
        if given.get(name) not in (None, ""):
            value[name] = given[name]
    kept = form.initial if isinstance(form.initial, dict) else {}
    if kept.get("label") == given["label"]:
        value |= {name: kept[name] for name in ("codings", "read_as") if kept.get(name)}
    return "known", given["status"], value


def _value_answers(form: FactForm, given: dict[str, Any]) -> Entered:
    answered = {n: given[n] == "yes" for n in form.value_names if given.get(n)}
    return "known", "active", answered


_VALUES: dict[str, Any] = {
    "number": lambda form, given: ("known", "active", given["value"]),
    "boolean": lambda form, given: ("known", "active", given["value"] == "yes"),
    "choice": lambda form, given: ("known", "active", given["value"]),
    "condition": _value_condition,
    "medicine": _value_list,
    "allergy": _value_list,
    "names": lambda form, given: (
        "known",
        "active",
        [line.strip() for line in given["value"].splitlines() if line.strip()],
    ),
    "pressures": lambda form, given: (
        "known",
        "active",
        {"sbp_mmhg": given["sbp_mmhg"], "dbp_mmhg": given["dbp_mmhg"]},
    ),
    "scores": lambda form, given: ("known", "active", {given["score"]: given["total"]}),
    "answers": _value_answers,
}
