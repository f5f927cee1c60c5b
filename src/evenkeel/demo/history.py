"""The older history, filled in behind the live clinic: ``python -m evenkeel.demo.history``.

Runs once beside the servers. A person whose course is there already is passed over, so that a run
that was cut short goes on where it stopped.
"""

from __future__ import annotations

import logging
import os
from itertools import chain

from evenkeel.config.manage import start_django
from evenkeel.demo.settings import DemoSettings

log = logging.getLogger("evenkeel.demo")


def main() -> None:
    """Tell everybody's story, with progress; ends when all is told."""
    settings = DemoSettings.from_environment(os.environ)
    start_django()
    fill(settings)


def fill(settings: DemoSettings, *, rest_share: float | None = None) -> None:
    """Fill in the history of everybody who is not in a chair."""
    from evenkeel.clinic.course.models import Course
    from evenkeel.clinic.record.clock import system_clock
    from evenkeel.demo import pace
    from evenkeel.demo.cast import IN_CHAIRS, cast_of
    from evenkeel.demo.endings import tell_person
    from evenkeel.demo.harms import fill_forms
    from evenkeel.demo.person import Diary, Telling
    from evenkeel.demo.progress import note_progress
    from evenkeel.demo.stage import find_house

    clock = system_clock()
    house = find_house(settings.seed, settings.start)
    stories = cast_of(settings.people)[len(IN_CHAIRS) :]
    known = set(Course.objects.values_list("patient_id", flat=True))
    diary = Diary(house.zone)
    for done, story in enumerate(stories):
        note_progress(done, len(stories), clock.now())
        telling = Telling(house, story, diary)
        if telling.patient.pk not in known:
            rest = pace.REST_SHARE if rest_share is None else rest_share
            pace.run(chain(tell_person(telling), fill_forms(telling)), rest_share=rest)
    note_progress(len(stories), len(stories), clock.now())


if __name__ == "__main__":
    main()
