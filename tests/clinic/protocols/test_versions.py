"""A clinic's protocol: drafted, edited, signed, in force from a date; and what runs under it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from evenkeel.clinic.people.actions.change_set_up import edit_site
from evenkeel.clinic.people.actions.set_up import grant_role
from evenkeel.clinic.protocols.actions.edit_draft import discard_draft, save_draft
from evenkeel.clinic.protocols.actions.sign_version import (
    adopt_shipped,
    retire_version,
    sign_version,
)
from evenkeel.clinic.protocols.actions.start_draft import import_draft, start_draft
from evenkeel.clinic.protocols.models import ProtocolVersion
from evenkeel.clinic.protocols.queries import (
    document_of,
    history_of,
    protocol_in_force,
    protocol_under,
    standing_of,
)
from evenkeel.clinic.record.act import Actor, Context
from evenkeel.clinic.record.clock import FixedClock
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.record.permissions import Role
from evenkeel.clinic.record.verify import verify
from evenkeel.clinic.session.actions.open_session import open_session
from evenkeel.clinic.session.pages.session import session_data
from evenkeel.protocol import load_protocol_file
from evenkeel.protocol.editions import text_digest
from tests.clinic.course.test_course import refused
from tests.clinic.session.makers import CALM, checked_in_appointment, open_stage, treatable_case
from tests.clinic_factory import SIGNED_BEFORE, Clinic, build_clinic

pytestmark = pytest.mark.django_db

IV = "racemic_iv"
RISE = "threshold.alarm.sbp_rise_mmhg"


def director(clinic: Clinic) -> Context:
    return clinic.as_("medical_director")


def drafted(clinic: Clinic, basis: Any = None, **given: str) -> ProtocolVersion:
    """A draft with what was typed, saved once."""
    row = start_draft(director(clinic), site_id=clinic.site.pk, product=IV, basis_id=basis)
    return saved(clinic, row, given)


def saved(clinic: Clinic, row: ProtocolVersion, given: dict[str, str], **changes: Any) -> Any:
    return save_draft(
        director(clinic),
        **{
            "version_id": row.pk,
            "seen_version": row.version,
            "given": given,
            "title": "Harbour, ketamine IV",
            "reason": "Yearly review.",
            **changes,
        },
    )


def signed(clinic: Clinic, row: ProtocolVersion, **changes: Any) -> ProtocolVersion:
    given: dict[str, Any] = {
        "version_id": row.pk,
        "read_hash": text_digest(row.text),
        "agreed": True,
        "confirmed_by": "passkey",
    }
    return sign_version(director(clinic), **{**given, **changes})


def of_rise(clinic: Clinic, rise_mmhg: int, **changes: Any) -> ProtocolVersion:
    """A signed version that reviews at this rise."""
    row = drafted(clinic, **{RISE: str(rise_mmhg), f"why.{RISE}": "Our decision."})
    return signed(clinic, row, **changes)


def rise_in_force(clinic: Clinic, at: datetime | None = None) -> float | None:
    held = protocol_in_force(IV, clinic.site.pk, at or clinic.clock.now())
    return held.number("alarm.sbp_rise_mmhg") if held else None


def test_no_session_starts_until_a_protocol_is_signed_for_its_product(
    db: None, clock: FixedClock
) -> None:
    clinic = build_clinic(clock, with_protocols=False)
    case = treatable_case(clinic)
    appointment = checked_in_appointment(case.nurse, case=case, chair=clinic.chairs[0])
    with pytest.raises(Refused) as caught:
        open_session(case.nurse, appointment_id=appointment.pk)
    assert "No protocol for Ketamine (racemic) IV infusion is signed" in caught.value.message
    # until then a person is screened and a dose planned by the shipped one, and it says so
    plan = case.fresh().plans.get()
    assert (plan.protocol_name, plan.protocol_used, plan.protocol_hash) == (
        "us-racemic-iv",
        None,
        None,
    )
    adopt_shipped(director(clinic), site_id=clinic.site.pk, products=["esketamine_nasal"])
    with pytest.raises(Refused):
        open_session(case.nurse, appointment_id=appointment.pk)
    adopt_shipped(director(clinic), site_id=clinic.site.pk, products=[IV])
    session = open_session(case.nurse, appointment_id=appointment.pk)
    assert session.protocol_used == ProtocolVersion.objects.get(product=IV)


def test_a_session_keeps_the_version_it_began_under_and_the_next_has_the_new_one(
    clinic: Clinic,
) -> None:
    first = open_stage(clinic)
    second_version = of_rise(clinic, 25)
    assert rise_in_force(clinic) == 25
    first.session.refresh_from_db()
    assert protocol_under(first.session).number("alarm.sbp_rise_mmhg") == 40
    later = open_stage(clinic, chair=clinic.chairs[1], named="Wren")
    assert later.session.protocol_used == second_version
    assert (later.session.protocol_version, later.session.protocol_hash) == (
        "2",
        second_version.text_hash,
    )
    assert protocol_under(later.session).number("alarm.sbp_rise_mmhg") == 25
    assert verify().whole


def test_a_rise_sounds_by_the_version_of_the_session(clinic: Clinic) -> None:
    old = open_stage(clinic)
    of_rise(clinic, 15)
    new = open_stage(clinic, chair=clinic.chairs[1], named="Wren")
    raised = []
    for stage in (old, new):
        stage.prepared(sbp_mmhg=124, dbp_mmhg=78)
        stage.says("infusion_start", **stage.start_body())
        stage.wait(10)
        done = stage.says("observation", sbp_mmhg=144, dbp_mmhg=80)
        raised.append([event.body["threshold"] for event in done.raised])
    assert raised == [[], ["alarm.sbp_rise_mmhg"]]


@pytest.mark.parametrize(("from_age", "waits_above"), [(30, "150/90"), (60, "140/90")])
def test_the_gate_of_older_people_holds_in_the_session_from_its_age_on(
    clinic: Clinic, from_age: int, waits_above: str
) -> None:
    gate = {"older_age_years": str(from_age), "older_sbp_mmhg": "150", "older_dbp_mmhg": "90"}
    given = {f"threshold.bp_gate.{name}": value for name, value in gate.items()}
    why = {f"why.{field}": "As for nasal esketamine in the EU." for field in given}
    signed(clinic, drafted(clinic, **given, **why))
    stage = open_stage(clinic)  # somebody of 36 years
    ctx = clinic.as_("session_nurse")
    shown = session_data(ctx, stage.session, "")["gate"]
    assert f"{shown['sbp_mmhg']:g}/{shown['dbp_mmhg']:g}" == waits_above
    stage.prepared(sbp_mmhg=145, dbp_mmhg=88)
    if waits_above == "140/90":
        with pytest.raises(Refused, match="145/88 is above 140/90"):
            stage.says("infusion_start", **stage.start_body())
        return
    stage.says("observation", body={**CALM, "sbp_mmhg": 151})
    with pytest.raises(Refused, match="151/76 is above 150/90"):
        stage.says("infusion_start", **stage.start_body())
    stage.says("observation", body={**CALM, "sbp_mmhg": 150, "dbp_mmhg": 90})
    stage.says("infusion_start", **stage.start_body())
    assert stage.row().state == "running"


def test_which_version_is_in_force_follows_from_the_dates(clinic: Clinic) -> None:
    now = clinic.clock.now()
    monday = now + timedelta(days=4)
    of_rise(clinic, 30, in_force_from=monday)
    assert [rise_in_force(clinic, at) for at in (now, monday - timedelta(seconds=1), monday)] == [
        40,
        40,
        30,
    ]
    assert rise_in_force(clinic, now - SIGNED_BEFORE - timedelta(seconds=1)) is None
    clinic.clock.advance(timedelta(hours=1))
    of_rise(clinic, 35)
    versions = history_of(clinic.site.pk, IV)
    standing = {v.number: standing_of(v, versions, clinic.clock.now()) for v in versions}
    assert standing == {1: "superseded", 2: "coming", 3: "in_force"}
    assert rise_in_force(clinic) == 35
    clinic.clock.advance(timedelta(days=5))
    assert rise_in_force(clinic) == 30


def test_a_retired_version_leaves_none_in_force_and_what_was_begun_goes_on(clinic: Clinic) -> None:
    stage = open_stage(clinic)
    waiting = treatable_case(clinic, named="Wren")
    version = of_rise(clinic, 30)
    clinic.clock.advance(timedelta(minutes=1))
    retire_version(director(clinic), version_id=version.pk, reason="A slip in the limits.")
    assert rise_in_force(clinic) is None
    assert rise_in_force(clinic, clinic.clock.now() - timedelta(seconds=1)) == 30
    appointment = checked_in_appointment(waiting.nurse, case=waiting, chair=clinic.chairs[2])
    with pytest.raises(Refused, match="No protocol"):
        open_session(waiting.nurse, appointment_id=appointment.pk)
    stage.started()
    assert protocol_under(stage.session).number("alarm.sbp_rise_mmhg") == 40


def test_a_version_withdrawn_before_its_day_never_counts(clinic: Clinic) -> None:
    day = clinic.clock.now() + timedelta(days=2)
    version = of_rise(clinic, 30, in_force_from=day)
    retire_version(director(clinic), version_id=version.pk, reason="Not yet agreed.")
    assert rise_in_force(clinic, day + timedelta(days=1)) == 40
    with refused("not_signed"):
        retire_version(director(clinic), version_id=version.pk, reason="Again.")


def test_two_who_edit_the_same_draft_do_not_overwrite_each_other(clinic: Clinic) -> None:
    row = start_draft(director(clinic), site_id=clinic.site.pk, product=IV)
    seen = row.version
    saved(clinic, row, {RISE: "30", f"why.{RISE}": "Mine."})
    with pytest.raises(Conflict, check=lambda e: e.code == "draft_changed"):
        saved(clinic, row, {RISE: "35", f"why.{RISE}": "Theirs."}, seen_version=seen)
    row.refresh_from_db()
    assert document_of(row.text)["thresholds"]["alarm.sbp_rise_mmhg"]["value"] == 30


def test_what_does_not_hold_is_not_saved_and_named(clinic: Clinic) -> None:
    row = drafted(clinic)
    with pytest.raises(Invalid) as caught:
        saved(clinic, row, {RISE: "900", "discharge.gait": "no"})
    assert set(caught.value.fields) == {RISE, "why.discharge.gait"}
    before = row.text
    row.refresh_from_db()
    assert row.text == before


def test_a_signed_version_never_changes(clinic: Clinic) -> None:
    version = of_rise(clinic, 30)
    with refused("not_a_draft"):
        saved(clinic, version, {RISE: "20", f"why.{RISE}": "x"})
    with refused("not_a_draft"):
        signed(clinic, version)
    with refused("not_a_draft"):
        discard_draft(director(clinic), version_id=version.pk)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"agreed": False}, "agreed"),
        ({"in_force_from": datetime(2026, 11, 23, 13, 59, tzinfo=UTC)}, "in_force_from"),
        ({"in_force_from": datetime(2028, 1, 1, tzinfo=UTC)}, "in_force_from"),
    ],
)
def test_signing_asks_for_all_it_needs(clinic: Clinic, changes: Any, field: str) -> None:
    row = drafted(clinic)
    with pytest.raises(Invalid) as caught:
        signed(clinic, row, **changes)
    assert list(caught.value.fields) == [field]


def test_what_was_not_read_is_not_signed(clinic: Clinic) -> None:
    row = drafted(clinic)
    read = text_digest(row.text)
    saved(clinic, row, {RISE: "30", f"why.{RISE}": "Meanwhile."})
    with pytest.raises(Conflict):
        signed(clinic, row, read_hash=read)
    row.refresh_from_db()
    row = saved(clinic, row, {}, reason="")
    with pytest.raises(Invalid) as caught:
        signed(clinic, row)
    assert list(caught.value.fields) == ["reason"]


def test_the_signature_stands_in_every_copy_and_in_the_chain(clinic: Clinic, tmp_path: Any) -> None:
    version = of_rise(clinic, 30)
    signature = document_of(version.text)["signature"]
    assert signature == {
        "name": "Test medical_director",
        "role": "medical_director",
        "signed_at": "2026-11-23T14:00:00+00:00",
        "in_force_from": "2026-11-23T14:00:00+00:00",
        "meaning": version.meaning,
    }
    assert version.text_hash == text_digest(version.text)
    assert ChainEntry.objects.filter(action="protocol.sign", outcome="done").count() == 1
    file = tmp_path / "harbour.json"
    file.write_text(version.text, encoding="utf-8")
    held = load_protocol_file(file)  # what `evenkeel screen --protocol FILE` reads
    assert (held.name, held.version, held.product) == ("harbour-racemic-iv", "2", IV)
    assert held.number("alarm.sbp_rise_mmhg") == 30
    draft = start_draft(director(clinic), site_id=clinic.site.pk, basis_id=version.pk)
    assert "signature" not in document_of(draft.text)
    assert draft.based_on == version


@pytest.mark.parametrize("role", ["prescriber", "session_nurse", "administrator", "auditor"])
def test_only_a_medical_director_drafts_and_signs(clinic: Clinic, role: str) -> None:
    row = drafted(clinic)
    with pytest.raises(Forbidden):
        start_draft(clinic.as_(role), site_id=clinic.site.pk, product="racemic_im")
    with pytest.raises(Forbidden):
        sign_version(
            clinic.as_(role), version_id=row.pk, read_hash=text_digest(row.text), agreed=True
        )


def test_a_protocol_is_of_its_site(clinic: Clinic) -> None:
    version = ProtocolVersion.objects.get(product=IV)
    with pytest.raises(NotFound):
        start_draft(director(clinic), site_id=clinic.other_site.pk, product=IV)
    assert protocol_in_force(IV, clinic.other_site.pk, clinic.clock.now()) is None
    founder = Context(
        Actor("system:founder", "Founder", frozenset({(None, r) for r in Role})), clinic.clock
    )
    grant_role(
        founder,
        account_id=clinic.staff["medical_director"].pk,
        site_id=clinic.other_site.pk,
        role="medical_director",
    )
    # the second site lies in the EU: what holds in the US is not taken over there
    with refused("other_jurisdiction"):
        start_draft(director(clinic), site_id=clinic.other_site.pk, basis_id=version.pk)
    row = start_draft(director(clinic), site_id=clinic.other_site.pk, product=IV)
    assert document_of(row.text)["extends"] == "eu-racemic-iv"


def test_a_site_that_moves_under_other_rules_signs_anew(clinic: Clinic) -> None:
    assert rise_in_force(clinic) == 40
    edit_site(director(clinic), site_id=clinic.site.pk, jurisdiction="EU")
    assert rise_in_force(clinic) is None
    versions = history_of(clinic.site.pk, IV)
    assert [standing_of(v, versions, clinic.clock.now()) for v in versions] == ["superseded"]


def a_file(**change: Any) -> bytes:
    return json.dumps(
        {
            "format": "evenkeel-protocol/1",
            "extends": "us-racemic-iv",
            "name": "elsewhere",
            "title": "From elsewhere",
            "version": "7",
            **change,
        }
    ).encode()


OWN_RISE = {"value": 30, "unit": "mmHg", "mark": "clinic policy", "source": "clinic"}


def test_a_file_becomes_a_draft_with_every_value_said(clinic: Clinic) -> None:
    content = a_file(thresholds={"alarm.sbp_rise_mmhg": {**OWN_RISE, "note": "Our decision."}})
    row = import_draft(director(clinic), site_id=clinic.site.pk, content=content)
    document = document_of(row.text)
    assert (document["name"], document["version"]) == ("harbour-racemic-iv", "2")
    assert document["thresholds"]["weight.max_age_days"]["value"] == 30
    with refused("draft_open"):
        import_draft(director(clinic), site_id=clinic.site.pk, content=content)
    discard_draft(director(clinic), version_id=row.pk)
    import_draft(director(clinic), site_id=clinic.site.pk, content=content)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"{", "JSON"),
        (b"[]", "protocol"),
        (a_file(extends="us-tea"), "extends"),
        (a_file(thresholds={"alarm.hat_size": {}}), "alarm.hat_size"),
        (a_file(thresholds={"alarm.sbp_rise_mmhg": OWN_RISE}), "alarm.sbp_rise_mmhg"),  # no reason
        (
            a_file(
                thresholds={
                    "vitals.every_min": {
                        "value": 20,
                        "unit": "min",
                        "mark": "sourced",
                        "source": "emory",
                    }
                }
            ),
            "vitals.every_min",
        ),
        (a_file(rules={"current_psychosis": None}), "current_psychosis"),
        (b" " * 300_000, "256 kB"),
    ],
)
def test_a_file_that_does_not_hold_is_refused_by_name(
    clinic: Clinic, content: bytes, named: str
) -> None:
    with pytest.raises(Invalid) as caught:
        import_draft(director(clinic), site_id=clinic.site.pk, content=content)
    assert named in caught.value.fields["file"]
    assert ProtocolVersion.objects.filter(state="draft").count() == 0
