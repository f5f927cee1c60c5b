"""Registering people, their particulars, deaths, and where they stand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evenkeel.clinic.people.actions.mark_deceased import mark_deceased
from evenkeel.clinic.people.actions.register_patient import (
    edit_patient,
    particulars_digest,
    register_patient,
)
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.people.queries import list_people
from evenkeel.clinic.people.standing import set_standing
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.chain import verify_links
from evenkeel.clinic.record.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from tests.clinic_factory import Clinic

pytestmark = pytest.mark.django_db
BORN = date(1980, 2, 2)


def register(clinic: Clinic, given: str = "Ada", family: str = "Sample", **more: Any) -> Patient:
    more.setdefault("birth_date", BORN)
    return register_patient(
        clinic.as_("front_desk"),
        site_id=clinic.site.pk,
        given_name=given,
        family_name=family,
        **more,
    )


@action("test.move_person", permission="course.move")
def move_person(act: Act, patient_id: Any, **standing: Any) -> int:
    return set_standing(act, act.open(Patient, patient_id), **standing).version


def test_record_numbers_have_no_gaps_even_after_refusals(clinic: Clinic) -> None:
    numbers = [register(clinic, "Ada").mrn]
    with pytest.raises(Invalid):
        register(clinic, "Bo", birth_date=clinic.clock.now().date() + timedelta(days=1))
    with pytest.raises(Conflict):
        register(clinic, "ada", "SAMPLE")
    numbers.append(register(clinic, "Bo").mrn)
    assert numbers == ["EK-00001", "EK-00002"]


def test_the_same_name_and_birth_date_must_be_confirmed(clinic: Clinic) -> None:
    register(clinic)
    with pytest.raises(Conflict) as raised:
        register(clinic, " ada ", "sample")
    assert raised.value.code == "duplicate"
    assert register(clinic, confirm_duplicate=True).mrn == "EK-00002"
    assert register(clinic, birth_date=date(1980, 2, 3)).mrn == "EK-00003"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"given_name": "  "}, "given_name"),
        ({"family_name": "x" * 81}, "family_name"),
        ({"given_name": "a\x00b"}, "given_name"),
        ({"given_name": "\ud800"}, "given_name"),
        ({"birth_date": date(1880, 1, 1)}, "birth_date"),
        ({"birth_date": date(2026, 11, 24)}, "birth_date"),
        ({"birth_date": None}, "birth_date"),
        ({"sex": "x"}, "sex"),
        ({"email": "no address"}, "email"),
    ],
)
def test_particulars_that_cannot_be_are_named(
    clinic: Clinic, fields: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(Invalid) as raised:
        register_patient(
            clinic.as_("front_desk"),
            site_id=clinic.site.pk,
            **{"given_name": "Ada", "family_name": "Sample", "birth_date": BORN, **fields},
        )
    assert set(raised.value.fields) == {wrong}
    assert not Patient.objects.exists()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    given=st.text(max_size=90),
    family=st.text(max_size=90),
    born=st.dates() | st.none(),
    phone=st.text(max_size=50),
)
def test_any_particulars_are_stored_soundly_or_refused(
    clinic: Clinic, given: str, family: str, born: date | None, phone: str
) -> None:
    before = Patient.objects.count()
    try:
        row = register(clinic, given, family, birth_date=born, phone=phone, confirm_duplicate=True)
    except DomainError:
        assert Patient.objects.count() == before
        return
    stored = Patient.objects.get(pk=row.pk)
    assert stored.given_name
    assert stored.family_name
    assert stored.birth_date == born


def test_two_people_editing_at_once_do_not_overwrite_each_other(clinic: Clinic) -> None:
    ada = register(clinic)
    seen = particulars_digest(ada)
    ctx = clinic.as_("front_desk")
    edit_patient(ctx, patient_id=ada.pk, seen=seen, phone="555 0100")
    with pytest.raises(Conflict):
        edit_patient(ctx, patient_id=ada.pk, seen=seen, phone="555 0199")
    ada.refresh_from_db()
    assert ada.phone == "555 0100"


def test_where_a_person_stands_is_no_change_of_their_particulars(clinic: Clinic) -> None:
    ada = register(clinic)
    seen = particulars_digest(ada)
    move_person(clinic.as_("prescriber"), ada.pk, stage="screening")
    edit_patient(clinic.as_("front_desk"), patient_id=ada.pk, seen=seen, phone="555 0100")
    ada.refresh_from_db()
    assert (ada.stage, ada.phone) == ("screening", "555 0100")


def test_standing_is_written_with_the_callers_own_permission(clinic: Clinic) -> None:
    ada = register(clinic)
    ctx = clinic.as_("prescriber")
    soon = clinic.clock.now() + timedelta(days=2)
    assert move_person(ctx, ada.pk, stage="screening", next_at=soon) == 2
    assert move_person(ctx, ada.pk, stage="screening") == 2
    assert move_person(ctx, ada.pk, next_at=None) == 3
    with pytest.raises(Forbidden):
        move_person(clinic.as_("front_desk"), ada.pk, stage="closed")
    with pytest.raises(NotFound):
        move_person(clinic.as_("prescriber_elsewhere"), ada.pk, stage="closed")
    ada.refresh_from_db()
    assert (ada.stage, ada.next_at) == ("screening", None)


def test_a_death_is_noted_and_only_taken_back_with_a_reason(clinic: Clinic) -> None:
    ada = register(clinic)
    ctx = clinic.as_("prescriber")
    with pytest.raises(Invalid):
        mark_deceased(ctx, patient_id=ada.pk, deceased_at=clinic.clock.now() + timedelta(days=1))
    assert mark_deceased(ctx, patient_id=ada.pk, deceased_at=clinic.clock.now()).deceased
    with pytest.raises(Invalid):
        mark_deceased(ctx, patient_id=ada.pk, deceased=False)
    back = mark_deceased(ctx, patient_id=ada.pk, deceased=False, reason="another Ada Sample")
    assert (back.deceased, back.deceased_at) == (False, None)
    assert verify_links().whole


def test_the_list_shows_ones_own_sites_by_name_twenty_a_page(clinic: Clinic) -> None:
    for n in range(23):
        register(clinic, f"Given{n:02d}", "Sample", called="Bee" if n == 7 else "")
    ctx = clinic.as_("front_desk")
    first, last = list_people(ctx), list_people(ctx, number=99)
    assert (first.total, first.pages, len(first.rows), len(last.rows)) == (23, 2, 20, 3)
    assert [r["given_name"] for r in first.rows][:2] == ["Given00", "Given01"]
    assert list_people(clinic.as_("prescriber_elsewhere")).total == 0
    for search, total in (
        ("bee", 1),
        ("sample given03", 1),
        ("EK-00005", 1),
        ("1980-02-02", 23),
        ("2 Feb 1980", 23),
        ("nobody", 0),
        ("%", 0),
        ("' OR 1=1 --", 0),
    ):
        assert list_people(ctx, search=search).total == total, search
