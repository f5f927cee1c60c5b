"""The evidence as people reach it: every question, its trials, its limits, and as data."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from django.test import Client

from evenkeel.clinic.library.actions.open_library import open_library
from evenkeel.evidence.answering import answer, answers, as_data
from tests.clinic_factory import Clinic, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(clinic: Clinic) -> Client:
    return sign_in(Client(), clinic.staff["front_desk"])


def test_every_question_has_a_page_that_says_how_sure_it_is(reader: Client) -> None:
    listed = reader.get("/evidence").content.decode()
    for found in answers():
        question = found.question
        assert f'href="/evidence/{question.id}"' in listed, question.id
        page = reader.get(f"/evidence/{question.id}").content.decode()
        assert "What this cannot say" in page
        for study in found.studies:
            assert study.label in page, (question.id, study.label)
        for line in found.found_nothing:
            assert line.split(":")[0] in page


def test_the_table_says_who_paid_and_what_others_judged(reader: Client) -> None:
    page = reader.get("/evidence/response-28d-esketamine").content.decode()
    table = page.split('aria-label="The trials as a table"')[1].split("</table>")[0]
    assert "Paid by" in table
    rows = {row.split("</th>")[0].split(">")[-1]: row for row in table.split("<tr>")[2:]}
    first = rows["TRANSFORM-1 (2019)"]
    assert "<b>Industry.</b> Janssen Research &amp; Development" in first
    assert "<b>Unclear</b>, Cochrane review CD011612 (2021)" in first
    assert (
        'href="https://pmc.ncbi.nlm.nih.gov/articles/PMC8434915/table/CD011612-tblf-0017"' in first
    )
    assert "No judgment found" in rows["TRANSFORM-2 (2019)"]


def test_the_forest_plot_stands_alone_as_xml(reader: Client) -> None:
    page = reader.get("/evidence/harm-dissociation").content.decode()
    drawings = [part.split("</svg>")[0] for part in page.split("<svg")[1:]]
    plots = [f"<svg{part}</svg>" for part in drawings if 'class="drawing forest"' in part]
    assert len(plots) == 2, "one wide, one for a phone"
    for plot in plots:
        ElementTree.fromstring(plot)


def test_the_numbers_as_data_are_those_of_the_command(reader: Client) -> None:
    sent = reader.get("/api/evidence/harm-nausea").json()
    assert sent["per_100"] == as_data(answer("harm-nausea"))["per_100"]
    ids = {one["id"] for one in reader.get("/api/evidence").json()["questions"]}
    assert "harm-nausea" in ids
    missing = reader.get("/api/evidence/nothing")
    assert missing.status_code == 404
    assert missing["Content-Type"] == "application/problem+json"


def test_what_nobody_read_at_its_source_can_be_left_out(reader: Client) -> None:
    all_of_them = reader.get("/evidence/symptoms-24h-placebo").content.decode()
    only = reader.get("/evidence/symptoms-24h-placebo?only=verified").content.decode()
    left = {s.label for s in answer("symptoms-24h-placebo").studies if s.mark != "verified"}
    assert left, "no row of this question is unverified: choose another for this test"
    assert all(label in all_of_them for label in left)
    counted = {s.label for s in answer("symptoms-24h-placebo", only_verified=True).studies}
    assert not (left & counted)
    assert f"{len(counted)} trial" in only or len(counted) == 1


def test_closed_it_asks_for_a_sign_in_and_programs_get_a_problem(clinic: Clinic) -> None:
    anybody = Client()
    assert anybody.get("/evidence")["Location"].startswith("/accounts/login/")
    open_library(clinic.as_("medical_director"), site_id=clinic.site.pk, is_public=True)
    assert anybody.get("/evidence/harm-nausea").status_code == 200
    assert anybody.get("/api/evidence/harm-nausea").status_code == 200
