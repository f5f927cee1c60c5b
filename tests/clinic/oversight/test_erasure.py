"""A lawful erasure: nothing of the person is left, and the record is whole all the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import QuerySet
from django.test import Client

from evenkeel.clinic.oversight.actions import erase_person as erasing_acts
from evenkeel.clinic.oversight.actions.erase_person import (
    ask_erasure,
    erase_person,
    withdraw_erasure,
)
from evenkeel.clinic.oversight.erasing import (
    KEPT,
    STAYS,
    blanked_columns,
    is_erased,
    tables_about_persons,
)
from evenkeel.clinic.oversight.models import ErasureRequest
from evenkeel.clinic.people.actions.register_patient import edit_patient
from evenkeel.clinic.people.models import Account, Patient
from evenkeel.clinic.record import audit_key, installation
from evenkeel.clinic.record.act import Context, system_actor
from evenkeel.clinic.record.clock import FixedClock
from evenkeel.clinic.record.errors import Forbidden, Invalid, Refused
from evenkeel.clinic.record.exporting import Exporter
from evenkeel.clinic.record.models import ChainEntry, ChainPayload, Version
from evenkeel.clinic.record.tables import CHAINED, labels
from evenkeel.clinic.record.verify import verify
from tests.clinic.record.filling import fill_every_table
from tests.clinic_factory import Clinic, build_clinic, sign_in
from tests.conftest import START
from tests.security.world import World, build_world

pytestmark = pytest.mark.django_db
#: Words of the person that must not be found anywhere once they are erased.
GIVEN, FAMILY = "Zephyrine", "Quillfeather"


@pytest.fixture(scope="module")
def built(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A clinic with rows in every table, made once for this file."""
    home = tmp_path_factory.mktemp("erasure")
    before = settings.AUDIT_KEYS_PATH, settings.HEADS_PATH
    settings.AUDIT_KEYS_PATH, settings.HEADS_PATH = home / "keys", home / "heads"
    installation.forget()
    with django_db_blocker.unblock(), transaction.atomic():
        clinic = build_clinic(FixedClock(START))
        audit_key.make_first_key(Context(system_actor("installer"), clinic.clock))
        made = build_world(clinic)
        fill_every_table(made)
        for request in ErasureRequest.objects.all():
            withdraw_erasure(clinic.as_("administrator"), request_id=request.pk)
        _rename(clinic, made.stage.session.patient)
        yield made
        transaction.set_rollback(True)
    installation.forget()
    settings.AUDIT_KEYS_PATH, settings.HEADS_PATH = before


@pytest.fixture
def world(built: World) -> Iterator[World]:
    """The same, with what a test does to it undone, and the heads it exported gone."""
    with transaction.atomic():
        yield built
        transaction.set_rollback(True)
    shutil.rmtree(settings.HEADS_PATH, ignore_errors=True)


