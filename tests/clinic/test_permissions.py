"""Every route and every action says who may, and the door keeps to it."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

import evenkeel.clinic
from evenkeel.clinic.record.act import ACTIONS
from evenkeel.clinic.record.permissions import (
    PERMISSIONS,
    PUBLIC,
    SIGNED_IN,
    STAFF_ROLES,
    Role,
    roles_for,
)
from tests.clinic_factory import Clinic, make_account, sign_in

#: Routes of the sign-in library that stand behind its own doors. Each is listed with what it is;
#: whatever is not listed must declare a permission of ours.
LIBRARY: dict[str, str] = {
    "account_logout": "signs out, by POST",
    "account_inactive": "says that an account is closed",
    "account_reauthenticate": "asks for the password again before the sign-in is changed",
    "mfa_authenticate": "asks for the second factor, in the middle of signing in",
    "mfa_reauthenticate": "asks for a code again before the sign-in is changed",
    "mfa_activate_totp": "adds an authenticator app to one's own account",
    "mfa_deactivate_totp": "removes one's own authenticator app",
    "mfa_view_recovery_codes": "shows one's own recovery codes",
    "mfa_generate_recovery_codes": "makes new recovery codes for oneself",
    "mfa_download_recovery_codes": "downloads one's own recovery codes",
    "mfa_list_webauthn": "lists one's own passkeys",
    "mfa_add_webauthn": "adds a passkey to one's own account",
    "mfa_reauthenticate_webauthn": "asks for a passkey before the sign-in is changed",
    "mfa_remove_webauthn": "removes one's own passkey",
    "mfa_edit_webauthn": "renames one's own passkey",
    "mfa_login_webauthn": "signs in by a passkey",
}
#: Routes of the library that ours stand before, so that they are never reached.
SHADOWED = frozenset(
    {
        "account_login",
        "account_signup",
        "account_email",
        "account_email_verification_sent",
        "account_confirm_email",
        "account_change_password",
        "account_set_password",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
        "account_confirm_login_code",
        "mfa_index",
    }
)
_SAMPLES = {"uuid": str(uuid4()), "int": "1", "str": "nonsense", "slug": "nonsense", "path": "x"}


def walk(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every route with its address pattern."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        here = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry.url_patterns, here)
        else:
            yield here, entry


def address(pattern: str) -> str:
    """An address the pattern fits, of things that are not there."""
    plain = re.sub(r"<(?:(\w+):)?\w+>", lambda m: _SAMPLES.get(m[1] or "str", "x"), pattern)
    return "/" + plain


def from_library(view: Any) -> bool:
    return str(getattr(view, "__module__", "")).startswith("allauth.")


def our_routes() -> list[tuple[str, URLPattern]]:
    return [(path, entry) for path, entry in walk() if not from_library(entry.callback)]


def test_every_route_declares_its_permission() -> None:
    for path, entry in our_routes():
        permission = getattr(entry.callback, "permission", None)
        assert permission is not None, f"{path} declares no permission"
        assert permission in {PUBLIC, SIGNED_IN} or permission in PERMISSIONS, path


def test_every_route_of_the_sign_in_library_is_known_and_reached_or_shadowed() -> None:
    found = {entry.name for _, entry in walk() if from_library(entry.callback)}
    assert found - set(LIBRARY) <= SHADOWED
    assert set(LIBRARY) <= found
    for path, entry in walk():
        if from_library(entry.callback) and entry.name in SHADOWED and "(" not in path:
            reached = get_resolver().resolve(address(path)).func
            assert not from_library(reached), path


@pytest.mark.django_db
def test_a_caller_who_is_not_signed_in_is_refused_everywhere_else(clinic: Clinic) -> None:
    client = Client()
    for path, entry in our_routes():
        if entry.callback.permission == PUBLIC or "(" in path:
            continue
        for method in (client.get, client.post):
            answer = method(address(path))
            refused = answer.status_code in {302, 401, 403, 405}
            assert refused, f"{path} answered {answer.status_code}"
            if answer.status_code == 302:
                assert answer["Location"].startswith("/accounts/login/"), path


@pytest.mark.django_db
def test_a_role_without_the_permission_is_refused(clinic: Clinic) -> None:
    patientless = make_account("nobody@harbour.invalid", "No Role", clinic.clock)
    clients = {"no role at all": sign_in(Client(), patientless)}
    for role in STAFF_ROLES:
        clients[role.value] = sign_in(Client(), clinic.staff[role.value])
    for path, entry in our_routes():
        permission = entry.callback.permission
        if permission in {PUBLIC, SIGNED_IN} or "(" in path:
            continue
        without = [r for r in clients if r not in {str(x) for x in roles_for(permission)}]
        for role in ["no role at all", *[r for r in without if r != "no role at all"][:1]]:
            for method in ("get", "post"):
                answer = getattr(clients[role], method)(address(path))
                # 405: the route knows no such method, whoever asks
                assert answer.status_code in {403, 405}, f"{method} {path} as {role}"


def test_every_action_names_a_permission_of_the_table() -> None:
    for app in pkgutil.iter_modules(evenkeel.clinic.__path__):
        try:
            actions = importlib.import_module(f"evenkeel.clinic.{app.name}.actions")
        except ModuleNotFoundError:
            continue
        for module in pkgutil.iter_modules(actions.__path__):
            importlib.import_module(f"{actions.__name__}.{module.name}")
    ours = [a for name, a in ACTIONS.items() if not name.startswith("test.")]
    assert len(ours) > 20
    for spec in ours:
        assert spec.permission in PERMISSIONS, spec.name
        assert PERMISSIONS[spec.permission], f"nobody may {spec.name}"


def test_the_table_names_only_roles_and_gives_no_patient_a_staff_act() -> None:
    for name, roles in PERMISSIONS.items():
        assert roles <= set(Role), name
    of_patients = {name for name, roles in PERMISSIONS.items() if Role.PATIENT in roles}
    assert of_patients == {
        "sign_in.manage",
        "library.view",
        "decision.record",
        "consent.withdraw",
        "touch.withdraw",
        "outcome.answer",
        "contact.choose",
        "own.view",
        "own.answer",
        "own.ask",
        "privacy.ask",
        "own.prepare",
        "own.journal",
    }
