"""Totals over time: response, remission and change, each with the definition used."""

from __future__ import annotations

from fractions import Fraction

from evenkeel.instruments.model import Change, Direction, Instrument, Remission, Response
from evenkeel.instruments.scoring import check_total


def response(instrument: Instrument, baseline: int, now: int) -> Response:
    """Has the total fallen from `baseline` to `now` far enough to call it a response.

    Both are totals in points. From a baseline of 0 nothing can fall: `met` is None, with the
    reason. Raises AnswerError for a total the instrument cannot give.
    """
    check_total(instrument, baseline)
    check_total(instrument, now)
    rule = instrument.scoring.response_fall
    if rule is None:
        return Response(None, None, None, f"{instrument.title} has no definition of response")
    if baseline == 0:
        return Response(None, None, rule[1], "The baseline is 0, so there is nothing to fall from")
    fall = Fraction(baseline - now, baseline)
    return Response(fall >= Fraction(rule[0]), float(fall), rule[1])


def remission(instrument: Instrument, total: int) -> Remission:
    """Is `total` (points) below the remission threshold of this instrument.

    Raises AnswerError for a total the instrument cannot give.
    """
    check_total(instrument, total)
    rule = instrument.scoring.remission_below
    if rule is None:
        return Remission(None, None, f"{instrument.title} has no definition of remission")
    return Remission(total < rule[0], rule[1])


def change(instrument: Instrument, before: int, after: int) -> Change:
    """The change from `before` to `after` (points): noticed by a person, and beyond chance.

    `fraction` is the change over `before`, None from 0. Raises AnswerError for a total the
    instrument cannot give.
    """
    check_total(instrument, before)
    check_total(instrument, after)
    points = after - before
    fell_is_better = instrument.scoring.better == "lower"
    direction: Direction = (
        "same" if points == 0 else "better" if (points < 0) == fell_is_better else "worse"
    )
    rule = instrument.scoring.important_change_points
    reliable = instrument.scoring.reliable_change_points
    return Change(
        points=points,
        fraction=points / before if before else None,
        direction=direction,
        important=abs(points) >= rule[0] if rule else None,
        basis=rule[1] if rule else None,
        reliable=abs(points) >= reliable[0] if reliable else None,
        reliable_basis=reliable[1] if reliable else None,
    )
