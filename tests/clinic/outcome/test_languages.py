"""A second language: everything a person meets behind a link, and no English left in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.library.actions.review_answer import withdraw_review
from evenkeel.clinic.outcome import answer_words, crisis, message_text, senders
from evenkeel.clinic.outcome.actions.answer_question import context_of
from evenkeel.clinic.outcome.actions.ask_questionnaire import (
    Asked,
    ask_questionnaire,
    withdraw_ask,
)
from evenkeel.clinic.outcome.actions.choose_language import choose_language
from evenkeel.clinic.outcome.actions.load_text import load_text
from evenkeel.clinic.outcome.actions.review_language import review_language
from evenkeel.clinic.outcome.answer_words import (
    AnswerWordsError,
    spoken,
    word_languages,
    words_for_browser,
    words_in,
)
from evenkeel.clinic.outcome.language_review import is_reviewed, words_digest
from evenkeel.clinic.outcome.models import Ask, ContactChoice, Response, SafetySignal
from evenkeel.clinic.people.actions.register_patient import register_patient
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.chain import verify_links
from evenkeel.clinic.record.errors import Conflict, Invalid, NotFound, Refused
from evenkeel.config import checks
from evenkeel.instruments import load, load_in, template
from tests.clinic.outcome.conftest import CALM, FOLLOW_UP, PHQ9, make_course
from tests.clinic_factory import Clinic, sign_in
from tests.kept import kept

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pass_time")]
PassTime = Callable[[timedelta], None]
ENGLISH = json.loads((answer_words.SHIPPED / "en.json").read_text())
SPANISH = json.loads((answer_words.SHIPPED / "es.json").read_text())


def in_spanish(clinic: Clinic, course: Course, instrument: str = "phq9") -> Asked:
    asked = ask_questionnaire(
        clinic.as_("therapist"), course_id=course.pk, instrument_id=instrument
    )
    choose_language(context_of(asked.ask, clinic.clock), ask_id=asked.ask.pk, language="es")
    return asked


@pytest.fixture
def course(clinic: Clinic) -> Course:
    """A course of somebody with an address, as messages need one."""
    return kept("course with e-mail", clinic.clock, lambda: with_address(clinic), clinic)


def with_address(clinic: Clinic) -> Course:
    patient = register_patient(
        clinic.as_("front_desk"),
        site_id=clinic.site.pk,
        given_name="Ada",
        family_name="Sample",
        birth_date=date(1975, 3, 4),
        sex="female",
        email="ada@example.invalid",
    )
    return make_course(clinic, patient)


def post(phone: Client, asked: Asked, **fields: str) -> HttpResponse:
    return phone.post(f"/q/{asked.token}", fields)


def visible(response: HttpResponse) -> str:
    """What a page shows or speaks: its text, its title, and the labels it gives."""
    page = response.content.decode()
    labels = " ".join(re.findall(r'(?:aria-label|placeholder|title|alt)="([^"]*)"', page))
    body = re.sub(r"<(script|style|svg).*?</\1>", "", page, flags=re.S)
    # the way to another language says that language's name for itself
    body = re.sub(r'<button[^>]*lang="en"[^>]*>English</button>', "", body)
    return " ".join((re.sub(r"<[^>]+>", " ", body) + " " + labels).split())


def english_in(shown: str) -> list[str]:
    """The English sentences of the pages that stand in what is shown, and usual English words."""
    words = re.findall(r"[a-z]+", shown.lower())
    usual = {"the", "you", "your", "and", "this", "with", "question", "questions", "answer"}
    usual |= {"help", "next", "back", "skip", "send", "clinic", "link", "page", "now", "call"}
    sentences = [
        text
        for key, text in ENGLISH.items()
        if len(text) > 3 and "{" not in text and text != SPANISH[key] and text in shown
    ]
    return sorted(usual & set(words)) + sentences


def at_start(clinic: Clinic, course: Course, phone: Client, asked: Asked) -> HttpResponse:
    return phone.get(f"/q/{asked.token}")


def at_question(clinic: Clinic, course: Course, phone: Client, asked: Asked) -> HttpResponse:
    post(phone, asked, go="start")
    return phone.get(f"/q/{asked.token}")


def at_error(clinic: Clinic, course: Course, phone: Client, asked: Asked) -> HttpResponse:
    at_question(clinic, course, phone, asked)
    return post(phone, asked, question="phq9-1", go="next")


def at_wrong(clinic: Clinic, course: Course, phone: Client, asked: Asked) -> HttpResponse:
    at_question(clinic, course, phone, asked)
    return post(phone, asked, question="phq9-1", go="next", answer="9")


def at_help(clinic: Clinic, course: Course, phone: Client, asked: Asked) -> HttpResponse:
    return phone.get(f"/q/{asked.token}?q=help")


def at_stop(clinic: Clinic, course: Course, phone: Client, asked: Asked) -> HttpResponse:
    return phone.get(f"/q/{asked.token}?q=stop")


def at_stopped(clinic: Clinic, course: Course, phone: Client, asked: Asked) -> HttpResponse:
    return post(phone, asked, go="stop")


def at_worry(clinic: Clinic, course: Course, phone: Client, asked: Asked) -> HttpResponse:
    at_question(clinic, course, phone, asked)
    for key in PHQ9:
        post(phone, asked, question=key, go="next", answer="1" if key == "phq9-9" else "0")
    return phone.get(f"/q/{asked.token}")


def at_follow_up(clinic: Clinic, course: Course, phone: Client, asked: Asked) -> HttpResponse:
    at_worry(clinic, course, phone, asked)
    post(phone, asked, question="_help", go="next")
    return phone.get(f"/q/{asked.token}")


def at_difficulty(clinic: Clinic, course: Course, phone: Client, asked: Asked) -> HttpResponse:
    at_follow_up(clinic, course, phone, asked)
    for name, value in CALM.items():
        post(phone, asked, question=FOLLOW_UP[name], go="next", answer=str(value))
    return phone.get(f"/q/{asked.token}")


def at_thanks(clinic: Clinic, course: Course, phone: Client, asked: Asked) -> HttpResponse:
    at_difficulty(clinic, course, phone, asked)
    post(phone, asked, question="phq9-difficulty", go="next", answer="1")
    return phone.get(f"/q/{asked.token}")


def at_closed(clinic: Clinic, course: Course, phone: Client, asked: Asked) -> HttpResponse:
    withdraw_ask(clinic.as_("therapist"), ask_id=asked.ask.pk)
    return phone.get(f"/q/{asked.token}")


def at_nothing(clinic: Clinic, course: Course, phone: Client, asked: Asked) -> HttpResponse:
    return phone.get("/q/no-such-link", headers={"Accept-Language": "fr;q=0.9, es-MX, en;q=0.8"})


PAGES: dict[str, tuple[Callable[..., HttpResponse], str]] = {
    "start": (at_start, "10 preguntas cortas"),
    "question": (at_question, "Poco interés o placer en hacer cosas"),
    "nothing chosen": (at_error, "Elija una respuesta o salte esta pregunta."),
    "a wrong answer": (at_wrong, "Elija una de las respuestas."),
    "help": (at_help, "oprima 2 para español"),
    "no more messages?": (at_stop, "¿No quiere más mensajes?"),
    "no more messages": (at_stopped, "Ya no le llegarán más mensajes"),
    "a worrying answer": (at_worry, "Gracias por contárnoslo"),
    "what is asked then": (at_follow_up, "¿Está pensando en esto ahora?"),
    "the last question": (at_difficulty, "Extremadamente difícil"),
    "thanks": (at_thanks, "Una persona de la clínica va a hablar con usted"),
    "a closed link": (at_closed, "Este enlace ya no abre preguntas"),
    "no link at all": (at_nothing, "Este enlace ya no abre preguntas"),
}


@pytest.mark.parametrize("name", PAGES)
def test_no_english_is_left_on_a_spanish_page(clinic: Clinic, course: Course, name: str) -> None:
    phone = Client(enforce_csrf_checks=True)
    asked = in_spanish(clinic, course)
    make, expected = PAGES[name]
    response = make(clinic, course, phone, asked)
    page = response.content.decode()
    assert '<html lang="es"' in page
    shown = visible(response)
    assert expected in shown
    assert not english_in(shown)
    assert not re.search(r"\{\w*\}", shown)  # every place is filled


def test_the_table_finds_english() -> None:
    """The finder itself: it must see a sentence, and a word, that was left."""
    assert english_in("Gracias. Thank you for telling us")
    assert english_in("Gracias. Not saved yet") == ["Not saved yet"]
    assert english_in("Toque Next para seguir") == ["next", "Next"]
    assert not english_in("Elija una respuesta o salte esta pregunta.")


@pytest.mark.parametrize("instrument", ["day_after", "bladder_check", "gad7", "phq9"])
def test_every_question_of_what_ships_in_spanish(
    clinic: Clinic, course: Course, instrument: str
) -> None:
    phone = Client()
    asked = in_spanish(clinic, course, instrument)
    post(phone, asked, go="start")
    seen = 0
    while "Gracias. Eso es todo." not in visible(page := phone.get(f"/q/{asked.token}")):
        key = re.search(r'name="question" value="([^"]+)"', page.content.decode())
        assert key
        assert not english_in(visible(page))
        seen += 1
        post(phone, asked, question=key[1], go="next", answer="0")
    assert seen == sum(item.scored for item in load(instrument).items)
    row = Response.objects.get()
    assert (row.language, row.answers) == ("es", dict.fromkeys(row.answers, 0))


def test_the_same_answers_score_alike_and_staff_read_english(
    clinic: Clinic, course: Course, client: Client
) -> None:
    asked = in_spanish(clinic, course)
    at_thanks(clinic, course, Client(), asked)
    row, signal = Response.objects.get(), SafetySignal.objects.get()
    assert (row.total, row.band, row.language) == (1, "none to minimal", "es")
    sign_in(client, clinic.staff["prescriber"])
    scores = visible(client.get(f"/courses/{course.pk}/questionnaires"))
    assert re.search(r"by the person, \d\d:\d\d in Spanish", scores)
    assert "answered in Spanish" in visible(client.get(f"/courses/{course.pk}/scores"))
    told = visible(client.get(f"/safety/{signal.pk}"))
    assert "Answered in Spanish; shown here in English" in told
    assert "Are you thinking about this now?" in told
    assert "pensando" not in told
    assert verify_links().whole


def test_what_is_not_in_spanish_is_english_whole_and_says_so(
    clinic: Clinic, course: Course
) -> None:
    phone = Client()
    asked = in_spanish(clinic, course, "who5")
    line = "Estas preguntas solo están en inglés."
    assert line in visible(phone.get(f"/q/{asked.token}"))
    post(phone, asked, go="start")
    page = phone.get(f"/q/{asked.token}")
    html = page.content.decode()
    assert line in visible(page)
    assert '<html lang="es"' in html
    assert re.search(r'<fieldset lang="en"', html)  # a screen reader changes its voice there
    assert "I have felt cheerful and in good spirits" in visible(page)
    assert "Saltar esta pregunta" in visible(page)
    # the clinic's own Spanish text goes before
    text = json.dumps(template("who5") | {"language": "es"}).replace("All of the time", "Siempre")
    load_text(
        clinic.as_("medical_director"),
        site_id=clinic.site.pk,
        instrument_id="who5",
        data=text.encode(),
        licence="Invented, for tests",
    )
    page = phone.get(f"/q/{asked.token}")
    assert line not in visible(page)
    assert "Siempre" in visible(page)


def test_a_person_changes_the_language_on_the_questions(
    clinic: Clinic, course: Course, asked: Asked
) -> None:
    phone = Client(enforce_csrf_checks=True)
    assert re.search(r'lang="es">Español</button>', phone.get(f"/q/{asked.token}").content.decode())
    post(phone, asked, go="start")
    post(phone, asked, question="phq9-1", go="next", answer="2")
    assert post(phone, asked, go="language", language="es").status_code == 303
    page = visible(phone.get(f"/q/{asked.token}"))
    assert "Pregunta 2 de 10" in page  # what was answered stands
    assert Ask.objects.get().partial["answers"] == {"phq9-1": 2}
    choice = ContactChoice.objects.get()
    assert (choice.channel, choice.language) == ("email", "es")
    later = ask_questionnaire(clinic.as_("therapist"), course_id=course.pk, instrument_id="gad7")
    assert later.ask.language == "es"
    version = Ask.objects.get(pk=asked.ask.pk).version
    post(phone, asked, go="language", language="es")
    assert Ask.objects.get(pk=asked.ask.pk).version == version  # the same again changes nothing
    for wrong in ("xx", "", "../es", "es\x00"):
        assert post(phone, asked, go="language", language=wrong).status_code == 303
    assert Ask.objects.get(pk=asked.ask.pk).language == "es"
    post(phone, asked, go="stop")
    assert ContactChoice.objects.get().language == "es"  # stopping forgets no language
    assert verify_links().whole


def test_staff_choose_it_and_a_waiting_link_takes_it_along(
    clinic: Clinic, course: Course, asked: Asked, client: Client
) -> None:
    sign_in(client, clinic.staff["therapist"])
    fields = {"do": "contact", "channel": "email", "language": "es", "act_id": str(uuid4())}
    assert client.post(f"/courses/{course.pk}/questionnaires", fields).status_code == 303
    assert Ask.objects.get().language == "es"
    shown = visible(client.get(f"/courses/{course.pk}/questionnaires"))
    assert "in Spanish" in shown


def test_a_message_in_spanish_with_its_day(clinic: Clinic, course: Course, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "clinic@example.invalid"
    asked = in_spanish(clinic, course)
    ask = Ask.objects.select_related("patient").get()
    ask.sender = "email"
    assert senders.deliver(ask, f"https://clinic.invalid/q/{asked.token}").sent
    sent = mail.outbox[0]
    assert sent.subject == "Unas preguntas para usted"
    assert re.search(r"hasta el \d+ de [a-z]+ de \d{4}\.", sent.body)
    assert not english_in(sent.body.replace("https://clinic.invalid/q/", ""))


def test_a_sites_own_number_stays_as_written(clinic: Clinic) -> None:
    site = Site(name="Puerto", jurisdiction="US", crisis_line="988 call or text; 555 0199 local")
    numbers = {c.number: c.words for c in crisis.contacts_of(site, words_in("es"))}
    assert "oprima 2 para español" in numbers["988"]
    assert numbers["555 0199"].endswith("Local.")
    assert "Call or text" in {c.number: c.words for c in crisis.contacts_of(site)}["988"]


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a key missing": (lambda d: d.pop("skip"), "de.json: skip is missing"),
    "a key too many": (lambda d: d.update(extra="x"), "de.json: extra is not a key"),
    "a place lost": (lambda d: d.update(question_of="Frage"), "question_of must hold these places"),
    "a place too many": (lambda d: d.update(skip="{n}"), "skip must hold these places: none"),
    "an empty text": (lambda d: d.update(skip=" "), "de.json: skip must be a text"),
    "no text": (lambda d: d.update(skip=3), "de.json: skip must be a text"),
    "another language": (lambda d: d.update(language="fr"), "language is not the file's name"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_file_of_words_that_does_not_fit_is_refused_by_name(
    name: str, settings: Any, tmp_path: Path
) -> None:
    spoil, said = FAULTS[name]
    text = ENGLISH | {"language": "de"}
    spoil(text)
    (tmp_path / "de.json").write_text(json.dumps(text))
    settings.ANSWER_WORDS_PATH = tmp_path
    with pytest.raises(AnswerWordsError, match=re.escape(said)):
        words_in("de")
    assert spoken("de").language == "en"  # a person meets no broken page for it
    assert any(said in check.message for check in checks._messages())  # and doctor names it


def test_a_third_language_is_one_file_a_room(
    clinic: Clinic, course: Course, settings: Any, tmp_path: Path
) -> None:
    pages, sent = tmp_path / "words", tmp_path / "messages"
    pages.mkdir(), sent.mkdir()
    words = {key: f"«{text}»" for key, text in ENGLISH.items()}
    words |= {"language": "de", "name": "Deutsch", "english_name": "German"}
    (pages / "de.json").write_text(json.dumps(words))
    texts = json.loads((message_text.SHIPPED / "en.json").read_text()) | {"language": "de"}
    (sent / "de.json").write_text(json.dumps(texts))
    settings.ANSWER_WORDS_PATH, settings.MESSAGE_TEXTS_PATH = pages, sent
    assert word_languages() == ("en", "de", "es")
    asked = in_spanish(clinic, course)
    phone = Client()
    assert "Deutsch" in visible(phone.get(f"/q/{asked.token}"))
    post(phone, asked, go="language", language="de")
    page = phone.get(f"/q/{asked.token}")
    assert '<html lang="de"' in page.content.decode()
    assert "«Start»" in visible(page)
    # and of a questionnaire: one file in the room of the instruments
    german = tmp_path / "translations"
    german.mkdir()
    spanish = json.loads(
        (Path(load_in.__code__.co_filename).parent / "translations" / "es.json").read_text()
    )
    (german / "de.json").write_text(json.dumps(spanish | {"language": "de"}))
    found = load_in("gad7", "de", folder=german)
    assert found is not None
    assert found.languages == ("de",)


@given(st.text(max_size=60))
def test_any_accept_language_header_finds_a_language(header: str) -> None:
    assert words_for_browser(header).language in {"en", "es"}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("es", "es"),
        ("es-MX,en;q=0.5", "es"),
        ("en;q=0.5,es;q=0.9", "es"),
        ("es;q=0, en", "en"),
        ("de-CH, fr", "en"),
        ("ES-mx", "es"),
        (";;;q=,=", "en"),
    ],
)
def test_the_browsers_wish(header: str, language: str) -> None:
    assert words_for_browser(header).language == language


def test_a_named_clinician_stands_for_the_words(
    clinic: Clinic, course: Course, client: Client, settings: Any, tmp_path: Path
) -> None:
    asked = in_spanish(clinic, course)
    note = "ha revisado todavía esta traducción"
    phone = Client()
    assert note in visible(phone.get(f"/q/{asked.token}"))
    as_director = clinic.as_("medical_director")

    def sign(**changed: Any) -> Any:
        said = {"site_id": clinic.site.pk, "language": "es", "agreed": True}
        return review_language(
            as_director, **(said | {"content_digest": words_digest("es")} | changed)
        )

    with pytest.raises(Invalid):
        sign(agreed=False)
    with pytest.raises(Conflict):
        sign(content_digest="0" * 64)
    for language in ("en", "xx"):
        with pytest.raises(NotFound):
            sign(language=language)
    row = sign()
    with pytest.raises(Refused):
        sign()
    assert is_reviewed("es")
    assert note not in visible(phone.get(f"/q/{asked.token}"))
    sign_in(client, clinic.staff["medical_director"])
    page = visible(client.get("/questionnaires/languages"))
    assert clinic.staff["medical_director"].shown_name in page
    assert "Poco interés o placer en hacer cosas" in page
    # a word changes: the review covers it no more
    (tmp_path / "es.json").write_text(json.dumps(SPANISH | {"skip": "Saltar"}))
    settings.ANSWER_WORDS_PATH = tmp_path
    assert not is_reviewed("es")
    settings.ANSWER_WORDS_PATH = tmp_path / "none"
    withdraw_review(as_director, review_id=row.pk, reason="Found an error")
    assert not is_reviewed("es")
    assert "none yet" in visible(client.get("/questionnaires/languages"))
