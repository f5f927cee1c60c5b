"""The forecast on the plan page: who may see it, what it says, and that nothing waits for it."""

from __future__ import annotations

import re
import threading
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.clinic.course import forecast_warm, sessions_given
from evenkeel.clinic.course.pages import plan_forecast
from evenkeel.clinic.record.models import ChainEntry
from tests.clinic.course.makers import Case
from tests.clinic.course.test_pages import PLAN, as_
from tests.clinic.course.test_plan import without_weight

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("page_clock")]


@pytest.fixture
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast_warm, "state", lambda: "ready")


def asked(client: Client, case: Case, **changes: str) -> Any:
    assert case.course is not None
    return client.post(reverse("plan_forecast", args=[case.course.pk]), {**PLAN, **changes})


def words(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.usefixtures("ready")
def test_it_says_what_is_expected_and_changes_with_the_dose(client: Client, case: Case) -> None:
    case.screened()
    as_(client, case, "prescriber")
    half = words(asked(client, case))
    assert "400 virtual people of 74 kg" in half
    assert "session 1" in half
    assert "37 mg over 40 min" in half
    assert "never satisfies a discharge condition" in half
    for said in ("Blood level", "Systolic pressure", "Dissociation", "Sedation", "Derived"):
        assert said in half
    assert "Hold 180" in half
    assert half.count("<svg") >= 5
    assert "<caption" in half
    assert half != words(asked(client, case, dose="0.25"))
    assert "Mood over weeks" in half
    assert half != words(asked(client, case, spacing_days="7"))
    longer = words(asked(client, case, sessions_planned="12", spacing_days="30"))
    assert "The day after session 6 of 12" in longer
    assert "after session 6 of 12 are not in it" in longer
    assert "Extrapolated" in words(asked(client, case, dose="0.9"))


@pytest.mark.usefixtures("ready")
def test_it_stores_and_notes_nothing(client: Client, case: Case) -> None:
    case.screened()
    as_(client, case, "prescriber")
    before = ChainEntry.objects.count()
    asked(client, case)
    assert ChainEntry.objects.count() == before


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dose": ""}, "Enter the dose"),
        ({"dose": "x"}, "cannot be read"),
        ({"duration_min": ""}, "duration"),
        ({"dose": "3"}, "What cannot be signed is not forecast"),
    ],
)
def test_where_there_is_none_the_page_says_why(
    client: Client, case: Case, changes: dict[str, str], said: str
) -> None:
    case.screened()
    as_(client, case, "prescriber")
    html = words(asked(client, case, **changes))
    assert said in html
    assert "can be written and signed without it" in html
    assert "<svg" not in html


@pytest.mark.usefixtures("ready")
def test_without_a_weight_it_asks_for_one(client: Client, case: Case) -> None:
    case.screened()
    without_weight(case)
    as_(client, case, "prescriber")
    assert "Without a measured weight" in words(asked(client, case))