def _rename(clinic: Clinic, patient: Patient) -> None:
    edit_patient(
        clinic.as_("front_desk"),
        patient_id=patient.pk,
        given_name=GIVEN,
        family_name=FAMILY,
        birth_date=patient.birth_date,
    )
    account = Account.objects.get(patient=patient)
    account.full_name = f"{GIVEN} {FAMILY}"
    account.save()


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing keeps the record: the periods have tests of their own."""
    monkeypatch.setattr(erasing_acts, "may_erase", lambda patient, on: [])


def asked(world: World, **more: Any) -> ErasureRequest:
    given = {
        "patient_id": world.ids["patient_id"],
        "basis": "period_over",
        "reason": "The period is over, and the person asked for it.",
    }
    return ask_erasure(world.clinic.as_("medical_director"), **(given | more))


def everything_stored() -> str:
    """Every value of every table, as text."""
    words = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
            words.append(repr(cursor.fetchall()))
    return "\n".join(words)


def test_nothing_of_the_person_is_left_and_the_record_is_whole(world: World, settled: None) -> None:
    clinic = world.clinic
    patient = world.stage.session.patient
    assert Exporter().export(clinic.clock)
    others = {
        (v.kind, v.object_id, v.version): v.digest
        for v in Version.objects.exclude(object_id__in=_own(patient))
    }
    before = everything_stored()
    assert GIVEN in before
    assert FAMILY in before
    request = asked(world)
    erase_person(
        clinic.as_("administrator"), request_id=request.pk, confirmed_by="authenticator code"
    )
    after = everything_stored()
    assert GIVEN not in after
    assert FAMILY not in after
    found = verify()
    assert found.whole, [f"{b.position} {b.what}" for b in found.breaks]
    entry = ChainEntry.objects.filter(action="person.erase").get()
    assert (found.erased_by, found.fitting > 0) == ([entry.position], True)
    request = ErasureRequest.objects.get(pk=request.pk)
    assert found.erased == request.payloads > 10
    assert is_erased(Patient.objects.get(pk=patient.pk))
    account = Account.objects.get(patient=patient)
    assert not account.is_active
    assert not account.authenticator_set.exists()
    # of everybody else nothing was touched
    for (kind, key, version), said in others.items():
        assert Version.objects.get(kind=kind, object_id=key, version=version).digest == said
    # a head over the erased record is signed, and an earlier one still fits
    assert Exporter().export(clinic.clock)
    assert verify().heads == 2
    assert verify().fitting == ChainEntry.objects.count()
    # what was erased says so once: again there is nothing to do
    with pytest.raises(Refused):
        erase_person(clinic.as_("administrator"), request_id=request.pk)


def _positions(patient: Patient) -> set[int]:
    return set(ChainEntry.objects.filter(patient_id=patient.pk).values_list("position", flat=True))


def _own(patient: Patient) -> set[Any]:
    """The keys of every row that is this person's, by the columns of the tables themselves."""
    own: set[Any] = {patient.pk, Account.objects.get(patient=patient).pk}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            to_patient = field.is_relation and field.related_model is Patient
            if to_patient or field.attname == "patient_id":
                rows = QuerySet(model).filter(**{field.attname: patient.pk})
                own |= set(rows.values_list("pk", flat=True))
    return own


def _without_a_word(position: int) -> None:
    ChainPayload.objects.filter(pk=position).update(salt="", body="")


def _with_another_word(position: int) -> None:
    ChainEntry.objects.filter(pk=position).update(reason="forged")


def _with_a_payload_again(position: int) -> None:
    ChainPayload.objects.filter(pk=position).update(salt="ab", body='{"effects":[],"notes":{}}')


def _with_words_in_a_row(position: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE people_patient SET called = 'forged' WHERE given_name = 'Erased'")


def _with_words_in_an_event(position: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE session_sessionevent SET actor_name = 'forged'")


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (_with_another_word, "was changed after it was written"),
        (_with_a_payload_again, "has a payload although entry"),
        (_with_words_in_a_row, "people.patient"),
        (_with_words_in_an_event, "session.sessionevent"),
    ],
)
def test_what_an_erasure_left_is_checked_as_well(
    world: World, settled: None, forge: Any, said: str
) -> None:
    erase_person(world.clinic.as_("administrator"), request_id=asked(world).pk)
    entry = ChainEntry.objects.get(action="person.erase")
    places = json.loads(ChainPayload.objects.get(pk=entry.position).body)["notes"]["erased"]
    forge(places[3]["position"])
    assert any(said in one.what for one in verify().breaks)


def test_an_erasure_that_no_entry_tells_of_is_found(world: World) -> None:
    position = max(_positions(world.stage.session.patient))
    _without_a_word(position)
    breaks = verify().breaks
    assert any(b.position == position and "no entry says so" in b.what for b in breaks)


