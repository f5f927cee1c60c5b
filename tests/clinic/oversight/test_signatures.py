"""Whatever is signed says by whom, when and meaning what in every copy, and stays what it was."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.test import Client
from django.urls import reverse

import evenkeel.clinic
from evenkeel.cli import signatures as command
from evenkeel.clinic.course.actions import agree_touch, publish_document
from evenkeel.clinic.outcome.actions import close_signal, record_watch
from evenkeel.clinic.outcome.models import SpacingDecision
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import RecordError, Refused
from evenkeel.clinic.record.models import Appended, ChainPayload, Record
from evenkeel.clinic.record.signed import (
    check_signature,
    content_hash,
    is_signed,
    signature_of,
    signed_models,
)
from evenkeel.clinic.record.verify import verify
from evenkeel.clinic.session.events import KINDS
from evenkeel.clinic.session.models import SessionEvent
from evenkeel.clinic.session.signed_events import MEANINGS, meaning_of_event
from evenkeel.interop.fhir.own_bundle import own_bundle, own_record_of
from evenkeel.web.wording import zoned_text
from tests.clinic.oversight.signed_world import SignedWorld, build
from tests.clinic_factory import Clinic, sign_in
from tests.kept import kept

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("page_clock")]

CLINIC = Path(evenkeel.clinic.__path__[0])
#: Columns that name an account or sound like a signature, and why they are none.
NO_SIGNATURE: dict[str, str] = {
    "course.course.prescriber": "who treats",
    "course.course.therapist": "who treats",
    "course.decisiontalk.talked_with": "a talk that is written down, not signed",
    "people.membership.account": "who holds the role",
    "people.invitation.account": "who was invited",
    "people.invitation.invited_by": "who invited",
    "people.patient.deceased_recorded_by": "an entry under its author's name",
    "programs.courseprogram.chosen_by": "a choice under its author's name; the program is signed",
    "programs.courseprogram.ended_by": "a choice under its author's name",
    "programs.programversion.author": "of the draft",
    "programs.programversion.edited_by": "of the draft",
    "protocols.protocolversion.author": "of the draft",
    "protocols.protocolversion.edited_by": "of the draft",
    "protocols.protocolversion.retired_by": "takes a signed version out of force; told beside it",
    "session.appointment.nurse": "who is to come",
    "session.appointment.therapist": "who is to come",
    "session.session.nurse": "who watches",
    "session.session.second": "who is called",
    "session.sessionevent.actor_name": "the author; some kinds are signed",
    "outcome.safetysignal.taken_by": "who sees to it, until it is closed and signed",
    "outcome.signalcall.names": "who was called",
    "outcome.teamquestion.answered_by": "an answer under its author's name",
    "therapy.setpart.discussed_by": "an entry under its author's name",
    "therapy.talk.held_by": "a note under its author's name; corrected by versions, each kept",
    "therapy.sidetherapy.noted_by": "an entry under its author's name",
    "therapy.wallednote.author": "the author's own",
    "therapy.walledreader.reader": "who may read",
    "oversight.qualitynote.noted_by": "an entry under its author's name",
    "oversight.qualitynote.struck_by": "an entry under its author's name",
}
#: The same for whole rooms and kinds.
NO_SIGNATURE_OF = {
    "people.credential": "whose it is, and who saw the paper",
    "people.emergencyaccess": "an opened record, confirmed with the second factor and reviewed",
    "people.duty": "who is on duty",
    "groups.therapygroup": "who opened and closed a group; what is signed is each one's consent",
    "groups.grouptherapist": "who leads a group",
    "groups.groupmember": "who took somebody in; it rests on their signed consent",
    "groups.groupvisit": "a note under its author's name; corrected by versions, each kept",
    "groups.groupsetting": "said under its author's name; each session has its own event of it",
    "stock.": "lines under the names of who did it and who saw it, each written once",
    "oversight.erasurerequest": "two people's requests under their names; the act is on the chain",
    "oversight.privacyrequest": "answered under its author's name",
    "oversight.rems": "signed on the programme's own form, outside; here stands that it was",
    "oversight.incident": "reviewed again whenever its account changes; each review is a version",
    "oversight.report": "sent outside; the document's own hash stands with the proof",
    "oversight.complaint": "answered under its author's name",
}
_SOUNDS = ("signed", "meaning", "confirmed_by", "witness")


@pytest.fixture
def world(clinic: Clinic) -> SignedWorld:
    return kept("signed world", clinic.clock, lambda: build(clinic), clinic)


def kinds() -> dict[str, Any]:
    return {model._meta.label_lower: kind for model, kind in signed_models()}


def test_nothing_that_is_signed_is_missing_from_the_table() -> None:
    """Each column that holds who stands for something belongs to a signed kind, or says why not."""
    known = kinds()
    unknown = []
    for model in apps.get_models():
        if not issubclass(model, Record | Appended):
            continue
        label = model._meta.label_lower
        kind = known.get(label)
        for column in model._meta.concrete_fields:
            to_account = isinstance(column, models.ForeignKey) and column.related_model is Account
            if not to_account and not column.name.startswith(_SOUNDS):
                continue
            name = f"{label}.{column.name}"
            of_kind = kind is not None and column.name in (
                *(kind.by, kind.at, kind.meaning, kind.role, kind.witness, kind.confirmed),
            )
            if of_kind or name in NO_SIGNATURE or label.startswith(tuple(NO_SIGNATURE_OF)):
                continue
            unknown.append(name)
    assert not unknown, "signed, or not? add signed_kind to the model, or the reason here"


def test_every_kind_says_what_a_signature_needs() -> None:
    for label, kind in kinds().items():
        model = apps.get_model(label)
        columns = {field.name for field in model._meta.get_fields()}
        assert {kind.by, kind.at} <= columns, label
        assert kind.says_of or kind.says or kind.meaning in columns, label
        assert kind.still <= {field.attname for field in model._meta.concrete_fields}, label
    assert set(MEANINGS) < set(KINDS)


#: Where somebody signs by a press, and the words that stand beside it.
FORMS: dict[str, str] = {
    "course/templates/course/touch.html": agree_touch.MEANING,
    "course/templates/course/consent_documents.html": publish_document.MEANING,
    "outcome/templates/outcome/safety_signal.html": close_signal.MEANING,
    "outcome/templates/outcome/long_term.html": record_watch.REVIEWED,
    "outcome/templates/outcome/coming_back.html": SpacingDecision.signed_kind.says.removesuffix(
        "."
    ),
    "oversight/templates/oversight/forecast_choose.html": (
        "I have seen how the forecast does here and decide"
    ),
}


@pytest.mark.parametrize("template", sorted(FORMS))
def test_who_signs_reads_beforehand_what_it_says(template: str) -> None:
    """The others show it as the words of a box to tick, or above the button."""
    text = (CLINIC / template).read_text()
    assert FORMS[template] in text


def test_every_kind_is_signed_once_here(world: SignedWorld) -> None:
    assert set(world.rows) == set(kinds()) == set(world.pages())
    for label, row in world.rows.items():
        assert is_signed(row), label
        found = signature_of(row)
        assert found is not None
        assert found.name, label
        assert found.meaning.endswith("."), label
        assert check_signature(row).holds, label


@pytest.mark.parametrize("label", sorted(kinds()))
def test_every_copy_shows_name_time_zone_meaning_and_hash(
    label: str, world: SignedWorld, clinic: Clinic
) -> None:
    found = signature_of(world.rows[label])
    assert found is not None
    director = sign_in(Client(), clinic.staff["medical_director"])
    patient = sign_in(Client(), account_of(clinic, world))
    for address in world.pages()[label]:
        answer = (patient if address.startswith("/own") else director).get(address)
        assert answer.status_code == 200, address
        text = unescape(answer.content.decode())
        assert found.name in text, address
        assert found.meaning in text, address
        assert zoned_text(found.at) in text, address
        assert found.hash in text, address
        assert "UTC" in zoned_text(found.at)


def account_of(clinic: Clinic, world: SignedWorld) -> Account:
    clinic.patient_context(world.stage.case.patient)
    return Account.objects.get(patient=world.stage.case.patient)


@pytest.mark.parametrize("label", sorted(kinds()))
def test_what_is_signed_is_locked(label: str, world: SignedWorld, clinic: Clinic) -> None:
    row = world.rows[label]
    fresh = type(row)._default_manager.get(pk=row.pk)
    if isinstance(fresh, Appended):
        with pytest.raises(RecordError):
            fresh.save()
        return
    kind = kinds()[label]
    setattr(fresh, kind.at, clinic.clock.now().replace(year=2020))
    with pytest.raises(Refused) as refused:
        rewrite(everybody(clinic), row=fresh)
    assert refused.value.code == "signed"
    assert check_signature(type(row)._default_manager.get(pk=row.pk)).holds


@action("test.rewrite_signed", permission="plan.sign")
def rewrite(act: Act, *, row: Any) -> None:
    act.write(row)


def everybody(clinic: Clinic) -> Any:
    return clinic.as_("prescriber")


def test_a_signed_plan_cannot_be_made_a_draft_again(world: SignedWorld, clinic: Clinic) -> None:
    plan = type(world.rows["course.plan"]).objects.get(pk=world.rows["course.plan"].pk)
    plan.state = "draft"
    with pytest.raises(Refused):
        rewrite(everybody(clinic), row=plan)
    plan.state = "replaced"  # what became of it may be told
    rewrite(everybody(clinic), row=plan)
    assert check_signature(plan).holds


def tamper(row: models.Model, column: str, value: str) -> None:
    """Change a stored row behind the program's back."""
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(row._meta.db_table)
        key = row.pk.hex if connection.vendor == "sqlite" else str(row.pk)
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [value, key])