@pytest.mark.usefixtures("ready")
def test_an_error_of_the_engine_is_calm(
    client: Client, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> Any:
        raise RuntimeError("x")

    monkeypatch.setattr(plan_forecast, "forecast_plan", breaks)
    case.screened()
    as_(client, case, "prescriber")
    assert "could not be worked out" in words(asked(client, case))


@pytest.mark.parametrize("state", ["warming", "failed"])
def test_until_it_is_ready_it_says_so(
    client: Client, case: Case, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.setattr(forecast_warm, "state", lambda: state)
    case.screened()
    as_(client, case, "prescriber")
    html = words(asked(client, case))
    assert ("is being prepared" in html) is (state == "warming")
    assert ("could not be worked out" in html) is (state == "failed")


@pytest.mark.usefixtures("ready")
def test_who_may_look_but_not_type_sees_the_plan_that_stands(client: Client, case: Case) -> None:
    case.screened()
    case.planned()
    as_(client, case, "pharmacist")
    url = reverse("plan_forecast", args=[case.fresh().pk])
    assert "<svg" in words(client.post(url, {"product": "racemic_iv"}))


def test_the_page_holds_its_place_and_sends_no_dose_in_an_address(
    client: Client, case: Case
) -> None:
    case.screened()
    as_(client, case, "prescriber")
    assert case.course is not None
    html = client.get(reverse("plan", args=[case.course.pk])).content.decode()
    where = reverse("plan_forecast", args=[case.course.pk])
    assert f'hx-post="{where}"' in html
    assert client.get(where, PLAN).status_code == 405


def test_only_staff_of_the_site_with_the_role(client: Client, case: Case) -> None:
    case.screened()
    for role, status in (("front_desk", 403), ("prescriber_elsewhere", 404)):
        as_(client, case, role)
        assert asked(client, case).status_code == status


def test_sessions_given_are_counted_by_the_room_that_gives_them(case: Case) -> None:
    assert sessions_given.sessions_given(case.opened()) == 0


def test_getting_ready_begins_once(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    done = threading.Event()

    def run() -> None:
        runs.append(1)
        done.set()

    monkeypatch.setattr(forecast_warm, "_here", forecast_warm._Warmth())
    monkeypatch.setattr(forecast_warm, "get_ready", run)
    forecast_warm.begin()
    forecast_warm.begin()
    assert done.wait(5)
    assert runs == [1]
    assert forecast_warm.state() == "warming"


def test_what_cannot_be_made_ready_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast_warm, "_here", forecast_warm._Warmth())
    monkeypatch.setattr(forecast_warm, "forecast_plan", lambda *_, **__: 1 / 0)
    assert forecast_warm.get_ready() == "failed"
    assert forecast_warm.state() == "failed"


def compared(client: Client, case: Case, **posted: Any) -> str:
    assert case.course is not None
    return words(client.post(reverse("plan_compare", args=[case.course.pk]), posted))


def kept_in(html: str) -> list[str]:
    return [unescape(text) for text in re.findall(r'name="kept" value="([^"]*)"', html)]


@pytest.mark.usefixtures("ready")
def test_plans_stand_side_by_side_as_they_were_typed(client: Client, case: Case) -> None:
    case.screened()
    as_(client, case, "prescriber")
    assert "None kept yet" in compared(client, case)
    one = compared(client, case, do="keep", **PLAN)
    kept = kept_in(one)
    assert len(kept) == 1
    again = compared(client, case, do="keep", kept=kept, **PLAN)
    assert kept_in(again) == kept, "the same plan is not kept twice"
    two = compared(client, case, do="keep", kept=kept, **{**PLAN, "dose": "0.25"})
    assert len(kept_in(two)) == 2
    assert "37 mg over 40 min" in two
    assert "18.5 mg over 40 min" in two
    # half the dose, about half the level: drawn from the same virtual people
    levels = [float(v) for v in re.findall(r"<b>([\d.]+)</b> at \d+ min", two)[:2]]
    assert levels[1] == pytest.approx(levels[0] / 2, rel=0.02)
    assert "Relapse of those well" in two
    assert kept_in(compared(client, case, drop="0", kept=kept_in(two))) == [kept_in(two)[1]]


@pytest.mark.usefixtures("ready")
def test_a_plan_without_a_forecast_stands_beside_the_others(client: Client, case: Case) -> None:
    case.screened()
    as_(client, case, "prescriber")
    one = compared(client, case, do="keep", **PLAN)
    two = compared(client, case, do="keep", kept=kept_in(one), **{**PLAN, "dose": "3"})
    assert "no forecast" in two
    assert "What cannot be signed is not forecast" in two
    assert "37 mg over 40 min" in two


@pytest.mark.usefixtures("ready")
def test_hostile_and_too_many_plans_are_bounded(client: Client, case: Case) -> None:
    case.screened()
    as_(client, case, "prescriber")
    odd = ["", "x" * 5000, "dose=NaN", "product=nothing&dose=1", "%%%", "dose=0.1", "dose=0.2"]
    html = compared(client, case, kept=odd, drop="999")
    assert len(kept_in(html)) == 4
    assert "as many as can be read" in html


@pytest.mark.usefixtures("ready")
def test_sliders_end_where_the_published_range_ends(client: Client, case: Case) -> None:
    case.screened()
    as_(client, case, "prescriber")
    assert case.course is not None
    html = words(client.get(reverse("plan", args=[case.course.pk])))
    dose = re.search(r'data-slides="id_dose"[^>]*min="([\d.]+)" max="([\d.]+)"', html)
    minutes = re.search(r'data-slides="id_duration_min"[^>]*min="(\d+)" max="(\d+)"', html)
    assert dose is not None
    assert minutes is not None
    assert dose.groups() == ("0.1", "0.75")  # Andrade 2017
    assert minutes.groups() == ("2", "100")  # Andrade 2017
