"""Addresses of this stage. They stand before those of the sign-in library, and shadow some."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path

from evenkeel.clinic.people.pages import (
    acting,
    credentials,
    duty,
    emergency,
    facts,
    one_time,
    people,
    reading,
    set_up,
    sign_in,
    staff,
)

urlpatterns: list[URLPattern] = [
    path("people/", people.people, name="people"),
    path("people/new", people.patient_new, name="patient_new"),
    path("people/<uuid:patient_id>", people.patient, name="patient"),
    path("people/<uuid:patient_id>/edit", people.patient_edit, name="patient_edit"),
    path("people/<uuid:patient_id>/deceased", people.patient_deceased, name="patient_deceased"),
    path("people/<uuid:patient_id>/invite", people.patient_invite, name="patient_invite"),
    path("people/<uuid:patient_id>/facts", facts.patient_facts, name="patient_facts"),
    path("people/<uuid:patient_id>/facts/<uuid:fact_id>", facts.fact_correct, name="fact_correct"),
    path("people/<uuid:patient_id>/facts/<uuid:fact_id>/read", reading.fact_read, name="fact_read"),
    path("sign-in/second-factor", sign_in.second_factor, name="second_factor"),
    path("sign-in/unlock", sign_in.unlock, name="unlock"),
    path("sign-in/own", sign_in.own_sign_in, name="own_sign_in"),
    path("sign-in/demo", sign_in.demo_sign_in, name="demo_sign_in"),
    path("invitations/<str:token>", one_time.invitation, name="invitation"),
    path("setup/first/<str:token>", one_time.first_administrator, name="first_administrator"),
    path("setup/", set_up.setup, name="setup"),
    path("setup/sites", set_up.setup_sites, name="setup_sites"),
    path("setup/sites/<uuid:site_id>", set_up.setup_site, name="setup_site"),
    path("setup/chairs", set_up.setup_chairs, name="setup_chairs"),
    path("setup/chairs/<uuid:chair_id>", set_up.setup_chair, name="setup_chair"),
    path("setup/staff", staff.setup_staff, name="setup_staff"),
    path("setup/staff/<uuid:account_id>", staff.setup_person, name="setup_person"),
    path(
        "setup/invitations/<uuid:invitation_id>",
        staff.setup_invitation,
        name="setup_invitation",
    ),
    # who may act
    path("staff/mine", credentials.own_credentials, name="own_credentials"),
    path("staff/credentials", credentials.credentials, name="credentials"),
    path("staff/credentials/<uuid:credential_id>", credentials.credential, name="credential"),
    path(
        "staff/<uuid:account_id>/credentials/new",
        credentials.credential_enter,
        name="credential_enter",
    ),
    path("staff/mine/<uuid:credential_id>", credentials.own_credential, name="own_credential"),
    path("staff/policy/<uuid:site_id>", acting.acting_policy, name="acting_policy"),
    path("staff/policy/<uuid:site_id>/change", acting.acting_decide, name="acting_decide"),
    path("staff/duty", duty.duty, name="duty"),
    path("staff/duty/plan", duty.duty_plan, name="duty_plan"),
    path("emergency/", emergency.emergency_open, name="emergency_open"),
    path("emergency/<uuid:access_id>/end", emergency.emergency_end, name="emergency_end"),
    path("emergency/reviews", emergency.emergencies, name="emergencies"),
    path("emergency/reviews/<uuid:access_id>", emergency.emergency_review, name="emergency_review"),
    # the sign-in library's addresses that are ours, or that are not offered
    path("accounts/login/", sign_in.account_login, name="account_login"),
    path("accounts/2fa/", sign_in.to_own_sign_in, name="mfa_index"),
    path("accounts/password/change/", sign_in.to_own_sign_in, name="account_change_password"),
    path("accounts/password/reset/", sign_in.password_help, name="account_reset_password"),
    re_path(r"^accounts/password/(?:set|reset)/.*$", sign_in.not_offered),
    re_path(r"^accounts/(?:signup|email|confirm-email|login/code)/.*$", sign_in.not_offered),
]
