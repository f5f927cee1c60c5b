"""The pages of a protocol: nothing typed is lost, and a signature asks who one is."""

from __future__ import annotations

import html
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from evenkeel.clinic.people.sign_in import SIGNED_IN_AT
from evenkeel.clinic.protocols.actions.start_draft import start_draft
from evenkeel.clinic.protocols.models import ProtocolVersion
from evenkeel.clinic.protocols.queries import document_of
from evenkeel.protocol.comparing import changes
from evenkeel.protocol.editions import text_digest
from evenkeel.protocol.thresholds import NEEDS
from tests.clinic.protocols.test_versions import (
    IV,
    RISE,
    a_file,
    director,
    drafted,
    of_rise,
    saved,
    signed,
)
from tests.clinic.session.makers import checked_in_appointment, open_stage, treatable_case
from tests.clinic_factory import Clinic, build_clinic, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_director(clinic: Clinic, client: Client) -> Client:
    return sign_in(client, clinic.staff["medical_director"])


def post(client: Client, path: str, **fields: Any) -> Any:
    return client.post(path, {"act_id": str(uuid4()), **fields})


def edited(client: Client, row: ProtocolVersion, **fields: Any) -> Any:
    about = {"seen_version": row.version, "title": "Harbour IV", "reason": "Yearly review."}
    given = {name: value for name, value in fields.items() if value is not None}
    return post(client, f"/protocols/{row.pk}/edit", **{**about, **given})


def test_without_any_the_list_says_what_to_do(db: None, clock: Any, client: Client) -> None:
    clinic = build_clinic(clock, with_protocols=False)
    sign_in(client, clinic.staff["medical_director"])
    said = client.get("/protocols/").content.decode()
    assert "No protocol is signed at Harbour, so no session can start." in said
    assert (
        "No protocol signed for Ketamine (racemic) IV infusion: start from the shipped default."
        in said
    )
    answer = post(client, "/protocols/new", site=str(clinic.site.pk), product=IV)
    row = ProtocolVersion.objects.get()
    assert answer["Location"] == f"/protocols/{row.pk}/edit"
    nurse = sign_in(Client(), clinic.staff["session_nurse"])
    read = nurse.get("/protocols/").content.decode()
    assert "A medical director starts" in read
    assert "Start from the shipped default" not in read


def test_where_none_is_signed_the_appointment_says_who_does_what(
    db: None, clock: Any, client: Client
) -> None:
    clinic = build_clinic(clock, with_protocols=False)
    case = treatable_case(clinic)
    visit = checked_in_appointment(case.nurse, case=case, chair=clinic.chairs[0])
    for role, link in (("session_nurse", True), ("front_desk", False)):
        said = sign_in(client, clinic.staff[role]).get(f"/appointments/{visit.pk}").content.decode()
        assert "No protocol for Ketamine (racemic) IV infusion is signed" in said
        assert "A medical director signs one" in said
        assert ('class="btn" href="/protocols/"' in said) == link
    said = sign_in(client, clinic.staff["prescriber"]).get(f"/courses/{case.course.pk}").content
    assert b'<a class="matter" href="/protocols/">No protocol for Ketamine' in said


def test_the_form_shows_every_threshold_of_the_product(clinic: Clinic, as_director: Client) -> None:
    row = drafted(clinic)
    said = as_director.get(f"/protocols/{row.pk}/edit").content.decode()
    for key, need in NEEDS.items():
        assert (f'name="threshold.{key}"' in said) == (not need.only or IV in need.only), key


def test_what_was_typed_is_kept_and_the_fault_stands_at_its_field(
    clinic: Clinic, as_director: Client
) -> None:
    row = drafted(clinic)
    answer = edited(
        as_director, row, **{RISE: "4000", f"why.{RISE}": "A long reason.", "title": "Another name"}
    )
    said = answer.content.decode()
    assert answer.status_code == 422
    for kept in ('value="4000"', 'value="A long reason."', 'value="Another name"'):
        assert kept in said
    assert "Must lie between 5 and 120." in said
    assert f'href="#{RISE}"' in said


def test_a_conflict_shows_what_the_other_saved_and_keeps_what_was_typed(
    clinic: Clinic, as_director: Client
) -> None:
    row = start_draft(director(clinic), site_id=clinic.site.pk, product=IV)
    mine = {RISE: "35", f"why.{RISE}": "Mine."}
    saved(clinic, row, {RISE: "30", f"why.{RISE}": "Theirs."})
    answer = edited(as_director, row, **mine)
    said = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody else saved this draft" in said
    assert "Saved meanwhile: 30 mmHg" in said
    assert 'value="35"' in said
    row.refresh_from_db()
    assert edited(as_director, row, **mine).status_code == 302
    assert '"value": 35' in ProtocolVersion.objects.get(pk=row.pk).text


