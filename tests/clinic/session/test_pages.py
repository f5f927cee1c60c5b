"""The live screen, the chair board and the note through Django's client: who sees what, and how."""

from __future__ import annotations

import io
import itertools
import json
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader

from evenkeel.clinic.people.actions.set_up import add_chair
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.people.sign_in import hash_pin
from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.session.models import SessionEvent
from evenkeel.clinic.session.pages import note
from evenkeel.web.pdf import PdfUnavailable
from tests.clinic.session.makers import Stage, open_stage
from tests.clinic_factory import Clinic, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("page_clock")]
PIN = "274916"
SEE = {"medical_director", "prescriber", "session_nurse", "therapist", "pharmacist", "auditor"}


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


def as_role(client: Client, clinic: Clinic, role: str) -> Client:
    signed: Client = sign_in(client, clinic.staff[role])
    return signed


def data_of(response: Any) -> dict[str, Any]:
    found = re.search(
        r'<script id="session-data" type="application/json">(.*?)</script>',
        response.content.decode(),
        re.S,
    )
    assert found
    return json.loads(found[1])  # type: ignore[no-any-return]


@pytest.mark.parametrize("route", ["session", "session_note", "session_note_pdf"])
@pytest.mark.parametrize(
    "role", [*sorted(SEE), "front_desk", "administrator", "prescriber_elsewhere"]
)
def test_who_may_open_a_session(
    client: Client, clinic: Clinic, stage: Stage, route: str, role: str
) -> None:
    answer = as_role(client, clinic, role).get(reverse(route, args=[stage.session.pk]))
    expected = 200 if role in SEE else 404 if role == "prescriber_elsewhere" else 403
    assert answer.status_code == expected


def test_each_reading_of_a_session_is_in_the_record(
    client: Client, clinic: Clinic, stage: Stage
) -> None:
    as_role(client, clinic, "auditor")
    for route in ("session", "session_note", "session_note_pdf"):
        client.get(reverse(route, args=[stage.session.pk]))
    reads = ChainEntry.objects.filter(actor_id=str(clinic.staff["auditor"].pk))
    assert [entry.action for entry in reads.order_by("position")] == [
        "read session page",
        "read session note",
        "read session note as PDF",
    ]
    assert {entry.patient_id for entry in reads} == {stage.case.patient.pk}


def test_the_live_screen_starts_from_every_event_and_the_protocol(
    client: Client, clinic: Clinic, stage: Stage
) -> None:
    stage.started()
    answer = as_role(client, clinic, "therapist").get(reverse("session", args=[stage.session.pk]))
    data = data_of(answer)
    stored = SessionEvent.objects.filter(session=stage.session).values_list("pk", flat=True)
    assert {event["id"] for event in data["events"]} == {str(pk) for pk in stored}
    assert data["dose"]["dose_mg"] == 37  # 0.5 mg/kg for 74 kg
    assert data["vitals"]["every_min"] == 10
    assert data["thresholds"]["sbp_hold_mmhg"]["value"] == 180
    assert set(data["may"]) == {"session.record", "session.stop", "session.view"}
    assert not data["locked"]
    text = answer.content.decode()
    assert "The bedside monitor’s own alarms stay on." in text
    assert " style=" not in text
    assert " onclick" not in text


def test_hostile_words_stay_words(client: Client, clinic: Clinic, stage: Stage) -> None:
    hostile = '</script><script>alert("x")</script>'
    stage.says("note", text=hostile, quoted=True)
    as_role(client, clinic, "auditor")
    for route in ("session", "session_note"):
        text = client.get(reverse(route, args=[stage.session.pk])).content.decode()
        assert "<script>alert" not in text
    assert hostile in [
        e["body"].get("text")
        for e in data_of(client.get(reverse("session", args=[stage.session.pk])))["events"]
    ]


def test_each_way_of_giving_has_its_own_buttons(client: Client, clinic: Clinic) -> None:
    infusion = open_stage(clinic)
    nasal = open_stage(clinic, "esketamine_nasal", clinic.chairs[1], named="Bo")
    as_role(client, clinic, "session_nurse")
    shown = {
        stage.session.product: client.get(
            reverse("session", args=[stage.session.pk])
        ).content.decode()
        for stage in (infusion, nasal)
    }
    for button in ("start", "rate", "pause", "resume", "stop"):
        assert f'data-act="{button}"' in shown["racemic_iv"]
        assert f'data-act="{button}"' not in shown["esketamine_nasal"]
    assert 'data-act="device"' in shown["esketamine_nasal"]
    assert 'data-act="device"' not in shown["racemic_iv"]


