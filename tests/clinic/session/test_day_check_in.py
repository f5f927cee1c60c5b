"""Checking in: two identifiers, what is not settled, who records what, and the call next day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from evenkeel.clinic.people.models import Fact
from evenkeel.clinic.record.errors import Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.session.actions.check_in import check_in, complete_check_in
from evenkeel.clinic.session.actions.open_session import open_session
from evenkeel.clinic.session.arriving import Arrival, pre_dose_checks
from evenkeel.clinic.session.follow_up import propose_follow_up
from evenkeel.clinic.session.models import Appointment, SessionEvent
from tests.clinic.course.makers import Case
from tests.clinic.session.day_makers import arrive, book
from tests.clinic.session.makers import Stage, treatable_case
from tests.clinic_factory import Clinic
from tests.kept import kept

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(clinic: Clinic) -> Case:
    case = kept("treatable case", clinic.clock, lambda: treatable_case(clinic), clinic)
    case.know(hcg_test="negative")
    clinic.clock.advance(timedelta(minutes=1))  # what is measured on arrival is newer
    return case


@pytest.fixture
def booked(ada: Case) -> Appointment:
    return book(ada)


def say(case: Case, row: Appointment, name: str, born: date | None) -> Appointment:
    return check_in(
        case.clinic.as_("front_desk"),
        appointment_id=row.pk,
        said_name=name,
        said_birth_date=born,
        arrival=Arrival(),
    )


@pytest.mark.parametrize(
    ("name", "born", "wrong"),
    [
        ("Ada Sample", date(1990, 3, 14), set()),
        ("sample, ada", date(1990, 3, 14), set()),
        ("ADA M. SAMPLE", date(1990, 3, 14), set()),
        ("Áda Sample", date(1990, 3, 14), set()),
        ("Ada Sample", date(1990, 3, 15), {"said_birth_date"}),
        ("Ada Sample", date(1990, 4, 13), {"said_birth_date"}),
        ("Ada Sample", None, {"said_birth_date"}),
        ("Sample", date(1990, 3, 14), {"said_name"}),
        ("Ada", date(1990, 3, 14), {"said_name"}),
        ("Ada Sampleson", date(1990, 3, 14), {"said_name"}),
        ("", date(1990, 3, 14), {"said_name"}),
        ("Bram Specimen", date(1980, 1, 1), {"said_name", "said_birth_date"}),
    ],
)
def test_two_identifiers_must_be_the_persons(
    ada: Case, booked: Appointment, name: str, born: date | None, wrong: set[str]
) -> None:
    if not wrong:
        assert say(ada, booked, name, born).status == "checked_in"
        return
    with pytest.raises(Invalid) as refused:
        say(ada, booked, name, born)
    assert (refused.value.code, set(refused.value.fields)) == ("identity", wrong)
    booked.refresh_from_db()
    assert (booked.status, booked.check_in) == ("booked", None)


# What is said differently from an arrival where everything is settled -> the finding, its level,
# and the check before the dose it belongs to. Ketamine IV: no food 2 h, no fluids 30 min.
FINDINGS: list[tuple[dict[str, Any], str, str, str]] = [
    ({}, "", "", ""),
    ({"last_food_at": 119}, "last_food_at", "hold", "fasting"),
    ({"last_food_at": 121}, "", "", ""),
    ({"last_food_at": None}, "last_food_at.unknown", "hold", "fasting"),
    ({"last_fluids_at": 29}, "last_fluids_at", "hold", "fasting"),
    ({"last_fluids_at": 31}, "", "", ""),
    ({"escort": "no"}, "escort", "hold", "escort"),
    ({"escort": ""}, "escort.unknown", "hold", "escort"),
    ({"escort_phone": ""}, "escort.phone", "inform", ""),
    ({"allergies": ""}, "allergies.unknown", "hold", "allergies"),
    ({"allergies": "changed", "allergies_note": "latex"}, "allergies", "hold", "allergies"),
    ({"benzodiazepine": "yes"}, "benzodiazepine", "review", "medicines_today"),
    ({"stimulant": "yes"}, "stimulant", "review", "medicines_today"),
    ({"maoi": ""}, "medicines.unknown", "hold", "medicines_today"),
    ({"changes": "yes", "changes_note": "more sertraline"}, "changes", "review", "medicines_today"),
    ({"changes": ""}, "changes.unknown", "review", "medicines_today"),
    ({"weight_kg": 12.0}, "weight.implausible", "hold", ""),
    ({"pregnancy_test": "positive"}, "pregnancy", "hold", ""),
]


@pytest.mark.parametrize(("said", "finding", "level", "check"), FINDINGS)
def test_what_is_not_settled_is_a_finding_and_blocks_nobody(
    ada: Case, booked: Appointment, said: dict[str, Any], finding: str, level: str, check: str
) -> None:
    now = ada.clinic.clock.now()
    given = {
        k: now - timedelta(minutes=v) if k.endswith("_at") and v is not None else v
        for k, v in said.items()
    }
    row = arrive(ada, booked, **given)
    assert row.status == "checked_in"
    found = [(f["id"], f["level"], f["check"]) for f in row.check_in["findings"]]
    assert found == ([(finding, level, check)] if finding else [])
    for one in row.check_in["findings"]:
        assert one["source"]["mark"] in ("sourced", "clinic policy")
        assert one["statement"]
        assert one["resolve"]
    if check:
        state, words = pre_dose_checks(row.check_in, now)[check]
        assert state is (None if finding.endswith("unknown") else False)
        assert row.check_in["findings"][0]["statement"] in words


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"last_food_at": timedelta(hours=1)}, "last_food_at"),
        ({"last_food_at": -timedelta(hours=40)}, "last_food_at"),
        ({"escort_name": ""}, "escort_name"),
        ({"escort_until": -timedelta(hours=3)}, "escort_until"),
        ({"allergies": "changed"}, "allergies_note"),
        ({"changes": "yes"}, "changes_note"),
        ({"benzodiazepine": "perhaps"}, "benzodiazepine"),
        ({"pregnancy_test": "blue"}, "pregnancy_test"),
        ({"medicines_note": "x" * 501}, "medicines_note"),
    ],
)
def test_what_cannot_be_is_refused(
    ada: Case, booked: Appointment, said: dict[str, Any], field: str
) -> None:
    now = ada.clinic.clock.now()
    given = {k: now + v if isinstance(v, timedelta) else v for k, v in said.items()}
    with pytest.raises(Invalid) as wrong:
        arrive(ada, booked, **given)
    assert field in wrong.value.fields


def test_waiting_settles_fasting(ada: Case, booked: Appointment) -> None:
    now = ada.clinic.clock.now()
    row = arrive(ada, booked, last_food_at=now - timedelta(minutes=90))
    assert pre_dose_checks(row.check_in, now)["fasting"][0] is False
    assert pre_dose_checks(row.check_in, now + timedelta(minutes=30))["fasting"][0] is True
    assert pre_dose_checks(None, now) == {}


def test_what_is_open_stands_among_the_checks_before_the_dose(
    ada: Case, booked: Appointment
) -> None:
    ate = ada.clinic.clock.now() - timedelta(minutes=90)
    arrive(ada, booked, benzodiazepine="yes", last_food_at=ate, escort="")
    session = open_session(ada.nurse, appointment_id=booked.pk)
    checks = SessionEvent.objects.filter(session=session, kind="check")
    assert {e.body["name"]: e.body["ok"] for e in checks} == {
        "medicines_today": False,
        "fasting": False,
        "escort": None,
    }
    assert "Benzodiazepine taken today" in checks.get(body__name="medicines_today").body["note"]
    stage = Stage(ada.clinic, ada, session)
    with pytest.raises(Refused) as refused:
        stage.says("infusion_start", **stage.start_body())
    assert "No food for 2 h" in refused.value.message
    stage.started()  # asked again at the chair, each was settled
    assert stage.row().first_dose_at is not None


def test_weight_and_test_become_facts_and_the_dose_follows_the_weight(
    ada: Case, booked: Appointment
) -> None:
    arrive(ada, booked, weight_kg=80.0, pregnancy_test="negative")
    ada.clinic.clock.advance(timedelta(minutes=1))
    facts = {f.key: f for f in Fact.objects.filter(origin="check-in")}
    assert facts["weight_kg"].value == 80
    assert facts["hcg_test"].value == "negative"
    assert facts["escort_arranged"].value is True
    session = open_session(ada.nurse, appointment_id=booked.pk)
    # 0.5 mg/kg of 80 kg
    assert (session.dose_sheet["weight_kg"], session.dose_sheet["dose_mg"]) == ("80", "40")


def test_the_desk_records_no_weight_and_the_nurse_adds_it(ada: Case, booked: Appointment) -> None:
    with pytest.raises(Forbidden):
        arrive(ada, booked, role="front_desk", weight_kg=80.0)
    booked.refresh_from_db()
    assert booked.status == "booked"
    row = arrive(ada, booked, role="front_desk", maoi="")
    assert not Fact.objects.filter(origin="check-in").exists()
    done = complete_check_in(
        ada.nurse, appointment_id=row.pk, arrival=Arrival(weight_kg=80.0, maoi="no")
    )
    assert done.check_in["findings"] == []
    assert done.check_in["said"]["escort_name"] == "Eve Escort"
    assert done.check_in["by"] == "Test front_desk"
    assert done.check_in["completed_by"] == ["Test session_nurse"]


def test_a_check_in_is_not_changed_once_the_dose_began(ada: Case, booked: Appointment) -> None:
    arrive(ada, booked)
    session = open_session(ada.nurse, appointment_id=booked.pk)
    Stage(ada.clinic, ada, session).started()
    with pytest.raises(Refused) as refused:
        complete_check_in(ada.nurse, appointment_id=booked.pk, arrival=Arrival(maoi="yes"))
    assert refused.value.code == "dose_begun"


def test_nobody_is_checked_in_on_another_day_or_from_elsewhere(ada: Case) -> None:
    tomorrow = book(ada, ada.clinic.clock.now() + timedelta(days=1))
    with pytest.raises(Refused) as refused:
        arrive(ada, tomorrow)
    assert refused.value.code == "other_day"
    with pytest.raises(NotFound):
        arrive(ada, tomorrow, role="prescriber_elsewhere")
    with pytest.raises(Forbidden):
        arrive(ada, tomorrow, role="therapist")


def treated(ada: Case, booked: Appointment) -> Stage:
    """A session from the first check to the door."""
    arrive(ada, booked)
    stage = Stage(ada.clinic, ada, open_session(ada.nurse, appointment_id=booked.pk))
    stage.started()
    stage.wait(40)
    stage.says("infusion_stop")
    stage.wait(60)
    stage.says("ready", override_reason="test")
    stage.says("discharged", escort="Eve Escort")
    return stage


def test_the_next_day_call_is_booked_when_a_dose_ends(ada: Case, booked: Appointment) -> None:
    treated(ada, booked)
    call = Appointment.objects.get(follows=booked)
    assert call.starts_at == datetime.fromisoformat("2026-11-24T10:00:00+00:00")
    assert (call.kind, call.status, call.nurse_id) == ("follow_up_call", "booked", booked.nurse_id)


def test_no_call_is_owed_for_a_dose_that_was_not_given(ada: Case, booked: Appointment) -> None:
    arrive(ada, booked)
    stage = Stage(ada.clinic, ada, open_session(ada.nurse, appointment_id=booked.pk))
    stage.says("discharged")
    assert not Appointment.objects.filter(follows=booked).exists()


def test_the_call_is_proposed_once(ada: Case, booked: Appointment) -> None:
    stage = treated(ada, booked)
    assert Appointment.objects.filter(follows=booked).count() == 1
    assert stage.row().closed_at is not None
    row = Appointment.objects.select_related("site").get(pk=booked.pk)

    class Unused:
        now = ada.clinic.clock.now()

    assert propose_follow_up(Unused(), row) is None  # type: ignore[arg-type]
