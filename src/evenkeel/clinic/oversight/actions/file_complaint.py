"""A complaint is filed: by a person from their pages, by anybody at the public page, or by staff.

The audit names the box and not the person where a person files it: who wrote it stands in the
complaint alone, which the team that treats them cannot open.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Max

from evenkeel.clinic.oversight.complaints import READERS, new_code, readers_for
from evenkeel.clinic.oversight.models import Complaint
from evenkeel.clinic.oversight.terms import complaint_terms, end_of_day_after
from evenkeel.clinic.people.models import Patient, Site
from evenkeel.clinic.record.act import Act, Context, action, system_actor
from evenkeel.clinic.record.clock import Clock, system_clock
from evenkeel.clinic.record.errors import Invalid, Refused

LONGEST: Final = 6000
BOX: Final = "complaints box"
_SHORT: Final = {"from_name": 120, "from_contact": 200, "happened": 120}


def box_context(clock: Clock | None = None) -> Context:
    """Who acts where a person drops a complaint in the box."""
    return Context(system_actor(BOX), clock or system_clock(), via="box")


@action("complaint.file", permission="complaint.file")
def file_complaint(
    act: Act,
    *,
    site_id: Any,
    via: str,
    said: Mapping[str, Any],
    patient_id: Any = None,
    form_id: str = "",
) -> tuple[Complaint, str]:
    """File a complaint; returns it with the code by which its answer can be read.

    ``said``: ``text``, and where given ``wish``, ``happened``, ``about``, ``readers`` (roles),
    ``anonymous``, ``from_name``, ``from_contact``. ``patient_id`` is whose pages it came from, and
    is not kept where it is anonymous; ``form_id`` is the id of the posted form. Raises ``Invalid``
    by field; ``Refused`` (``nobody``) where nobody here may read it, so that it must go outside.
    """
    site = act.open(Site, site_id)
    row = _read(said, via)
    row.recipients = readers_for(site.pk, row.about, said.get("readers") or ())
    if not row.recipients:
        raise Refused(
            "Nobody here may read this complaint: it is about those who would.",
            what_to_do="Please go to one of the places outside that are named on this page.",
            code="nobody",
        )
    if patient_id is not None and not row.anonymous:
        patient = Patient.objects.filter(pk=patient_id, site=site).first()
        row.subject_patient = patient
        row.from_name = row.from_name or (patient.name if patient else "")
    if via == "staff":
        row.written_by = act.actor.name
    code, row.code_hash = new_code(form_id)
    terms = complaint_terms(site.jurisdiction)
    newest = Complaint.objects.filter(site=site).aggregate(n=Max("number"))["n"]
    row.site, row.via, row.number, row.received_at = site, via, (newest or 0) + 1, act.now
    row.acknowledge_by = end_of_day_after(
        act.now, terms.acknowledge_days, site.timezone, working=terms.acknowledge_working
    )
    row.answer_by = end_of_day_after(
        act.now, terms.answer_days, site.timezone, working=terms.answer_working
    )
    act.subject = f"complaint:{row.pk}"
    return act.write(row), code


def _read(said: Mapping[str, Any], via: str) -> Complaint:
    wrong: dict[str, str] = {}
    found: dict[str, str] = {}
    for name in ("text", "wish"):
        found[name] = str(said.get(name) or "").strip()
        if len(found[name]) > LONGEST or "\x00" in found[name]:
            wrong[name] = f"At most {LONGEST} letters."
    if not found["text"]:
        wrong["text"] = "Tell us what happened."
    anonymous = bool(said.get("anonymous"))
    for name, longest in _SHORT.items():
        found[name] = str(said.get(name) or "").strip()
        if len(found[name]) > longest or "\x00" in found[name]:
            wrong[name] = f"At most {longest} letters."
    about = said.get("about") or "unsaid"
    if about not in dict(Complaint.ABOUT):
        wrong["about"] = "Choose one of the list."
    if any(role not in READERS for role in said.get("readers") or ()):
        wrong["readers"] = "Choose from the list."
    if via not in dict(Complaint.VIA):
        wrong["text"] = "This did not come by a way we know."
    if wrong:
        raise Invalid("Please look at this again.", fields=wrong)
    if anonymous:
        found["from_name"] = found["from_contact"] = ""
    return Complaint(about=about, anonymous=anonymous, **found)
