"""Incidents: told, corrected, acted on, reviewed and closed; nothing of it is overwritten."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.clinic.oversight.account import read_account
from evenkeel.clinic.oversight.actions.incident_action import ask_action, close_action
from evenkeel.clinic.oversight.actions.record_incident import (
    correct_incident,
    newest_account,
    record_incident,
)
from evenkeel.clinic.oversight.actions.review_incident import (
    close_incident,
    reopen_incident,
    review_incident,
)
from evenkeel.clinic.oversight.actions.send_report import decide_none
from evenkeel.clinic.oversight.harms import incidents_between, overdue_forms, owed_forms
from evenkeel.clinic.oversight.models import Incident, IncidentAccount, Report
from evenkeel.clinic.oversight.terms import authorities, label_lists, term_lists
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.record.verify import verify
from tests.clinic.oversight.makers import recorded, serious, told
from tests.clinic.session.makers import Stage
from tests.clinic_factory import Clinic
from tests.conftest import START

db = pytest.mark.django_db

#: What is entered, and the field that is refused.
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "accident"}, "kind"),
    ({"title": " "}, "title"),
    ({"title": "x" * 161}, "title"),
    ({"narrative": ""}, "narrative"),
    ({"narrative": "a\x00b"}, "narrative"),
    ({"happened_at": None}, "happened_at"),
    ({"happened_at": START + timedelta(hours=1)}, "happened_at"),
    ({"ended_at": START - timedelta(days=1)}, "ended_at"),
    ({"is_serious": ""}, "is_serious"),
    ({"is_serious": None}, "is_serious"),
    ({"is_serious": "yes"}, "seriousness"),
    ({"is_serious": "no", "seriousness": ["death"]}, "is_serious"),
    ({"is_serious": "yes", "seriousness": ["bad"]}, "seriousness"),
    ({"is_serious": "yes", "seriousness": ["important"]}, "serious_words"),
    ({"severity": ""}, "severity"),
    ({"severity": "terrible"}, "severity"),
    ({"outcome": ""}, "outcome"),
    ({"outcome": "fatal"}, "outcome"),
    ({"is_serious": "yes", "seriousness": ["death"], "outcome": "resolved"}, "outcome"),
    ({"died_on": date(2026, 11, 23)}, "died_on"),
    ({"causality": "surely"}, "causality"),
    ({"expectedness": "listed"}, "listed"),
    ({"expectedness": "listed", "listed": "Sneezing"}, "listed"),
    ({"kind": "near_miss", "is_serious": "yes"}, "kind"),
    ({"kind": "incident", "seriousness": ["death"]}, "kind"),
]


@pytest.mark.parametrize(("changes", "field"), REFUSED, ids=lambda v: str(v)[:40])
def test_what_contradicts_itself_or_is_left_unsaid_is_refused(
    changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        read_account(_said() | changes, product="racemic_iv", now=START)
    assert field in refused.value.fields


def _said() -> dict[str, Any]:
    return {
        "kind": "adverse_event",
        "title": "Nausea",
        "narrative": "Sick for an hour.",
        "happened_at": START,
        "is_serious": "no",
        "severity": "mild",
        "outcome": "resolved",
    }


def test_a_near_miss_says_nothing_of_harm_whatever_was_left_in_the_form() -> None:
    said = _said() | {"kind": "near_miss", "is_serious": "", "causality": "certain"}
    found = read_account(said, product="racemic_iv", now=START)
    assert (found["severity"], found["causality"], found["seriousness"]) == ("", "", [])


@given(
    said=st.dictionaries(
        st.sampled_from([*_said(), "seriousness", "causality", "listed", "died_on", "ended_at"]),
        st.one_of(st.none(), st.text(max_size=20), st.integers(), st.lists(st.text(max_size=8))),
    )
)
def test_hostile_input_is_refused_by_field_and_never_breaks(said: dict[str, Any]) -> None:
    fields: dict[str, str] = {}
    title = ""
    try:
        title = read_account(said, product="esketamine_nasal", now=START)["title"]
    except Invalid as refused:
        fields = refused.fields
    assert title or fields


@db
def test_from_a_session_it_carries_person_product_and_dose_and_is_numbered(
    clinic: Clinic, stage: Stage
) -> None:
    stage.started()
    clinic.clock.advance(timedelta(minutes=20))
    first = recorded(clinic, "session", stage.session.pk, told(clinic))
    second = recorded(clinic, "session", stage.session.pk, told(clinic, title="Dizzy"))
    account = newest_account(first)
    assert (first.number, second.number) == (1, 2)
    assert first.patient_id == stage.session.patient_id
    assert (account.given["product"], account.given["minutes_after"]) == ("racemic_iv", 20)
    # a third of an hour of what the pump was set to
    rate = stage.start_body()["rate_mg_per_h"]
    assert account.given["dose_mg"] == pytest.approx(rate / 3, abs=0.01)
    assert first.review_due_at.date() == date(2026, 11, 27)  # three days, then over
    assert not Report.objects.exists()


@db
def test_a_correction_takes_the_place_and_keeps_what_it_corrected(
    clinic: Clinic, stage: Stage
) -> None:
    row = recorded(clinic, "session", stage.session.pk, told(clinic))
    before = newest_account(row)
    review_ctx = clinic.as_("medical_director")
    with pytest.raises(Refused) as refused:
        review_incident(review_ctx, incident_id=row.pk, seen_account=before.pk, note="Known.")
    assert refused.value.code == "no_causality"
    with pytest.raises(Invalid):
        correct_incident(
            clinic.as_("prescriber"),
            incident_id=row.pk,
            seen_account=before.pk,
            reason=" ",
            said=serious(clinic),
        )
    correct_incident(
        clinic.as_("prescriber"),
        incident_id=row.pk,
        seen_account=before.pk,
        reason="Was taken to hospital at night",
        said=serious(clinic),
    )
    with pytest.raises(Refused) as again:
        correct_incident(
            clinic.as_("prescriber"),
            incident_id=row.pk,
            seen_account=before.pk,
            reason="Late",
            said=told(clinic),
        )
    assert again.value.code == "changed_meanwhile"
    fresh = Incident.objects.get(pk=row.pk)
    assert fresh.seriousness == ["hospitalization"]
    assert newest_account(fresh).supersedes_id == before.pk
    assert IncidentAccount.objects.get(pk=before.pk).title == "Nausea after the second device"
    assert [r.authority for r in fresh.reports.all()] == ["us-medwatch"]
    assert verify().breaks == []


@db
def test_it_closes_only_when_reviewed_acted_on_and_reported(clinic: Clinic, stage: Stage) -> None:
    row = recorded(clinic, "session", stage.session.pk, serious(clinic))
    director, nurse = clinic.as_("medical_director"), clinic.as_("session_nurse")
    due = clinic.clock.now().date() + timedelta(days=2)
    todo = ask_action(
        director,
        incident_id=row.pk,
        what="Check the cuff of chair 1",
        owner_id=clinic.staff["session_nurse"].pk,
        due_on=due,
    )
    with pytest.raises(Refused) as refused:
        close_incident(director, incident_id=row.pk)
    assert "not reviewed" in refused.value.message
    assert "1 action is open" in refused.value.message
    assert "1 report is neither" in refused.value.message
    with pytest.raises(Forbidden):
        close_action(clinic.as_("therapist"), action_id=todo.pk, note="Done")
    with pytest.raises(Invalid):
        close_action(nurse, action_id=todo.pk, note=" ")
    close_action(nurse, action_id=todo.pk, note="Cuff replaced")
    seen = newest_account(row).pk
    with pytest.raises(Forbidden):
        review_incident(nurse, incident_id=row.pk, seen_account=seen, note="Fine")
    review_incident(director, incident_id=row.pk, seen_account=seen, note="Cuff too small")
    decide_none(director, report_id=row.reports.get().pk, reason="Not the drug: the cuff")
    close_incident(director, incident_id=row.pk)
    with pytest.raises(Refused):
        ask_action(
            director,
            incident_id=row.pk,
            what="More",
            owner_id=clinic.staff["session_nurse"].pk,
            due_on=due,
        )
    reopen_incident(director, incident_id=row.pk, reason="New facts")
    assert Incident.objects.get(pk=row.pk).closed_at is None
    assert ChainEntry.objects.get(action="incident.reopen").reason == "New facts"


@db
def test_an_action_needs_words_an_owner_of_the_site_and_a_day_ahead(
    clinic: Clinic, stage: Stage
) -> None:
    row = recorded(clinic, "session", stage.session.pk, told(clinic))
    for owner in (clinic.staff["prescriber_elsewhere"].pk, clinic.staff["front_desk"].pk, "x"):
        with pytest.raises(Invalid) as refused:
            ask_action(
                clinic.as_("prescriber"),
                incident_id=row.pk,
                what="",
                owner_id=owner,
                due_on=clinic.clock.now().date() - timedelta(days=1),
            )
        assert set(refused.value.fields) == {"what", "owner", "due_on"}


@db
def test_a_harm_needs_a_person_and_another_site_sees_nothing(clinic: Clinic, stage: Stage) -> None:
    with pytest.raises(Invalid) as refused:
        recorded(clinic, "site", clinic.site.pk, told(clinic))
    assert "kind" in refused.value.fields
    miss = recorded(clinic, "site", clinic.site.pk, told(clinic, kind="near_miss", is_serious=""))
    assert (miss.patient_id, miss.product) == (None, "")
    elsewhere = clinic.as_("prescriber_elsewhere")
    with pytest.raises(NotFound):
        record_incident(elsewhere, source="session", source_id=stage.session.pk, said=told(clinic))
    for source, key in (("session", uuid.uuid4()), ("person", "x")):
        with pytest.raises(NotFound):
            recorded(clinic, source, key, told(clinic))
    with pytest.raises(Invalid):
        recorded(clinic, "rumor", stage.session.pk, told(clinic))


@db
def test_what_others_read_tells_stretch_site_and_what_is_late(clinic: Clinic, stage: Stage) -> None:
    row = recorded(clinic, "session", stage.session.pk, serious(clinic))
    ask_action(
        clinic.as_("medical_director"),
        incident_id=row.pk,
        what="Tell the family doctor",
        owner_id=clinic.staff["prescriber"].pk,
        due_on=clinic.clock.now().date(),
    )
    now, sites = clinic.clock.now(), [clinic.site.pk]
    (line,) = incidents_between(sites, now, now + timedelta(seconds=1))
    assert (line.is_serious, line.causality, line.kind_words) == (True, "probable", "Adverse event")
    assert incidents_between(sites, now - timedelta(days=1), now) == []
    assert incidents_between([clinic.other_site.pk], now, now + timedelta(days=1)) == []
    assert [one.kind for one in owed_forms(sites, now)] == ["action", "review"]
    assert overdue_forms(sites, now) == []
    later = now + timedelta(days=3)
    assert [one.kind for one in overdue_forms(sites, later)] == ["action", "review"]
    assert overdue_forms([clinic.other_site.pk], later) == []


@action("test.jurisdiction", permission="setup.manage")
def _move_to(act: Act, *, site_id: Any, code: str) -> Site:
    site = act.open(Site, site_id)
    site.jurisdiction = code
    return act.write(site)


@db
@pytest.mark.parametrize(
    ("code", "named"),
    [("US", ["us-medwatch"]), ("UK", ["uk-yellow-card"]), ("EU", ["eu-national"]),
     ("AU", ["au-tga"]), ("NZ", [])],
)  # fmt: skip
def test_reports_follow_the_file_of_the_jurisdiction(
    clinic: Clinic, stage: Stage, code: str, named: list[str]
) -> None:
    _move_to(clinic.as_("administrator"), site_id=clinic.site.pk, code=code)
    row = recorded(clinic, "session", stage.session.pk, serious(clinic))
    assert [r.authority for r in row.reports.order_by("authority")] == named
    assert all(r.due_at is None for r in row.reports.all())


def test_every_list_and_authority_says_its_source_and_mark() -> None:
    marks = {"sourced", "clinic policy", "unverified"}
    for one in term_lists().values():
        assert one.source.mark in marks
        assert len({c.code for c in one.choices}) == len(one.choices)
    for label in label_lists().values():
        assert label.source.mark in marks
        assert len(set(label.terms)) == len(label.terms)
    for code in ("US", "UK", "EU", "AU"):
        for authority in authorities(code):
            assert authority.source.mark in marks
            assert all(mark in marks for _, mark in authority.notes)
