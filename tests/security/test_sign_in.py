"""Coming in, staying in, and who could come in as somebody else."""

from __future__ import annotations

import logging
import time
import uuid
from typing import Any

import pytest
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse

from evenkeel.clinic.people.actions.invite_staff import invite_staff, reset_sign_in
from evenkeel.clinic.people.actions.set_up import grant_role
from evenkeel.clinic.people.models import Account, FailedAttempt, Invitation
from evenkeel.clinic.people.throttle import LINKS, OWN_PASSWORD, PINS
from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from evenkeel.clinic.record.errors import Forbidden
from evenkeel.clinic.record.routes import LAST_ACT
from evenkeel.config import checks
from evenkeel.config.instance import find_instance
from evenkeel.config.log_filter import WithoutLinks
from tests.clinic.session.makers import open_stage
from tests.clinic_factory import PASSWORD, Clinic, sign_in
from tests.conftest import START
from tests.security.world import founder

pytestmark = pytest.mark.django_db
NEW = "seven-quiet-otters-float"


def idle(client: Client) -> None:
    session = client.session
    session[LAST_ACT] = time.time() - 3600
    session.save()


def an_event(clinic: Clinic) -> dict[str, Any]:
    now = clinic.clock.now().isoformat()
    return {"id": str(uuid.uuid4()), "kind": "note", "happened_at": now, "body": {"text": "x"}}


def test_the_idle_time_runs_for_who_only_ever_watched(clinic: Clinic) -> None:
    client = sign_in(Client(), clinic.staff["session_nurse"])
    assert client.get("/board").status_code == 200
    assert time.time() - client.session[LAST_ACT] < 60


def test_a_display_goes_on_when_acting_needs_the_pin(clinic: Clinic) -> None:
    stage = open_stage(clinic)
    client = sign_in(Client(), clinic.staff["session_nurse"])
    idle(client)
    for where in ("session", "api_session_view"):
        assert client.get(reverse(where, args=[stage.session.pk])).status_code == 200
    assert client.get("/board").status_code == 200
    refused = client.post(
        reverse("api_session_events", args=[stage.session.pk]),
        an_event(clinic),
        content_type="application/json",
    )
    assert (refused.status_code, refused.json()["code"]) == (401, "locked")
    assert client.get("/people/").status_code == 302


def test_wrong_pins_count_whatever_the_session_says(clinic: Clinic) -> None:
    nurse = clinic.staff["session_nurse"]
    for _ in range(PINS.limit):
        client = sign_in(Client(), nurse)
        idle(client)
        assert client.post("/sign-in/unlock", {"pin": "000000"}).status_code == 422
    client = sign_in(Client(), nurse)
    idle(client)
    assert client.post("/sign-in/unlock", {"pin": PASSWORD}).status_code == 429
    assert client.get("/people/").status_code == 302


@pytest.mark.parametrize(
    ("change", "rest"),
    [
        ("pin", {"pin": "739152", "pin_again": "739152"}),
        ("password", {"new_password": NEW, "password_again": NEW}),
    ],
)
def test_an_unlocked_screen_is_no_place_to_guess_the_password(
    clinic: Clinic, change: str, rest: dict[str, str]
) -> None:
    client = sign_in(Client(), clinic.staff["therapist"])
    given = {"change": change, **rest}
    for n in range(OWN_PASSWORD.limit):
        guess = {**given, "password": f"guess-{n}", "act_id": str(uuid.uuid4())}
        assert client.post("/sign-in/own", guess).status_code == 422
    right = {**given, "password": PASSWORD, "act_id": str(uuid.uuid4())}
    assert client.post("/sign-in/own", right).status_code == 429
    assert not Account.objects.get(pk=clinic.staff["therapist"].pk).pin_hash


def test_nobody_takes_over_a_colleague_who_works_elsewhere_too(clinic: Clinic) -> None:
    """Who sets a sign-in anew can use it: at every site, with every role."""
    director = clinic.staff["prescriber"]
    grant_role(
        founder(clinic),
        account_id=director.pk,
        site_id=clinic.other_site.pk,
        role="medical_director",
    )
    with pytest.raises(Forbidden):
        reset_sign_in(clinic.as_("administrator"), account_id=director.pk, site_id=clinic.site.pk)
    client = sign_in(Client(), clinic.staff["administrator"])
    answer = client.post(
        reverse("setup_person", args=[director.pk]), {"do": "reset", "act_id": str(uuid.uuid4())}
    )
    assert answer.status_code == 403
    assert not Invitation.objects.exists()


def test_a_right_link_opens_for_who_shares_an_address_with_a_guesser(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CLOCK_VARIABLE, ScaledClock(START, 0.0, 0.0).as_text())
    _, token = invite_staff(
        clinic.as_("administrator"),
        site_id=clinic.site.pk,
        email="new@harbour.invalid",
        full_name="New Sample",
        roles=["therapist"],
    )
    client = Client()
    for n in range(LINKS.limit):
        assert client.get(f"/invitations/guess{n}").status_code == 404
    assert client.get("/invitations/again").status_code == 429
    assert client.get(f"/invitations/{token}").status_code == 200
    assert FailedAttempt.objects.filter(kind="link").count() >= LINKS.limit


def test_a_link_is_not_written_to_the_log(clinic: Clinic, caplog: pytest.LogCaptureFixture) -> None:
    token = "S3cret-" + "x" * 36
    with caplog.at_level(logging.WARNING), caplog.filtering(WithoutLinks()):
        for place in ("invitations", "setup/first", "q"):
            Client().get(f"/{place}/{token}")
    assert "/invitations/…" in caplog.text
    assert token not in caplog.text
    root = logging.getLogger().handlers
    handled = [f for h in root for f in h.filters if isinstance(f, WithoutLinks)]
    assert handled, "the log as it is configured does not hide links"


def locked_out(client: Client, email: str, **headers: str) -> bool:
    given = {"login": email, "password": "wrong-wrong-wrong"}
    return client.post("/accounts/login/", given, **headers).status_code in {403, 429}


@override_settings(BEHIND_TLS_PROXY=True)
def test_behind_a_proxy_one_callers_tries_are_not_everybodys(clinic: Clinic) -> None:
    email = clinic.staff["prescriber"].email
    attacker = {"HTTP_X_FORWARDED_FOR": "198.51.100.7, 203.0.113.9", "REMOTE_ADDR": "127.0.0.1"}
    for _ in range(6):
        locked_out(Client(), email, **attacker)
    # what a caller writes before the proxy's own word changes nothing
    forged = attacker | {"HTTP_X_FORWARDED_FOR": "192.0.2.1, 203.0.113.9"}
    assert locked_out(Client(), email, **forged)
    colleague = attacker | {"HTTP_X_FORWARDED_FOR": "203.0.113.10"}
    assert not locked_out(Client(), email, **colleague)


def test_without_a_proxy_a_forwarded_address_is_not_believed(clinic: Clinic) -> None:
    email = clinic.staff["prescriber"].email
    for n in range(6):
        locked_out(Client(), email, HTTP_X_FORWARDED_FOR=f"203.0.113.{n}")
    assert locked_out(Client(), email, HTTP_X_FORWARDED_FOR="203.0.113.99")


def test_a_clinic_is_not_served_by_a_demonstrations_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENKEEL_CLOCK", "2020-01-01T00:00:00+00:00|0.0|60.0")
    found = checks.run_checks(find_instance(), before_serving=True)
    assert any("EVENKEEL_CLOCK" in c.message for c in found if c.level == "refuse")