def test_signing_asks_again_who_one_is(clinic: Clinic, as_director: Client) -> None:
    row = drafted(clinic, **{RISE: "30", f"why.{RISE}": "Our decision."})
    path = f"/protocols/{row.pk}/sign"
    session = as_director.session
    session[SIGNED_IN_AT] = time.time() - 3600
    session.save()
    fields = {"read_hash": text_digest(row.text), "agreed": "on", "starts": "now"}
    answer = post(as_director, path, **fields)
    assert answer["Location"].startswith("/accounts/2fa/reauthenticate/?next=%2Fprotocols%2F")
    row.refresh_from_db()
    assert row.state == "draft"
    session[SIGNED_IN_AT] = time.time()
    session.save()
    assert post(as_director, path, **fields)["Location"] == f"/protocols/{row.pk}"
    row.refresh_from_db()
    assert (row.state, row.signed_by) == ("signed", clinic.staff["medical_director"])
    assert row.confirmed_by


def test_a_later_start_is_the_local_time_of_the_site(clinic: Clinic, as_director: Client) -> None:
    row = drafted(clinic)
    path = f"/protocols/{row.pk}/sign"
    fields = {"read_hash": text_digest(row.text), "agreed": "on", "starts": "later"}
    answer = post(as_director, path, in_force_from="soon", **fields)
    assert answer.status_code == 422
    assert "Enter the day and time" in answer.content.decode()
    start = (datetime.now(UTC) + timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
    answer = post(as_director, path, in_force_from=f"{start:%Y-%m-%dT%H:%M}", **fields)
    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.in_force_from == start


def test_the_file_is_the_text_that_was_signed(clinic: Clinic, as_director: Client) -> None:
    version = of_rise(clinic, 30)
    answer = as_director.get(f"/protocols/{version.pk}/file")
    assert text_digest(answer.content.decode()) == version.text_hash
    assert f"harbour-racemic-iv-v2-{version.text_hash[:8]}.json" in answer["Content-Disposition"]
    where = {"site": str(clinic.site.pk), "from": "file"}
    bad = SimpleUploadedFile("own.json", a_file(thresholds={"alarm.hat_size": {}}))
    answer = post(as_director, "/protocols/new", file=bad, **where)
    assert answer.status_code == 422
    assert "alarm.hat_size" in answer.content.decode()
    good = SimpleUploadedFile("own.json", a_file())
    answer = post(as_director, "/protocols/new", file=good, **where)
    assert answer.status_code == 302


def test_a_version_is_read_compared_and_printed_with_its_hash(
    clinic: Clinic, as_director: Client
) -> None:
    first = ProtocolVersion.objects.get(product=IV)
    version = of_rise(clinic, 30)
    for what in ("", "/print"):
        said = as_director.get(f"/protocols/{version.pk}{what}").content.decode()
        for part in (version.text_hash, "Our decision.", "Decided by this clinic", "30 mmHg"):
            assert part in said, (what, part)
        assert "Test medical_director" in said
    said = as_director.get(f"/protocols/{version.pk}/compare?with={first.pk}").content.decode()
    assert "1 change from version 1" in said
    assert as_director.get(f"/protocols/{version.pk}/compare?with=nonsense").status_code == 404
    same = as_director.get(f"/protocols/{first.pk}/compare?with=shipped").content.decode()
    assert "No change from the shipped protocol" in same


def test_a_text_changed_behind_the_record_is_shown_as_such(
    clinic: Clinic, as_director: Client
) -> None:
    version = of_rise(clinic, 30)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE protocols_protocolversion SET text = replace(text, 'Our decision.', 'Nobody')"
        )
    said = as_director.get(f"/protocols/{version.pk}").content.decode()
    assert "This text is not what was signed" in said


