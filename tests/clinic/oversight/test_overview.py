"""The first page of oversight: what each role finds there, and what it says of each room."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser

import pytest

from evenkeel.clinic.oversight.overview import overview
from evenkeel.clinic.people.models import EmergencyAccess
from evenkeel.clinic.record.permissions import STAFF_ROLES, roles_for
from tests.clinic_factory import Clinic
from tests.kept import kept
from tests.security.world import World, build_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(clinic: Clinic) -> World:
    return kept("world", clinic.clock, lambda: build_world(clinic), clinic)


class Rooms(HTMLParser):
    """The links of the page's lists, each with its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._inside, self._link = False, ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self._inside = self._inside or told.get("class") == "rooms"
        if self._inside and tag == "a":
            self._link = str(told["href"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._link = ""
        self._inside = self._inside and tag != "main"

    def handle_data(self, data: str) -> None:
        if self._link:
            self.found[self._link] = f"{self.found.get(self._link, '')} {data.strip()}".strip()


def rooms(world: World, role: str) -> dict[str, str]:
    answer = world.caller(role).get("/oversight/")
    assert answer.status_code == 200
    return Rooms(answer.content.decode()).found


@pytest.mark.parametrize("role", [r.value for r in STAFF_ROLES])
def test_every_room_that_is_shown_opens(world: World, role: str) -> None:
    client = world.caller(role)
    if role not in {one.value for one in roles_for("oversight.view")}:
        assert client.get("/oversight/").status_code == 403
        return
    found = rooms(world, role)
    assert found
    for url in found:
        assert client.get(url).status_code == 200, url


def test_what_a_role_may_not_enter_is_not_shown(world: World) -> None:
    director, nurse = rooms(world, "medical_director"), rooms(world, "session_nurse")
    assert "/oversight/complaints/" in director
    assert set(nurse) < set(director)
    assert not {"/oversight/complaints/", "/oversight/audit", "/oversight/quality"} & set(nurse)
    assert {"/stock/", "/oversight/incidents/", "/oversight/rems/"} <= set(nurse)


def test_each_room_says_how_it_stands_and_what_is_late(world: World) -> None:
    director = world.clinic.as_("medical_director")
    now = director.clock.now()
    waiting = EmergencyAccess.objects.filter(reviewed_at=None).count()
    said = {one.label: one.state for group in overview(director, now) for one in group.lines}
    assert waiting == 1
    assert said["Emergency access"].words == "1 waits for a review"
    assert said["Emergency access"].late
    assert said["Incidents"].words.startswith("1 open")
    assert not said["Incidents"].late
    assert said["Requests about records"].words == "1 waiting"
    assert said["Complaints"].words == "1 to answer"
    later = now + timedelta(days=400)
    late = {one.label: one.state for group in overview(director, later) for one in group.lines}
    assert late["Incidents"].late
    assert "overdue" in late["Incidents"].words
    assert late["Requests about records"].words == "1 late"
    assert late["Complaints"].words == "1 overdue"
    assert "count is due" in late["Shelves"].words
    assert late["Shelves"].late
    assert sum(group.late for group in overview(director, later)) >= 5
