"""What is seen and asked before a person goes home: mind, walking, complaints, the way home."""

from __future__ import annotations

from .departure import DischargeFacts
from .discharge_item import DischargeItem, Said, is_late, item, label_source
from .leaving_symptoms import complaint_source, sort_complaints
from .pack import Protocol
from .sources import CLINIC_POLICY, SOURCED, cite


def dissociation(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    """Judge whether dissociation is gone; long past the minimum time it needs a clinician."""
    said = Said(
        "Dissociation is gone.",
        "Still dissociated.",
        "Dissociation has not been asked about.",
    )
    return item(
        "dissociation",
        "Dissociation",
        facts.dissociation_resolved,
        said,
        label_source(protocol, "rems"),
        asks=("dissociation_resolved",),
        escalate=is_late(facts, protocol),
    )


def orientation(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    """Judge orientation; long past the minimum time its lack needs a clinician."""
    said = Said("Oriented.", "Not oriented.", "Orientation has not been asked about.")
    return item(
        "orientation",
        "Orientation",
        facts.oriented,
        said,
        cite("ambulatory", SOURCED),
        asks=("oriented",),
        escalate=is_late(facts, protocol),
    )


def gait(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    """Judge walking: alone and steady."""
    said = Said("Walks alone.", "Does not walk steadily alone.", "Walking has not been looked at.")
    met = None if facts.gait is None else facts.gait == "independent"
    source = cite("ambulatory", SOURCED)
    late = is_late(facts, protocol)
    return item("gait", "Walking", met, said, source, asks=("gait",), escalate=late)


def symptoms(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    """Judge complaints: few may go home, the grave need a clinician, an unlisted one is read."""
    label = "Symptoms"
    if facts.symptoms is None:
        said = Said("", "", "Symptoms have not been asked about.")
        source = cite("ambulatory", SOURCED)
        return item("symptoms", label, None, said, source, asks=("symptoms",))
    found = sort_complaints(facts.symptoms)
    grave = (*found.suicidal, *found.emergency)
    named = ", ".join((*grave, *found.holding))
    met_text = "No symptom."
    if found.tolerated:
        met_text = f"Only what may go home: {', '.join(found.tolerated)}."
    said = Said(met_text, f"Still present: {named}.", "")
    source = cite("ambulatory", SOURCED)
    if found.tolerated and not named:
        source = complaint_source("tolerated")
    elif grave:
        source = complaint_source("suicidal" if found.suicidal else "emergency")
    return item("symptoms", label, not named, said, source, escalate=bool(grave))


def suicide_risk(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    """Judge intent to act on suicidal thoughts: it never only waits."""
    intent = facts.cssrs_intent
    said = Said(
        "No suicidal intent.",
        "Suicidal intent: a clinician must see the person now.",
        "Suicidal intent has not been asked about.",
    )
    met = None if intent is None else not intent
    source = cite("clinic", CLINIC_POLICY)
    return item(
        "suicide_risk", "Suicide risk", met, said, source, asks=("cssrs_intent",), escalate=True
    )


def escort(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    """Judge whether somebody is here to take the person home."""
    said = Said(
        "Someone is here to take the person home.",
        "Nobody is here to take the person home.",
        "Whether someone takes the person home is not known.",
    )
    source = label_source(protocol, "us_label")
    return item("escort", "Escort", facts.escort_present, said, source, asks=("escort_present",))


def driving(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    """Judge plans to drive; alone, or insisting on leaving, the person sees a clinician first."""
    said = Said(
        "Will not drive before tomorrow.",
        "Plans to drive: not before tomorrow, after restful sleep.",
        "Whether the person plans to drive is not known.",
    )
    met = None if facts.plans_to_drive is None else not facts.plans_to_drive
    alone = facts.escort_present is False or facts.insists_on_leaving is True
    source = label_source(protocol, "us_label")
    return item("driving", "Driving", met, said, source, asks=("plans_to_drive",), escalate=alone)


def instructions(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    """Judge whether written instructions and an emergency number were given."""
    said = Said(
        "Written instructions and an emergency number were given.",
        "Give written instructions and an emergency number.",
        "Whether instructions were given is not known.",
    )
    source = cite("rcem", SOURCED)
    return item(
        "instructions",
        "Instructions",
        facts.instructions_given,
        said,
        source,
        asks=("instructions_given",),
    )
