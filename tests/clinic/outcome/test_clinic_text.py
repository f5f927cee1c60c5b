"""A clinic's own text: loaded by file, offered only then, withdrawn with its links."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory

from evenkeel.cli import main
from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.actions.ask_questionnaire import ask_questionnaire
from evenkeel.clinic.outcome.actions.enter_answers import enter_answers, enter_total
from evenkeel.clinic.outcome.actions.load_text import load_text, withdraw_text
from evenkeel.clinic.outcome.models import Ask, ClinicText, Response, SafetySignal
from evenkeel.clinic.outcome.offering import form_of, offered, sendable
from evenkeel.clinic.outcome.pages import answering
from evenkeel.clinic.record.errors import Forbidden, Invalid
from evenkeel.instruments import (
    Typed,
    can_be_typed,
    load,
    shelved,
    template,
    typed_document,
    with_wording,
)
from tests.clinic_factory import Clinic, sign_in

pytestmark = pytest.mark.django_db
LICENCE = "Invented license 7, for tests"


def file_of(name: str, **change: Any) -> bytes:
    text = json.dumps(template(name) | change)
    return text.replace("(write the text here)", "An invented text").encode()


def load_it(clinic: Clinic, name: str, **change: Any) -> ClinicText:
    return load_text(
        clinic.as_("medical_director"),
        site_id=clinic.site.pk,
        instrument_id=name,
        data=file_of(name, **change),
        licence=LICENCE,
    )


def test_it_is_offered_only_once_its_text_is_there_and_only_here(
    clinic: Clinic, course: Course
) -> None:
    with pytest.raises(Invalid):
        ask_questionnaire(clinic.as_("therapist"), course_id=course.pk, instrument_id="wsas")
    load_it(clinic, "wsas")
    assert "wsas" in {each.id for each in sendable(clinic.site.pk)}
    assert "wsas" not in {each.id for each in sendable(clinic.other_site.pk)}
    ask = ask_questionnaire(clinic.as_("therapist"), course_id=course.pk, instrument_id="wsas").ask
    assert form_of(ask.instrument, ask.site_id).items[0].text == "An invented text"


def test_what_a_clinician_rates_is_entered_and_never_sent(clinic: Clinic, course: Course) -> None:
    load_it(clinic, "madrs")
    assert "madrs" in {each.id for each in offered(clinic.site.pk)}
    assert "madrs" not in {each.id for each in sendable(clinic.site.pk)}
    response = enter_answers(
        clinic.as_("prescriber"),
        course_id=course.pk,
        instrument_id="madrs",
        answers={f"madrs-{n}": 3 for n in range(1, 11)},
    )
    assert (response.total, response.band) == (30, "moderate")
    signal = SafetySignal.objects.get()
    assert signal.statement.startswith("MADRS question 10")
    assert signal.statement.endswith("3 of 6")


def test_withdrawing_closes_its_links(clinic: Clinic, course: Course) -> None:
    row = load_it(clinic, "wsas")
    ask = ask_questionnaire(clinic.as_("therapist"), course_id=course.pk, instrument_id="wsas").ask
    withdraw_text(clinic.as_("medical_director"), text_id=row.pk)
    assert Ask.objects.get(pk=ask.pk).state == "withdrawn"
    assert "wsas" not in {each.id for each in offered(clinic.site.pk)}


def test_a_newer_text_takes_the_place_of_the_former(clinic: Clinic) -> None:
    first = load_it(clinic, "wsas")
    clinic.clock.advance(timedelta(days=1))
    load_it(clinic, "wsas", title="WSAS, second edition")
    assert form_of("wsas", clinic.site.pk).title == "WSAS, second edition"
    assert ClinicText.objects.get(pk=first.pk).withdrawn_at == clinic.clock.now()


def test_a_translation_is_asked_in_its_language_alone(clinic: Clinic) -> None:
    load_it(clinic, "phq9", language="de", title="PHQ-9 (erfunden)")
    assert form_of("phq9", clinic.site.pk).title == "PHQ-9"
    assert form_of("phq9", clinic.site.pk, "de").title == "PHQ-9 (erfunden)"
    assert form_of("phq9", clinic.site.pk, "fr").title == "PHQ-9"


def test_a_person_is_asked_in_the_language_they_chose(clinic: Clinic, course: Course) -> None:
    """The question is marked with its language, so that a screen reader speaks it rightly."""
    load_it(clinic, "phq9", language="de")
    ask = ask_questionnaire(clinic.as_("therapist"), course_id=course.pk, instrument_id="phq9").ask
    row = Ask.objects.select_related("patient", "site", "course").get(pk=ask.pk)
    row.state, row.language = "begun", "de"  # as a scheduled ask carries it
    shown = answering.show(RequestFactory().get("/q/x"), row, "/q/x").content.decode()
    assert '<fieldset lang="de">' in shown


@pytest.mark.parametrize("role", ["prescriber", "therapist", "front_desk"])
def test_only_a_director_or_administrator_loads(clinic: Clinic, role: str) -> None:
    with pytest.raises(Forbidden):
        load_text(
            clinic.as_(role),
            site_id=clinic.site.pk,
            instrument_id="wsas",
            data=file_of("wsas"),
            licence=LICENCE,
        )


def test_the_page_refuses_by_name_and_stores_what_fits(clinic: Clinic, pass_time: Any) -> None:
    pass_time(timedelta(0))
    client = sign_in(Client(), clinic.staff["medical_director"])
    page = "/questionnaires/wsas"
    assert b"Load your licensed text" in client.get(page).content
    got = client.get(f"{page}/template")
    assert json.loads(got.content)["item"][0]["text"] == "(write the text here)"

    def post(data: bytes, licence: str = LICENCE) -> Any:
        upload = SimpleUploadedFile("x.json", data, "application/json")
        return client.post(
            page,
            {
                "do": "load",
                "site": str(clinic.site.pk),
                "licence": licence,
                "file": upload,
                "act_id": str(uuid4()),
            },
        )

    blank = post(got.content)
    assert blank.status_code == 422
    assert "its text was not written yet" in blank.content.decode()
    assert post(b"{").status_code == 422
    assert post(file_of("wsas"), "").status_code == 422
    assert not ClinicText.objects.exists()
    assert post(file_of("wsas")).status_code == 303
    shown = client.get(page).content.decode()
    assert LICENCE in shown
    text = ClinicText.objects.get()
    sent = {"do": "withdraw", "text": str(text.pk), "act_id": str(uuid4())}
    assert client.post(page, sent).status_code == 303
    assert client.get("/questionnaires/").status_code == 200
    assert client.get("/questionnaires/safety_follow_up").status_code == 404


@pytest.mark.parametrize(
    ("name", "total", "band"),
    [("madrs", 34, "moderate"), ("moca", 26, "normal"), ("hamd17", 7, "none")],
)
def test_a_total_can_be_entered_meanwhile(
    clinic: Clinic, course: Course, name: str, total: int, band: str
) -> None:
    row = enter_total(
        clinic.as_("prescriber"), course_id=course.pk, instrument_id=name, total=total
    )
    assert (row.total, row.band, row.answers) == (total, band, {})
    assert row.entered_by == "Test prescriber"


@pytest.mark.parametrize(
    ("name", "total"), [("madrs", 61), ("madrs", -1), ("phq9", 10), ("kset", 1), ("nothing", 1)]
)
def test_a_total_that_cannot_be_is_refused(
    clinic: Clinic, course: Course, name: str, total: int
) -> None:
    with pytest.raises(Invalid):
        enter_total(clinic.as_("prescriber"), course_id=course.pk, instrument_id=name, total=total)
    assert not Response.objects.exists()


def test_the_command_checks_and_stores(
    clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wsas.json"
    path.write_bytes(file_of("wsas"))
    assert main(["questionnaire", "check", "wsas", str(path)]) == 0
    assert main(["questionnaire", "load", "wsas", str(path), "--license", LICENCE]) == 2
    assert "--site" in capsys.readouterr().err
    bring = ["questionnaire", "load", "wsas", str(path), "--license", LICENCE, "--site", "Harbour"]
    assert main(bring) == 0
    assert ClinicText.objects.get().site == clinic.site
    path.write_text("{}")
    assert main(["questionnaire", "check", "wsas", str(path)]) == 2
    assert main(["questionnaire", "list"]) == 0
    assert "load your text" in capsys.readouterr().out


def typed_in(name: str, **change: str) -> dict[str, str]:
    """The form of the page filled in with invented words, as a clinic types its own."""
    form = load(name)
    texts = {f"text-{item.link_id}": f"Invented question {item.number}" for item in form.items}
    answers = {
        f"answer-{item.link_id}-{value}": text
        for item in form.items
        for value, text in item.options
    }
    about = {"do": "type", "language": "en", "licence": LICENCE, "act_id": str(uuid4())}
    return texts | answers | about | change


@pytest.mark.parametrize(
    "name", [n for n in shelved() if not load(n).text_ships and can_be_typed(load(n))]
)
def test_what_is_typed_in_is_asked_word_for_word(name: str) -> None:
    base = load(name)
    texts = {item.link_id: f" Invented {item.number} " for item in base.items}
    typed = Typed("es", "Durante el último mes", texts, {})
    found = with_wording(name, typed_document(name, typed), LICENCE)
    assert [item.text for item in found.items] == [f"Invented {i.number}" for i in base.items]
    assert {item.lead_in for item in found.items} == {"Durante el último mes"}
    assert found.languages == ("es",)
    assert [item.values for item in found.items] == [item.values for item in base.items]
    assert found.total_link_id == base.total_link_id


def test_the_page_says_what_is_missing_and_takes_what_is_typed(
    clinic: Clinic, course: Course, pass_time: Any
) -> None:
    pass_time(timedelta(0))
    director = sign_in(Client(), clinic.staff["medical_director"])
    page = "/questionnaires/auditc"
    shown = director.get(page).content.decode()
    for words in ("Its words are missing here", "WHO/MSD/MSB/01.6a", "Type your text in"):
        assert words in shown
    therapist = sign_in(Client(), clinic.staff["therapist"])
    assert "Type your text in" not in therapist.get(page).content.decode()
    site = {"site": str(clinic.site.pk)}
    refused = director.post(page, typed_in("auditc", **{"text-auditc-2": " "}) | site)
    assert refused.status_code == 422
    text = refused.content.decode()
    assert "Question 2 has no text yet." in text
    assert "Invented question 3" in text  # nothing typed is lost
    for wrong in (
        {"answer-auditc-3-4": ""},
        {"language": "no tag!"},
        {"licence": ""},
        {"text-auditc-1": "x" * 2001},
    ):
        assert director.post(page, typed_in("auditc", **wrong) | site).status_code == 422
    assert not ClinicText.objects.exists()
    assert therapist.post(page, typed_in("auditc") | site).status_code == 403
    fields = typed_in("auditc", **{"answer-auditc-1-0": "An invented never"}) | site
    assert director.post(page, fields).status_code == 303
    form = form_of("auditc", clinic.site.pk)
    assert (form.items[0].text, form.items[0].options[0]) == (
        "Invented question 1",
        (0, "An invented never"),
    )
    shown = director.get(page).content.decode()
    assert "Its words are missing here" not in shown
    assert "Correct your text" in shown
    assert ">Invented question 3</textarea>" in shown  # what stands is there to be corrected
    assert f'value="{LICENCE}"' in shown


#: What is answered, and then: how many questions are asked, the tier, how soon, whether held.
CSSRS: tuple[tuple[str, dict[str, int], int, str, str], ...] = (
    ("nothing", {}, 3, "none", ""),
    ("a wish to be dead", {"1": 1}, 3, "low", "routine"),
    ("thoughts", {"2": 1}, 6, "low", "routine"),
    ("thoughts of how", {"2": 1, "3": 1}, 6, "moderate", "today"),
    ("some intent", {"2": 1, "4": 1}, 6, "high", "now"),
    ("a plan", {"2": 1, "5": 1}, 6, "high", "now"),
    ("an act long ago", {"6": 1}, 4, "moderate", "today"),
    ("an act in 3 months", {"6": 1, "6b": 1}, 4, "high", "now"),
)


@pytest.mark.parametrize("row", CSSRS, ids=[row[0] for row in CSSRS])
def test_the_screener_on_a_phone_once_its_text_is_there(
    clinic: Clinic, course: Course, pass_time: Any, row: Any
) -> None:
    _, said, questions, tier, urgency = row
    pass_time(timedelta(0))
    load_it(clinic, "cssrs_screen")
    asked = ask_questionnaire(
        clinic.as_("therapist"), course_id=course.pk, instrument_id="cssrs_screen"
    )
    phone, address = Client(), f"/q/{asked.token}"
    phone.post(address, {"go": "start"})
    seen, helped = [], False
    numbers = {item.link_id: item.number for item in load("cssrs_screen").items}
    while key := re.search(r'name="question" value="([^"]+)"', phone.get(address).content.decode()):
        if key[1] == "_help":  # the crisis contacts come right behind the first yes
            helped = True
            assert numbers[seen[-1]] in said
            assert 'href="tel:988"' in phone.get(address).content.decode()
            phone.post(address, {"question": "_help", "go": "next"})
            continue
        seen.append(key[1])
        answer = said.get(numbers[key[1]], 0)
        phone.post(address, {"question": key[1], "go": "next", "answer": str(answer)})
        if answer:  # whatever the person does next, the clinic knows
            assert Course.objects.get(pk=course.pk).dose_holds
    assert (len(seen), helped) == (questions, bool(said))
    assert Response.objects.get().band == tier
    signals = SafetySignal.objects.filter(course=course)
    assert [signal.urgency for signal in signals] == ([urgency] if urgency else [])
    holds = Course.objects.get(pk=course.pk).dose_holds
    assert [hold["statement"] for hold in holds] == [signal.statement for signal in signals]
    assert all(signal.statement.endswith(f": {tier}") for signal in signals)
    assert len(holds) == bool(urgency)
    ending = phone.get(address).content.decode()
    assert ('href="tel:988"' in ending) is bool(said)
