"""Therapy in the demonstration: programs, preparation, talks, a journal, notes behind the wall."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any, Final

from evenkeel.clinic.people.caller import actor_of
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.programs.actions.choose_program import choose_program
from evenkeel.clinic.programs.queries import program_of
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.clock import FixedClock
from evenkeel.clinic.therapy.actions.commit import look_at_commitment, make_commitment
from evenkeel.clinic.therapy.actions.note_side_therapy import add_side_therapy
from evenkeel.clinic.therapy.actions.record_talk import record_talk
from evenkeel.clinic.therapy.actions.tick import tick, tick_own
from evenkeel.clinic.therapy.actions.wall import write_note
from evenkeel.clinic.therapy.actions.write_journal import write_entry
from evenkeel.clinic.therapy.actions.write_set import discuss_set, part_of, write_own_set, write_set
from evenkeel.demo.person import Telling
from evenkeel.demo.words import INTENTIONS, THEMES, pick

_FEARS: Final = (
    "That I lose hold of myself.",
    "That it does nothing, like the tablets.",
    "That old things come up.",
)
_HOPES: Final = ("To care about mornings again.", "To be less heavy.", "To sleep through.")
_SAFE: Final = ("A quiet voice. No sudden moves.", "Somebody who stays.", "To see the door.")
_MUSIC: Final = ("Slow water, no voice", "Low strings", "Quiet is better")
_COMMITMENTS: Final = (
    "Walk to the harbor twice a week",
    "Call my brother on Sunday",
    "Bed before midnight, five nights of seven",
)
_THERAPIES: Final = ("cbt", "act", "mindfulness")
#: (days before the opening, words, themes, sharing, the part shared)
_JOURNAL: Final = (
    (
        41,
        "The workshop again. Father was there and did not speak. I was not afraid. I have told "
        "nobody that I kept his plane.",
        ("An old workshop", "Father"),
        "private",
        "",
    ),
    (
        23,
        "Green, then quiet. Afterwards I cried in the car, a good sort. I do not want to talk "
        "about the other thing yet.",
        ("Quiet",),
        "part",
        "Green, then quiet. Afterwards I cried in the car, a good sort.",
    ),
    (
        9,
        "Read the letter aloud to my brother. We are meeting again.",
        ("The unfinished letter",),
        "all",
        "",
    ),
)


def put_on_program(telling: Telling, at: datetime) -> None:
    """The course is put on its program, and the preparation begins."""
    house, story, course = telling.house, telling.story, telling.fresh()
    ctx = house.ctx("therapist", at)
    choose_program(ctx, course_id=course.pk, program=story.program)
    if story.program == "medical_only":
        return
    given = {
        "intention": pick(f"{story.name}|goal", INTENTIONS) + ".",
        "expectations": pick(f"{story.name}|hope", _HOPES),
        "fears": pick(f"{story.name}|fear", _FEARS),
        "readiness": "7",
        "calm": "4",
        "open": "6",
        "trust": "8",
        "closeness": pick(f"{story.name}|safe", _SAFE),
        "music": pick(f"{story.name}|hear", _MUSIC),
    }
    waits = story.stage == "consented"
    if not waits:
        given |= {"call_name": "A friend (synthetic)", "call_phone": "555-0142"}
    own = _own_context(telling, at)
    if own is not None:
        write_own_set(own, course_id=course.pk, given=given)
    else:
        write_set(ctx, course_id=course.pk, given=given, side="patient", seen_version=0)
    on = program_of(course.pk)
    assert on is not None
    items = on.program.items_at("preparation")
    for item in items[:4] if waits else items:
        tick(ctx, course_id=course.pk, item=item.id, done=True)
        if own is not None and item.id != "mindfulness":
            tick_own(own, course_id=course.pk, item=item.id, done=True)
    if waits:
        return
    notes = {"plan_note": "Slow breaths; say where we are and what time it is."}
    write_set(ctx, course_id=course.pk, given=notes, side="therapist", seen_version=0)
    part = part_of(course, "patient")
    assert part is not None
    discuss_set(ctx, part_id=part.pk, seen_version=part.version)


def _own_context(telling: Telling, at: datetime) -> Context | None:
    account = (
        Account.objects.filter(patient=telling.patient).select_related("patient__site").first()
    )
    return Context(actor_of(account), FixedClock(at)) if account is not None else None


def tell_talk(telling: Telling, visit: Any, at: datetime) -> None:
    """A talk with its kind, its minutes and what came up."""
    story = telling.story
    theme = pick(f"{story.name}|{at.date()}", THEMES)
    record_talk(
        telling.house.ctx("therapist", at + timedelta(minutes=58)),
        course_id=telling.fresh().pk,
        kind=visit.kind,
        appointment_id=visit.pk,
        held_at=at,
        minutes=50,
        therapy=pick(f"{story.name}|therapy", _THERAPIES),
        themes=[theme],
        note=f"Talked about: {theme.lower()}.",
    )


def tell_after(telling: Telling) -> Iterator[None]:
    """What goes on beside the doses, what is meant to be done, and what is written down."""
    house, story, course = telling.house, telling.story, telling.fresh()
    if story.program == "medical_only":
        return
    at = telling.on(max(story.last_days - 1, 1), time(16, 45))
    ctx = house.ctx("therapist", at)
    add_side_therapy(
        ctx,
        course_id=course.pk,
        kind=pick(f"{story.name}|therapy", _THERAPIES),
        where="Harbor House",
        times_a_month=4,
        minutes=50,
        began_on=at.date() - timedelta(days=14),
    )
    for number, text in enumerate(_COMMITMENTS):
        made = make_commitment(ctx, course_id=course.pk, text=text)
        if number < 2:
            look_at_commitment(
                ctx, commitment_id=made.pk, outcome=("kept", "partly")[number], note=""
            )
    write_note(
        ctx,
        course_id=course.pk,
        text="Synthetic note. My own unease when the father came up; for supervision.",
    )
    yield
    yield from _journal(telling)


def _journal(telling: Telling) -> Iterator[None]:
    for days_ago, text, themes, sharing, part in _JOURNAL:
        own = _own_context(telling, telling.on(days_ago, time(20, 15)))
        if own is None:
            return
        write_entry(
            own,
            course_id=telling.fresh().pk,
            text=text,
            themes=themes,
            sharing=sharing,
            shared_part=part,
        )
    yield
