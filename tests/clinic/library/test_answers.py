"""The answers as people reach them: closed or open, looked for, reviewed by name."""

from __future__ import annotations

import uuid
from xml.etree import ElementTree

import pytest
from django.test import Client

from evenkeel.clinic.library.actions.open_library import open_library
from evenkeel.clinic.library.actions.review_answer import review_answer, withdraw_review
from evenkeel.clinic.library.mechanism import mechanism_panels
from evenkeel.clinic.library.queries import is_public, reviews_of
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, Refused
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.evidence.plain_answers import plain_answers
from evenkeel.web.svg import forecast_band
from tests.clinic_factory import Clinic, sign_in

pytestmark = pytest.mark.django_db
ASKED = "is-it-addictive"


def digest(answer_id: str = ASKED) -> str:
    return plain_answers()[answer_id].content_digest


def test_closed_answers_ask_for_a_sign_in_and_open_ones_do_not(clinic: Clinic) -> None:
    anybody = Client()
    for address in ("/answers", f"/answers/{ASKED}"):
        assert anybody.get(address)["Location"].startswith("/accounts/login/")
    open_library(clinic.as_("medical_director"), site_id=clinic.site.pk, is_public=True)
    assert anybody.get("/answers").status_code == 200
    page = anybody.get(f"/answers/{ASKED}").content.decode()
    assert "Is it addictive?" in page
    assert "none yet" in page
    assert "Sign as" not in page
    open_library(clinic.as_("administrator"), site_id=clinic.site.pk, is_public=False)
    assert anybody.get("/answers").status_code == 302


def test_only_those_who_may_open_them(clinic: Clinic) -> None:
    with pytest.raises(Forbidden):
        open_library(clinic.as_("therapist"), site_id=clinic.site.pk, is_public=True)
    assert not is_public()
    client = sign_in(Client(), clinic.staff["medical_director"])
    posted = {"act_id": str(uuid.uuid4()), "site": str(clinic.site.pk), "is_public": "yes"}
    assert client.post("/setup/library", posted).status_code == 302
    assert is_public()
    assert "open to everybody" in client.get("/setup/library").content.decode()


def test_what_is_looked_for_is_posted_and_found_and_leaves_no_trace(clinic: Clinic) -> None:
    client = sign_in(Client(), clinic.staff["front_desk"])
    before = ChainEntry.objects.count()
    page = client.post("/answers", {"q": "my blader hurts"}).content.decode()
    assert "is read as <b>bladder</b>" in page
    assert "What happens in the long run?" in page
    assert "Nothing fits these words" in client.post("/answers", {"q": "xyzzy"}).content.decode()
    assert ChainEntry.objects.count() == before


def test_an_unknown_answer_is_not_there(clinic: Clinic) -> None:
    client = sign_in(Client(), clinic.staff["front_desk"])
    assert client.get("/answers/no-such").status_code == 404


def test_every_answer_is_shown_with_its_sources(clinic: Clinic) -> None:
    client = sign_in(Client(), clinic.staff["front_desk"])
    listed = client.get("/answers").content.decode()
    for answer_id, item in plain_answers().items():
        assert f'href="/answers/{answer_id}"' in listed, f"{answer_id} is in no group"
        page = client.get(f"/answers/{answer_id}").content.decode()
        assert page.count('<li id="source-') == len(item.sources)
        assert "not checked" in page or all(c.checked for c in item.countries)


def test_a_clinician_stands_for_the_very_words(clinic: Clinic) -> None:
    ctx = clinic.as_("prescriber")
    row = review_answer(
        ctx, site_id=clinic.site.pk, answer_id=ASKED, content_digest=digest(), agreed=True
    )
    assert reviews_of(plain_answers())[ASKED].name == "Test prescriber"
    with pytest.raises(Refused, match="reviewed already"):
        review_answer(
            ctx, site_id=clinic.site.pk, answer_id=ASKED, content_digest=digest(), agreed=True
        )
    with pytest.raises(Invalid):
        withdraw_review(ctx, review_id=row.pk, reason="  ")
    withdraw_review(ctx, review_id=row.pk, reason="A newer trial is missing.")
    assert ASKED not in reviews_of(plain_answers())
    again = review_answer(
        ctx, site_id=clinic.site.pk, answer_id=ASKED, content_digest=digest(), agreed=True
    )
    assert again.pk != row.pk


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"agreed": False}, Invalid),
        ({"content_digest": "0" * 64}, Conflict),
    ],
    ids=["not agreed", "other words"],
)
def test_nobody_stands_for_what_they_have_not_read(
    clinic: Clinic, given: dict[str, object], error: type[Exception]
) -> None:
    asked = {
        "site_id": clinic.site.pk,
        "answer_id": ASKED,
        "content_digest": digest(),
        "agreed": True,
    }
    with pytest.raises(error):
        review_answer(clinic.as_("prescriber"), **{**asked, **given})
    assert not reviews_of(plain_answers())


def test_a_nurse_reads_and_does_not_sign(clinic: Clinic) -> None:
    with pytest.raises(Forbidden):
        review_answer(
            clinic.as_("session_nurse"),
            site_id=clinic.site.pk,
            answer_id=ASKED,
            content_digest=digest(),
            agreed=True,
        )
    client = sign_in(Client(), clinic.staff["session_nurse"])
    assert "Sign as" not in client.get(f"/answers/{ASKED}").content.decode()


def test_signing_on_the_page_and_taking_it_back(clinic: Clinic) -> None:
    client = sign_in(Client(), clinic.staff["prescriber"])
    address = f"/answers/{ASKED}/review"
    unticked = client.post(address, {"act_id": str(uuid.uuid4()), "digest": digest()})
    assert unticked.status_code == 422
    assert "Tick that you have read it" in unticked.content.decode()
    signed = {"act_id": str(uuid.uuid4()), "digest": digest(), "agreed": "on"}
    assert client.post(address, signed).status_code == 302
    assert "Test prescriber" in client.get(f"/answers/{ASKED}").content.decode()
    review = reviews_of(plain_answers())[ASKED]
    back = {"act_id": str(uuid.uuid4()), "do": "withdraw", "review": str(review.pk), "reason": "x"}
    assert client.post(address, back).status_code == 302
    assert "none yet" in client.get(f"/answers/{ASKED}").content.decode()


def test_the_picture_is_drawn_from_the_engine_and_holds_together() -> None:
    blood, receptor, links, mood = mechanism_panels()
    assert blood.band.times[blood.band.marked] == 40.0  # the end of the infusion
    assert receptor.band.times[receptor.band.marked] == 40.0
    # days after the drug has gone: what the words beside it claim
    assert 0.1 < mood.band.times[mood.band.marked] < 2.0
    for panel in (blood, receptor, links, mood):
        lows, *_, highs = panel.band.values
        assert all(low <= high for low, high in zip(lows, highs, strict=True))
        ElementTree.fromstring(forecast_band(panel.band))
    # the index may be off threefold, and the picture says so by its width
    top = receptor.band.marked
    assert receptor.band.values[4][top] > 1.4 * receptor.band.values[2][top]
