"""The room over a session: what may be said of it, how it is corrected, and the dose without an
agreement on touch."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.clinic.course.actions.agree_touch import agree_touch, withdraw_touch
from evenkeel.clinic.programs.actions.choose_program import choose_program
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, Refused
from evenkeel.clinic.session.events import kind_of, read_body
from evenkeel.clinic.session.models import SessionEvent
from evenkeel.clinic.session.queries import events_of
from evenkeel.clinic.session.setting import read_setting
from evenkeel.clinic.session.setting_events import SETTING_KINDS, setting_words
from evenkeel.clinic.session.setting_items import read_setting_list, setting_list
from tests.clinic.session.makers import Stage
from tests.clinic_factory import sign_in

GOOD: list[tuple[str, dict[str, Any], str]] = [
    ("setting", {"items": {"lighting": "One lamp"}}, "Setting, light: One lamp"),
    ("music", {"what": "start", "title": "Slow water", "volume": "low"},
     "Music began, “Slow water”, low"),
    ("music", {"what": "stop", "asked_by": "person"}, "Music stopped, as the person asked"),
    ("person_entered", {"name": "Lea", "role": "therapist"}, "Lea (therapist) came in"),
    ("person_left", {"name": "Lea", "note": "called away"}, "Lea left the room: called away"),
    ("touch", {"what": "offered_declined"}, "Touch offered and declined"),
    ("touch", {"what": "used", "where": "hand", "by_name": "Noor"}, "Touch used, hand, Noor"),
    ("stop_word", {"followed": True}, "Stop word said, everything stopped"),
    ("intervention", {"what": "breathing", "note": "ten breaths"}, "Breathing: ten breaths"),
    ("disturbance", {"what": "A knock", "reaction": "startled"}, "Disturbance: A knock; startled"),
    ("guide_step", {"step": "check_in", "done": True}, "Step done: check in"),
]  # fmt: skip
BAD: list[tuple[str, dict[str, Any], str]] = [
    ("setting", {}, "items"),
    ("setting", {"items": {"lighting": ""}}, "items"),
    ("setting", {"items": {"score": "9"}}, "items"),
    ("setting", {"items": {"music": "kept by its events"}}, "items"),
    ("setting", {"score": 9}, "score"),
    ("music", {"what": "start"}, "title"),
    ("music", {"what": "volume"}, "volume"),
    ("music", {"what": "hum", "title": "x"}, "what"),
    ("person_entered", {"name": "Lea"}, "role"),
    ("person_entered", {"name": " ", "role": "nurse"}, "name"),
    ("touch", {"what": "used"}, "where"),
    ("touch", {"what": "used", "where": "knee"}, "where"),
    ("stop_word", {}, "followed"),
    ("intervention", {"what": "other"}, "note"),
    ("disturbance", {"what": ""}, "what"),
    ("guide_step", {"step": "check_in"}, "done"),
]


@pytest.mark.parametrize(("kind", "body", "words"), GOOD)
def test_what_may_be_said_is_said_in_words(kind: str, body: dict[str, Any], words: str) -> None:
    assert setting_words(kind, read_body(kind_of(kind), body)) == words


@pytest.mark.parametrize(("kind", "body", "field"), BAD)
def test_what_cannot_be_is_refused_at_its_field(
    kind: str, body: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        read_body(kind_of(kind), body)
    assert set(refused.value.fields) == {field}


@settings(max_examples=60)
@given(st.sampled_from(sorted(SETTING_KINDS)), st.dictionaries(
    st.sampled_from(["what", "title", "items", "name", "role", "where", "followed", "done"]),
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.lists(st.text()),
))  # fmt: skip
def test_no_body_breaks_the_reading(kind: str, body: dict[str, Any]) -> None:
    try:
        clean = read_body(kind_of(kind), body)
    except Invalid:
        return
    assert setting_words(kind, clean)


def test_the_items_are_the_seventeen_about_room_and_session() -> None:
    found = setting_list()
    assert [item.number for item in found.items] == list(range(1, 18))
    one = {"id": "a", "number": 1, "group": "", "title": "", "hint": "", "kept": "text"}
    with pytest.raises(ValueError, match=r"items\[1\]"):
        read_setting_list({"items": [one, one]})


pytestmark = pytest.mark.django_db


def setting_of(stage: Stage) -> Any:
    return read_setting(events_of(stage.session.pk))


def test_music_and_people_get_their_times(stage: Stage) -> None:
    stage.says("person_entered", "therapist", body={"name": "Lea", "role": "therapist"})
    stage.says("music", what="start", title="Slow water")
    first = stage.now
    stage.wait(10)
    stage.says("music", what="change", title="Low strings")
    stage.wait(5)
    stage.says("person_left", name="Lea")
    stage.says("music", what="stop")
    found = setting_of(stage)
    assert [(m.what, m.until - m.since) for m in found.music] == [
        ("Slow water", timedelta(minutes=10)),
        ("Low strings", timedelta(minutes=5)),
    ]
    (lea,) = found.people
    assert (lea.what, lea.since, lea.until, lea.more) == (
        "Lea", first, first + timedelta(minutes=15), "therapist",
    )  # fmt: skip


def test_what_was_wrong_is_corrected_or_struck_and_stays_in_the_record(stage: Stage) -> None:
    said = stage.says("disturbance", what="A knock").event
    stage.says("disturbance", supersedes=said.pk, what="A drill outside")
    struck = stage.says("music", what="start", title="The wrong one").event
    stage.says("void", supersedes=struck.pk, reason="Other room")
    found = setting_of(stage)
    assert [h.words for h in found.happenings] == ["Disturbance: A drill outside"]
    assert found.music == ()
    assert SessionEvent.objects.filter(session=stage.session).count() >= 4
    with pytest.raises(Conflict):
        stage.says("disturbance", supersedes=said.pk, what="Again")


def test_a_step_is_done_and_opened_again(stage: Stage) -> None:
    stage.says("guide_step", step="check_in", done=True)
    at = stage.now
    assert setting_of(stage).steps_done == {"check_in": at}
    stage.wait(1)
    stage.says("guide_step", step="check_in", done=False)
    assert setting_of(stage).steps_done == {}


def touch_agreed(stage: Stage, level: str = "hand") -> Any:
    return agree_touch(
        stage.clinic.as_("therapist"),
        course_id=stage.case.course.pk,
        level=level,
        stop_word="lantern",
        signed_name=stage.case.patient.name,
        stop_sign="two fingers",
        boundaries="No filming.",
    )


@pytest.mark.parametrize(
    ("agreed", "where", "beyond"),
    [
        (None, "hand", True),
        ("none", "hand", True),
        ("hand", "hand", False),
        ("hand", "hand_shoulder", True),
        ("hand_shoulder", "hand_shoulder", False),
        ("hand_shoulder", "other", True),
    ],
)
def test_touch_is_written_down_with_what_was_agreed_and_never_refused(
    stage: Stage, agreed: str | None, where: str, beyond: bool
) -> None:
    if agreed:
        touch_agreed(stage, agreed)
    # nobody can say for themselves that it was within the agreement
    event = stage.says("touch", what="used", where=where, beyond=False, agreed="everything").event
    assert (event.body["agreed"], event.body["beyond"]) == (agreed or "none", beyond)


def test_only_those_who_record_a_session_tell_of_its_room(stage: Stage) -> None:
    with pytest.raises(Forbidden):
        stage.says("music", "pharmacist", what="start", title="x")


# ---- the dose, and the agreement on touch ----


@pytest.fixture
def on_montreal(stage: Stage) -> Stage:
    """Everything is settled but the agreement on touch."""
    choose_program(
        stage.clinic.as_("therapist"), course_id=stage.case.course.pk, program="montreal"
    )
    return stage.prepared()


def start(stage: Stage) -> Any:
    return stage.says("infusion_start", **stage.start_body())


def test_the_first_dose_is_refused_until_touch_and_stop_word_are_signed(
    on_montreal: Stage,
) -> None:
    with pytest.raises(Refused, match="No touch agreement with a stop word is signed"):
        start(on_montreal)
    assert on_montreal.row().first_dose_at is None
    # even where the person wants no touch at all: then that is what is signed
    touch_agreed(on_montreal, "none")
    start(on_montreal)
    assert on_montreal.row().first_dose_at == on_montreal.now


def test_an_agreement_taken_back_before_the_dose_counts_as_none(on_montreal: Stage) -> None:
    agreement = touch_agreed(on_montreal)
    withdraw_touch(on_montreal.clinic.as_("therapist"), agreement_id=agreement.pk)
    with pytest.raises(Refused, match="touch agreement"):
        start(on_montreal)


def test_taking_touch_back_under_the_drug_stops_no_medicine(on_montreal: Stage) -> None:
    agreement = touch_agreed(on_montreal)
    start(on_montreal)
    on_montreal.wait(5)
    on_montreal.says("pause")
    withdraw_touch(on_montreal.clinic.as_("therapist"), agreement_id=agreement.pk)
    on_montreal.wait(1)
    on_montreal.says("resume", rate_mg_per_h=on_montreal.start_body()["rate_mg_per_h"])


@pytest.mark.parametrize("program", ["", "medical_only"])
def test_without_therapy_a_dose_asks_for_no_agreement(stage: Stage, program: str) -> None:
    if program:
        choose_program(
            stage.clinic.as_("therapist"), course_id=stage.case.course.pk, program=program
        )
    stage.prepared()
    start(stage)


def test_the_page_and_the_note_tell_of_the_room(
    on_montreal: Stage, client: Client, page_clock: None
) -> None:
    touch_agreed(on_montreal)
    on_montreal.says("setting", items={"lighting": "One lamp, warm"})
    on_montreal.says("music", what="start", title="Slow water")
    sign_in(client, on_montreal.clinic.staff["therapist"])
    page = client.get(f"/sessions/{on_montreal.session.pk}").content.decode()
    assert page.count("data-step-done=") == 7
    assert "ReSPCT 2025" in page
    note = client.get(f"/sessions/{on_montreal.session.pk}/note").content.decode()
    assert "One lamp, warm" in note
    assert "Slow water" in note
    # on the drawn timeline as well
    (drawn,) = re.findall(r'<figure class="chart wide"[^>]*>.*?</figure>', note, re.S)
    assert "Slow water" in drawn
    touch = client.get(f"/courses/{on_montreal.case.course.pk}/touch").content.decode()
    assert "No filming." in touch
    assert "two fingers" in touch