@pytest.mark.parametrize(
    ("route", "mark"), [("session_checks", "#checks"), ("session_discharge", "#leave")]
)
def test_the_checks_and_the_leaving_stand_on_the_live_screen(
    client: Client, clinic: Clinic, stage: Stage, route: str, mark: str
) -> None:
    as_role(client, clinic, "session_nurse")
    answer = client.get(reverse(route, args=[stage.session.pk]))
    assert answer["Location"] == reverse("session", args=[stage.session.pk]) + mark


# ---- the second person ----


def second(client: Client, stage: Stage, email: str, pin: str = PIN, **body: Any) -> Any:
    sent = {
        "id": str(uuid.uuid4()),
        "kind": "dose_check",
        "happened_at": stage.now.isoformat(),
        "body": {
            "dose_mg": 37,
            "volume_ml": 0.74,
            "rate_ml_per_h": 1.11,
            "agrees": True,
            **body,
        },
        "email": email,
        "pin": pin,
    }
    return client.post(
        reverse("session_dose_check", args=[stage.session.pk]),
        json.dumps(sent),
        content_type="application/json",
        headers={"accept": "application/json"},
    )


@pytest.fixture
def with_pins(clinic: Clinic) -> Clinic:
    for account in clinic.staff.values():
        account.pin_hash = hash_pin(PIN)
        account.save()
    return clinic


def test_the_second_person_signs_under_their_own_name(
    client: Client, with_pins: Clinic, stage: Stage
) -> None:
    as_role(client, with_pins, "session_nurse")
    answer = second(client, stage, "Pharmacist@harbour.invalid ")
    assert answer.status_code == 201, answer.content
    stored = SessionEvent.objects.get(kind="dose_check")
    assert stored.actor_id == str(with_pins.staff["pharmacist"].pk)
    assert "pin" not in json.dumps(stored.body)
    entry = ChainEntry.objects.get(position=stored.position)
    assert entry.actor_id == stored.actor_id
    stage.checks()
    stage.says("observation", sbp_mmhg=120, dbp_mmhg=75)
    assert stage.says("infusion_start", **stage.start_body()).event.kind == "infusion_start"


@pytest.mark.parametrize(
    ("email", "pin", "body", "code"),
    [
        ("pharmacist@harbour.invalid", "000001", {}, "second_person_unknown"),
        ("nobody@harbour.invalid", PIN, {}, "second_person_unknown"),
        ("", "", {}, "second_person_unknown"),
        ("session_nurse@harbour.invalid", PIN, {}, "same_person"),
        ("front_desk@harbour.invalid", PIN, {}, "forbidden"),
        ("prescriber@hill.invalid", PIN, {}, "not_found"),
        ("pharmacist@harbour.invalid", PIN, {"volume_ml": 7.4}, "dose_disagrees"),
        ("pharmacist@harbour.invalid", PIN, {"dose_mg": "much"}, "invalid_event"),
    ],
)
def test_a_second_person_who_is_none_leaves_no_trace(
    client: Client,
    with_pins: Clinic,
    stage: Stage,
    email: str,
    pin: str,
    body: dict[str, Any],
    code: str,
) -> None:
    as_role(client, with_pins, "session_nurse")
    answer = second(client, stage, email, pin, **body)
    assert 400 <= answer.status_code < 500
    assert answer.json()["code"] == code
    assert not SessionEvent.objects.filter(kind="dose_check").exists()


def test_wrong_pins_of_a_second_person_are_limited(
    client: Client, with_pins: Clinic, stage: Stage
) -> None:
    as_role(client, with_pins, "session_nurse")
    for _ in range(6):
        assert second(client, stage, "pharmacist@harbour.invalid", "000001").status_code == 422
    answer = second(client, stage, "pharmacist@harbour.invalid")
    assert answer.status_code == 429
    assert second(client, stage, "prescriber@harbour.invalid").status_code == 201


