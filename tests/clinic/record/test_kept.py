"""What a fixture keeps for the next test is what it built, in the same database or none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction

from evenkeel.clinic.people.actions.set_up import add_chair
from evenkeel.clinic.people.models import Chair, Site
from evenkeel.clinic.record.chain import verify_links
from evenkeel.clinic.record.clock import FixedClock
from tests.clinic.course.makers import Case, make_case
from tests.clinic_factory import Clinic, build_clinic
from tests.kept import all_rows, kept

pytestmark = pytest.mark.django_db


@pytest.fixture
def built() -> list[str]:
    """What was built by the actions and not put back."""
    return []


def undone(do: Callable[[], object]) -> None:
    """Do it as a test before this one would have."""
    with transaction.atomic():
        do()
        transaction.set_rollback(True)


def clinic_of(clock: FixedClock, built: list[str]) -> Clinic:
    def build() -> Clinic:
        built.append("clinic")
        return build_clinic(clock)

    return kept("clinic of these tests", clock, build)


def case_of(clinic: Clinic, built: list[str]) -> Case:
    def build() -> Case:
        built.append("case")
        return make_case(clinic)

    return kept("case of these tests", clinic.clock, build, clinic)


def test_the_second_finds_what_the_first_built(clock: FixedClock, built: list[str]) -> None:
    seen = []

    def first() -> None:
        case = case_of(clinic_of(clock, built), built)
        case.patient.given_name = "Changed in memory by the test before"
        seen.append(all_rows())

    undone(first)
    assert not Site.objects.exists()
    clock = FixedClock(clock.now())
    clinic = clinic_of(clock, built)
    case = case_of(clinic, built)
    assert sorted(built) == sorted(set(built)), "built twice"
    assert [all_rows()] == seen
    assert verify_links().whole
    assert case.clinic is clinic
    assert clinic.clock is clock
    assert case.patient.given_name == "Ada"
    case.opened()
    assert verify_links().whole


def test_what_a_test_adds_is_not_kept(clock: FixedClock, built: list[str]) -> None:
    def first() -> None:
        clinic = clinic_of(clock, built)
        add_chair(clinic.as_("administrator"), site_id=clinic.site.pk, name="Added by a test")

    undone(first)
    clinic_of(clock, built)
    assert not Chair.objects.filter(name="Added by a test").exists()


def test_it_is_built_anew_where_it_would_come_out_otherwise(
    clock: FixedClock, built: list[str]
) -> None:
    undone(lambda: case_of(clinic_of(clock, built), built))
    clinic = clinic_of(clock, built)
    add_chair(clinic.as_("administrator"), site_id=clinic.site.pk, name="Between the two")
    built.clear()
    case_of(clinic, built)
    assert built == ["case"], "the record was written to in between"


def test_another_time_is_another_clinic(clock: FixedClock, built: list[str]) -> None:
    undone(lambda: clinic_of(clock, built))
    built.clear()
    clock.advance(timedelta(days=3))
    clinic = clinic_of(clock, built)
    assert built == ["clinic"]
    assert clinic.staff["auditor"].created_at == clock.now()


def test_what_moves_the_clock_cannot_be_kept(clock: FixedClock) -> None:
    with pytest.raises(AssertionError, match="moved the clock"):
        kept("a clock that moves", clock, lambda: clock.advance(timedelta(minutes=1)))


@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_to_undo_it_is_always_built(
    clock: FixedClock, built: list[str]
) -> None:
    clinic_of(clock, built)
    assert built == ["clinic"]
