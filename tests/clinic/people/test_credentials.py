"""Credentials: two people, gates by role and act, what is never taken away, reminders."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.clinic.people.acting_policy import (
    ACT_LABELS,
    STAFFING_LABELS,
    as_document,
    checked,
    kinds,
    shipped,
)
from evenkeel.clinic.people.actions.decide_acting import (
    decide_policy,
    give_grace_where_missing,
    policy_hash,
    set_begin,
)
from evenkeel.clinic.people.actions.manage_credential import (
    due_reminders,
    end_credential,
    enter_credential,
    enter_own_credential,
    note_reminded,
    verify_credential,
)
from evenkeel.clinic.people.credentials import SiteAsks, Standing, Stands, credentials_of, gated
from evenkeel.clinic.people.models import Account, Credential, Site
from evenkeel.clinic.people.notices import send_notices
from evenkeel.clinic.record.act import Context, check_access, system_actor
from evenkeel.clinic.record.clock import CLOCK_VARIABLE, FixedClock, ScaledClock
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.permissions import PERMISSIONS, STAFF_ROLES, WITHHOLDABLE, Role
from evenkeel.clinic.record.verify import verify
from tests.clinic_factory import Clinic, sign_in
from tests.conftest import START

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def _pages_see_the_tests_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CLOCK_VARIABLE, ScaledClock(START, 0.0, 0.0).as_text())


def begin(clinic: Clinic) -> None:
    """From now on the first site asks for credentials."""
    site = Site.objects.get(pk=clinic.site.pk)
    set_begin(
        clinic.as_("medical_director"),
        site_id=site.pk,
        begins_at=clinic.clock.now(),
        reason="we begin",
        seen_hash=policy_hash(site),
        confirmed_by="test",
    )


def hold(clinic: Clinic, role: str, kind: str, *, until: date | None = None) -> Credential:
    """A credential that its holder entered and the administrator saw."""
    row = enter_own_credential(
        clinic.as_(role),
        site_id=clinic.site.pk,
        kind=kind,
        number="S-1",
        issuer="Synthetic board",
        expires_on=until,
    )
    seer = "medical_director" if role == "administrator" else "administrator"
    return verify_credential(clinic.as_(seer), credential_id=row.pk, seen_what="the card itself")


def test_no_one_confirms_their_own_or_what_they_entered(clinic: Clinic) -> None:
    own = enter_own_credential(
        clinic.as_("medical_director"),
        site_id=clinic.site.pk,
        kind="licence",
        number="1",
        issuer="Board",
    )
    with pytest.raises(Invalid) as same:
        verify_credential(clinic.as_("medical_director"), credential_id=own.pk, seen_what="it is")
    assert same.value.code == "same_person"
    entered = enter_credential(
        clinic.as_("administrator"),
        site_id=clinic.site.pk,
        account_id=clinic.staff["session_nurse"].pk,
        kind="life_support",
        issuer="Trainers",
    )
    with pytest.raises(Invalid):
        verify_credential(clinic.as_("administrator"), credential_id=entered.pk, seen_what="card")
    with pytest.raises(Forbidden):
        verify_credential(clinic.as_("prescriber"), credential_id=entered.pk, seen_what="card")
    seen = verify_credential(
        clinic.as_("medical_director"), credential_id=entered.pk, seen_what="the card itself"
    )
    assert (seen.seen_by_id, seen.seen_what) == (
        clinic.staff["medical_director"].pk,
        "the card itself",
    )
    assert verify().whole


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"kind": "driving"}, "kind"),
    ({"number": ""}, "number"),
    ({"issuer": "  "}, "issuer"),
    ({"expires_on": TODAY - timedelta(days=1)}, "expires_on"),
    ({"issued_on": TODAY + timedelta(days=1)}, "issued_on"),
    ({"issued_on": TODAY, "expires_on": TODAY - timedelta(days=3)}, "expires_on"),
    ({"title": "x\ny"}, "title"),
]


@pytest.mark.parametrize(("changed", "field"), WRONG, ids=[f for _, f in WRONG])
def test_what_cannot_be_right_is_said_beside_its_field(
    clinic: Clinic, changed: dict[str, Any], field: str
) -> None:
    given: dict[str, Any] = {"kind": "licence", "number": "1", "issuer": "Board"} | changed
    with pytest.raises(Invalid) as wrong:
        enter_own_credential(clinic.as_("prescriber"), site_id=clinic.site.pk, **given)
    assert field in wrong.value.fields


def test_nothing_is_taken_away_before_the_day_and_only_the_act_itself_after(
    clinic: Clinic,
) -> None:
    nurse = "session_nurse"
    assert clinic.as_(nurse).actor.may("session.dose", clinic.site.pk)
    begin(clinic)
    for permission in sorted(PERMISSIONS):
        actor = clinic.as_(nurse).actor
        if nurse not in PERMISSIONS[permission]:
            continue
        asked = shipped().kinds_for(nurse, permission)
        assert actor.may(permission, clinic.site.pk) is not bool(asked), permission
    words = gated(clinic.as_(nurse).actor, "session.start", clinic.site.pk)
    assert words == "Your professional license is not on record here."
    assert clinic.site.pk not in (clinic.as_(nurse).actor.sites("session.start") or set())
    # at the other site nothing is asked yet
    assert clinic.as_("prescriber_elsewhere").actor.may("plan.sign", clinic.other_site.pk)


STEPS: list[tuple[str, int, str]] = [
    ("unseen", 0, "Nobody has seen the document of your professional license yet."),
    ("valid", 10, ""),
    ("last day", 30, ""),
    ("expired", 31, "Your professional license expired on 23 Dec 2026."),
]


def test_one_credential_from_entry_to_its_last_day(clinic: Clinic) -> None:
    begin(clinic)
    row = enter_own_credential(
        clinic.as_("prescriber"),
        site_id=clinic.site.pk,
        kind="licence",
        number="1",
        issuer="Board",
        expires_on=TODAY + timedelta(days=30),
    )
    started = clinic.clock.now()
    for what, days, words in STEPS:
        clinic.clock.at = started + timedelta(days=days)  # type: ignore[attr-defined]
        actor = clinic.as_("prescriber").actor
        assert (gated(actor, "screening.sign", clinic.site.pk) or "") == words, what
        assert actor.may("screening.sign", clinic.site.pk) is not bool(words), what
        if what == "unseen":
            verify_credential(
                clinic.as_("administrator"), credential_id=row.pk, seen_what="the card"
            )


def test_the_day_is_that_of_the_site(clinic: Clinic) -> None:
    """In Berlin the 24th begins at 23:00 UTC of the 23rd."""
    site, clock = clinic.other_site, FixedClock(clinic.clock.now())
    row = Credential(
        site=site, kind="licence", number="1", expires_on=TODAY, seen_at=clinic.clock.now()
    )
    asks = {site.pk: SiteAsks(None, clock.now() - timedelta(days=1), site.timezone)}
    for hour, is_over in ((22, False), (23, True)):
        clock.at = clock.at.replace(hour=hour)
        standing = Standing(clinic.staff["prescriber_elsewhere"].pk, asks, clock)
        standing._rows = [row]
        assert bool(standing.why(Role.PRESCRIBER, "plan.draft", site.pk)) is is_over, hour


def test_a_refusal_names_the_credential_and_what_to_do(clinic: Clinic) -> None:
    begin(clinic)
    client = sign_in(Client(), clinic.staff["prescriber"])
    with pytest.raises(Forbidden) as refused:
        check_access(clinic.as_("prescriber").actor, clinic.site, "plan.sign")
    assert refused.value.code == "credential"
    assert "license" in refused.value.message
    assert "My credentials" in refused.value.what_to_do
    page = client.get(reverse("own_credentials")).content.decode()
    assert "missing" in page
    assert "sign a dose plan" in page


def test_an_ended_credential_no_longer_counts_and_only_its_own_people_end_it(
    clinic: Clinic,
) -> None:
    begin(clinic)
    row = hold(clinic, "prescriber", "licence")
    assert clinic.as_("prescriber").actor.may("screening.sign", clinic.site.pk)
    with pytest.raises(Forbidden):
        end_credential(clinic.as_("therapist"), credential_id=row.pk, reason="not mine")
    with pytest.raises(NotFound):
        end_credential(clinic.as_("prescriber_elsewhere"), credential_id=row.pk, reason="no")
    end_credential(clinic.as_("medical_director"), credential_id=row.pk, reason="withdrawn")
    assert not clinic.as_("prescriber").actor.may("screening.sign", clinic.site.pk)
    with pytest.raises(Refused):
        verify_credential(clinic.as_("administrator"), credential_id=row.pk, seen_what="the card")


def test_reminders_come_once_at_each_step_and_not_after_a_renewal(clinic: Clinic) -> None:
    row = hold(clinic, "session_nurse", "life_support", until=TODAY + timedelta(days=70))
    told = []
    for days in range(75):
        for due, step in due_reminders(TODAY + timedelta(days=days)):
            told.append((70 - days, step))
            system = Context(system_actor("reminders"), clinic.clock)
            note_reminded(system, credential_id=due.pk, days=step)
    assert told == [(60, 60), (30, 30), (7, 7)]
    fresh = hold(clinic, "session_nurse", "life_support", until=TODAY + timedelta(days=400))
    row.refresh_from_db()
    assert Account.objects.get(pk=row.account_id).credential_lapses == fresh.expires_on
    hold(clinic, "prescriber", "licence", until=TODAY + timedelta(days=20))
    assert send_notices(clinic.clock) == 1
    assert send_notices(clinic.clock) == 0


def test_the_list_names_who_lacks_what(clinic: Clinic) -> None:
    hold(clinic, "session_nurse", "life_support", until=TODAY + timedelta(days=20))
    lines = credentials_of([clinic.site.pk], TODAY)
    found = {(x.account_id, x.kind): x.stands for x in lines}
    nurse = clinic.staff["session_nurse"].pk
    assert found[(nurse, "life_support")] is Stands.SOON
    assert found[(nurse, "licence")] is Stands.MISSING
    assert (clinic.staff["front_desk"].pk, "licence") not in found
    page = sign_in(Client(), clinic.staff["auditor"]).get(reverse("credentials"))
    assert page.status_code == 200
    assert "expires soon" in page.content.decode()


def test_what_ships_passes_its_own_check_and_names_every_act() -> None:
    assert checked(as_document(shipped())).needs == shipped().needs
    assert set(ACT_LABELS) == WITHHOLDABLE
    assert {rule.id for rule in shipped().staffing} == set(STAFFING_LABELS)
    for kind in kinds().values():
        assert kind.source, kind.id
        assert kind.mark in {"sourced", "policy"}


#: What a credential must never take away, whatever a site decides.
NEVER = (
    *("alarm.hear", "session.view", "board.view", "session.record", "session.stop"),
    *("session.acknowledge", "session.administer", "session.hand_over", "session.discharge"),
    *("follow_up.record", "safety.take", "safety.close", "facts.record", "facts.view"),
    *("downtime.enter", "wall.write", "therapy.record", "sign_in.manage"),
)


@pytest.mark.parametrize("permission", NEVER)
def test_no_policy_takes_care_of_a_dosed_person_away(clinic: Clinic, permission: str) -> None:
    document = as_document(shipped())
    for role in STAFF_ROLES:
        document["needs"] = {role.value: {permission: ["licence"]}}
        with pytest.raises(Invalid):
            checked(document)
    assert permission not in WITHHOLDABLE


def test_a_policy_is_the_directors_with_its_reason_and_on_what_was_read(clinic: Clinic) -> None:
    site = Site.objects.get(pk=clinic.site.pk)
    document = as_document(shipped())
    document["needs"] = {"front_desk": {}, "session_nurse": {"session.dose": ["life_support"]}}
    given: dict[str, Any] = {
        "site_id": site.pk,
        "document": document,
        "reason": "ours",
        "seen_hash": policy_hash(site),
        "confirmed_by": "test",
    }
    with pytest.raises(Forbidden):
        decide_policy(clinic.as_("administrator"), **given)
    with pytest.raises(Invalid):
        decide_policy(clinic.as_("medical_director"), **(given | {"reason": " "}))
    decide_policy(clinic.as_("medical_director"), **given)
    with pytest.raises(Conflict):
        decide_policy(clinic.as_("medical_director"), **given)
    begin(clinic)
    assert clinic.as_("session_nurse").actor.may("session.start", clinic.site.pk)
    assert not clinic.as_("session_nurse").actor.may("session.dose", clinic.site.pk)
    assert verify().whole


def test_the_form_of_the_policy_changes_what_was_ticked_and_nothing_else(clinic: Clinic) -> None:
    client = sign_in(Client(), clinic.staff["medical_director"])
    where = reverse("acting_decide", args=[clinic.site.pk])
    site = Site.objects.get(pk=clinic.site.pk)
    policy = shipped()
    posted: dict[str, Any] = {
        f"need:{role}:{act}": list(found)
        for role, acts in policy.needs.items()
        for act, found in acts.items()
    }
    posted["need:session_nurse:session.start"] = ["licence"]
    posted |= {f"effect:{rule.id}": rule.effect for rule in policy.staffing}
    posted |= {"effect:prescriber_here": "refuse", "sessions_a_nurse": "2", "emergency_min": "30"}
    posted |= {
        "do": "policy",
        "act_id": "a1",
        "reason": "we are two",
        "seen_hash": policy_hash(site),
    }
    assert client.post(where, posted | {"emergency_min": "x"}).status_code == 422
    assert client.post(where, posted | {"act_id": "a2"}).status_code == 302
    site.refresh_from_db()
    now = checked(site.acting_policy)
    assert now.kinds_for("session_nurse", "session.start") == ("licence",)
    assert now.kinds_for("prescriber", "plan.sign") == ("licence", "controlled_drug")
    by_id = {rule.id: rule for rule in now.staffing}
    assert (by_id["prescriber_here"].effect, by_id["nurse_ratio"].sessions_a_nurse) == ("refuse", 2)
    assert by_id["prescriber_here"].mark == "policy"
    assert by_id["prescriber_on_site"].mark == "sourced"
    assert now.emergency_min == 30


def test_an_upgraded_site_gets_its_days_of_grace_and_a_new_one_too(clinic: Clinic) -> None:
    ctx = Context(system_actor("installer"), clinic.clock)
    assert give_grace_where_missing(ctx) == 2
    assert give_grace_where_missing(ctx) == 0
    site = Site.objects.get(pk=clinic.site.pk)
    assert site.credentials_from == clinic.clock.now() + timedelta(days=90)
    assert clinic.as_("session_nurse").actor.may("session.dose", clinic.site.pk)
    page = sign_in(Client(), clinic.staff["medical_director"]).get("/day/").content.decode()
    assert "a missing credential takes acts away" in page
    others = sign_in(Client(), clinic.staff["session_nurse"]).get("/day/").content.decode()
    assert "a missing credential takes acts away" not in others
    assert verify().whole