@pytest.mark.parametrize(
    ("label", "column", "value"),
    [
        ("course.plan", "note", "Twice as much"),
        ("course.consent", "signed_name", "Somebody Else"),
        ("course.screening", "meaning", "I decide otherwise."),
        ("session.sessionevent", "actor_name", "Somebody Else"),
    ],
)
def test_a_change_behind_the_program_is_seen(
    label: str, column: str, value: str, world: SignedWorld, clinic: Clinic, capsys: Any
) -> None:
    row = world.rows[label]
    tamper(row, column, value)
    changed = type(row)._default_manager.get(pk=row.pk)
    assert not check_signature(changed).holds
    client = sign_in(Client(), clinic.staff["auditor"])
    page = client.get(reverse("signature_check", args=[label, row.pk])).content.decode()
    assert "What stands is what was signed" not in page
    assert not verify().whole
    if label != "session.sessionevent":
        assert check_signature(changed).changed == (column,)
        assert command.run(None) == 1  # type: ignore[arg-type]
        assert "do NOT hold" in capsys.readouterr().out


def test_the_command_counts_every_signature(world: SignedWorld, capsys: Any) -> None:
    assert command.run(None) == 0  # type: ignore[arg-type]
    said = capsys.readouterr().out
    assert "all hold." in said
    for kind in kinds().values():
        assert kind.name in said


