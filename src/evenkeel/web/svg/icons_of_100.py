"""A hundred people: so many with the outcome, and how far that is uncertain."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from evenkeel.web.svg.markup import PAPER, element, group, path, picture, words

_COLUMNS, _STEP_X, _STEP_Y, _TOP = 10, 22.0, 26.0, 8.0


@dataclass(frozen=True)
class People:
    """``with_outcome`` of 100, between ``low`` and ``high`` (95 %); None where that is not known.

    ``hue`` is a quantity of the chart: "mood" for the treatment, "compare" for the comparison.
    """

    title: str
    with_outcome: float
    low: float | None = None
    high: float | None = None
    outcome: str = ""
    hue: str = "mood"


def icons_of_100(people: People) -> SafeString:
    """Draw 10 rows of 10 from the upper left; filled, uncertain (outlined), and the rest pale.

    Filled are those up to the lower limit, half filled those from there to the estimate, outlined
    those from the estimate to the upper limit. Raises ValueError outside 0 to 100.
    """
    for value in (people.with_outcome, people.low, people.high):
        if value is not None and not 0 <= value <= 100:
            raise ValueError(f"{value:g} of 100 people cannot be")
    count = round(people.with_outcome)
    sure = count if people.low is None else min(count, round(people.low))
    most = count if people.high is None else max(count, round(people.high))
    places = [_figure(i) for i in range(100)]
    parts = [
        group("solid", *places[:sure], hue=people.hue),
        group("b50", *places[sure:count], hue=people.hue) if count > sure else SafeString(""),
        group("outline", *places[sure:most], hue=people.hue, stroke_dasharray=None)
        if most > sure
        else SafeString(""),
        element("g", *places[most:], cls="person-off", fill=PAPER["icon-off"])
        if most < 100
        else SafeString(""),
    ]
    width = _COLUMNS * _STEP_X
    height = _TOP + 10 * _STEP_Y
    label = group("labs", words(0, height + 16, f"{count} of 100", cls="count"))
    limits = SafeString("")
    if people.low is not None and people.high is not None:
        told = f"between {round(people.low)} and {round(people.high)}"
        limits = group("tick", words(width - 2, height + 16, told, "end"))
    said = _spoken(people, count)
    return picture(width, height + 24, people.title, said, *parts, label, limits, cls="people")


def _figure(place: int) -> SafeString:
    """A head and shoulders, 14 by 20 px."""
    x = (place % _COLUMNS) * _STEP_X + 4
    y = _TOP + (place // _COLUMNS) * _STEP_Y
    body = f"M{x:.1f} {y + 20:.1f}v-5a5 5 0 0 1 5 -5h4a5 5 0 0 1 5 5v5z"
    head = f"M{x + 3.5:.1f} {y + 4:.1f}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z"
    return path(head + body)


def _spoken(people: People, count: int) -> str:
    said = f"{count} of 100 people"
    if people.outcome:
        said += f": {people.outcome}"
    if people.low is not None and people.high is not None:
        said += f". It may be between {round(people.low)} and {round(people.high)} of 100"
    return said + "."
