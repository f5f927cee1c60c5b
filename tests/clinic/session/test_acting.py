"""Who may begin a session and give a dose, and who is there when it opens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from evenkeel.clinic.people.acting_policy import as_document, shipped
from evenkeel.clinic.people.actions.decide_acting import decide_policy, policy_hash
from evenkeel.clinic.people.actions.manage_credential import end_credential
from evenkeel.clinic.people.actions.plan_duty import plan_duty
from evenkeel.clinic.people.models import Credential, Duty, Site
from evenkeel.clinic.record.errors import Forbidden, Invalid, Refused
from evenkeel.clinic.record.verify import verify
from evenkeel.clinic.session.actions.open_session import open_session
from evenkeel.clinic.session.models import SessionEvent, SessionState
from evenkeel.clinic.session.pages.narrative import event_words
from evenkeel.clinic.session.staffing import not_met, opening_of
from tests.clinic.people.test_credentials import begin, hold
from tests.clinic.session.makers import (
    CALM,
    Stage,
    checked_in_appointment,
    open_stage,
    treatable_case,
)
from tests.clinic_factory import Clinic

pytestmark = pytest.mark.django_db
NURSES = ("licence", "life_support", "training_rems", "training_sessions")


def on_duty(clinic: Clinic, *roles: str) -> None:
    plan_duty(
        clinic.as_("session_nurse"),
        site_id=clinic.site.pk,
        day=clinic.clock.now().date(),
        account_ids=[clinic.staff[role].pk for role in roles],
    )


def test_a_credential_that_ends_mid_session_leaves_watching_and_leaving(clinic: Clinic) -> None:
    """The last day of the nurse's certificate ends at midnight, with the drug running."""
    clinic.clock.at = clinic.clock.now().replace(hour=23)  # type: ignore[attr-defined]
    for kind in NURSES:
        until = clinic.clock.now().date() if kind == "life_support" else None
        hold(clinic, "session_nurse", kind, until=until)
    for role in ("pharmacist", "medical_director", "prescriber"):
        hold(clinic, role, "licence")
    hold(clinic, "prescriber", "controlled_drug")
    begin(clinic)
    stage = open_stage(clinic).started()
    stage.wait(90)
    refused = {
        "resume": {**stage.start_body()},
        "rate_change": {"rate_mg_per_h": 400.0, "reason": "more"},
    }
    stage.says("observation", body=CALM)
    with pytest.raises(Forbidden) as said:
        stage.says("rate_change", body=refused["rate_change"])
    assert said.value.message == "Your life-support certificate expired on 23 Nov 2026."
    lower = stage.start_body()["rate_mg_per_h"] / 2
    stage.says("rate_change", body={"rate_mg_per_h": lower, "reason": "less"})
    stage.says("pause", reason="look")
    with pytest.raises(Forbidden):
        stage.says("resume", body=refused["resume"])
    stage.says("rescue_medicine", name="Ondansetron", dose_mg=4)
    stage.says("infusion_stop")
    stage.says("note", text="calm")
    stage.says("ready", override_reason="the leaving list is not this test's subject")
    stage.says("discharged", escort="brother", override_reason="as above")
    assert stage.row().state == SessionState.CLOSED
    assert verify().whole


def test_no_new_dose_once_a_credential_is_taken_back(clinic: Clinic) -> None:
    for kind in NURSES:
        hold(clinic, "session_nurse", kind)
    for role in ("pharmacist", "prescriber", "medical_director"):
        hold(clinic, role, "licence")
    hold(clinic, "prescriber", "controlled_drug")
    begin(clinic)
    stage = open_stage(clinic).prepared()
    row = Credential.objects.get(account=clinic.staff["session_nurse"], kind="training_sessions")
    end_credential(clinic.as_("medical_director"), credential_id=row.pk, reason="withdrawn")
    with pytest.raises(Forbidden):
        stage.says("infusion_start", **stage.start_body())
    assert stage.row().first_dose_at is None
    # a colleague whose credentials stand starts it
    stage.says("infusion_start", "prescriber", **stage.start_body())
    # and a second person without a license is none
    licence = Credential.objects.get(account=clinic.staff["pharmacist"], kind="licence")
    end_credential(clinic.as_("medical_director"), credential_id=licence.pk, reason="lapsed")
    with pytest.raises(Forbidden):
        stage.dose_check()


def test_training_for_one_product_is_asked_for_that_product_alone(clinic: Clinic) -> None:
    for kind in ("licence", "life_support", "training_sessions"):
        hold(clinic, "session_nurse", kind)
    begin(clinic)
    actor = clinic.as_("session_nurse").actor
    assert actor.why_not("session.dose", clinic.site.pk, "racemic_iv") == ""
    assert "REMS" in actor.why_not("session.dose", clinic.site.pk, "esketamine_nasal")


