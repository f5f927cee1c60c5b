"""Build SVG elements with everything escaped, and give each its part in the drawing."""

import re
from collections.abc import Iterable, Mapping

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

# Characters XML 1.0 forbids, whatever the escaping (section 2.2 of the recommendation).
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# The light theme's values of css/tokens.css, for paper; a test holds the two together.
HUES: Mapping[str, str] = {
    "pressure": "#5A45A6",
    "heart": "#1B7340",
    "oxygen": "#0A6780",
    "dissociation": "#97307D",
    "sedation": "#4C5964",
    "concentration": "#2C52AD",
    "mood": "#0F6256",
    "compare": "#56645E",
}
PAPER: Mapping[str, str] = {
    "surface": "#FFFFFF",
    "sunken": "#E9EEEB",
    "line": "#D3DBD7",
    "line-strong": "#74827C",
    "text": "#16201C",
    "text-2": "#43514B",
    "text-3": "#56645E",
    "bg": "#F3F6F4",
    "accent": "#0F6256",
    "accent-soft": "#DCEDE8",
    "c-grid": "#E4EAE7",
    "c-axis": "#74827C",
    "c-threshold": "#74827C",
    "c-now": "#16201C",
    "c-future": "#F3F6F4",
    "review-edge": "#A67700",
    "review-ink": "#6B4B00",
    "hold-edge": "#C05200",
    "hold-ink": "#8A3700",
    "icon-off": "#CDD6D1",
}

Attribute = str | int | float | None

_ROLES: Mapping[str, Mapping[str, Attribute]] = {
    "grid": {"stroke": PAPER["c-grid"], "stroke_width": 1, "fill": "none"},
    "axis": {"stroke": PAPER["c-axis"], "stroke_width": 1, "fill": "none"},
    "thr": {"stroke": PAPER["c-threshold"], "stroke_width": 1, "stroke_dasharray": "5 3"},
    "thr review": {"stroke": PAPER["review-edge"], "stroke_width": 1, "stroke_dasharray": "6 3"},
    "thr hold": {"stroke": PAPER["hold-edge"], "stroke_width": 1},
    "now": {"stroke": PAPER["c-now"], "stroke_width": 1},
    "tick": {"fill": PAPER["text-3"], "font_size": 12},
    "lab": {"fill": PAPER["text-2"], "font_size": 12},
    "labs": {"fill": PAPER["text"], "font_size": 12, "font_weight": 600},
    "tick review-word": {"fill": PAPER["review-ink"], "font_size": 12},
    "tick hold-word": {"fill": PAPER["hold-ink"], "font_size": 12},
    "future": {"fill": PAPER["c-future"]},
    "flag": {"fill": PAPER["c-now"]},
    "flag-word": {"fill": PAPER["bg"], "font_size": 12, "font_weight": 600},
    "ghost": {
        "stroke": PAPER["text"],
        "stroke_width": 1.5,
        "stroke_dasharray": "2 4",
        "fill": "none",
    },
    "rule": {"stroke": PAPER["line-strong"], "stroke_width": 2, "fill": "none"},
    "mark": {"stroke": PAPER["text"], "stroke_width": 2, "fill": "none"},
    "minor": {"stroke": PAPER["text"], "stroke_width": 1, "fill": "none"},
}

#: Words in which nothing has to be escaped or left out.
_PLAIN = re.compile(r"[A-Za-z0-9 #.,:()%/-]*").fullmatch

_HUED: Mapping[str, Mapping[str, Attribute]] = {
    "obs": {"stroke": "hue", "stroke_width": 2, "fill": "none", "stroke_linejoin": "round"},
    "med": {"stroke": "hue", "stroke_width": 1.75, "fill": "none"},
    "pt": {"fill": "hue", "stroke": PAPER["surface"], "stroke_width": 2},
    "pt hollow": {"fill": PAPER["surface"], "stroke": "hue", "stroke_width": 2},
    "b90": {"fill": "hue", "fill_opacity": 0.13},
    "b50": {"fill": "hue", "fill_opacity": 0.24},
    "labs hued": {"fill": "hue", "font_size": 12, "font_weight": 600},
    "solid": {"fill": "hue"},
    "solid-word": {"fill": PAPER["surface"], "font_size": 12, "font_weight": 600},
    "outline": {"fill": "none", "stroke": "hue", "stroke_dasharray": "3 3"},
    "drop": {"stroke": "hue", "stroke_width": 1.25, "stroke_opacity": 0.55},
    "band": {"fill": "hue", "fill_opacity": 0.14},
}


