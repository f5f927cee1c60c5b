"""Sign-in from the outside: second factor, lock-out, PIN, demonstration, one-time links."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import Client

from evenkeel.clinic.people.actions.first_administrator import make_setup_token
from evenkeel.clinic.people.actions.invite_staff import invite_staff
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.people.pages.sign_in import MAX_WRONG_PINS
from evenkeel.clinic.people.sign_in import hash_pin
from evenkeel.clinic.people.throttle import CODES, LINKS
from evenkeel.clinic.record import installation
from evenkeel.clinic.record.clock import FixedClock, SystemClock
from evenkeel.clinic.record.models import Installation
from evenkeel.clinic.record.routes import LAST_ACT
from tests.clinic_factory import PASSWORD, Clinic, make_account, sign_in

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXP"
STRONG = "seven-quiet-otters-float"
PIN = "739152"


def code() -> str:
    return format_hotp_value(hotp_value(SECRET, next(iter(yield_hotp_counters_from_time()))))


def enter(client: Client, email: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password, **more})


def test_staff_without_a_second_factor_get_no_further(clinic: Clinic, client: Client) -> None:
    assert enter(client, "prescriber@harbour.invalid").status_code == 302
    for path in ("/people/", "/sign-in/own", "/"):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (302, "/sign-in/second-factor")
    assert b"authenticator" in client.get("/sign-in/second-factor").content.lower()
    # right after signing in nothing is asked twice
    page = client.get("/accounts/2fa/totp/activate/")
    assert page.status_code == 200
    assert b"<svg" in page.content


def test_the_second_factor_is_asked_for_and_opens_the_door(clinic: Clinic, client: Client) -> None:
    TOTP.activate(clinic.staff["prescriber"], SECRET)
    answer = enter(client, "Prescriber@Harbour.invalid")
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/people/").status_code == 302
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert client.post("/accounts/2fa/authenticate/", {"code": code()}).status_code == 302
    assert client.get("/people/").status_code == 200


def test_wrong_codes_are_limited_by_account_whatever_the_session(clinic: Clinic) -> None:
    TOTP.activate(clinic.staff["prescriber"], SECRET)
    for _ in range(CODES.limit):
        client = Client()
        enter(client, "prescriber@harbour.invalid")
        client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    client = Client()
    enter(client, "prescriber@harbour.invalid")
    page = client.post("/accounts/2fa/authenticate/", {"code": code()})
    assert b"too many wrong tries" in page.content
    assert client.get("/people/").status_code == 302


def test_wrong_passwords_lock_the_account_out_for_that_address(clinic: Clinic) -> None:
    for _ in range(6):
        answer = enter(Client(), "prescriber@harbour.invalid", "wrong-password-here")
    assert answer.status_code == 429
    assert b"Too many wrong tries" in answer.content
    assert enter(Client(), "PRESCRIBER@harbour.invalid").status_code == 429
    assert enter(Client(), "therapist@harbour.invalid").status_code == 302
    elsewhere = Client(REMOTE_ADDR="10.0.0.9")
    assert enter(elsewhere, "prescriber@harbour.invalid").status_code == 302


def lock(client: Client) -> None:
    session = client.session
    session[LAST_ACT] = time.time() - 3600
    session.save()


def test_after_an_idle_time_the_pin_opens_again_where_one_was(
    clinic: Clinic, client: Client
) -> None:
    nurse = clinic.staff["session_nurse"]
    nurse.pin_hash = hash_pin(PIN)
    nurse.save()
    sign_in(client, nurse)
    lock(client)
    answer = client.get("/people/?stage=screening")
    assert answer["Location"].startswith("/sign-in/unlock?next=/people/")
    assert nurse.full_name.encode() in client.get(answer["Location"]).content
    for typed in (PIN, PASSWORD):
        lock(client)
        answer = client.post("/sign-in/unlock", {"pin": typed, "next": "/people/?stage=screening"})
        assert (answer.status_code, answer["Location"]) == (302, "/people/?stage=screening")
        assert client.get("/people/").status_code == 200


def test_acting_while_locked_changes_nothing(clinic: Clinic, client: Client) -> None:
    sign_in(client, clinic.staff["administrator"])
    lock(client)
    answer = client.post("/setup/", {"organisation": "Taken over", "act_id": "a1"})
    assert answer["Location"].startswith("/sign-in/unlock")
    assert Installation.objects.get().organisation != "Taken over"


def test_five_wrong_pins_sign_out(clinic: Clinic, client: Client) -> None:
    sign_in(client, clinic.staff["session_nurse"])
    lock(client)
    for _ in range(MAX_WRONG_PINS - 1):
        assert client.post("/sign-in/unlock", {"pin": "000000"}).status_code == 422
    answer = client.post("/sign-in/unlock", {"pin": "000000"})
    assert answer["Location"] == "/accounts/login/"
    assert client.get("/people/")["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    "there",
    [
        "https://evil.invalid/",
        "//evil.invalid",
        "/\\evil.invalid",
        "javascript:alert(1)",
        "people/",
        "\\\\evil.invalid",
        "/\t/evil.invalid",
        "http:evil.invalid",
        "",
    ],
)
def test_the_way_on_stays_on_this_site(clinic: Clinic, client: Client, there: str) -> None:
    sign_in(client, clinic.staff["session_nurse"])
    answer = client.post("/sign-in/unlock", {"pin": PASSWORD, "next": there})
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_one_click_sign_in_is_for_demonstrations_alone(clinic: Clinic, client: Client) -> None:
    demo = make_account("nurse@demo.invalid", "Noor Fiktiv", clinic.clock)
    assert b"Noor Fiktiv" not in client.get("/accounts/login/").content
    assert client.post("/sign-in/demo", {"account": str(demo.pk)}).status_code == 403
    assert "_auth_user_id" not in client.session
    Installation.objects.update(demo=True)
    installation.forget()
    assert b"Noor Fiktiv" in client.get("/accounts/login/").content
    real = clinic.staff["prescriber"]
    for wrong in (str(real.pk), "", "x" * 500, "1"):
        assert client.post("/sign-in/demo", {"account": wrong}).status_code == 404
    assert client.get("/sign-in/demo").status_code == 302
    assert client.post("/sign-in/demo", {"account": str(demo.pk)}).status_code == 302
    assert client.session["_auth_user_id"] == str(demo.pk)


def test_signing_out_needs_a_post(clinic: Clinic, client: Client) -> None:
    sign_in(client, clinic.staff["prescriber"])
    assert client.get("/accounts/logout/").status_code == 200
    assert client.get("/people/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/people/").status_code == 302


def test_forms_without_their_token_are_refused(clinic: Clinic) -> None:
    client = Client(enforce_csrf_checks=True)
    sign_in(client, clinic.staff["administrator"])
    for path in ("/setup/", "/people/", "/sign-in/unlock", "/sign-in/demo", "/accounts/logout/"):
        assert client.post(path, {}).status_code == 403


def test_what_the_library_offers_and_we_do_not_is_not_there(client: Client, clinic: Clinic) -> None:
    for path in (
        "signup/",
        "email/",
        "confirm-email/",
        "password/set/",
        "password/reset/done/",
        "password/reset/key/1-x/",
        "login/code/confirm/",
        "confirm-email/abc/",
    ):
        for method in (client.get, client.post):
            assert method(f"/accounts/{path}").status_code == 404
    assert client.post("/accounts/password/reset/", {"email": "x@y.invalid"}).status_code == 200


def test_every_page_keeps_the_content_policy(clinic: Clinic, client: Client) -> None:
    account = clinic.staff["administrator"]
    TOTP.activate(account, SECRET)
    pages = [client.get("/accounts/login/"), client.get("/invitations/x")]
    enter(client, "administrator@harbour.invalid")
    pages.append(client.get("/accounts/2fa/authenticate/"))
    client.post("/accounts/2fa/authenticate/", {"code": code()})
    for path in (
        "/accounts/2fa/webauthn/add/",
        "/accounts/2fa/webauthn/",
        "/sign-in/own",
        "/accounts/2fa/recovery-codes/generate/",
        "/accounts/reauthenticate/",
        "/accounts/2fa/reauthenticate/",
        "/accounts/logout/",
        "/accounts/2fa/totp/deactivate/",
        "/setup/",
        "/setup/sites",
        "/setup/chairs",
        "/setup/staff",
    ):
        page = client.get(path)
        assert page.status_code == 200, path
        pages.append(page)
    for page in pages:
        text = page.content.decode()
        policy = page["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert not re.search(r'\sstyle="|\son[a-z]+="|javascript:', text)
        for script in re.findall(r"<script([^>]*)>", text):
            assert "src=" in script or 'type="application/json"' in script


def test_a_passkey_is_asked_for_by_the_server_and_a_forged_one_refused(
    clinic: Clinic, client: Client
) -> None:
    answer = client.get(
        "/accounts/2fa/webauthn/login/",
        HTTP_ACCEPT="application/json",
        HTTP_X_REQUESTED_WITH="XMLHttpRequest",
    )
    assert answer.json()["request_options"]["publicKey"]["challenge"]
    for forged in ("", "{}", "null", "[]", json.dumps({"id": "AAAA", "rawId": "AAAA"})):
        refused = client.post("/accounts/2fa/webauthn/login/", {"credential": forged})
        assert refused.status_code in {200, 302}
        assert "_auth_user_id" not in client.session


def test_an_invitation_is_taken_up_on_its_page(clinic: Clinic, client: Client) -> None:
    ctx = clinic.as_("administrator").at(_now())
    _, token = invite_staff(
        ctx,
        site_id=clinic.site.pk,
        email="new@harbour.invalid",
        full_name="New Nurse",
        roles=["session_nurse"],
    )
    path = f"/invitations/{token}"
    assert b"New Nurse" in client.get(path).content
    given = {"password": STRONG, "password_again": STRONG, "pin": PIN, "pin_again": PIN}
    for wrong in (
        {"password_again": "other"},
        {"pin_again": "739153"},
        {"password": "x", "password_again": "x"},
    ):
        answer = client.post(path, given | wrong)
        assert answer.status_code == 422
        assert STRONG.encode() not in answer.content
    assert client.post(path, given).status_code == 302
    assert client.get("/people/")["Location"] == "/sign-in/second-factor"
    assert client.get(path).status_code == 404
    assert Account.objects.get(email="new@harbour.invalid").check_password(STRONG)


def test_guessing_links_is_limited(clinic: Clinic, client: Client) -> None:
    for n in range(LINKS.limit):
        assert client.get(f"/invitations/guess{n}").status_code == 404
    assert client.get("/invitations/again").status_code == 429
    assert client.get("/setup/first/again").status_code == 429


def test_the_first_administrator_page_once(db: None, client: Client) -> None:
    token = make_setup_token()
    path = f"/setup/first/{token}"
    assert client.get(path).status_code == 200
    given = {
        "organisation": "Quay Clinic (synthetic)",
        "site_name": "Quay",
        "timezone": "Europe/Berlin",
        "full_name": "Ola Beispiel",
        "credentials": "",
        "email": "ola@quay.invalid",
        "password": STRONG,
        "password_again": STRONG,
        "pin": PIN,
        "pin_again": PIN,
    }
    assert client.post(path, given | {"email": "no address"}).status_code == 422
    assert client.post(path, given).status_code == 302
    assert client.get("/setup/")["Location"] == "/sign-in/second-factor"
    assert client.get(path).status_code == 404
    sign_in(client, Account.objects.get())
    assert client.get("/setup/").status_code == 200


def test_ones_own_sign_in_page_changes_pin_and_password(clinic: Clinic, client: Client) -> None:
    account = clinic.staff["therapist"]
    sign_in(client, account)
    other = sign_in(Client(), account)
    change = {"change": "pin", "password": PASSWORD, "pin": PIN, "pin_again": PIN, "act_id": "p1"}
    assert (
        client.post("/sign-in/own", change | {"password": "wrong", "act_id": "p0"}).status_code
        == 422
    )
    assert client.post("/sign-in/own", change).status_code == 302
    change = {
        "change": "password",
        "password": PASSWORD,
        "new_password": STRONG,
        "password_again": STRONG,
        "act_id": "p2",
    }
    assert client.post("/sign-in/own", change).status_code == 302
    assert client.get("/sign-in/own").status_code == 200
    assert other.get("/sign-in/own").status_code == 302
    other = Client()
    other.force_login(
        Account.objects.get(pk=account.pk),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    assert client.post("/sign-in/own", {"change": "everywhere", "act_id": "p3"}).status_code == 302
    assert client.get("/sign-in/own").status_code == 200
    assert other.get("/sign-in/own").status_code == 302


def test_removing_the_last_second_factor_asks_for_a_new_one(clinic: Clinic, client: Client) -> None:
    sign_in(client, clinic.staff["therapist"])
    Authenticator.objects.all().delete()
    assert client.get("/people/")["Location"] == "/sign-in/second-factor"


def _now() -> FixedClock:
    """Links are judged by the machine's own time."""
    return FixedClock(SystemClock().now())
