"""Sessions kept on paper: what the blank sheet asks, and what was written on it, read row by row.

The sheet and the form that takes it up afterwards have the same tables in the same order, so that
whoever types can go down the page. Pure but for the dates; nothing here touches the record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from evenkeel.clinic.record.errors import Invalid
from evenkeel.clinic.session.events import QUANTITIES, checks_for, kind_of, read_body
from evenkeel.protocol.pack import Protocol
from evenkeel.protocol.products import PRODUCTS
from evenkeel.protocol.schedule import next_due

VITALS_ROWS: Final = 18
DRUG_ROWS: Final = 8
NOTE_ROWS: Final = 6
#: Column name -> (heading, unit). The columns of the sheet's first table.
VITALS: Final[dict[str, tuple[str, str]]] = {
    "sbp_mmhg": ("Systolic", "mmHg"),
    "dbp_mmhg": ("Diastolic", "mmHg"),
    "heart_rate_bpm": ("Pulse", "per min"),
    "spo2_percent": ("SpO₂", "%"),
    "respiratory_rate_per_min": ("Breaths", "per min"),
    "dissociation_0_10": ("Dissociation", "0 to 10"),
    "moaas": ("MOAA/S", "0 to 5"),
    "nausea_0_10": ("Nausea", "0 to 10"),
}
DRUG: Final[dict[str, tuple[str, str]]] = {
    "amount_mg": ("Amount", "mg"),
    "rate_mg_per_h": ("Rate", "mg/h"),
    "rate_ml_per_h": ("Pump", "mL/h"),
}
_INFUSED: Final = {
    "infusion_start": "Infusion started",
    "rate_change": "Rate changed",
    "pause": "Paused",
    "resume": "Went on",
    "infusion_stop": "Infusion stopped",
}
_GIVEN: Final[dict[str, dict[str, str]]] = {
    "intravenous": _INFUSED,
    "nasal": {"device_1": "Device 1", "device_2": "Device 2", "device_3": "Device 3"},
    "intramuscular": {"injection": "Injection"},
    "subcutaneous": {"injection": "Injection"},
    "oral": {"oral_dose": "Dose by mouth"},
    "sublingual": {"oral_dose": "Dose under the tongue"},
}
RESCUE: Final = {"rescue_medicine": "Other medicine"}
#: What is answered before leaving: name -> (question, ((value, word), ...)).
_YES_NO: Final = (("yes", "Yes"), ("no", "No"))
LEAVING: Final[dict[str, tuple[str, tuple[tuple[str, str], ...]]]] = {
    "oriented": ("Oriented", _YES_NO),
    "dissociation_resolved": ("Dissociation gone", _YES_NO),
    "gait": (
        "Walks",
        (("independent", "alone"), ("unsteady", "unsteadily"), ("assisted", "with help")),
    ),
    "cssrs_intent": ("Says they intend to end their life", _YES_NO),
    "escort_present": ("Escort is here", _YES_NO),
    "instructions_given": ("Written instructions given", _YES_NO),
    "plans_to_drive": ("Means to drive today", _YES_NO),
}
#: What stands for "asked, and there are none" where symptoms are written.
NO_SYMPTOMS: Final = frozenset({"none", "no", "nil"})
#: The order of rows of one moment.
_RANK: Final = {
    "check": 0,
    "dose_check": 1,
    "observation": 2,
    "note": 7,
    "discharge_check": 8,
    "ready": 9,
    "discharged": 10,
}
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PaperRow:
    """One line of the sheet as an event. ``key`` names the line in the form: "vitals-3"."""

    key: str
    kind: str
    happened_at: datetime
    body: dict[str, Any]


def drug_choices(product: str) -> dict[str, str]:
    """What may stand in the drug log of a product."""
    return {**_GIVEN[PRODUCTS[product].route], **RESCUE}


def in_order(rows: Sequence[PaperRow]) -> list[PaperRow]:
    """The rows as they happened; of one moment, preparations first."""
    return sorted(rows, key=lambda row: (row.happened_at, _RANK.get(row.kind, 5)))


@dataclass(slots=True)
class Sheet:
    """A filled sheet being read. ``wrong`` maps a line or field to what is wrong with it."""

    typed: Mapping[str, str]
    product: str
    zone: ZoneInfo
    now: datetime
    concentration_mg_ml: float | None
    opened_at: datetime
    rows: list[PaperRow]
    wrong: dict[str, str]

    def text(self, name: str) -> str:
        """What was typed in a field."""
        return self.typed.get(name, "").strip()

    def clock(self, key: str, name: str) -> datetime | None:
        """The moment of a typed time: the first such time from half an hour before the opening.

        A night's session goes on past midnight. Notes what is wrong under ``key``.
        """
        at = read_time(self.text(name))
        if at is None:
            self.wrong[key] = "Enter the time, like 14:05."
            return None
        earliest = self.opened_at - timedelta(hours=1)
        moment = local_moment(earliest.astimezone(self.zone).date(), at, self.zone)
        if moment < earliest:
            moment = local_moment(moment.date() + _DAY, at, self.zone)
        if moment > self.now:
            self.wrong[key] = f"{at:%H:%M} has not come yet."
            return None
        return moment

    def number(self, key: str, name: str) -> float | None:
        """A typed number, or ``None`` where the place is empty; a comma is read as a point."""
        text = self.text(name).replace(",", ".")
        if not text:
            return None
        try:
            return float(text)
        except ValueError:
            self.wrong[key] = f"{self.text(name)[:20]!r} is not a number."
            return None

    def add(self, key: str, kind: str, at: datetime | None, body: dict[str, Any]) -> None:
        """Keep a line as an event, or note what is wrong with it."""
        if at is None or key in self.wrong:
            return
        try:
            read_body(kind_of(kind), body)
        except Invalid as refusal:
            self.wrong[key] = " ".join(refusal.fields.values()) or refusal.message
            return
        self.rows.append(PaperRow(key, kind, at, body))


def read_time(text: str) -> time | None:
    """A clock time as people write it: 14:05, 14.05, 1405, 9:30; ``None`` for anything else."""
    found = re.fullmatch(r"(\d{1,2})[:.]?(\d{2})", text, re.ASCII)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        return None
    return time(int(found[1]), int(found[2]))


def local_moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """A clock time of a day at a place."""
    return datetime.combine(day, at, tzinfo=zone)


def read_opening(typed: Mapping[str, str], zone: ZoneInfo, now: datetime) -> datetime:
    """When the session was begun. Raises ``Invalid`` by field."""
    wrong: dict[str, str] = {}
    day: date | None = None
    try:
        day = date.fromisoformat(typed.get("on", "").strip())
    except ValueError:
        wrong["on"] = "Enter the day."
    at = read_time(typed.get("opened", "").strip())
    if at is None:
        wrong["opened"] = "Enter the time, like 14:05."
    if day is not None and at is not None:
        moment = local_moment(day, at, zone)
        if moment <= now:
            return moment
        wrong["opened"] = "This lies ahead."
    raise Invalid("When the session began is not right.", fields=wrong)


def read_sheet(
    typed: Mapping[str, str],
    *,
    product: str,
    zone: ZoneInfo,
    now: datetime,
    concentration_mg_ml: float | None,
) -> tuple[datetime, list[PaperRow]]:
    """When the session began, and every line that was filled in, in the order it happened.

    Raises ``Invalid`` whose ``fields`` name each wrong line: nothing is taken of a sheet that is
    not right as a whole.
    """
    opened_at = read_opening(typed, zone, now)
    sheet = Sheet(typed, product, zone, now, concentration_mg_ml, opened_at, [], {})
    _read_checks(sheet)
    for n in range(1, VITALS_ROWS + 1):
        _read_vitals(sheet, n)
    for n in range(1, DRUG_ROWS + 1):
        _read_drug(sheet, n)
    for n in range(1, NOTE_ROWS + 1):
        _read_note(sheet, n)
    _read_leaving(sheet)
    if sheet.wrong:
        raise Invalid(
            "Nothing was stored: some lines are not right.",
            what_to_do="Put them right and save the whole sheet again.",
            fields=sheet.wrong,
            code="paper",
        )
    if not sheet.rows:
        raise Invalid("The sheet is empty.", fields={"vitals-1": "Enter at least one line."})
    return opened_at, in_order(sheet.rows)


def _read_checks(sheet: Sheet) -> None:
    answers = {name: sheet.text(f"check-{name}") for name, _ in checks_for(sheet.product)}
    by_name = sheet.text("second-by_name")
    if not any(answers.values()) and not by_name:
        return
    at = sheet.clock("checked", "checked") if sheet.text("checked") else sheet.opened_at
    for name, answer in answers.items():
        if answer in ("yes", "no"):
            sheet.add(f"check-{name}", "check", at, {"name": name, "ok": answer == "yes"})
    if by_name:
        body: dict[str, Any] = {"by_name": by_name, "agrees": True}
        for name in ("dose_mg", "volume_ml", "rate_ml_per_h"):
            value = sheet.number("second", f"second-{name}")
            if value is not None:
                body[name] = value
        sheet.add("second", "dose_check", at, body)


def _filled(sheet: Sheet, prefix: str, names: Sequence[str]) -> bool:
    return any(sheet.text(f"{prefix}-{name}") for name in names)


def _read_vitals(sheet: Sheet, n: int) -> None:
    key = f"vitals-{n}"
    if not _filled(sheet, key, ["time", "note", *VITALS]):
        return
    at = sheet.clock(key, f"{key}-time")
    body: dict[str, Any] = {}
    for name in VITALS:
        value = sheet.number(key, f"{key}-{name}")
        if value is not None:
            body[name] = int(value) if QUANTITIES[name].whole and value.is_integer() else value
    if sheet.text(f"{key}-note"):
        body["note"] = sheet.text(f"{key}-note")
    sheet.add(key, "observation", at, body)


def _read_drug(sheet: Sheet, n: int) -> None:
    key = f"drug-{n}"
    what = sheet.text(f"{key}-what")
    if not _filled(sheet, key, ["time", "what", "words", *DRUG]):
        return
    if what not in drug_choices(sheet.product):
        sheet.wrong[key] = "Choose what was done."
        return
    at = sheet.clock(key, f"{key}-time")
    amount, rate, pump = (sheet.number(key, f"{key}-{name}") for name in DRUG)
    words = sheet.text(f"{key}-words")
    kind, body = what, {}
    if what in ("infusion_start", "rate_change", "resume"):
        if rate is None and pump is not None and sheet.concentration_mg_ml:
            rate = round(pump * sheet.concentration_mg_ml, 2)
        body = {"rate_mg_per_h": rate, "rate_ml_per_h": pump, "reason": words}
        if what == "infusion_start":
            body["planned_mg"] = amount
    elif what in ("pause", "infusion_stop"):
        body = {"reason": words}
    elif what.startswith("device_"):
        mg = amount if amount is not None else float(PRODUCTS[sheet.product].device_mg or 0)
        kind, body = "device", {"number": int(what[-1]), "dose_mg": mg, "reason": words}
    elif what == "rescue_medicine":
        body = {"name": words, "dose_mg": amount}
    else:
        place = "body_site" if what == "injection" else "form"
        body = {"dose_mg": amount, place: words}
    sheet.add(key, kind, at, {k: v for k, v in body.items() if v not in (None, "")})


def _read_note(sheet: Sheet, n: int) -> None:
    key = f"notes-{n}"
    if _filled(sheet, key, ["time", "text"]):
        text = sheet.text(f"{key}-text")
        sheet.add(key, "note", sheet.clock(key, f"{key}-time"), {"text": text})


def _read_leaving(sheet: Sheet) -> None:
    answers: dict[str, Any] = {}
    for name, (_, choices) in LEAVING.items():
        value = sheet.text(f"leaving-{name}")
        if value in dict(choices):
            answers[name] = value == "yes" if choices is _YES_NO else value
    aldrete = sheet.number("leaving", "leaving-aldrete")
    if aldrete is not None:
        answers["aldrete"] = aldrete
    symptoms = sheet.text("leaving-symptoms")
    if symptoms:
        named = [one.strip() for one in symptoms.split(",") if one.strip()]
        answers["symptoms"] = [] if symptoms.casefold().strip(" .") in NO_SYMPTOMS else named
    reason = sheet.text("leaving-override_reason")
    ready_text, left_text = sheet.text("leaving-ready"), sheet.text("leaving-left")
    ready = sheet.clock("leaving", "leaving-ready") if ready_text else None
    left = sheet.clock("left", "leaving-left") if left_text else None
    if answers:
        at = ready or left
        if at is None and not (ready_text or left_text):
            sheet.wrong["leaving"] = "Enter when the person was ready, or when they left."
        sheet.add("leaving", "discharge_check", at, {"answers": answers})
    if ready is not None:
        sheet.add("ready", "ready", ready, {"override_reason": reason} if reason else {})
    if left is not None:
        body = {"escort": sheet.text("leaving-escort"), "override_reason": reason}
        sheet.add("left", "discharged", left, {k: v for k, v in body.items() if v})


def planned_minutes(protocol: Protocol, drug_min: float) -> list[int]:
    """Minutes from the start at which vital signs are due, for a blank sheet.

    By the protocol's schedule, as if each set were taken when due, until the person may leave.
    """
    start = datetime(2000, 1, 1, tzinfo=ZoneInfo("UTC"))
    ended = start + timedelta(minutes=drug_min)
    least = max(
        protocol.number("discharge.min_since_start_min"),
        drug_min + protocol.number("discharge.min_since_drug_end_min"),
    )
    until = start + timedelta(minutes=least)
    due, found = start, [0]
    while due < until and len(found) < VITALS_ROWS - 2:
        due = next_due(due, start, ended if due >= ended or drug_min == 0 else None, protocol)
        found.append(round((due - start).total_seconds() / 60))
    return found


def drug_minutes(product: str, sheet: Mapping[str, Any], protocol: Protocol) -> float:
    """How long the drug is given for: the infusion, or from the first device to the last."""
    if sheet.get("duration_min"):
        return float(sheet["duration_min"])
    devices = sheet.get("devices")
    if devices:
        return (int(devices) - 1) * protocol.number("dose.device_gap_min")
    return 0.0
