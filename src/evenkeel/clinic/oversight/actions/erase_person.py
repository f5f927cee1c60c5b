"""A lawful erasure: asked for by the medical director, carried out by a second person.

Payloads and their salts go, so that no digest can be guessed back; the rows are blanked by this
act, with new digests; chain and tree stay whole, and every later check names this entry.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db.models import Q, QuerySet

from evenkeel.clinic.oversight.erasing import blank, rows_about, tables_about_persons
from evenkeel.clinic.oversight.models import ErasureRequest
from evenkeel.clinic.oversight.retention.keeping import may_erase
from evenkeel.clinic.people.models import Account, Invitation, Patient
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.chain import state_digest
from evenkeel.clinic.record.check_chain import Erasures
from evenkeel.clinic.record.erased import ERASE, erased_entry, erasures
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.record.models import (
    Appended,
    ChainEntry,
    ChainPayload,
    IdempotentReply,
    Version,
)
from evenkeel.clinic.record.states import object_id
from evenkeel.clinic.record.tables import DERIVED, labels
from evenkeel.clinic.record.two_persons import refuse_same

#: Entries about an erasure itself: they say by which law, and stay.
OWN = ("erasure.ask", "erasure.withdraw", ERASE)
#: For each entry to erase, the rows in it that are the person's.
Places = dict[int, set[tuple[str, str]]]
_AT_ONCE = 500
_OPEN_NOW = "Something of this person is still open"


@action("erasure.ask", permission="record.erase")
def ask_erasure(
    act: Act, *, patient_id: Any, basis: str, reason: str, law: str = "", confirmed_by: str = ""
) -> ErasureRequest:
    """Ask for the erasure of a person's record; nothing is erased yet.

    Raises ``Invalid`` where basis, reason or the law is missing, ``Refused`` while something is
    open, or where one was asked for already.
    """
    patient = act.open(Patient, patient_id, "site")
    if basis not in dict(ErasureRequest.BASES):
        raise Invalid("By what right?", fields={"basis": "Choose the legal basis."})
    if not reason.strip():
        raise Invalid("Say why.", fields={"reason": "Write the reason, without the name."})
    if ErasureRequest.objects.filter(patient=patient, state="open").exists():
        raise Refused("It was asked for already.", what_to_do="Ask the second person.")
    kept = keep_reasons(act, patient)
    if basis == "period_over" and any(one.until is not None for one in kept):
        raise Invalid(
            "A period for which the record must be kept still runs.",
            fields={"basis": "The period is not over. Choose another basis, or wait."},
        )
    if kept and not law.strip():
        raise Invalid(
            "The record must still be kept, unless a law or an order says otherwise.",
            fields={"law": "Name the law or the order, with its number."},
        )
    act.reason = reason.strip()
    return act.write(
        ErasureRequest(
            site=patient.site,
            patient=patient,
            basis=basis,
            law=law.strip()[:300],
            reason=reason.strip(),
            asked_by=signer(act),
            asked_at=act.now,
            asked_confirmed=confirmed_by[:40],
            kept_for=[one.words for one in kept],
        )
    )


def keep_reasons(act: Act, patient: Patient) -> list[Any]:
    """The periods that still run. Raises ``Refused`` where something of the person is open."""
    kept = may_erase(patient, act.now.astimezone(ZoneInfo(patient.site.timezone)).date())
    still = [one.words for one in kept if one.until is None]
    if still:
        raise Refused(f"{_OPEN_NOW}: {' '.join(still)}", what_to_do="Settle it first.")
    return kept


@action("erasure.withdraw", permission="record.erase_second")
def withdraw_erasure(act: Act, *, request_id: Any) -> ErasureRequest:
    """Drop a request before it is carried out."""
    row = act.open(ErasureRequest, request_id)
    if row.state != "open":
        raise Refused("It is not open any more.")
    row.state, row.second, row.decided_at = "withdrawn", signer(act), act.now
    return act.write(row)


@action(ERASE, permission="record.erase_second")
def erase_person(act: Act, *, request_id: Any, confirmed_by: str = "") -> ErasureRequest:
    """Carry it out, as the second person. Nothing brings it back.

    Raises ``Invalid`` for who asked for it, ``Refused`` where it is not open or something of the
    person was opened meanwhile.
    """
    request = act.open(ErasureRequest, request_id, "patient", "patient__site")
    refuse_same(ERASE, act.actor.id, request.asked_by_id)
    if request.state != "open":
        raise Refused("It is not open any more.")
    patient = request.patient
    keep_reasons(act, patient)
    act.reason = request.reason
    account = Account.objects.filter(patient=patient).first()
    gone = _places(patient, account)
    digests = _blank_rows(act, patient)
    if account is not None:
        _close(account)
    _forget_derived(patient)
    act.note(erased=_erase_payloads(gone, digests, account), request=request.pk)
    request.state, request.second, request.decided_at = "done", signer(act), act.now
    request.second_confirmed = confirmed_by[:40]
    request.payloads, request.rows = len(gone), len(act.effects)
    return act.write(request)


def _places(patient: Patient, account: Account | None) -> Places:
    """For each entry to erase, the rows in it that are this person's."""
    found: Places = defaultdict(set)
    owned: list[tuple[str, uuid.UUID]] = []
    for about in tables_about_persons():
        label = about.model._meta.label_lower
        rows = rows_about(about, patient.pk)
        if issubclass(about.model, Appended):
            for key, position in rows.values_list("pk", "position"):
                found[position].add((label, str(key)))
        else:
            owned += [(label, key) for key in rows.values_list("pk", flat=True)]
    if account is not None:
        owned.append(("people.account", account.pk))
        factors = Authenticator.objects.filter(user=account)
        keys = factors.values_list("pk", flat=True)
        owned += [("mfa.authenticator", object_id(key)) for key in keys]
        owned += [
            ("people.invitation", key)
            for key in Invitation.objects.filter(account=account).values_list("pk", flat=True)
        ]
    for label, key in owned:
        for position in Version.objects.filter(kind=label, object_id=key).values_list(
            "position", flat=True
        ):
            found[position].add((label, str(key)))
    who = Q(patient_id=patient.pk)
    if account is not None:
        who |= Q(actor_id=str(account.pk))
    for position in ChainEntry.objects.filter(who).values_list("position", flat=True):
        found[position]
    own = ChainEntry.objects.filter(action__in=OWN, position__in=list(found))
    for position in own.values_list("position", flat=True):
        del found[position]
    return dict(found)


