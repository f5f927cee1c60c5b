"""A place in the simulated clinic's diary is one where nobody else is."""

from __future__ import annotations

from datetime import date, time, timedelta

from evenkeel.clinic.session.models import Appointment
from evenkeel.demo.person import SLOTS, Diary
from evenkeel.demo.stage import House


def test_a_place_that_others_took_is_not_given(house: House) -> None:
    stands = Appointment.objects.get(chair__name="Chair 4", status="booked")
    day = stands.starts_at.date()
    diary = Diary(house.zone)
    assert stands.chair is not None
    found = [diary.next_place(day, wish, [stands.chair])[:2] for wish in (2, 1, 0)]
    # Its time is the third of the day, and each free one is given once.
    assert stands.starts_at.time() > SLOTS[2]
    assert found == [(day, SLOTS[0]), (day, SLOTS[1]), (day + timedelta(days=1), SLOTS[0])]


def test_a_weekend_gives_way_to_the_monday_after(house: House) -> None:
    diary = Diary(house.zone)
    found = diary.next_place(date(2026, 11, 28), 0, house.chairs[-1:])
    assert found == (date(2026, 11, 30), time(8, 30), house.chairs[-1])
