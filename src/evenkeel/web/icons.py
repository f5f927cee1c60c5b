"""The small icon set of the product, drawn for these pages; the drawings stand in icons.json.

Two boxes: alarm shapes stand in 18 by 18 and are filled or stroked by themselves, work icons stand
in 24 by 24 and are stroked with `currentColor`. Marks inside a filled shape are cut out, so that
they show whatever ground lies behind, on screen and on paper.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe


class UnknownIcon(KeyError):
    """Raised for an icon name outside the set."""


@dataclass(frozen=True)
class Shape:
    """One icon: its box and its own markup, which is constant and never holds outside text."""

    box: int
    markup: str
    filled: bool = False


_STROKE = 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'

_SHAPES: dict[str, Shape] = {
    name: Shape(**shape)
    for name, shape in json.loads(
        Path(__file__).with_name("icons.json").read_text(encoding="utf-8")
    ).items()
}


def icon_names() -> tuple[str, ...]:
    """Return every name in the set, in the order drawn."""
    return tuple(_SHAPES)


def draw_icon(name: str, title: str = "", css_class: str = "") -> SafeString:
    """Return one icon as inline SVG.

    Without a title the icon is hidden from screen readers, for a word must stand beside it.
    Raises UnknownIcon for a name outside the set.
    """
    try:
        shape = _SHAPES[name]
    except KeyError:
        raise UnknownIcon(name) from None
    if shape.filled:
        paint = mark_safe('fill="currentColor" stroke="none"')
    elif shape.box == 24:
        paint = mark_safe(_STROKE + ' stroke-width="2"')  # noqa: S308 constant
    else:
        paint = mark_safe(_STROKE)  # noqa: S308 constant
    spoken = (
        format_html('role="img" aria-label="{}"', title)
        if title
        else mark_safe('aria-hidden="true"')
    )
    return format_html(
        '<svg class="icon{}" viewBox="0 0 {} {}" width="18" height="18" {} {}>{}</svg>',
        f" {css_class}" if css_class else "",
        shape.box,
        shape.box,
        paint,
        spoken,
        mark_safe(shape.markup),  # noqa: S308 constants of this module
    )
