"""Filing what a bundle says: one act, the whole bundle or nothing of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

from evenkeel.clinic.people.actions.mark_deceased import mark_deceased
from evenkeel.clinic.people.actions.record_fact import record_facts
from evenkeel.clinic.people.actions.register_patient import register_patient
from evenkeel.clinic.people.fact_item import FactItem, checked_item
from evenkeel.clinic.people.models import Patient, Site
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid
from evenkeel.interop.fhir.reading import ImportReading, ReadFact, ReadPatient

#: Under this name a person's own key in the source is kept, so that the next import finds them.
SOURCE_SYSTEM: Final = "evenkeel:fhir-source"
#: Numbers that are not needed to treat a person are not taken over.
NOT_KEPT: Final = ("us-ssn", "passportnumber", "urn:oid:2.16.840.1.113883.4.3.")
_NUMBERS: Final = frozenset(
    {
        "weight_kg",
        "height_cm",
        "heart_rate_bpm",
        "spo2_percent",
        "respiratory_rate_per_min",
        "temperature_c",
        "bmi_kg_m2",
    }
)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, in plain data that a page or a command can show."""

    patient_id: str
    mrn: str
    is_new: bool
    deceased: bool
    added: int
    replaced: int
    unchanged: int
    set_aside: list[dict[str, str]] = field(default_factory=list)
    not_used: dict[str, int] = field(default_factory=dict)
    entered_in_error: int = 0
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON-safe data."""
        return asdict(self)


@action("fhir.import", permission="people.import")
def import_bundle(
    act: Act, reading: ImportReading, *, site_id: Any, confirm_duplicate: bool = False
) -> ImportReport:
    """File the person and the facts of ``reading`` at a site.

    A person imported before is found by the source's own key; then only what is new or changed is
    written. Raises ``Invalid`` where the bundle gives no full birth date or no name, and
    ``Conflict`` (code ``duplicate``) where somebody of that name and birth date is registered who
    did not come from this source. Nothing is stored then.
    """
    site = act.open(Site, site_id)
    patient, is_new = _find_or_register(act, reading.patient, site, confirm_duplicate)
    act.patient_id, act.subject = patient.pk, f"patient:{patient.pk}"
    if reading.patient.deceased and not patient.deceased:
        patient = mark_deceased(
            act.ctx,
            patient_id=patient.pk,
            deceased_at=reading.patient.deceased_at,
            reason=f"stated by {reading.patient.origin}",
        )
    set_aside = [{"origin": aside.origin, "why": aside.reason} for aside in reading.set_aside]
    items = []
    for fact in reading.facts:
        try:
            items.append(checked_item(_item(fact), now=act.now, born=patient.birth_date))
        except Invalid as error:
            set_aside.append({"origin": fact.origin, "why": error.message})
    recorded = record_facts(act.ctx, patient_id=patient.pk, items=items)
    return ImportReport(
        patient_id=str(patient.pk),
        mrn=patient.mrn,
        is_new=is_new,
        deceased=patient.deceased,
        added=recorded.added,
        replaced=recorded.replaced,
        unchanged=recorded.unchanged,
        set_aside=set_aside,
        not_used=dict(reading.not_used),
        entered_in_error=sum(reading.entered_in_error.values()),
        notes=list(reading.notes),
    )


def _find_or_register(
    act: Act, read: ReadPatient, site: Site, confirm_duplicate: bool
) -> tuple[Patient, bool]:
    # a file exported twice names the person alike; the text of the stored list is searched first,
    # since neither database need index it, and the match is then made exactly
    own = {"system": SOURCE_SYSTEM, "value": read.source_key}
    near = Patient.objects.filter(site=site, identifiers__icontains=read.source_key)
    for known in near:
        if own in known.identifiers:
            return known, False
    if read.birth_date is None:
        raise Invalid(
            "The bundle does not give a full date of birth.",
            what_to_do="Register the person by hand, or complete the file.",
        )
    identifiers = [own]
    identifiers += [
        {"system": i.system, "value": i.value}
        for i in read.identifiers
        if not any(mark in i.system.lower() for mark in NOT_KEPT)
    ]
    patient = register_patient(
        act.ctx,
        site_id=site.pk,
        confirm_duplicate=confirm_duplicate,
        identifiers=identifiers,
        origin=read.origin[:120],
        given_name=read.given_name,
        family_name=read.family_name,
        birth_date=read.birth_date,
        sex=read.sex,
        phone=read.phone or "",
        email=read.email or "",
        address="\n".join(read.address_lines),
    )
    return patient, True


def _item(fact: ReadFact) -> FactItem:
    """One fact of the bundle as it is stored here; weights and pressures to one decimal."""
    value: Any = dict(fact.value)
    key, state = str(fact.kind), "known"
    if fact.kind == "no_known_allergy":
        key, state, value = "allergy", "absent", None
    elif fact.kind == "phq9_total":
        key, value = "scores", {"phq9": fact.value["phq9_total"]}
    elif fact.kind == "blood_pressure":
        value = {name: _rounded(fact.value.get(name), 0) for name in ("sbp_mmhg", "dbp_mmhg")}
    elif fact.kind in _NUMBERS:
        value = _rounded(fact.value[fact.kind], 1)
    return FactItem(key, value, state, fact.effective_at, fact.origin, fact.status, fact.source_key)


def _rounded(value: Any, decimals: int) -> Any:
    if value is None:
        return None
    number = round(float(value), decimals)
    return int(number) if decimals == 0 else number
