"""What is asked of somebody who arrives, and what of it is not settled yet.

Pure but for the row it is given: answers in, findings out. A finding never keeps anybody from
being checked in; it is carried to the checks before the dose.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.record.errors import Invalid
from evenkeel.protocol.facts import Facts
from evenkeel.protocol.findings import source_document
from evenkeel.protocol.pack import Protocol

#: What is asked about today's medicines: key -> words, and the protocol's rule behind it.
MEDICINES: Final[dict[str, tuple[str, str]]] = {
    "benzodiazepine": ("Benzodiazepine", "benzodiazepine"),
    "stimulant": ("Stimulant, also a decongestant", "psychostimulant"),
    "maoi": ("MAO inhibitor", "maoi"),
}
YES_NO: Final[dict[str, str]] = {"yes": "Yes", "no": "No", "": "Not asked"}
ALLERGIES: Final[dict[str, str]] = {
    "as_listed": "As listed",
    "changed": "Something new",
    "": "Not asked",
}
PREGNANCY: Final[dict[str, str]] = {
    "negative": "Negative",
    "positive": "Positive",
    "not_done": "Not done",
    "not_applicable": "Does not apply",
}
#: The longest ago a meal is worth asking about; an older time is a slip. Assumed.
LONGEST_FAST: Final = timedelta(hours=36)
_POLICY: Final = {"title": "clinic policy", "url": "", "mark": "clinic policy"}


@dataclass(frozen=True, slots=True)
class Arrival:
    """What was said and measured on arrival; an empty text or ``None``: not asked, not measured.

    Times are aware. ``weight_kg`` and ``pregnancy_test`` are facts of the record: whoever may
    not record facts leaves them empty.
    """

    allergies: str = ""
    allergies_note: str = ""
    last_food_at: datetime | None = None
    last_fluids_at: datetime | None = None
    escort: str = ""  # "yes", "no" or ""
    escort_name: str = ""
    escort_phone: str = ""
    escort_until: datetime | None = None
    benzodiazepine: str = ""
    stimulant: str = ""
    maoi: str = ""
    medicines_note: str = ""
    changes: str = ""
    changes_note: str = ""
    weight_kg: float | None = None
    pregnancy_test: str = ""


def plain(name: str) -> str:
    """A name without case, accents, hyphens and points, so that how it is written matters less."""
    bare = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(c if c.isalnum() else " " for c in bare if not unicodedata.combining(c))
    return " ".join(letters.split())


def check_identity(patient: Patient, said_name: str, said_birth_date: date | None) -> None:
    """Raise ``Invalid`` (``identity``) unless name and birth date are the person's.

    The name must hold the family name and the given name, or what the person is called.
    """
    said = set(plain(said_name).split())
    family, given, called = (
        set(plain(name).split())
        for name in (patient.family_name, patient.given_name, patient.called)
    )
    wrong: dict[str, str] = {}
    first_names = [names for names in (given, called) if names]
    if not (family <= said and any(names & said for names in first_names)):
        wrong["said_name"] = "This is not the name of the person booked."
    if said_birth_date != patient.birth_date:
        wrong["said_birth_date"] = "This is not the birth date of the person booked."
    if wrong:
        raise Invalid(
            "The person who is here may not be the one who is booked.",
            what_to_do="Ask again for full name and date of birth. If they still differ, look "
            "for the person's own appointment.",
            fields=wrong,
            code="identity",
        )


def check_arrival(arrival: Arrival, now: datetime) -> None:
    """Raise ``Invalid`` by field for what cannot be."""
    wrong: dict[str, str] = {}
    for name in ("last_food_at", "last_fluids_at"):
        at = getattr(arrival, name)
        if at is not None and not now - LONGEST_FAST <= at <= now + timedelta(minutes=1):
            wrong[name] = "Within the last 36 hours, not in the future."
    until = arrival.escort_until
    if until is not None and not now - timedelta(hours=1) <= until <= now + timedelta(hours=48):
        wrong["escort_until"] = "Today or tomorrow, after now."
    if arrival.escort == "yes" and not arrival.escort_name.strip():
        wrong["escort_name"] = "Enter who takes the person home."
    choices = {"allergies": ALLERGIES, "escort": YES_NO, "changes": YES_NO}
    choices |= dict.fromkeys(MEDICINES, YES_NO)
    for name, allowed in choices.items():
        if getattr(arrival, name) not in allowed:
            wrong[name] = "Choose an answer."
    if arrival.pregnancy_test not in {"", *PREGNANCY}:
        wrong["pregnancy_test"] = "Choose an answer."
    if arrival.allergies == "changed" and not arrival.allergies_note.strip():
        wrong["allergies_note"] = "Say what is new."
    if arrival.changes == "yes" and not arrival.changes_note.strip():
        wrong["changes_note"] = "Say what has changed."
    for name in ("allergies_note", "escort_name", "escort_phone", "medicines_note", "changes_note"):
        text = getattr(arrival, name)
        if len(text) > 500 or "\x00" in text:
            wrong[name] = "At most 500 letters."
    if wrong:
        raise Invalid("The check-in is not right yet.", fields=wrong)


def as_document(arrival: Arrival) -> dict[str, Any]:
    """The answers as plain JSON, those not given left out."""
    found: dict[str, Any] = {}
    for name in arrival.__slots__:
        value = getattr(arrival, name)
        if isinstance(value, datetime):
            value = value.isoformat()
        if value not in ("", None):
            found[name] = value.strip() if isinstance(value, str) else value
    return found


def needs_pregnancy_test(facts: Facts) -> bool:
    """Whether pregnancy is possible as far as is known."""
    if facts["sex"].value == "male":
        return False
    return facts["pregnancy"].value != "not_applicable"


def findings_for(
    said: Mapping[str, Any],
    facts: Facts,
    protocol: Protocol | None,
    *,
    now: datetime,
    zone: ZoneInfo,
) -> list[dict[str, Any]]:
    """What is not settled, worst first: ``{id, level, statement, resolve, check, source}``.

    ``said`` is :func:`as_document` of everything said so far; ``check`` names the check before
    the dose it belongs to (see ``events.CHECKS``), empty where none does.
    """
    found = [
        *_fasting(said, protocol, now, zone),
        *_escort(said, protocol),
        *_allergies(said),
        *_medicines(said, protocol),
        *_weight(facts, protocol, now),
        *_pregnancy(facts, protocol, now),
    ]
    order = ("hold", "review", "inform")
    return sorted(found, key=lambda finding: order.index(finding["level"]))


def _finding(
    key: str, level: str, statement: str, resolve: str, check: str = "", source: Any = None
) -> dict[str, Any]:
    return {
        "id": key,
        "level": level,
        "statement": statement,
        "resolve": resolve,
        "check": check,
        "source": source or _POLICY,
    }


def fasting_limits(protocol: Protocol | None) -> list[tuple[str, str, timedelta, dict[str, str]]]:
    """(answer, words, least time since, source) for food and for fluids; empty without protocol."""
    if protocol is None:
        return []
    food, fluids = protocol.threshold("fasting.food_h"), protocol.threshold("fasting.fluids_min")
    return [
        (
            "last_food_at",
            "food",
            timedelta(hours=protocol.number(food.key)),
            source_document(food.source),
        ),
        (
            "last_fluids_at",
            "fluids",
            timedelta(minutes=protocol.number(fluids.key)),
            source_document(fluids.source),
        ),
    ]


def _fasting(
    said: Mapping[str, Any], protocol: Protocol | None, now: datetime, zone: ZoneInfo
) -> list[dict[str, Any]]:
    found = []
    for name, words, least, source in fasting_limits(protocol):
        at = moment(said.get(name))
        if at is None:
            found.append(
                _finding(
                    f"{name}.unknown",
                    "hold",
                    f"When the person last had {words} was not asked",
                    f"Ask; the dose waits {span_words(least)} after it.",
                    "fasting",
                    source,
                )
            )
        elif now - at < least:
            over = (at + least).astimezone(zone)
            found.append(
                _finding(
                    name,
                    "hold",
                    f"Last {words} at {at.astimezone(zone):%H:%M}",
                    f"{span_words(least)} are over at {over:%H:%M}; the dose waits until then.",
                    "fasting",
                    source,
                )
            )
    return found


def span_words(span: timedelta) -> str:
    """A limit in words: "2 h", "30 min"."""
    minutes = span.total_seconds() / 60
    return f"{minutes / 60:g} h" if minutes >= 60 else f"{minutes:g} min"


def _escort(said: Mapping[str, Any], protocol: Protocol | None) -> list[dict[str, Any]]:
    rule = protocol.rules.get("escort") if protocol else None
    source = source_document(rule.source) if rule else None
    if said.get("escort") == "no":
        return [
            _finding(
                "escort",
                "hold",
                "Nobody to take the person home",
                "Arrange someone, or another day.",
                "escort",
                source,
            )
        ]
    if said.get("escort") != "yes":
        resolve = "Ask who takes the person home."
        return [
            _finding(
                "escort.unknown", "hold", "The escort was not asked", resolve, "escort", source
            )
        ]
    if "escort_phone" in said:
        return []
    return [
        _finding(
            "escort.phone",
            "inform",
            "The escort's telephone number is not known",
            "Ask for it, to tell them when the person is ready.",
            "",
            source,
        )
    ]


def _allergies(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    if said.get("allergies") == "as_listed":
        return []
    if said.get("allergies") == "changed":
        statement = f"Allergies: {said.get('allergies_note', '')}"
        resolve = "A nurse or prescriber records it and looks at the plan."
        return [_finding("allergies", "hold", statement, resolve, "allergies")]
    return [
        _finding(
            "allergies.unknown",
            "hold",
            "Allergies were not asked",
            "Read the list back and ask for new ones.",
            "allergies",
        )
    ]


def _medicines(said: Mapping[str, Any], protocol: Protocol | None) -> list[dict[str, Any]]:
    found = []
    note = str(said.get("medicines_note", ""))
    for key, (words, rule_id) in MEDICINES.items():
        rule = protocol.rules.get(rule_id) if protocol else None
        source = source_document(rule.source) if rule else None
        if said.get(key) == "yes":
            statement = f"{words} taken today" + (f": {note}" if note else "")
            resolve = "The prescriber weighs it and decides."
            found.append(_finding(key, "review", statement, resolve, "medicines_today", source))
    unasked = [words.lower() for key, (words, _) in MEDICINES.items() if not said.get(key)]
    if unasked:
        statement = "Not asked: " + "; ".join(unasked)
        resolve = "Ask what was taken today."
        found.append(_finding("medicines.unknown", "hold", statement, resolve, "medicines_today"))
    if said.get("changes") == "yes":
        statement = f"Medicines changed: {said.get('changes_note', '')}"
        resolve = "Put the list of medicines right, then screen again if it matters."
        found.append(_finding("changes", "review", statement, resolve, "medicines_today"))
    elif said.get("changes") != "no":
        statement = "Whether medicines changed was not asked"
        found.append(_finding("changes.unknown", "review", statement, "Ask.", "medicines_today"))
    return found


def _weight(facts: Facts, protocol: Protocol | None, now: datetime) -> list[dict[str, Any]]:
    if protocol is None:
        return []
    limit = protocol.threshold("weight.max_age_days")
    source = source_document(limit.source)
    weight = facts["weight_kg"]
    resolve = "Weigh the person; the dose is worked out anew."
    if weight.state != "known" or weight.as_of is None:
        return [_finding("weight", "hold", "No measured weight", resolve, "", source)]
    age_days = (now - weight.as_of) / timedelta(days=1)
    if age_days > protocol.number(limit.key):
        statement = f"The weight is {age_days:.0f} days old"
        return [_finding("weight.old", "hold", statement, resolve, "", source)]
    low, high = protocol.threshold("weight.low_kg"), protocol.threshold("weight.high_kg")
    if isinstance(weight.value, int | float) and not (
        protocol.number(low.key) <= weight.value <= protocol.number(high.key)
    ):
        statement = f"{weight.value:g} kg is hardly possible"
        return [_finding("weight.implausible", "hold", statement, "Weigh again.", "", source)]
    return []


def _pregnancy(facts: Facts, protocol: Protocol | None, now: datetime) -> list[dict[str, Any]]:
    if not needs_pregnancy_test(facts):
        return []
    rule = protocol.rules.get("pregnancy") if protocol else None
    source = source_document(rule.source) if rule else None
    test = facts["hcg_test"]
    if test.value == "positive":
        resolve = "No dose. A prescriber speaks with the person today."
        return [_finding("pregnancy", "hold", "Pregnancy test positive", resolve, "", source)]
    if test.state == "known" and test.as_of is not None and now - test.as_of < timedelta(hours=24):
        return []
    resolve = "Urine test today, or note why it does not apply."
    return [_finding("pregnancy.unknown", "hold", "No pregnancy test today", resolve, "", source)]


def moment(value: Any) -> datetime | None:
    """A stored time, or ``None``."""
    return datetime.fromisoformat(value) if isinstance(value, str) and value else None


def pre_dose_checks(
    check_in: Mapping[str, Any] | None, at: datetime
) -> dict[str, tuple[bool | None, str]]:
    """What the check-in says to the checks before the dose: name -> (settled or unknown, words).

    ``None``: nobody asked. Fasting is judged anew for ``at``, so that a wait settles it.
    """
    if not check_in:
        return {}
    found: dict[str, tuple[bool | None, str]] = {
        "identity": (True, f"at check-in, by {check_in.get('by', '')}"),
    }
    open_by_check: dict[str, list[dict[str, Any]]] = {}
    for finding in check_in.get("findings", []):
        open_by_check.setdefault(finding["check"], []).append(finding)
    for name in ("allergies", "medicines_today", "escort", "fasting"):
        rows = open_by_check.get(name, [])
        if name == "fasting":
            rows = [row for row in rows if not _has_passed(row, check_in, at)]
        unknown = [row for row in rows if row["id"].endswith(".unknown")]
        words = "; ".join(row["statement"] for row in rows)
        if not rows:
            found[name] = (True, "asked at check-in")
        else:
            found[name] = (None if len(unknown) == len(rows) else False, words)
    return found


def _has_passed(row: Mapping[str, Any], check_in: Mapping[str, Any], at: datetime) -> bool:
    since = moment(check_in.get("said", {}).get(row["id"]))
    least_min = check_in.get("fasting_min", {}).get(row["id"])
    if since is None or least_min is None:
        return False
    return at - since >= timedelta(minutes=least_min)
