"""What is private is read by nobody else, and a walled note by whom its author names: not through
any page, any interface or any search, whatever the role."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

import evenkeel
from evenkeel.clinic.oversight.queries import Asked, audit_page
from evenkeel.clinic.people.actions.set_up import grant_role
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.record.permissions import STAFF_ROLES
from evenkeel.clinic.therapy.actions.wall import (
    change_note,
    name_reader,
    unname_reader,
    write_note,
)
from evenkeel.clinic.therapy.actions.write_journal import change_entry, remove_entry, write_entry
from evenkeel.clinic.therapy.models import JournalEntry, WalledNote
from evenkeel.clinic.therapy.queries import shared_journal
from evenkeel.clinic.therapy.wall import OPENING, open_note
from tests.clinic.session.makers import another_case
from tests.clinic.test_permissions import our_routes
from tests.clinic.therapy.conftest import Person, act
from tests.clinic_factory import make_account, sign_in

pytestmark = pytest.mark.django_db

PRIVATE = "heron-7731 never told"
UNSHARED = "heron-8842 the rest of it"
SHARED = "A quiet green, as far as anybody may know."
WALLED = "heron-9953 my own unease"


def write(person: Person, **given: Any) -> JournalEntry:
    return write_entry(person.ctx, course_id=person.course.pk, **given)


def change(person: Person, entry: JournalEntry, **given: Any) -> JournalEntry:
    return change_entry(person.ctx, entry_id=entry.pk, seen_version=entry.version, **given)


# ---- the journal ----


def test_an_entry_is_private_unless_the_person_says_otherwise(person: Person) -> None:
    entry = write(person, text=PRIVATE, themes=["Father"])
    assert (entry.sharing, entry.shared_text, entry.shared_themes) == ("private", "", [])
    assert shared_journal(person.course.pk) == []


def test_what_is_shared_follows_the_person_s_choice_entry_by_entry(person: Person) -> None:
    entry = write(person, text=f"{SHARED} {UNSHARED}", themes=["Green"])
    both = {"text": f"{SHARED} {UNSHARED}", "themes": ["Green"]}
    entry = change(person, entry, **both, sharing="part", shared_part=SHARED)
    (told,) = shared_journal(person.course.pk)
    assert (told["shared_text"], told["shared_themes"]) == (SHARED, [])
    assert set(told) == {
        "pk", "written_at", "sharing", "shared_text", "shared_themes", "shared_since",
    }  # fmt: skip
    entry = change(person, entry, **both, sharing="all")
    (told,) = shared_journal(person.course.pk)
    assert (told["shared_text"], told["shared_themes"]) == (f"{SHARED} {UNSHARED}", ["Green"])
    entry = change(person, entry, **both, sharing="private")
    assert shared_journal(person.course.pk) == []
    assert JournalEntry.objects.get().shared_text == ""


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"text": " "}, "text"),
        ({"text": "x" * 20_001}, "text"),
        ({"text": "x", "sharing": "everybody"}, "sharing"),
        ({"text": "x", "sharing": "part"}, "shared_part"),
    ],
)
def test_an_entry_that_cannot_be_kept(person: Person, given: dict[str, str], wrong: str) -> None:
    with pytest.raises(Invalid) as refused:
        write(person, **given)
    assert set(refused.value.fields) == {wrong}


def test_an_entry_taken_away_shows_nowhere_and_is_not_written_again(person: Person) -> None:
    entry = write(person, text=PRIVATE, sharing="all")
    remove_entry(person.ctx, entry_id=entry.pk)
    assert shared_journal(person.course.pk) == []
    assert JournalEntry.objects.get().text == ""
    assert person.signed_in().get(f"/own/journal/{entry.pk}").status_code == 404
    with pytest.raises(Refused):
        change(person, JournalEntry.objects.get(), text="again")
    fresh = write(person, text="one")
    change(person, fresh, text="two")
    with pytest.raises(Conflict):
        change_entry(person.ctx, entry_id=fresh.pk, seen_version=1, text="three")


def test_no_role_writes_reads_or_changes_a_journal_but_its_person(person: Person) -> None:
    entry = write(person, text=PRIVATE, sharing="all")
    for role in STAFF_ROLES:
        ctx = person.clinic.as_(role.value)
        with pytest.raises(Forbidden):
            write_entry(ctx, course_id=person.course.pk, text="x")
        with pytest.raises(Forbidden):
            change_entry(ctx, entry_id=entry.pk, seen_version=1, text="x", sharing="all")
        with pytest.raises(Forbidden):
            remove_entry(ctx, entry_id=entry.pk)
        with pytest.raises(Forbidden):
            open_record(ctx, JournalEntry, entry.pk, permission="own.journal", what="journal")
    stranger = person.clinic.patient_context(another_case(person.clinic, "Nobody").patient)
    with pytest.raises(NotFound):
        open_record(stranger, JournalEntry, entry.pk, permission="own.journal", what="journal")


def test_the_person_s_own_pages(person: Person) -> None:
    client = person.signed_in()
    sent = act(do="write", text=PRIVATE, themes="Father, the plane")
    page = client.post("/own/journal", sent, follow=True)
    assert PRIVATE in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    entry = JournalEntry.objects.get()
    assert (entry.sharing, entry.themes) == ("private", ["Father", "the plane"])
    there = f"/own/journal/{entry.pk}"
    wrong = client.post(there, act(do="change", seen_version="1", text=PRIVATE, sharing="part"))
    assert wrong.status_code == 422
    assert "Write or paste the part your clinic may read." in wrong.content.decode()
    client.post(
        there,
        act(do="change", seen_version="1", text=PRIVATE, sharing="part", shared_part=SHARED),
    )
    shown = person.staff("therapist").get(person.page("/integration")).content.decode()
    assert SHARED in shown
    assert "7731" not in shown
    before = client.get("/own/before").content.decode()
    assert before.count('name="item"') == 11
    client.post("/own/before", act(do="set", intention="To rest", calm="4"))
    shown = person.staff("therapist").get(person.page("/preparation")).content.decode()
    assert "To rest" in shown


# ---- the wall ----


@pytest.fixture
def note(person: Person) -> WalledNote:
    return write_note(person.therapist, course_id=person.course.pk, text=WALLED)


def entries(action: str = f"read {OPENING}") -> list[tuple[str, str]]:
    rows = ChainEntry.objects.filter(action=action).order_by("position")
    return list(rows.values_list("actor_name", "outcome"))


def test_no_role_alone_opens_a_note_and_every_try_is_in_the_audit(
    person: Person, note: WalledNote
) -> None:
    for role in STAFF_ROLES:
        if role.value != "therapist":
            with pytest.raises(Forbidden):
                open_note(person.clinic.as_(role.value), note.pk)
    with pytest.raises(Forbidden):
        open_note(person.clinic.system, note.pk)
    with pytest.raises(Forbidden):
        open_note(person.ctx, note.pk)
    with pytest.raises(NotFound):
        open_note(person.clinic.as_("prescriber_elsewhere"), note.pk)
    assert {outcome for _, outcome in entries()} == {"refused"}
    assert len(entries()) == len(STAFF_ROLES) + 2
    assert open_note(person.therapist, note.pk).text == WALLED
    assert entries()[-1] == ("Test therapist", "done")
    told = audit_page(person.clinic.as_("auditor"), Asked(what=OPENING), "UTC").entries
    assert {row["mrn"] for row in told} == {person.case.patient.mrn}


def test_the_author_names_and_unnames_and_both_are_acts(person: Person, note: WalledNote) -> None:
    director = person.clinic.as_("medical_director")
    account = person.clinic.staff["medical_director"].pk
    with pytest.raises(Forbidden):  # nobody names themselves
        name_reader(director, note_id=note.pk, account_id=account)
    naming = name_reader(person.therapist, note_id=note.pk, account_id=account)
    again = name_reader(person.therapist, note_id=note.pk, account_id=account)
    assert again.pk == naming.pk
    assert open_note(director, note.pk).text == WALLED
    with pytest.raises(Forbidden):  # who may read may not write, nor let others in
        change_note(director, note_id=note.pk, seen_version=note.version, text="mine now")
    with pytest.raises(Forbidden):
        unname_reader(director, note_id=note.pk, reader_id=naming.pk)
    unname_reader(person.therapist, note_id=note.pk, reader_id=naming.pk)
    with pytest.raises(Forbidden):
        open_note(director, note.pk)
    assert [name for name, _ in entries("wall.name")][:1] == ["Test medical_director"]
    assert ("Test therapist", "done") in entries("wall.name")
    assert ("Test therapist", "done") in entries("wall.unname")


@pytest.mark.parametrize(
    "who", ["therapist", "front_desk", "administrator", "prescriber_elsewhere"]
)
def test_only_clinicians_of_the_site_are_named(person: Person, note: WalledNote, who: str) -> None:
    with pytest.raises(Invalid):
        name_reader(person.therapist, note_id=note.pk, account_id=person.clinic.staff[who].pk)


def test_a_reader_who_has_left_opens_nothing(person: Person, note: WalledNote) -> None:
    director = person.clinic.staff["medical_director"]
    name_reader(person.therapist, note_id=note.pk, account_id=director.pk)
    without_site = person.clinic.as_("medical_director")
    gone = type(without_site)(
        actor=type(without_site.actor)(without_site.actor.id, "gone", frozenset()),
        clock=without_site.clock,
    )
    with pytest.raises(NotFound):
        open_note(gone, note.pk)


def test_the_pages_of_the_wall(person: Person, note: WalledNote) -> None:
    there = f"/therapy/notes/{note.pk}"
    director = person.staff("medical_director")
    listed = director.get(person.page("/notes")).content.decode()
    assert "closed to you" in listed
    assert "9953" not in listed
    assert director.get(there).status_code == 403
    assert director.post(there, act(do="change", seen_version="1", text="x")).status_code == 403
    author = person.staff("therapist")
    page = author.get(there)
    assert WALLED in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    account = Account.objects.get(email="medical_director@harbour.invalid")
    author.post(there, act(do="name", reader=str(account.pk)))
    assert WALLED in director.get(there).content.decode()
    naming = note.readers.get()
    author.post(there, act(do="unname", naming=str(naming.pk)))
    assert director.get(there).status_code == 403
    assert author.post(there, act(do="change", seen_version="1", text=" ")).status_code == 422


# ---- through no other way ----


def addresses(person: Person, note: WalledNote, entry: JournalEntry) -> dict[str, bool]:
    """Every address of the product, with the ids of this person; whether it is about somebody."""
    ids = {
        "patient_id": person.case.patient.pk,
        "course_id": person.course.pk,
        "entry_id": entry.pk,
        "note_id": note.pk,
        "site_id": person.clinic.site.pk,
    }
    found = {}
    for pattern, _ in our_routes():
        if "(" in pattern:
            continue
        names = re.findall(r"<(?:\w+:)?(\w+)>", pattern)
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda m: str(ids.get(m[1], entry.pk)), pattern)
        found[f"/{path}"] = bool({"patient_id", "course_id", "entry_id", "note_id"} & set(names))
    return found


def words_at(client: Any, path: str) -> bytes:
    kind = "application/json" if path.startswith(("/api", "/fhir")) else "text/html"
    answer = client.get(path, HTTP_ACCEPT=kind)
    return b"" if answer.streaming else bytes(answer.content)


def test_no_address_tells_anybody_else_a_private_word(person: Person, note: WalledNote) -> None:
    entry = write(person, text=PRIVATE, themes=["heron-1164"])
    write(person, text=f"{SHARED} {UNSHARED}", sharing="part", shared_part=SHARED)
    every = addresses(person, note, entry)
    assert sum(every.values()) > 25
    everything = make_account("all@harbour.invalid", "Every Role", person.clinic.clock)
    for role in STAFF_ROLES:
        grant_role(
            person.clinic.as_("administrator"),
            account_id=everything.pk,
            site_id=person.clinic.site.pk,
            role=role.value,
        )
    other = Person(person.clinic, another_case(person.clinic, "Nobody"), person.course)
    assert other.ctx.actor.patient_id == other.case.patient.pk
    told = set()
    anybody = sign_in(Client(), everything)
    # this is how it would look if a word got through
    assert SHARED.encode() in words_at(anybody, person.page("/integration"))
    for who, client, paths in (
        # somebody who may do all that any role may, at every address there is
        ("every role", anybody, every),
        ("another patient", other.signed_in(), [p for p, is_about in every.items() if is_about]),
        ("the author", person.staff("therapist"), [f"/therapy/notes/{note.pk}"]),
    ):
        for path in paths:
            if path != "/accounts/logout/" and b"heron" in words_at(client, path):
                told.add((who, path))
    assert told == {("the author", f"/therapy/notes/{note.pk}")}


@pytest.mark.parametrize("role", ["medical_director", "therapist", "auditor"])
def test_no_search_finds_a_private_word(person: Person, note: WalledNote, role: str) -> None:
    write(person, text=PRIVATE)
    client = person.staff(role)
    for path, field in (
        ("/people/", "q"),
        ("/answers/", "q"),
        ("/oversight/audit", "what"),
        ("/oversight/audit", "who"),
    ):
        for answer in (client.post(path, {field: "heron"}), client.get(path, {field: "heron"})):
            assert not re.search(rb"7731|9953", answer.content), path


#: What only the therapy itself and a person's own pages may use.
WITHIN = {"JournalEntry", "WalledNote", "open_note", "own_journal"}


def test_nothing_outside_the_therapy_and_the_own_pages_knows_these_rows() -> None:
    """Exports, interfaces and reports cannot tell what they do not import."""
    source = Path(evenkeel.__file__).parent
    allowed = {
        *(source / "clinic/therapy").rglob("*.py"),
        source / "clinic/outcome/pages/own_therapy.py",
        source / "interop/fhir/own_pages.py",
    }
    known = {}
    for file in set(source.rglob("*.py")) - allowed:
        text = file.read_text()
        if not any(name in text for name in WITHIN):
            continue
        names = {
            alias.name
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        found = names & WITHIN
        if found:
            known[file.name] = found
    assert known == {}
    reading = (source / "clinic/therapy/queries.py").read_text()
    columns = reading.split("SHARED_COLUMNS: Final = (")[1].split(")")[0]
    assert '"text"' not in columns
    assert '"themes"' not in columns
