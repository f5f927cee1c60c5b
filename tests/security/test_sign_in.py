"""Coming in, staying in, and who could come in as somebody else."""

from __future__ import annotations

import logging
import time
import uuid
from datetime import date
from typing import Any

import pytest
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn.internal import auth as webauthn_auth
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory
from django.test.utils import override_settings
from django.urls import reverse
from fido2.webauthn import UserVerificationRequirement

from evenkeel.clinic.people.actions.invite_staff import invite_staff, reset_sign_in
from evenkeel.clinic.people.actions.register_patient import register_patient
from evenkeel.clinic.people.actions.set_up import grant_role
from evenkeel.clinic.people.models import Account, Credential, FailedAttempt, Invitation, SignIn
from evenkeel.clinic.people.pages import sign_in as sign_in_pages
from evenkeel.clinic.people.sign_ins import open_sign_ins
from evenkeel.clinic.people.throttle import LINKS, OWN_PASSWORD, PINS, SIGN_INS, Throttle
from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from evenkeel.clinic.record.errors import Forbidden
from evenkeel.clinic.record.permissions import PUBLIC
from evenkeel.clinic.record.routes import LAST_ACT
from evenkeel.config import checks
from evenkeel.config.instance import find_instance
from evenkeel.config.log_filter import WithoutLinks
from tests.clinic.session.makers import open_stage
from tests.clinic.test_permissions import address, our_routes
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


def password_sign_in(client: Client, account: Account, **headers: str) -> Any:
    """Through the page, as a browser does."""
    given = {"login": account.email, "password": PASSWORD}
    return client.post("/accounts/login/", given, **headers)


def test_staff_without_a_second_factor_reach_nothing_but_the_page_that_asks_for_one(
    clinic: Clinic,
) -> None:
    account = clinic.staff["medical_director"]
    client = Client()
    assert password_sign_in(client, account).status_code == 302
    opened = {"/sign-in/second-factor"}
    for path, entry in our_routes():
        where = f"/{address(path).lstrip('/')}"
        if entry.callback.permission == PUBLIC or "(" in path or where in opened:
            continue
        for method in (client.get, client.post):
            answer = method(where)
            assert answer.status_code in {302, 405}, where
            if answer.status_code == 302:
                assert answer["Location"] == "/sign-in/second-factor", where
    # recovery codes stand in for a factor that was lost; alone they are none
    Authenticator.objects.create(user=account, type="recovery_codes", data={"seed": "x"})
    assert client.get("/board")["Location"] == "/sign-in/second-factor"


def test_with_a_second_factor_a_password_alone_does_not_sign_in(clinic: Clinic) -> None:
    account = clinic.staff["session_nurse"]
    TOTP.activate(account, "JBSWY3DPEHPK3PXP")
    client = Client()
    answer = password_sign_in(client, account)
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/board")["Location"].startswith("/accounts/login/")
    assert "_auth_user_id" not in client.session
    assert not SignIn.objects.exists()


def test_no_way_round_the_second_factor_by_mail_or_code(clinic: Clinic) -> None:
    for where in ("password/reset/key/abc-def/", "login/code/confirm/", "signup/", "email/"):
        for method in (Client().get, Client().post):
            assert method(f"/accounts/{where}").status_code == 404, where


def test_a_passkey_that_signs_in_alone_must_have_verified_its_person() -> None:
    """Without a password the finger, the face or the PIN of the key is the second factor."""
    asked: list[Any] = []

    class Server:
        def authenticate_begin(self, credentials: Any, user_verification: Any) -> Any:
            asked.append(user_verification)
            return {}, {}

    request = RequestFactory().get("/")
    request.session = {}  # type: ignore[assignment]
    with context.request_context(request), pytest.MonkeyPatch.context() as patch:
        patch.setattr(webauthn_auth, "get_server", Server)
        webauthn_auth.begin_authentication(None)
    assert asked == [UserVerificationRequirement.REQUIRED]


def idle_for(client: Client, seconds: float) -> None:
    session = client.session
    session[LAST_ACT] = time.time() - seconds
    session.save()


def test_a_sign_in_nobody_used_ends_on_the_server(clinic: Clinic, settings: Any) -> None:
    client = sign_in(Client(), clinic.staff["session_nurse"])
    key = client.session.session_key
    idle_for(client, settings.IDLE_END_S + 5)
    answer = client.get("/day/")
    assert answer["Location"].startswith("/accounts/login/")
    assert not Session.objects.filter(session_key=key).exists()
    # the display goes as well where no session is live, and no PIN brings it back
    other = sign_in(Client(), clinic.staff["prescriber"])
    idle_for(other, settings.IDLE_END_S + 5)
    assert other.post("/sign-in/unlock", {"pin": PASSWORD})["Location"].startswith(
        "/accounts/login/"
    )
    assert other.get("/board")["Location"].startswith("/accounts/login/")


def test_while_a_session_is_live_its_displays_stay_and_the_pin_is_enough(
    clinic: Clinic, settings: Any
) -> None:
    stage = open_stage(clinic)
    client = sign_in(Client(), clinic.staff["session_nurse"])
    idle_for(client, settings.IDLE_END_S + 5)
    shown = reverse("session", args=[stage.session.pk])
    assert client.get(shown).status_code == 200
    assert client.get("/alarms/mine").status_code == 200
    refused = client.post(
        reverse("api_session_events", args=[stage.session.pk]),
        an_event(clinic),
        content_type="application/json",
    )
    assert (refused.status_code, refused.json()["code"]) == (401, "locked")
    assert client.post("/sign-in/unlock", {"pin": PASSWORD}).status_code == 302
    done = client.post(
        reverse("api_session_events", args=[stage.session.pk]),
        an_event(clinic),
        content_type="application/json",
    )
    assert done.status_code == 201
    # at a site where nothing is live it ends all the same
    far = sign_in(Client(), clinic.staff["prescriber_elsewhere"])
    idle_for(far, settings.IDLE_END_S + 5)
    assert far.get("/board")["Location"].startswith("/accounts/login/")


FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Safari/604.1"


def test_a_new_device_is_told_and_a_known_one_is_not(clinic: Clinic) -> None:
    account = patient_like_sign_in(clinic)
    first, second = Client(headers={"user-agent": FIREFOX}), Client(headers={"user-agent": PHONE})
    assert password_sign_in(first, account).status_code == 302
    assert Account.objects.get(pk=account.pk).new_device_at is None
    assert password_sign_in(first, account).status_code == 302  # the same browser again
    assert Account.objects.get(pk=account.pk).new_device_at is None
    assert password_sign_in(second, account).status_code == 302
    assert Account.objects.get(pk=account.pk).new_device_at is not None
    page = first.get("/sign-in/own").content.decode()
    assert "Firefox on Windows" in page
    assert "Safari on iPhone" in page
    assert "A device not seen before" in page
    first.post("/sign-in/own", {"change": "known", "act_id": "a1"})
    assert Account.objects.get(pk=account.pk).new_device_at is None


def patient_like_sign_in(clinic: Clinic) -> Account:
    """Somebody who needs no second factor, so that a password alone signs them in."""
    patient = register_patient(
        clinic.as_("front_desk"),
        site_id=clinic.site.pk,
        given_name="Ada",
        family_name="Sample",
        birth_date=date(1980, 2, 2),
    )
    clinic.patient_context(patient)
    account: Account = Account.objects.get(patient=patient)
    return account


def test_one_sign_in_is_ended_by_its_owner_and_by_nobody_else(clinic: Clinic) -> None:
    account = patient_like_sign_in(clinic)
    here, there = Client(), Client()
    password_sign_in(here, account)
    password_sign_in(there, account)
    row = SignIn.objects.get(session_key=there.session.session_key)
    stranger = sign_in(Client(), clinic.staff["administrator"])
    forged = {"change": "sign_in", "sign_in": str(row.pk), "act_id": "a1"}
    assert stranger.post("/sign-in/own", forged).status_code == 404
    assert there.get("/sign-in/own").status_code == 200
    assert here.post("/sign-in/own", forged).status_code == 302
    assert there.get("/sign-in/own")["Location"].startswith("/accounts/login/")
    assert here.get("/sign-in/own").status_code == 200


def test_a_new_password_ends_the_other_sign_ins_and_the_list_follows(clinic: Clinic) -> None:
    account = patient_like_sign_in(clinic)
    here, there = Client(), Client()
    password_sign_in(here, account)
    password_sign_in(there, account)
    given = {"password": PASSWORD, "new_password": NEW, "password_again": NEW}
    done = here.post("/sign-in/own", {"change": "password", "act_id": "a1", **given})
    assert done.status_code == 302
    assert there.get("/sign-in/own")["Location"].startswith("/accounts/login/")
    account.refresh_from_db()
    assert [one.this for one in open_sign_ins(account, here.session.session_key)] == [True]


def test_one_password_tried_on_everybody_is_stopped_by_address(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SIGN_INS.limit > 6, "more than one account's own limit"
    few = Throttle(SIGN_INS.kind, 5, SIGN_INS.window)
    monkeypatch.setattr(sign_in_pages, "SIGN_INS", few)
    for n in range(few.limit):
        client = Client()
        given = {"login": f"nobody{n}@harbour.invalid", "password": "wrong-wrong-wrong"}
        assert client.post("/accounts/login/", given).status_code == 200
    answer = password_sign_in(Client(), clinic.staff["prescriber"])
    assert answer.status_code == 429
    elsewhere = password_sign_in(Client(), clinic.staff["prescriber"], REMOTE_ADDR="198.51.100.3")
    assert elsewhere.status_code == 302


#: Routes that a form of another site may post to, each with why that harms nobody.
WITHOUT_TOKEN: dict[str, str] = {
    "answer": "whoever posts has the link itself; no sign-in is used",
}


def test_a_forged_request_is_refused_on_every_page_that_acts(clinic: Clinic) -> None:
    exempt = {e.name for _, e in our_routes() if getattr(e.callback, "csrf_exempt", False)}
    assert exempt == set(WITHOUT_TOKEN)
    client = Client(enforce_csrf_checks=True)
    sign_in(client, clinic.staff["medical_director"])
    for where in ("/staff/mine", "/emergency/", "/people/new", "/sign-in/own"):
        assert client.post(where, {"act_id": "a1"}).status_code == 403, where


def test_the_key_of_another_persons_request_answers_nothing_of_theirs(clinic: Clinic) -> None:
    """The stored answer belongs to who asked; the same key of another is a request of its own."""
    posted = {
        "site": str(clinic.site.pk),
        "kind": "life_support",
        "issuer": "Trainers",
        "act_id": "one-key",
    }
    for role, held in (("session_nurse", 1), ("prescriber", 2), ("prescriber", 2)):
        client = sign_in(Client(), clinic.staff[role])
        assert client.post(reverse("own_credentials"), posted).status_code == 302
        assert Credential.objects.count() == held
    other = posted | {"issuer": "Another body under the same key"}
    client = sign_in(Client(), clinic.staff["prescriber"])
    assert client.post(reverse("own_credentials"), other).status_code == 422
    assert Credential.objects.count() == 2