def asks(clinic: Clinic, rules: dict[str, Any]) -> None:
    """The site asks for no credentials, and for staff as shipped but for ``rules``."""
    site = Site.objects.get(pk=clinic.site.pk)
    document = as_document(shipped()) | {"needs": {}}
    for row in document["staffing"]:
        row.update(rules.get(row["id"], {}))
    decide_policy(
        clinic.as_("medical_director"),
        site_id=site.pk,
        document=document,
        reason="for this test",
        seen_hash=policy_hash(site),
        confirmed_by="test",
    )
    begin(clinic)


NO_PRESCRIBER = "No prescriber is on the roster of today."
NO_LIFE = "Nobody on the roster of today holds a life-support certificate that counts."
#: product, who is on duty, changed rules, refused with, said
STAFFING: list[tuple[str, tuple[str, ...], dict[str, Any], str, list[str]]] = [
    ("racemic_iv", (), {}, "", [NO_PRESCRIBER, NO_LIFE]),
    ("racemic_iv", ("prescriber",), {}, "", [NO_LIFE]),
    ("racemic_iv", ("medical_director",), {}, "", [NO_LIFE]),
    ("esketamine_nasal", (), {}, NO_PRESCRIBER, []),
    ("esketamine_nasal", ("prescriber",), {}, "", [NO_LIFE]),
    ("racemic_iv", (), {"prescriber_here": {"effect": "refuse"}}, NO_PRESCRIBER, []),
    (
        "racemic_iv",
        (),
        {"prescriber_here": {"effect": "off"}, "life_support_here": {"effect": "refuse"}},
        NO_LIFE,
        [],
    ),
    ("racemic_iv", ("prescriber",), {"life_support_here": {"effect": "off"}}, "", []),
]


@pytest.mark.parametrize(("product", "here", "rules", "refused", "said"), STAFFING)
def test_opening_says_who_is_missing(
    clinic: Clinic,
    product: str,
    here: tuple[str, ...],
    rules: dict[str, Any],
    refused: str,
    said: list[str],
) -> None:
    on_duty(clinic, *here)
    case = treatable_case(clinic, product)
    appointment = checked_in_appointment(case.nurse, case=case, chair=clinic.chairs[0])
    asks(clinic, rules)
    if refused:
        with pytest.raises(Refused, match=refused):
            open_session(case.nurse, appointment_id=appointment.pk)
        return
    done = open_session(case.nurse, appointment_id=appointment.pk)
    assert not_met(done.pk) == said
    names = {one["name"] for one in opening_of(done.pk)["here"]}
    assert names == {"Test session_nurse", *(f"Test {role}" for role in here)}
    told = event_words(SessionEvent.objects.get(session=done, kind="opened"))
    assert all(words.rstrip(".") in told for words in (*names, *said))


def test_one_nurse_for_so_many_sessions(clinic: Clinic) -> None:
    on_duty(clinic, "prescriber")
    open_stage(clinic)
    case = treatable_case(clinic, named="Bea")
    appointment = checked_in_appointment(case.nurse, case=case, chair=clinic.chairs[1])
    ratio = {"effect": "refuse", "sessions_a_nurse": 1}
    asks(clinic, {"nurse_ratio": ratio, "life_support_here": {"effect": "off"}})
    with pytest.raises(Refused, match="live session 2, with 1 session nurse on the roster"):
        open_session(case.nurse, appointment_id=appointment.pk)


def test_a_roster_is_saved_as_a_whole_and_keeps_what_it_was(clinic: Clinic) -> None:
    on_duty(clinic, "prescriber", "session_nurse")
    on_duty(clinic, "session_nurse")
    on_duty(clinic, "session_nurse")
    rows = Duty.objects.filter(day=clinic.clock.now().date())
    assert rows.count() == 2
    assert [row.account_id for row in rows.filter(ended_at=None)] == [
        clinic.staff["session_nurse"].pk
    ]
    with pytest.raises(Invalid):
        plan_duty(
            clinic.as_("session_nurse"),
            site_id=clinic.site.pk,
            day=clinic.clock.now().date(),
            account_ids=[clinic.staff["prescriber_elsewhere"].pk],
        )
    with pytest.raises(Invalid):
        plan_duty(
            clinic.as_("session_nurse"),
            site_id=clinic.site.pk,
            day=clinic.clock.now().date() + timedelta(days=900),
            account_ids=[],
        )
    assert verify().whole


def test_a_site_that_asks_for_nothing_yet_only_keeps_who_was_there(stage: Stage) -> None:
    assert not_met(stage.session.pk) == []
    assert [one["name"] for one in opening_of(stage.session.pk)["here"]] == ["Test session_nurse"]