def test_one_person_cannot_do_it_alone_and_roles_are_asked(world: World, settled: None) -> None:
    clinic = world.clinic
    with pytest.raises(Forbidden):
        ask_erasure(
            clinic.as_("prescriber"),
            patient_id=world.ids["patient_id"],
            basis="court",
            law="1",
            reason="r",
        )
    request = asked(world)
    with pytest.raises(Invalid) as same:
        erase_person(clinic.as_("medical_director"), request_id=request.pk)
    assert same.value.code == "same_person"
    with pytest.raises(Forbidden):
        erase_person(clinic.as_("session_nurse"), request_id=request.pk)
    with pytest.raises(Refused):
        asked(world)
    withdraw_erasure(clinic.as_("administrator"), request_id=request.pk)
    with pytest.raises(Refused):
        erase_person(clinic.as_("administrator"), request_id=request.pk)
    assert Patient.objects.get(pk=world.ids["patient_id"]).given_name == GIVEN


def test_what_is_open_or_must_be_kept_stands_in_the_way(world: World) -> None:
    with pytest.raises(Refused, match="still open"):
        asked(world)
    waiting = ErasureRequest.objects.filter(patient=world.ids["patient_id"], state="open")
    assert not waiting.exists()


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"basis": "period_over"}, "basis"),
        ({"basis": "court"}, "law"),
        ({"basis": "nothing"}, "basis"),
        ({"reason": " "}, "reason"),
    ],
)
def test_a_period_that_runs_asks_for_the_law(
    world: World, monkeypatch: pytest.MonkeyPatch, more: dict[str, str], field: str
) -> None:
    class Runs:
        until = (world.clinic.clock.now() + timedelta(days=1)).date()
        words = "Kept 10 years"

    monkeypatch.setattr(erasing_acts, "may_erase", lambda patient, on: [Runs()])
    with pytest.raises(Invalid) as refused:
        asked(world, **more)
    assert field in refused.value.fields
    made = asked(world, basis="court", law="Order 7 of the invented court")
    assert made.kept_for == ["Kept 10 years"]


def test_every_table_with_words_of_a_person_was_thought_of() -> None:
    about = {one.model._meta.label_lower for one in tables_about_persons()}
    there = {model._meta.label_lower: model for model in apps.get_models()}
    for label in labels(CHAINED):
        model = there.get(label)
        if model is None:
            continue
        leads = {
            field.attname
            for field in model._meta.concrete_fields
            if field.is_relation and field.related_model._meta.label_lower == "people.patient"
        }
        if leads or any(f.attname == "patient_id" for f in model._meta.concrete_fields):
            assert label in about or label in STAYS, f"{label} is about a person"
    for one in tables_about_persons():
        names = {field.attname for field in one.model._meta.concrete_fields}
        unknown = set(KEPT.get(one.model._meta.label_lower, ())) - names
        assert not unknown
        for field in blanked_columns(one.model):
            assert not isinstance(field, models.UUIDField)
        assert isinstance(QuerySet(one.model).filter(**{one.lead: None}).count(), int)


def test_the_pages_lead_two_people_through_it(world: World, settled: None) -> None:
    director, other = Client(), Client()
    sign_in(director, world.clinic.staff["medical_director"])
    sign_in(other, world.clinic.staff["administrator"])
    path = f"/oversight/erasure/{world.ids['patient_id']}"
    shown = director.get(path)
    assert shown.status_code == 200
    assert "What goes, and what stays" in shown.content.decode()
    wrong = director.post(path, {"act_id": "e0", "what": "ask", "basis": "court", "reason": " "})
    assert wrong.status_code == 422
    assert "Write the reason" in wrong.content.decode()
    posted = {"act_id": "e1", "what": "ask", "basis": "court", "law": "Order 7", "reason": "r"}
    director.post(path, posted)
    again = {"act_id": "e2", "what": "erase", "number": "EK-0", "request": str(_open_request())}
    refused = other.post(path, again)
    assert refused.status_code == 422
    assert "not the one of this person" in refused.content.decode()
    mrn = Patient.objects.get(pk=world.ids["patient_id"]).mrn
    done = other.post(path, again | {"act_id": "e3", "number": mrn}, follow=True)
    assert "This record was erased" in done.content.decode()
    assert "Order 7" in done.content.decode()


def _open_request() -> Any:
    return ErasureRequest.objects.get(state="open").pk