def test_the_pages_of_a_session_and_its_course_lead_to_its_protocol(
    clinic: Clinic, client: Client
) -> None:
    stage = open_stage(clinic)
    kept = stage.session.protocol_used
    signed(clinic, drafted(clinic))
    sign_in(client, clinic.staff["prescriber"])
    for path in (f"/sessions/{stage.session.pk}", f"/sessions/{stage.session.pk}/note"):
        assert f'href="/protocols/{kept.pk}"' in client.get(path).content.decode(), path
    in_force = ProtocolVersion.objects.get(product=IV, number=2)
    for page in ("", "/screening", "/plan"):
        said = client.get(f"/courses/{stage.case.course.pk}{page}").content.decode()
        assert f'href="/protocols/{in_force.pk}"' in said, page


@pytest.mark.parametrize("product", ["esketamine_nasal", IV])
def test_the_whole_form_as_a_browser_sends_it_is_taken(
    clinic: Clinic, as_director: Client, product: str
) -> None:
    row = start_draft(director(clinic), site_id=clinic.site.pk, product=product)
    before = document_of(row.text)
    said = as_director.get(f"/protocols/{row.pk}/edit").content.decode()
    form = said.split('id="edit"')[1].split("</form>")[0]
    sent = {}
    for tag, name in re.findall(r'(<(?:input|select|textarea)[^>]*? name="([^"]+)"[^>]*>)', form):
        value = re.search(r' value="([^"]*)"', tag)
        chosen = re.search(r'value="([^"]*)" selected', form.split(tag)[1].split("</select>")[0])
        if "checkbox" in tag:
            continue  # an unticked box sends nothing
        text = (chosen.group(1) if chosen else "") if tag.startswith("<select") else ""
        sent[name] = html.unescape(value.group(1)) if value else text
    sent["act_id"] = str(uuid4())
    sent["title"] = row.title
    assert len(sent) > 400
    answer = as_director.post(f"/protocols/{row.pk}/edit", sent)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    after = document_of(ProtocolVersion.objects.get(pk=row.pk).text)
    assert changes(before, after) == ()


def test_a_program_and_a_fact_are_added_on_the_page_and_refused_at_their_fields(
    clinic: Clinic, as_director: Client
) -> None:
    row = drafted(clinic)
    program = {
        "addiction_programme.sent": "1",
        "addiction_programme.name": "Recovery clinic",
        "addiction_programme.takes.alcohol": "yes",
        "why.other.addiction_programme": "A specialist works here.",
    }
    fact = {
        "add.fact": "drug_screen",
        "add.when": "every",
        "add.stage": "session",
        "add.resolve": "Urine screen.",
        "add.why": "Asked by our board.",
    }
    refused = edited(
        as_director, row, **program, **fact, **{"addiction_programme.takes.ketamine": "yes"}
    )
    said = refused.content.decode()
    assert refused.status_code == 422
    assert 'href="#addiction_programme.substances">Addiction program, substances</a>' in said
    assert "ketamine can be in no program" in said.lower()
    assert 'value="Recovery clinic"' in said
    assert 'name="addiction_programme.takes.alcohol" value="yes" checked' in said
    assert 'value="Urine screen."' in said
    assert edited(as_director, row, **program, **fact).status_code == 302
    again = as_director.get(f"/protocols/{row.pk}/edit").content.decode()
    assert 'name="required.drug_screen"' in again
    assert 'name="addiction_programme.takes.ketamine"' not in again
    for place in ("", "/compare", "/print"):
        read = as_director.get(f"/protocols/{row.pk}{place}").content.decode()
        assert "“Recovery clinic”, where misuse is treated of: alcohol" in read, place
        assert "Look twice" in read


def test_a_screening_signed_under_another_version_asks_to_look_again(
    clinic: Clinic, as_director: Client
) -> None:
    case = treatable_case(clinic)
    path = f"/courses/{case.course.pk}/screening"
    warning = "Signed under another protocol than the one in force"
    before = as_director.get(path).content.decode()
    assert warning not in before
    first = ProtocolVersion.objects.get(product=IV)
    second = of_rise(clinic, 25)
    said = as_director.get(path).content.decode()
    assert warning in said
    box = said.split(warning)[1].split("</section>")[0]
    assert box.index(f"/protocols/{first.pk}") < box.index(f"/protocols/{second.pk}")
    other = as_director.get(f"{path}?product=racemic_im").content.decode()
    assert warning not in other


def test_the_board_names_the_protocol_a_session_runs_under(
    clinic: Clinic, as_director: Client
) -> None:
    open_stage(clinic)
    first = ProtocolVersion.objects.get(product=IV)
    second = of_rise(clinic, 25)
    said = as_director.get("/board").content.decode()
    assert f'<a href="/protocols/{first.pk}">Protocol version 1</a>' in said
    assert str(second.pk) not in said