def test_what_was_erased_cannot_be_checked_and_says_so(world: SignedWorld, clinic: Clinic) -> None:
    row = world.rows["course.consent"]
    position = check_signature(row).position
    ChainPayload.objects.filter(position=position).update(body="", salt="")
    check = check_signature(row)
    assert (check.signed_hash, check.holds) == ("", False)
    client = sign_in(Client(), clinic.staff["auditor"])
    page = client.get(reverse("signature_check", args=["course.consent", row.pk])).content.decode()
    assert "What was kept at signing is not there any more" in page


@pytest.mark.parametrize(
    ("role", "label", "status"),
    [
        ("auditor", "course.plan", 200),
        ("pharmacist", "course.plan", 200),
        ("pharmacist", "course.consent", 403),
        ("front_desk", "course.plan", 403),
        ("prescriber_elsewhere", "course.plan", 404),
        ("prescriber_elsewhere", "session.sessionevent", 404),
        ("auditor", "course.course", 404),
        ("auditor", "nothing", 404),
    ],
)
def test_who_may_check_what(
    role: str, label: str, status: int, world: SignedWorld, clinic: Clinic
) -> None:
    row = world.rows.get(label, world.rows["course.plan"])
    client = sign_in(Client(), clinic.staff[role])
    assert client.get(reverse("signature_check", args=[label, row.pk])).status_code == status


def test_acts_of_a_machine_are_signed_by_nobody() -> None:
    event = SessionEvent(kind="ready", via="watcher", body={})
    assert meaning_of_event(event) == ""
    said = SessionEvent(kind="dose_check", via="screen", body={"agrees": False})
    assert "does not agree" in meaning_of_event(said)
    left = SessionEvent(kind="discharged", via="screen", body={"early": {"said": "a train"}})
    assert "before they were ready" in meaning_of_event(left)
    assert meaning_of_event(SessionEvent(kind="note", via="screen", body={})) == ""


def test_a_person_takes_the_signature_along(world: SignedWorld, clinic: Clinic) -> None:
    """In the FHIR copy: a Provenance with signer, time, meaning and hash."""
    bundle = own_bundle(own_record_of(world.stage.case.patient), clinic.clock.now())
    found = [
        entry["resource"]
        for entry in json.loads(json.dumps(bundle))["entry"]
        if entry["resource"]["resourceType"] == "Provenance"
    ]
    consent = signature_of(world.rows["course.consent"])
    group = signature_of(world.rows["groups.groupconsent"])
    assert consent is not None
    assert group is not None
    meanings = [one["reason"][0]["text"] for one in found]
    assert meanings == [consent.meaning, group.meaning]
    assert found[0]["signature"][0]["who"]["display"] == consent.name
    assert found[0]["entity"][0]["what"]["identifier"]["value"] == content_hash(
        world.rows["course.consent"]
    )