@pytest.mark.parametrize("sent", ["", "[1]", '{"kind": "note"}', "{" * 3000, "\x00"])
def test_a_second_signature_that_is_no_event_is_refused(
    client: Client, clinic: Clinic, stage: Stage, sent: str
) -> None:
    as_role(client, clinic, "session_nurse")
    answer = client.post(
        reverse("session_dose_check", args=[stage.session.pk]),
        sent,
        content_type="application/json",
    )
    assert answer.status_code == 422


# ---- the board ----


def board(client: Client, **query: Any) -> Any:
    return client.get(reverse("board"), query)


def test_an_empty_board_says_so(client: Client, clinic: Clinic) -> None:
    text = board(as_role(client, clinic, "session_nurse")).content.decode()
    assert text.count("nobody else today") == len(clinic.chairs)
    assert "No open alarm" in text
    assert "0 doses planned" in text


def test_the_board_shows_each_phase_with_what_matters_in_it(client: Client, clinic: Clinic) -> None:
    names = ["Ada", "Bo", "Cy"]
    before = open_stage(clinic)
    running = open_stage(clinic, chair=clinic.chairs[1], named=names[1]).started()
    watching = open_stage(clinic, "esketamine_nasal", clinic.chairs[2], named=names[2]).prepared()
    watching.says("device", number=1, dose_mg=28)
    watching.says("device", number=2, dose_mg=28, reason="test of the board")
    before.checks(leave_out=("escort", "touch"))
    running.wait(1)
    running.says("observation", sbp_mmhg=195, dbp_mmhg=99)
    text = board(as_role(client, clinic, "therapist")).content.decode()
    cards = {
        c: text.split(f'data-chair="{c}"')[1].split("</article>")[0]
        for c in ("Chair 1", "Chair 2", "Chair 3", "Chair 4")
    }
    assert "Before dose" in cards["Chair 1"]
    assert ">6<small>of 8 checks" in cards["Chair 1"]
    assert "Infusing" in cards["Chair 2"]
    assert "195/99" in cards["Chair 2"]
    assert 'class="alarm hold"' in cards["Chair 2"]
    assert "Watching" in cards["Chair 3"]
    assert "120<small>min to 16:00" in cards["Chair 3"]  # two hours from the first device
    assert "Empty" in cards["Chair 4"]
    alarms = text.split("Open alarms")[-1]
    assert alarms.index("Very high blood pressure") < alarms.index("has risen by 73 mmHg")


def test_the_board_asks_the_same_few_questions_however_many_sit(
    client: Client, clinic: Clinic
) -> None:
    as_role(client, clinic, "session_nurse")
    counts = []
    for wanted in (4, 20):
        for n in range(clinic.extra.get("sat", 0), wanted):
            chair = (
                clinic.chairs[n]
                if n < 4
                else add_chair(
                    clinic.as_("administrator"),
                    site_id=clinic.site.pk,
                    name=f"Chair {n + 1}",
                    order=n,
                )
            )
            stage = open_stage(clinic, chair=chair, named=f"Person{n}").started()
            stage.says("observation", sbp_mmhg=120 + n, dbp_mmhg=80)
        clinic.extra["sat"] = wanted
        board(client)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert board(client).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[1] <= 14, [q["sql"][:90] for q in asked]


def test_the_part_that_changes_comes_alone(client: Client, clinic: Clinic) -> None:
    answer = board(as_role(client, clinic, "auditor"), part=1)
    assert b"<html" not in answer.content
    assert b"Open alarms" in answer.content


def test_a_board_of_another_site_is_not_there(client: Client, clinic: Clinic) -> None:
    as_role(client, clinic, "session_nurse")
    assert board(client, site=str(clinic.site.pk)).status_code == 200
    assert board(client, site=str(clinic.other_site.pk)).status_code == 404
    assert board(client, site="'; drop table").status_code == 404


def test_people_of_another_site_stand_on_no_board_of_ours(client: Client, clinic: Clinic) -> None:
    open_stage(clinic)
    text = board(as_role(client, clinic, "prescriber_elsewhere")).content.decode()
    assert "Ada Sample" not in text


# ---- the note ----


