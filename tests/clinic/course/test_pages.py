"""The pages of a course through Django's client: what they show, refuse, keep and do once."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.clinic.course.models import Consent, ConsentDocument, Course, Plan, Screening
from evenkeel.clinic.course.models import TouchAgreement as Touch
from evenkeel.clinic.record.models import ChainEntry
from tests.clinic.course.makers import Case
from tests.clinic.course.test_consent import dosed
from tests.clinic_factory import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("page_clock")]
PLAN = {
    "product": "racemic_iv",
    "basis": "mg_per_kg",
    "dose": "0.5",
    "duration_min": "40",
    "concentration_mg_ml": "50",
    "sessions_planned": "6",
    "spacing_days": "3.5",
}


def as_(client: Client, case: Case, role: str) -> Client:
    return sign_in(client, case.clinic.staff[role])


def act() -> str:
    return str(uuid.uuid4())


def hidden(response: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    assert found, name
    return found[1]


def test_opening_a_course_twice_opens_one(client: Client, case: Case) -> None:
    as_(client, case, "prescriber")
    url = reverse("course_new", args=[case.patient.pk])
    assert b"What the treatment is for" in client.get(url).content
    posted = {"indication": "Depression", "act_id": act()}
    first, second = client.post(url, posted), client.post(url, posted)
    assert (first.status_code, first["Location"]) == (302, second["Location"])
    assert Course.objects.count() == 1
    assert "Go to that course" in client.get(url).content.decode()


def test_what_was_typed_is_kept_on_an_error(client: Client, case: Case) -> None:
    as_(client, case, "prescriber")
    url = reverse("course_new", args=[case.patient.pk])
    answer = client.post(url, {"indication": "", "goal": "To sleep again", "act_id": act()})
    assert answer.status_code == 422
    assert "To sleep again" in answer.content.decode()
    assert not Course.objects.exists()


def test_the_screening_page_shows_signs_once_and_notices_a_change(
    client: Client, case: Case
) -> None:
    case.opened()
    as_(client, case, "prescriber")
    url = reverse("screening", args=[case.course.pk])
    shown = client.get(url, {"product": "racemic_iv"})
    html = shown.content.decode()
    assert "May Ada Sample have ketamine?" in html
    assert "74 kg" in html
    assert "I have read the 6 findings<" in html
    posted = {
        "product": "racemic_iv",
        "decision": "as_proposed",
        "findings_read": "on",
        "read_digest": hidden(shown, "read_digest"),
        "reason": "",
        "act_id": act(),
    }
    case.know(psychosis=True)
    stale = client.post(url, {**posted, "act_id": act(), "reason": "typed with care"})
    assert stale.status_code == 409
    assert "Look again before you sign" in stale.content.decode()
    assert "typed with care" in stale.content.decode()
    assert not Screening.objects.exists()
    posted["read_digest"] = hidden(stale, "read_digest")
    assert client.post(url, posted).status_code == 302
    assert client.post(url, posted).status_code == 302
    row = Screening.objects.get()
    assert row.decision == "contraindicated"
    kept = client.get(reverse("screening_signed", args=[row.pk])).content.decode()
    assert "Not eligible" in kept
    assert "Psychosis" in kept


def test_an_override_says_so_for_ever(client: Client, case: Case) -> None:
    row = case.screened(decision="defer", reason="Waiting for the letter")
    as_(client, case, "auditor")
    kept = client.get(reverse("screening_signed", args=[row.pk])).content.decode()
    assert "Override" in kept
    assert "Waiting for the letter" in kept
    assert "override" in client.get(reverse("screening", args=[row.course_id])).content.decode()


@pytest.mark.parametrize(("role", "may"), [("prescriber", True), ("session_nurse", False)])
def test_only_who_may_sign_sees_the_signature(
    client: Client, case: Case, role: str, may: bool
) -> None:
    case.opened()
    as_(client, case, role)
    url = reverse("screening", args=[case.course.pk])
    assert ("Sign as" in client.get(url).content.decode()) is may


def test_consent_is_read_signed_once_and_withdrawn(client: Client, case: Case) -> None:
    case.consented()
    as_(client, case, "session_nurse")
    url = reverse("consent", args=[case.course.pk])
    html = client.get(url).content.decode()
    assert "Consent stands" in html
    assert "off label" in html
    assert client.post(url, {"do": "withdraw", "note": "No", "act_id": act()}).status_code == 302
    shown = client.get(url)
    assert "Consent was withdrawn" in shown.content.decode()
    posted = {"do": "sign", "agreed": "on", "signed_name": "ada sample", "act_id": act()}
    wrong = client.post(url, {**posted, "document_hash": "0" * 64, "act_id": act()})
    assert wrong.status_code == 409
    assert "ada sample" in wrong.content.decode()
    unsigned = client.post(
        url,
        {
            **posted,
            "document_hash": hidden(shown, "document_hash"),
            "signed_name": "",
            "act_id": act(),
        },
    )
    assert unsigned.status_code == 422
    posted["document_hash"] = hidden(shown, "document_hash")
    assert [client.post(url, posted).status_code for _ in range(2)] == [302, 302]
    assert Consent.objects.filter(withdrawn_at=None).count() == 1


def test_under_the_drug_the_pages_say_so(client: Client, case: Case) -> None:
    case.screened()
    case.consented()
    dosed(case)
    as_(client, case, "session_nurse")
    url = reverse("touch", args=[case.course.pk])
    html = client.get(url).content.decode()
    assert "not while under the drug" in html
    posted = {"level": "hand", "stop_word": "Lamp", "signed_name": "Ada Sample", "act_id": act()}
    answer = client.post(url, posted)
    assert answer.status_code == 409
    assert "Lamp" in answer.content.decode()
    assert not Touch.objects.exists()
    assert client.post(url, {**posted, "level": "none", "act_id": act()}).status_code == 302


def test_the_plan_page_works_out_saves_and_signs_what_was_seen(client: Client, case: Case) -> None:
    case.screened()
    as_(client, case, "prescriber")
    url = reverse("plan", args=[case.course.pk])
    assert client.get(url).status_code == 200
    drawn = client.get(reverse("plan_figures", args=[case.course.pk]), PLAN)
    html = drawn.content.decode()
    assert "37<small>mg" in html
    assert "0.74<small>mL" in html
    assert "1.1<small>mL/h" in html
    assert "Nothing stops this dose" in html
    unseen = client.post(url, {**PLAN, "do": "sign", "act_id": act()})
    assert unseen.status_code == 409
    assert "Look again before you sign" in unseen.content.decode()
    assert not Plan.objects.exists(), "neither signed nor saved"
    posted = {**PLAN, "do": "sign", "figures_digest": hidden(drawn, "figures_digest")}
    posted["act_id"] = act()
    assert [client.post(url, posted).status_code for _ in range(2)] == [302, 302]
    assert Plan.objects.get().state == "signed"
    assert "in force" in client.get(url).content.decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dose": "0.9"}, "Needs a reason"),
        ({"dose": "3"}, "Cannot be signed"),
        ({"dose": "x"}, "must be a number above zero"),
        ({"dose": "-1"}, "must be a number above zero"),
        ({"dose": "1e400"}, "Cannot be signed"),
        ({"dose": "NaN"}, "must be a number above zero"),
        ({"dose": "9" * 300}, "must be a number above zero"),
        ({"duration_min": "0"}, "must be a number above zero"),
        ({"spacing_days": "99999999"}, "Enter sessions and spacing"),
        ({"sessions_planned": "2.5"}, "A whole number of sessions"),
        ({"product": "laudanum"}, "Worked out"),
        ({"product": "esketamine_nasal", "dose": "112"}, "Cannot be signed"),
    ],
)
def test_the_figures_never_break_whatever_is_typed(
    client: Client, case: Case, changes: dict[str, str], said: str
) -> None:
    case.screened()
    as_(client, case, "prescriber")
    answer = client.get(reverse("plan_figures", args=[case.course.pk]), {**PLAN, **changes})
    assert answer.status_code == 200
    assert said in answer.content.decode()


def test_redrawing_the_figures_fills_no_log(client: Client, case: Case) -> None:
    case.screened()
    as_(client, case, "prescriber")
    before = ChainEntry.objects.count()
    client.get(reverse("plan_figures", args=[case.course.pk]), PLAN)
    assert ChainEntry.objects.count() == before
    client.get(reverse("plan", args=[case.course.pk]))
    assert ChainEntry.objects.latest("position").action == "read plan page"


def test_a_plan_that_is_refused_keeps_what_was_typed(client: Client, case: Case) -> None:
    case.screened()
    as_(client, case, "prescriber")
    url = reverse("plan", args=[case.course.pk])
    answer = client.post(
        url,
        {**PLAN, "dose": "", "note": "evening only", "do": "save", "act_id": act()},
    )
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Enter the dose." in html
    assert "evening only" in html


def test_moving_says_why_not(client: Client, case: Case) -> None:
    case.consented()
    as_(client, case, "prescriber")
    url = reverse("course_move", args=[case.course.pk])
    assert "No signed plan stands for this product." in client.get(url).content.decode()
    answer = client.post(url, {"to": "induction", "act_id": act()})
    assert answer.status_code == 409
    assert client.post(url, {"to": "closed", "reason": "", "act_id": act()}).status_code == 422
    assert client.post(url, {"to": "closed", "reason": "Moved", "act_id": act()}).status_code == 302
    assert case.fresh().state == "closed"


def test_the_director_publishes_and_everybody_is_asked_again(client: Client, case: Case) -> None:
    case.consented()
    as_(client, case, "medical_director")
    url = reverse("consent_documents")
    html = client.get(url, {"for": "off_label"}).content.decode()
    assert "Write version 2" in html
    posted = {"product_group": "off_label", "title": "Consent", "body": "Short.", "act_id": act()}
    answer = client.post(url, posted)
    assert answer.status_code == 422
    assert "does not name" in answer.content.decode()
    document = ConsentDocument.objects.get(product_group="off_label")
    body = document.body + "\nOne more line."
    assert client.post(url, {**posted, "body": body, "act_id": act()}).status_code == 302
    client.logout()
    as_(client, case, "session_nurse")
    shown = client.get(reverse("consent", args=[case.course.pk])).content.decode()
    assert "Ask again: new version" in shown
    assert client.get(url).status_code == 403


PAGES = ("course_move", "screening", "consent", "touch", "plan", "plan_figures")


@pytest.mark.parametrize("name", PAGES)
def test_staff_of_another_site_find_nothing(client: Client, case: Case, name: str) -> None:
    case.opened()
    as_(client, case, "prescriber_elsewhere")
    url = reverse(name, args=[case.course.pk])
    assert client.get(url).status_code == 404
    if name != "plan_figures":
        assert client.post(url, {**PLAN, "act_id": act()}).status_code == 404
    assert client.get(reverse(name, args=[uuid.uuid4()])).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_the_front_desk_does_not_look_into_a_course(client: Client, case: Case, name: str) -> None:
    case.opened()
    as_(client, case, "front_desk")
    assert client.get(reverse(name, args=[case.course.pk])).status_code == 403


@pytest.mark.parametrize("name", PAGES)
def test_no_page_styles_or_scripts_inline(client: Client, case: Case, name: str) -> None:
    case.consented()
    case.planned()
    as_(client, case, "prescriber")
    html = client.get(reverse(name, args=[case.course.pk])).content.decode()
    assert not re.search(r'\sstyle="|\son\w+="|<script(?![^>]*\ssrc=)', html)


def test_words_of_people_are_escaped(client: Client, case: Case) -> None:
    case.opened()
    case.screened(decision="defer", reason="<script>alert(1)</script>")
    as_(client, case, "prescriber")
    row = Screening.objects.get()
    html = client.get(reverse("screening_signed", args=[row.pk])).content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


@pytest.mark.parametrize(
    ("name", "most"), [("course_move", 30), ("screening", 30), ("consent", 30), ("plan", 32)]
)
def test_pages_take_few_queries(
    client: Client, case: Case, name: str, most: int, django_assert_max_num_queries: Any
) -> None:
    case.consented()
    case.planned()
    as_(client, case, "prescriber")
    url = reverse(name, args=[case.course.pk])
    client.get(url)
    with django_assert_max_num_queries(most):
        assert client.get(url).status_code == 200