def clean(words: object) -> str:
    """Return text that XML can hold: forbidden control characters and lone surrogates left out."""
    return _FORBIDDEN.sub("", str(words))


def fixed(value: float) -> str:
    """Write a coordinate with one decimal and no needless zero."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def _escaped(value: object) -> str:
    """The value as text of an attribute or element; most of a drawing needs no escaping."""
    text = str(value)
    return text if _PLAIN(text) else escape(clean(text))


def element(name: str, *children: object, **attributes: Attribute) -> SafeString:
    """Return one element; `cls` stands for class, an underscore for a hyphen, None leaves out.

    Children that are not already markup are cleaned and escaped.
    """
    parts = [name]
    for key, value in attributes.items():
        if value is None:
            continue
        key = "class" if key == "cls" else key.replace("_", "-")
        written = fixed(value) if isinstance(value, float) else _escaped(value)
        parts.append(f'{key}="{written}"')
    inner = join(children)
    opened = " ".join(parts)
    return mark_safe(f"<{opened}>{inner}</{name}>" if inner else f"<{opened}/>")  # noqa: S308 escaped


def join(children: Iterable[object]) -> SafeString:
    """Join markup and words, escaping the words."""
    return mark_safe(  # noqa: S308 every word escaped below
        "".join(
            child if isinstance(child, SafeString) else _escaped(child)
            for child in children
            if child is not None and child != ""
        )
    )


def group(role: str, *children: object, hue: str = "", **attributes: Attribute) -> SafeString:
    """Return a group in one of the drawing's roles; empty when it would hold nothing.

    `hue` names a quantity of HUES for the roles that need one. Raises KeyError for other names.
    """
    inner = join(children)
    if not inner:
        return inner
    if hue:
        paint = {key: HUES[hue] if value == "hue" else value for key, value in _HUED[role].items()}
        css = f"{role} k-{hue}"
    else:
        paint, css = dict(_ROLES[role]), role
    return element("g", inner, cls=css, **{**paint, **attributes})


def line_path(points: Iterable[tuple[float, float]]) -> str:
    """Return path data through points; empty for none."""
    return "".join(
        f"{'M' if i == 0 else 'L'}{fixed(x)} {fixed(y)}" for i, (x, y) in enumerate(points)
    )


def step_path(points: Iterable[tuple[float, float]]) -> str:
    """Return path data that goes level to each new x, then up or down."""
    data = ""
    for i, (x, y) in enumerate(points):
        data += f"M{fixed(x)} {fixed(y)}" if i == 0 else f"H{fixed(x)}V{fixed(y)}"
    return data


def path(data: str, **attributes: Attribute) -> SafeString:
    """Return a path, or nothing where there is no data."""
    return element("path", d=data, **attributes) if data else mark_safe("")


def words(
    x: float, y: float, text: object, anchor: str = "", **attributes: Attribute
) -> SafeString:
    """Return a line of text at a point; anchor is start, middle or end."""
    return element("text", text, x=float(x), y=float(y), text_anchor=anchor or None, **attributes)


def link(url: str, content: SafeString) -> SafeString:
    """Wrap content in a link to a page of this installation; other addresses are not linked."""
    if not url.startswith("/") or url.startswith("//"):
        return content
    return element("a", content, href=url)


def picture(
    width: float,
    height: float,
    title: str,
    description: str,
    *children: object,
    cls: str = "",
) -> SafeString:
    """Return the whole drawing with its spoken title and description.

    One that holds links is a group: what is inside an image cannot be reached by keys.
    """
    inner = join(children)
    return element(
        "svg",
        element("title", title),
        element("desc", description) if description else "",
        inner,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {fixed(width)} {fixed(height)}",
        width=float(width),
        height=float(height),
        role="group" if "<a " in inner else "img",
        font_family="sans-serif",
        cls=("drawing " + cls).strip(),
    )