def _blank_rows(act: Act, patient: Patient) -> dict[tuple[str, str], str]:
    """Blank every row; returns the new digests of those that are written once."""
    digests = {}
    for about in tables_about_persons():
        label = about.model._meta.label_lower
        for row in rows_about(about, patient.pk):
            blank(row)
            if isinstance(row, Appended):
                names = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}
                del names["id"]
                QuerySet(about.model).filter(pk=row.pk).update(**names)
                fresh = QuerySet(about.model).get(pk=row.pk)
                digests[label, str(row.pk)] = state_digest(fresh)
            else:
                act.write(row, erasing=True)
    return digests


def _close(account: Account) -> None:
    """The person's own sign-in goes with the record."""
    IdempotentReply.objects.filter(actor_id=str(account.pk)).delete()
    EmailAddress.objects.filter(user=account).delete()
    apps.get_model("axes.accessattempt").objects.filter(username=account.email).delete()
    account.authenticator_set.all().delete()
    account.email = f"{uuid.uuid4().hex}@erased.invalid"
    account.full_name, account.credentials, account.pin_hash = "Erased person", "", ""
    account.is_active = False
    account.sign_in_epoch += 1
    account.set_unusable_password()
    account.save()


def _forget_derived(patient: Patient) -> None:
    """Rows that follow from the record and say as much about the person as it did."""
    for label in labels(DERIVED):
        model = apps.get_model(label)
        names = {field.name for field in model._meta.concrete_fields}
        if "patient" in names:
            model._default_manager.filter(patient=patient).delete()
        elif "session" in names:
            model._default_manager.filter(session__patient=patient).delete()


def _erase_payloads(
    gone: Places, digests: dict[tuple[str, str], str], account: Account | None
) -> list[dict[str, Any]]:
    """Empty the payloads and the words of their entries; returns what is left of each."""
    places, before, left = sorted(gone), erasures(), []
    for start in range(0, len(places), _AT_ONCE):
        some = places[start : start + _AT_ONCE]
        entries = ChainEntry.objects.filter(position__in=some)
        bodies = ChainPayload.objects.filter(position__in=some)
        effects = {p: _effects(body) for p, body in bodies.values_list("position", "body")}
        entries.update(reason="", payload_digest="")
        if account is not None:
            entries.filter(actor_id=str(account.pk)).update(actor_name="Erased person")
        for entry in entries.order_by("position"):
            position = entry.position
            said = effects[position] or _left_before(before, position)
            kept = [_left(one, gone[position], digests) for one in said]
            left.append({"position": position, "left": kept, "entry": erased_entry(entry)})
        bodies.update(salt="", body="")
        rows = {row for position in some for row in gone[position]}
        for kind in {kind for kind, _ in rows}:
            keys = [key for one, key in rows if one == kind]
            Version.objects.filter(kind=kind, object_id__in=keys, position__in=some).update(
                digest=""
            )
    return left


def _effects(body: str) -> list[dict[str, Any]]:
    return json.loads(body)["effects"] if body else []


def _left_before(before: Erasures, position: int) -> list[dict[str, Any]]:
    """What an earlier erasure, of somebody else, left of an entry."""
    return [
        {"kind": kind, "id": key, "digest": said} | ({"version": version} if version else {})
        for (kind, key, version), said in before.left.get(position, {}).items()
    ]


def _left(
    effect: dict[str, Any], rows: set[tuple[str, str]], digests: dict[tuple[str, str], str]
) -> dict[str, Any]:
    """An effect as the erasing entry vouches for it: of others whole, of this person its bones."""
    name = (effect["kind"], str(effect["id"]))
    if name not in rows:
        return effect
    bones = {key: effect[key] for key in ("kind", "id", "version") if key in effect}
    return bones | {"digest": "" if "version" in effect else digests[name]}
