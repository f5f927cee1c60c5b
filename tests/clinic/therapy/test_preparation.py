"""Preparation: two sides' ticks, the set, talks with their dose, commitments, therapies beside."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from evenkeel.clinic.course.actions.agree_touch import agree_touch
from evenkeel.clinic.course.queries import course_summary
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.session.models import Appointment
from evenkeel.clinic.therapy.actions.commit import look_at_own_commitment, make_commitment
from evenkeel.clinic.therapy.actions.note_side_therapy import add_side_therapy, end_side_therapy
from evenkeel.clinic.therapy.actions.record_talk import correct_talk, record_talk, strike_talk
from evenkeel.clinic.therapy.actions.tick import tick, tick_own
from evenkeel.clinic.therapy.actions.wall import name_reader, write_note
from evenkeel.clinic.therapy.actions.write_journal import write_entry
from evenkeel.clinic.therapy.actions.write_set import discuss_set, write_own_set, write_set
from evenkeel.clinic.therapy.models import PreparationTick, SetPart, Talk
from evenkeel.clinic.therapy.queries import Therapy, therapy_of
from tests.clinic.session.makers import checked_in_appointment
from tests.clinic.therapy.conftest import Person, act

pytestmark = pytest.mark.django_db


def therapy(person: Person) -> Therapy:
    now = person.clinic.clock.now()
    return therapy_of(course_summary(person.case.fresh(), now))


def test_each_side_ticks_for_itself_and_takes_it_back(person: Person) -> None:
    tick(person.therapist, course_id=person.course.pk, item="frame", done=True)
    tick_own(person.ctx, course_id=person.course.pk, item="alliance", done=True)
    lines = {line["item"].id: line for line in therapy(person).lines("preparation")}
    assert len(lines) == 11
    assert (bool(lines["frame"]["staff"]), bool(lines["frame"]["own"])) == (True, False)
    assert (bool(lines["alliance"]["staff"]), bool(lines["alliance"]["own"])) == (False, True)
    tick_own(person.ctx, course_id=person.course.pk, item="alliance", done=False)
    assert PreparationTick.objects.get(item="alliance").version == 2
    assert not any(line["own"] for line in therapy(person).lines("preparation"))


def test_nobody_ticks_for_the_other_or_what_is_not_there(person: Person) -> None:
    course = person.course.pk
    with pytest.raises(Forbidden):
        tick(person.ctx, course_id=course, item="frame", done=True)
    with pytest.raises(Forbidden):
        tick_own(person.therapist, course_id=course, item="frame", done=True)
    with pytest.raises(Invalid):
        tick(person.therapist, course_id=course, item="nonsense", done=True)


def test_the_set_is_written_by_the_person_and_talked_over(person: Person) -> None:
    written = write_own_set(
        person.ctx, course_id=person.course.pk, given={"intention": "To rest", "calm": "4"}
    )
    assert written.answers == {"intention": "To rest", "calm": 4}
    assert therapy(person).needs_discussion
    discuss_set(person.therapist, part_id=written.pk, seen_version=written.version)
    assert not therapy(person).needs_discussion
    person.clinic.clock.advance(timedelta(days=1))
    write_own_set(person.ctx, course_id=person.course.pk, given={"intention": "To sleep"})
    assert therapy(person).needs_discussion
    with pytest.raises(Conflict):  # what was talked over is not what stands now
        discuss_set(person.therapist, part_id=written.pk, seen_version=written.version)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"calm": "11"}, "calm"),
        ({"calm": "-1"}, "calm"),
        ({"calm": "a lot"}, "calm"),
        ({"intention": "x" * 2001}, "intention"),
        ({"call_name": "x" * 161}, "call_name"),
        ({"fears": "nul\x00"}, "fears"),
    ],
)
def test_what_cannot_be_kept_of_the_set(person: Person, given: dict[str, str], wrong: str) -> None:
    with pytest.raises(Invalid) as refused:
        write_own_set(person.ctx, course_id=person.course.pk, given=given)
    assert set(refused.value.fields) == {wrong}
    assert not SetPart.objects.exists()


def test_staff_do_not_write_over_what_the_person_wrote_meanwhile(person: Person) -> None:
    write_own_set(person.ctx, course_id=person.course.pk, given={"intention": "Mine"})
    given = {"intention": "As I remember it"}
    told = {"course_id": person.course.pk, "given": given, "side": "patient"}
    with pytest.raises(Conflict):
        write_set(person.therapist, **told, seen_version=0)
    row = write_set(person.therapist, **told, seen_version=1)
    assert row.told_to == person.clinic.staff["therapist"].shown_name
    # the therapist's notes are not the person's to write, and no scale is summed up
    notes = {"trauma_note": "Ask before closing the door.", "calm": "9", "sum": "27"}
    kept = write_set(
        person.therapist, course_id=person.course.pk, given=notes, side="therapist", seen_version=0
    )
    assert kept.answers == {"trauma_note": "Ask before closing the door."}


def talk(person: Person, **changes: Any) -> Talk:
    given: dict[str, Any] = {
        "course_id": person.course.pk,
        "kind": "preparation",
        "held_at": person.clinic.clock.now() - timedelta(hours=2),
        "minutes": 50,
        "therapy": "act",
        "themes": ["The sea"],
    }
    return record_talk(person.therapist, **{**given, **changes})


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"kind": "dosing"}, "kind"),
        ({"held_at": None}, "held_at"),
        ({"minutes": None}, "minutes"),
        ({"minutes": 2000}, "minutes"),
        ({"therapy": "crystals"}, "therapy"),
        ({"therapy": "other"}, "therapy_other"),
        ({"note": "x" * 6001}, "note"),
    ],
)
def test_a_talk_that_cannot_be(person: Person, changes: dict[str, Any], wrong: str) -> None:
    with pytest.raises(Invalid) as refused:
        talk(person, **changes)
    assert set(refused.value.fields) == {wrong}


def test_the_dose_of_therapy_is_count_and_minutes_by_kind(person: Person) -> None:
    talk(person)
    talk(person, minutes=70)
    emdr = talk(person, therapy="emdr", minutes=90)
    talk(person, therapy="other", therapy_other="Music therapy", minutes=30)
    assert therapy(person).doses == [
        ("Acceptance and commitment therapy", 2, 120),
        ("EMDR", 1, 90),
        ("Music therapy", 1, 30),
    ]
    corrected = correct_talk(
        person.therapist,
        talk_id=emdr.pk,
        seen_version=emdr.version,
        reason="It was shorter.",
        held_at=emdr.held_at,
        minutes=45,
        therapy="emdr",
    )
    with pytest.raises(Conflict):
        strike_talk(person.therapist, talk_id=emdr.pk, seen_version=1, reason="x")
    with pytest.raises(Invalid):
        strike_talk(person.therapist, talk_id=emdr.pk, seen_version=corrected.version, reason=" ")
    strike_talk(
        person.therapist, talk_id=emdr.pk, seen_version=corrected.version, reason="Not held."
    )
    assert [label for label, _, _ in therapy(person).doses] == [
        "Acceptance and commitment therapy",
        "Music therapy",
    ]
    assert Talk.objects.count() == 4


def test_a_talk_finishes_the_appointment_it_was_made_for_and_is_counted_once(
    person: Person,
) -> None:
    visit = checked_in_appointment(
        person.therapist, case=person.case, chair=None, kind="preparation"
    )
    with pytest.raises(Invalid):
        talk(person, kind="integration", appointment_id=visit.pk)
    talk(person, appointment_id=visit.pk, held_at=person.clinic.clock.now())
    assert Appointment.objects.get(pk=visit.pk).status == "done"
    with pytest.raises(Refused):
        talk(person, appointment_id=visit.pk)
    way = therapy(person).way
    assert way is not None
    assert [s.label for s in way.stops if s.state == "done"] == ["Preparation 1"]


def test_what_is_missing_goes_away_one_after_the_other(person: Person) -> None:
    course = person.course.pk
    missing = [m.what for m in therapy(person).missing]
    assert "Touch agreement and stop word are not signed." in missing
    assert any(m.stops_dose for m in therapy(person).missing)
    agree_touch(
        person.therapist,
        course_id=course,
        level="none",
        stop_word="lantern",
        signed_name=person.case.patient.name,
    )
    part = write_own_set(
        person.ctx, course_id=course, given={"intention": "Rest", "call_phone": "555-0100"}
    )
    discuss_set(person.therapist, part_id=part.pk, seen_version=part.version)
    for line in therapy(person).lines("preparation"):
        tick(person.therapist, course_id=course, item=line["item"].id, done=True)
        tick_own(person.ctx, course_id=course, item=line["item"].id, done=True)
    assert therapy(person).missing == []


def test_a_commitment_is_looked_at_by_either_side(person: Person) -> None:
    made = make_commitment(person.therapist, course_id=person.course.pk, text="Walk twice a week")
    look_at_own_commitment(person.ctx, commitment_id=made.pk, outcome="kept")
    found = therapy(person)
    assert (found.kept, found.open_commitments) == ((1, 1), [])
    with pytest.raises(Invalid):
        look_at_own_commitment(person.ctx, commitment_id=made.pk, outcome="excellent")
    other = person.clinic.as_("prescriber_elsewhere")
    with pytest.raises(NotFound):
        make_commitment(other, course_id=person.course.pk, text="x")


def test_a_therapy_beside_begins_and_ends(person: Person) -> None:
    given: dict[str, Any] = {"course_id": person.course.pk, "kind": "mindfulness"}
    for wrong, field in (
        ({"times_a_month": 0, "began_on": date(2026, 11, 1)}, "times_a_month"),
        ({"times_a_month": 4, "began_on": date(2027, 1, 1)}, "began_on"),
        ({"times_a_month": 4, "began_on": date(2026, 11, 1), "minutes": 1}, "beside_minutes"),
    ):
        with pytest.raises(Invalid) as refused:
            add_side_therapy(person.therapist, **given, **wrong)
        assert set(refused.value.fields) == {field}
    row = add_side_therapy(
        person.therapist, **given, times_a_month=4, began_on=date(2026, 11, 1), minutes=30
    )
    assert therapy(person).current_beside == [row]
    end_side_therapy(person.therapist, therapy_id=row.pk, reason="The group has closed.")
    assert therapy(person).current_beside == []


def test_the_pages_of_the_therapist(person: Person) -> None:
    client = person.staff("therapist")
    assert (
        "Touch agreement and stop word are not signed" in client.get(person.page()).content.decode()
    )
    there = person.page("/preparation")
    client.post(there, act(do="tick", item="frame", done="yes"))
    assert PreparationTick.objects.get().side == "therapist"
    refused = client.post(there, act(do="set_patient", seen_version="0", calm="99", fears="Loss"))
    assert refused.status_code == 422
    assert "Choose a number from 0 to 10." in refused.content.decode()
    assert "Loss" in refused.content.decode()
    there = person.page("/integration")
    wrong = client.post(there, act(do="talk", kind="integration", minutes="1", note="Kept words"))
    assert wrong.status_code == 422
    assert "Kept words" in wrong.content.decode()
    sent = act(do="talk", kind="integration", held_at="2026-11-23T10:00", minutes="50")
    page = client.post(there, sent | {"therapy": "cbt", "themes": "Sea, sea wind"}, follow=True)
    assert "sea wind" in page.content.decode()
    assert client.post(there, act(do="nonsense")).status_code == 422
    course = client.get(f"/courses/{person.course.pk}").content.decode()
    assert "1 talk, 50 min" in course
    assert "no trials to rate" in course


def test_more_of_everything_asks_the_database_no_more_often(person: Person) -> None:
    client = person.staff("therapist")
    counted = []
    for _ in range(2):
        for n in range(3):
            talk(person, note=f"Talk {n}")
            made = make_commitment(person.therapist, course_id=person.course.pk, text=f"Walk {n}")
            look_at_own_commitment(person.ctx, commitment_id=made.pk, outcome="kept")
            write_entry(person.ctx, course_id=person.course.pk, text="Shared", sharing="all")
            note = write_note(person.therapist, course_id=person.course.pk, text="Mine")
            reader = person.clinic.staff["prescriber"].pk
            name_reader(person.therapist, note_id=note.pk, account_id=reader)
        for name in ("", "/preparation", "/integration", "/notes"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(person.page(name)).status_code == 200
            counted.append(len(queries))
    # the first pages of a process look some things up that stay
    assert all(after <= before for before, after in zip(counted[:4], counted[4:], strict=True))
