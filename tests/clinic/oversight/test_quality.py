"""The director's page: figures that are counted right, chance that is called chance, and notes."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from evenkeel.clinic.oversight.actions.note_quality import note_quality, strike_quality_note
from evenkeel.clinic.oversight.models import QualityNote
from evenkeel.clinic.oversight.quality.facts import read_facts
from evenkeel.clinic.oversight.quality.measures import MEASURES
from evenkeel.clinic.oversight.quality.people import by_person
from evenkeel.clinic.oversight.quality.reading import Reading, notes_of, read_measure, write_value
from evenkeel.clinic.oversight.quality.scope import Scope, scope_of
from evenkeel.clinic.record.errors import Forbidden, Invalid, NotFound, Refused
from evenkeel.evidence.control_charts import KINDS
from tests.clinic.oversight.quality_history import (
    WEEKS,
    WORSE_FROM,
    History,
    make_history,
    visits_in,
)
from tests.clinic_factory import Clinic, sign_in
from tests.kept import kept

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("page_clock")]
VISITS = sum(map(visits_in, range(WEEKS)))
GIVEN = VISITS - 3 - 1
#: One in every fifth week, and in the last weeks every session.
LOUD = 5 + sum(map(visits_in, range(WORSE_FROM, WEEKS)))


@pytest.fixture
def history(clinic: Clinic) -> History:
    return kept("quality history", clinic.clock, lambda: make_history(clinic), clinic)


def scoped(history: History, **asked: str) -> Scope:
    found = scope_of(
        history.clinic.as_("medical_director"),
        {"by": "week", "from": history.first.date().isoformat(), **asked},
    )
    assert found is not None
    return found


def read(history: History, key: str, **asked: str) -> Reading:
    scope = scoped(history, **asked)
    notes = notes_of(scope).get(key, ())
    return read_measure(MEASURES[key], read_facts(scope), notes)


def page(clinic: Clinic, address: str, role: str = "medical_director") -> str:
    answer = sign_in(Client(), clinic.staff[role]).get(address)
    assert answer.status_code == 200, address
    return unescape(answer.content.decode())


def query(history: History, **more: str) -> str:
    asked = {"by": "week", "from": history.first.date().isoformat(), **more}
    return "&".join(f"{name}={value}" for name, value in asked.items())


@pytest.mark.parametrize(
    ("key", "total", "of"),
    [
        ("sessions", GIVEN, 0),
        ("not-given", 1, GIVEN + 1),
        ("no-show", 3, VISITS),
        ("early", 3, GIVEN),
        ("stopped", 1, GIVEN),
        ("holds", LOUD, GIVEN),
        ("answer-time", LOUD, 0),
        ("unanswered", 1, LOUD),
        ("overrides", 0, 1),
        ("adverse-events", 0, GIVEN),
        ("emergencies", 0, GIVEN),
        ("serious", 0, 0),
        ("questionnaires", 0, 0),
        ("calls", 0, 0),
    ],
)
def test_each_figure_counts_what_it_says(history: History, key: str, total: int, of: int) -> None:
    found = read(history, key)
    assert (found.total, found.of) == (total, of)
    # every counted thing is in one period, and opens its own page
    assert all(item.url or item.words for spot in found.spots for item in spot.events)


def test_every_kind_of_chart_has_a_figure() -> None:
    assert {one.kind for one in MEASURES.values()} == set(KINDS)


def test_a_real_change_is_a_signal_and_the_rest_is_chance(history: History) -> None:
    holds = read(history, "holds")
    assert holds.verdict == "signal"
    assert holds.verdict_words == "A signal: look for a cause"
    # of the last three weeks the first had two sessions, which say too little by themselves
    assert [spot.cases for spot in holds.spots[WORSE_FROM:]] == [2, 3, 4]
    assert [spot.place for spot in holds.signals] == [
        (history.first + timedelta(weeks=week)).date().isoformat()
        for week in (WORSE_FROM + 1, WORSE_FROM + 2)
    ]
    assert len(holds.open_signals) == 1  # one after the other they are one signal
    for key in ("no-show", "early", "sessions", "not-given"):
        found = read(history, key)
        assert found.verdict == "chance", (key, found.signals)
        assert found.verdict_words == "Within what chance alone makes"
    times = read(history, "answer-time")  # eight weeks with an alarm
    assert (times.verdict, times.chart.state) == ("few", "no_limits")


def test_noise_is_never_called_worse(history: History) -> None:
    text = page(history.clinic, f"/oversight/quality?{query(history)}").lower()
    for key in MEASURES:
        text += page(history.clinic, f"/oversight/quality/{key}?{query(history)}").lower()
    for word in ("worse", "better", "bad ", "poor", "improved", "deteriorat"):
        assert word not in text, word


def test_what_was_looked_into_stands_at_its_point(history: History) -> None:
    place = read(history, "holds").open_signals[-1].place
    director = history.clinic.as_("medical_director")
    given: dict[str, Any] = {
        "site_id": history.clinic.site.pk,
        "measure": "holds",
        "step": "week",
        "place": place,
        "kind": "cause",
        "text": "Cuffs of the wrong size since the delivery",
    }
    note = note_quality(director, **given)
    found = read(history, "holds")
    assert found.open_signals == []
    assert found.verdict_words == "A signal that was looked into"
    text = page(history.clinic, f"/oversight/quality/holds?{query(history)}")
    assert "Cuffs of the wrong size" in text
    assert "What asks for a look" in page(history.clinic, f"/oversight/quality?{query(history)}")
    strike_quality_note(director, note_id=note.pk, reason="Another week")
    assert len(read(history, "holds").open_signals) == 1
    with pytest.raises(Refused):
        strike_quality_note(director, note_id=note.pk, reason="again")


def test_a_known_change_begins_limits_of_its_own(history: History) -> None:
    place = (history.first + timedelta(weeks=WORSE_FROM)).date().isoformat()
    note_quality(
        history.clinic.as_("medical_director"),
        site_id=history.clinic.site.pk,
        measure="holds",
        step="week",
        place=place,
        kind="change",
        text="A lower limit is in force",
    )
    found = read(history, "holds")
    assert found.signals == []
    assert {spot.read.phase for spot in found.spots} == {0, 1}
    assert found.verdict == "few"  # three weeks of the new way: no limits yet


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": "guess"}, "kind"),
        ({"text": " "}, "text"),
        ({"text": "x" * 2001}, "text"),
        ({"place": ""}, "place"),
        ({"measure": "beauty"}, ""),
        ({"step": "day"}, ""),
        ({"product": "nothing"}, ""),
    ],
)
def test_a_note_that_is_not_whole_is_refused(
    history: History, changed: dict[str, str], field: str
) -> None:
    given: dict[str, Any] = {
        "site_id": history.clinic.site.pk,
        "measure": "holds",
        "step": "week",
        "place": "2026-05-04",
        "kind": "cause",
        "text": "Looked",
    }
    with pytest.raises(Invalid) as refused:
        note_quality(history.clinic.as_("medical_director"), **{**given, **changed})
    assert set(refused.value.fields or {}) == ({field} if field else set())
    assert not QualityNote.objects.exists()


def test_only_a_director_notes_and_only_at_their_site(history: History) -> None:
    given: dict[str, Any] = {
        "site_id": history.clinic.site.pk,
        "measure": "holds",
        "step": "week",
        "place": "2026-05-04",
        "kind": "cause",
        "text": "Looked",
    }
    for role in ("auditor", "prescriber", "administrator"):
        with pytest.raises(Forbidden):
            note_quality(history.clinic.as_(role), **given)
    with pytest.raises(NotFound):
        note_quality(
            history.clinic.as_("medical_director"),
            **{**given, "site_id": history.clinic.other_site.pk},
        )


def test_the_page_notes_and_shows_what_is_missing(history: History) -> None:
    client = sign_in(Client(), history.clinic.staff["medical_director"])
    place = read(history, "holds").open_signals[-1].place
    here = f"/oversight/quality/holds?{query(history, at=place)}"
    said = {"do": "note", "place": place, "act_id": str(uuid4())}
    wrong = client.post(here, {**said, "text": "", "kind": ""})
    assert wrong.status_code == 422
    assert "Write what was looked into" in wrong.content.decode()
    right = {**said, "act_id": str(uuid4()), "text": "Looked at the cuffs", "kind": "none"}
    assert client.post(here, right).status_code == 302
    assert client.post(here, right).status_code == 302  # sent twice, noted once
    note = QualityNote.objects.get()
    assert "Looked at the cuffs" in client.get(here).content.decode()
    strike = {"do": "strike", "note": str(note.pk), "reason": "wrong", "act_id": str(uuid4())}
    assert client.post(here, strike).status_code == 302
    assert "Looked at the cuffs" not in client.get(here).content.decode()


def test_by_person_is_for_the_director_with_counts_and_a_warning(history: History) -> None:
    here = f"/oversight/quality/holds?{query(history)}"
    director = page(history.clinic, here)
    assert "By person, for learning" in director
    assert "People see different patients" in director
    assert "Test session_nurse" in director
    assert "By person" not in page(history.clinic, here, "auditor")
    rows = {row.who: row for row in by_person(MEASURES["holds"], read_facts(scoped(history)))}
    assert set(rows) == {"Test prescriber", "Test session_nurse"}
    assert sum(row.cases for row in rows.values()) == GIVEN
    one = rows["Test session_nurse"]
    assert one.low is not None
    assert one.value is not None
    few = by_person(MEASURES["overrides"], read_facts(scoped(history)))
    assert [(row.cases, row.standing) for row in few] == [(1, "few")]


def test_each_point_opens_the_list_behind_it(history: History) -> None:
    spot = read(history, "no-show").spots[3]
    assert len(spot.events) == 1
    text = page(history.clinic, f"/oversight/quality/no-show?{query(history, at=spot.place)}")
    assert "Behind this point" in text
    assert spot.events[0].url in text
    assert history.case.patient.mrn in text


def test_the_file_has_every_point(history: History) -> None:
    client = sign_in(Client(), history.clinic.staff["auditor"])
    answer = client.get(f"/oversight/quality.csv?{query(history)}")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    holds = [row for row in rows if row["measure"] == "holds"]
    assert len(holds) == WEEKS
    assert sum(int(row["events"]) for row in holds) == LOUD
    assert holds[-1]["signal"] == "limit"
    assert {row["measure"] for row in rows} >= {"sessions", "no-show", "early", "unanswered"}


@pytest.mark.parametrize("by", ["week", "month", "quarter", "nonsense"])
@pytest.mark.parametrize("span", [{}, {"from": "x", "to": "9999-99-99"}, {"from": "2020-01-01"}])
def test_whatever_is_asked_for_a_page_comes(
    history: History, by: str, span: dict[str, str]
) -> None:
    asked = "&".join(f"{k}={v}" for k, v in {"by": by, "product": "racemic_iv", **span}.items())
    text = page(history.clinic, f"/oversight/quality?{asked}")
    assert "Sessions given" in text


def test_another_product_and_another_site_count_for_themselves(history: History) -> None:
    assert read(history, "sessions", product="esketamine_nasal").total == 0
    assert read(history, "sessions", product="racemic_iv").total == GIVEN
    elsewhere = scope_of(history.clinic.as_("prescriber_elsewhere"), {})
    assert elsewhere is None  # a prescriber holds no permission to look
    shown = page(history.clinic, f"/oversight/quality?site={history.clinic.other_site.pk}")
    assert "Hill" not in shown


def test_a_clinic_that_just_opened_says_so(clinic: Clinic) -> None:
    text = page(clinic, "/oversight/quality")
    assert "there is too little to chart yet" in text
    assert "Too few to chart yet" in text
    for key in MEASURES:
        assert MEASURES[key].title in page(clinic, f"/oversight/quality/{key}")


def test_more_to_count_does_not_ask_more_often(history: History) -> None:
    client = sign_in(Client(), history.clinic.staff["medical_director"])
    short = (history.first + timedelta(weeks=WEEKS - 3)).date().isoformat()
    asked = []
    for first in (short, history.first.date().isoformat()):
        client.get(f"/oversight/quality?by=week&from={first}")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/oversight/quality?by=week&from={first}")
        asked.append(len(queries))
    assert asked[1] <= asked[0]


def test_values_are_written_for_people() -> None:
    share, rate, time, days = (
        MEASURES[key] for key in ("holds", "adverse-events", "answer-time", "serious")
    )
    assert [write_value(share, v) for v in (0, 0.031, 0.25, 1, None)] == [
        "0 %", "3.1 %", "25 %", "100 %", "–",
    ]  # fmt: skip
    assert write_value(rate, 0.125) == "0.12"
    assert [write_value(time, v) for v in (42, 600)] == ["42 s", "10 min"]
    assert [write_value(days, v) for v in (3.25, 41.6)] == ["3.2 d", "42 d"]