def finished(stage: Stage) -> Stage:
    stage.started()
    stage.wait(12)
    stage.says("observation", sbp_mmhg=151, dbp_mmhg=92, dissociation_0_10=6, moaas=4)
    wrong = stage.says("observation", sbp_mmhg=300, dbp_mmhg=92)
    stage.says("observation", sbp_mmhg=130, dbp_mmhg=82, supersedes=wrong.event.pk)
    struck = stage.says("note", text="meant for somebody else")
    stage.says("void", reason="wrong chair", supersedes=struck.event.pk)
    stage.wait(10)
    stage.says("note", text="Like floating in warm water", quoted=True)
    stage.says("rescue_medicine", name="Ondansetron", dose_mg=4, route="IV")
    alarm = SessionEvent.objects.filter(kind="alarm_raised").first()
    assert alarm
    stage.says(
        "alarm_acknowledged", "prescriber", alarm_event=str(alarm.pk), note="Looked, repeated"
    )
    stage.wait(18)
    stage.says("infusion_stop")
    return stage


def test_the_note_tells_the_whole_story(
    client: Client, clinic: Clinic, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(stage)
    monkeypatch.setenv(CLOCK_VARIABLE, ScaledClock(stage.now, 0.0, 0.0).as_text())
    as_role(client, clinic, "medical_director")
    text = client.get(reverse("session_note", args=[stage.session.pk])).content.decode()
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).replace("\u00a0", " ")
    for words in (
        "37 mg given, beginning at 14:00 and ending at 14:40",
        "Blood pressure was 122/76 mmHg before the dose",
        "at most 151 mmHg systolic after it (+29)",
        "Dissociation reached 6 of 10 at 14:12",
        "Ondansetron 4 mg IV",
        "“Like floating in warm water”",
        "struck out by Test session_nurse",
        "wrong chair",
        "corrected by Test session_nurse",
        "pressure 130/82",
        "Dose recomputed by a second person: 37 mg, agrees",
        "Test prescriber",
        "Not finished",
    ):
        assert words in plain, words
    assert "<svg" in text
    assert " style=" not in text


def test_the_note_of_a_session_without_a_dose_says_so(
    client: Client, clinic: Clinic, stage: Stage
) -> None:
    stage.says("discharged", "prescriber", override_reason="felt unwell on arrival")
    as_role(client, clinic, "auditor")
    text = client.get(reverse("session_note", args=[stage.session.pk])).content.decode()
    assert "no drug was given" in text
    assert "felt unwell on arrival" in text
    assert "Not finished" not in text


def test_the_pdf_holds_what_the_page_holds(client: Client, clinic: Clinic, stage: Stage) -> None:
    finished(stage)
    as_role(client, clinic, "prescriber")
    answer = client.get(reverse("session_note_pdf", args=[stage.session.pk]))
    assert answer["Content-Type"] == "application/pdf"
    assert "Sample" not in answer["Content-Disposition"]
    words = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    assert "Ada Sample" in words
    assert "Ondansetron" in words
    assert "151/92" in words


def test_without_the_pdf_libraries_the_page_says_how_to_print(
    client: Client, clinic: Clinic, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(html: str) -> bytes:
        raise PdfUnavailable("libpango is missing")

    monkeypatch.setattr(note, "pdf_from_html", missing)
    as_role(client, clinic, "prescriber")
    answer = client.get(reverse("session_note_pdf", args=[stage.session.pk]))
    assert answer.status_code == 503
    assert "print it from the browser" in answer.content.decode()


def test_a_monitor_does_not_flood_the_table_of_the_note(
    client: Client, clinic: Clinic, stage: Stage
) -> None:
    stage.started()
    for _ in range(30):
        stage.wait(0.5)
        stage.says("observation", heart_rate_bpm=70, spo2_percent=97)
    events = list(SessionEvent.objects.filter(session=stage.session))
    for event in events:
        event.via = "monitor" if "heart_rate_bpm" in event.body else event.via
    rows = note.vitals_rows(events, stage.timeline())
    gaps = [b.at - a.at for a, b in itertools.pairwise(rows)]
    assert len(rows) == 4
    assert all(gap >= timedelta(minutes=5) for gap in gaps[1:])


def test_an_account_that_ended_may_not_sign_as_second(
    client: Client, with_pins: Clinic, stage: Stage
) -> None:
    account = Account.objects.get(email="pharmacist@harbour.invalid")
    account.is_active = False
    account.save()
    as_role(client, with_pins, "session_nurse")
    answer = second(client, stage, account.email)
    assert answer.json()["code"] == "second_person_unknown"
