"""What a log of addresses would give away: nothing of a person."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.clinic.session.makers import another_case
from tests.clinic_factory import Clinic, sign_in


@pytest.mark.django_db
def test_searches_of_people_and_of_the_audit_are_posted(clinic: Clinic) -> None:
    ada, bea = another_case(clinic, "Ada").patient, another_case(clinic, "Bea").patient
    client = sign_in(Client(), clinic.staff["medical_director"])
    for where, asked in (
        ("/people/", {"search": "Bea"}),
        ("/oversight/audit", {"patient": bea.mrn}),
    ):
        page = client.get(where).content.decode()
        assert 'method="get"' not in page, where
        assert (ada.mrn in page, bea.mrn in page) == (True, True), where
        found = client.post(where, asked).content.decode()
        assert bea.mrn in found, where
        assert ada.mrn not in found, where
        assert f"={bea.mrn}" not in found, where


@pytest.mark.django_db
def test_the_audit_goes_on_to_older_entries_with_what_was_asked(clinic: Clinic) -> None:
    for name in ("Ada", "Bea", "Cleo", "Dov"):
        another_case(clinic, name)
    client = sign_in(Client(), clinic.staff["auditor"])
    first = client.post("/oversight/audit", {"who": "session_nurse"}).content.decode()
    older = first.split('name="before" value="')[1].split('"')[0]
    second = client.post("/oversight/audit", {"who": "session_nurse", "before": older})
    assert second.status_code == 200
    assert f'data-label="No.">{older}<' not in second.content.decode()
