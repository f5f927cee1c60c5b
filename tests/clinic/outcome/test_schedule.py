"""Schedules as data: what follows from them, and files that contradict themselves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.clinic.outcome.schedule import (
    SHIPPED,
    Moments,
    ScheduleError,
    occasions,
    read_schedule,
    read_schedules,
    schedule_for,
    shipped_schedules,
)

T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
USUAL = schedule_for("", shipped_schedules())


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def due(moments: Moments, at: datetime) -> set[str]:
    """The keys, without the schedule's name, of what is open at a moment."""
    found = occasions(USUAL, moments, since=at, until=at + timedelta(seconds=1))
    return {o.key.removeprefix("usual.") for o in found if o.is_open(at)}


TREATED = Moments("induction", T0 - timedelta(days=20), given=((1, "s1", T0),))

WHEN: list[tuple[str, Moments, datetime, set[str]]] = [
    ("referred", Moments("referred", T0), T0 + hours(1), set()),
    (
        "screened",
        Moments("screening", T0),
        T0 + hours(1),
        {f"start.{i}.0" for i in ("phq9", "gad7", "who5", "pcl5", "auditc", "bladder_check")},
    ),
    ("start is over", Moments("screening", T0), T0 + timedelta(days=61), set()),
    ("19 h after", TREATED, T0 + hours(19), set()),
    ("20 h after", TREATED, T0 + hours(20), {"after.day_after.s1"}),
    ("67 h after", TREATED, T0 + hours(67), {"after.day_after.s1"}),
    ("68 h after", TREATED, T0 + hours(68), set()),
    ("a week on", TREATED, T0 + timedelta(days=7), {"weekly.phq9.1", "weekly.gad7.1"}),
    ("two weeks on", TREATED, T0 + timedelta(days=14), {"weekly.phq9.2", "weekly.gad7.2"}),
    (
        "four weeks on",
        TREATED,
        T0 + timedelta(days=28),
        {"weekly.phq9.4", "weekly.gad7.4", "monthly.who5.1", "monthly.bladder_check.1"},
    ),
    (
        "the day before",
        Moments("induction", T0, booked=((1, "a1", T0 + hours(30)),)),
        T0,
        {"before.phq9.a1"},
    ),
    ("two days before", Moments("induction", T0, booked=((1, "a1", T0 + hours(48)),)), T0, set()),
    ("paused", Moments("paused", T0, given=((1, "s1", T0),)), T0 + timedelta(days=7), set()),
    ("closed", Moments("closed", T0, given=((1, "s1", T0),)), T0 + timedelta(days=7), set()),
]


@pytest.mark.parametrize(
    ("moments", "at", "keys"), [row[1:] for row in WHEN], ids=[row[0] for row in WHEN]
)
def test_who_is_asked_what_when(moments: Moments, at: datetime, keys: set[str]) -> None:
    assert due(moments, at) == keys


def test_nothing_opens_after_a_course_was_closed() -> None:
    shut = Moments("induction", T0, given=((1, "s1", T0),), closed_at=T0 + timedelta(days=6))
    assert due(shut, T0 + timedelta(days=7)) == set()


@given(st.integers(0, 400), st.integers(0, 23))
def test_the_same_occasion_has_the_same_key_whenever_it_is_computed(day: int, hour: int) -> None:
    at = T0 + timedelta(days=day, hours=hour)
    whole = occasions(USUAL, TREATED, since=T0, until=T0 + timedelta(days=402))
    assert due(TREATED, at) == {o.key.removeprefix("usual.") for o in whole if o.is_open(at)}
    assert len({o.key for o in whole}) == len(whole)
    assert all(o.opens_at < o.due_at <= o.closes_at for o in whole)
    assert all(len(o.key) <= 120 for o in whole)


def test_a_programme_has_its_own_schedule_and_others_the_usual_one() -> None:
    assert schedule_for("montreal", shipped_schedules()).id == "psychotherapy"
    assert schedule_for("unheard_of", shipped_schedules()).id == "usual"
    with pytest.raises(ScheduleError, match="no schedule names"):
        schedule_for("", [])


def test_a_schedule_of_the_clinic_stands_before_the_shipped_one(tmp_path: Path) -> None:
    value = json.loads((SHIPPED / "usual.json").read_text())
    value |= {"title": "Ours", "entries": value["entries"][:1]}
    (tmp_path / "usual.json").write_text(json.dumps(value))
    found = schedule_for("", read_schedules([tmp_path, SHIPPED]))
    assert (found.title, len(found.entries)) == ("Ours", 1)


def _entry(**change: Any) -> dict[str, Any]:
    return {
        "id": "weekly",
        "label": "Week {number}",
        "instruments": ["phq9"],
        "when": {"kind": "every", "days": 7},
        "due_h": 24,
        "open_h": 48,
        **change,
    }


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "instrument": (_entry(instruments=["phq8"]), "entry weekly: no instrument 'phq8'"),
    "no instrument": (_entry(instruments=[]), "instruments must be a list"),
    "kind": (_entry(when={"kind": "sometimes"}), "when.kind is not one of"),
    "days": (_entry(when={"kind": "every", "days": 0}), "days must be above 0"),
    "true": (_entry(when={"kind": "every", "days": True}), "days must be a number"),
    "due late": (_entry(due_h=49), "due_h is after open_h"),
    "state": (_entry(states=["asleep"]), "states must be some of"),
    "label": (_entry(label=" "), "label must be a text"),
    "id": (_entry(id="Weekly!"), "an entry's id must be"),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_file_that_contradicts_itself_names_the_entry(tmp_path: Path, fault: str) -> None:
    entry, said = FAULTS[fault]
    with pytest.raises(ScheduleError, match=said):
        read_schedule(written(tmp_path, {"entries": [entry]}))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "other"}, "id must be the file's name"),
        ({"entries": []}, "entries must be a list"),
        ({"entries": [_entry(), _entry()]}, "used twice"),
        ({"programmes": "all"}, "programmes must be"),
        ({"mark": ""}, "mark must be a text"),
    ],
)
def test_a_bad_head_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ScheduleError, match=said):
        read_schedule(written(tmp_path, change))


def written(folder: Path, change: dict[str, Any]) -> Path:
    head = {"id": "mine", "title": "Mine", "statement": "s", "source": "s", "mark": "clinic policy"}
    value = head | {"programmes": ["*"], "entries": [_entry()]} | change
    path = folder / "mine.json"
    path.write_text(json.dumps(value))
    return path


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(ScheduleError, match=r"x\.json: cannot be read"):
        read_schedules([tmp_path])
