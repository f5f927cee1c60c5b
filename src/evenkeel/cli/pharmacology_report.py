"""What ``evenkeel simulate`` prints."""

from __future__ import annotations

import textwrap

import numpy as np
from numpy.typing import NDArray

from evenkeel.cli.pharmacology_people import Asked, Found
from evenkeel.pharmacology import describe

Array = NDArray[np.float64]
WIDTH = 100


def report(asked: Asked, found: Found, said: str) -> str:
    """All of it as text."""
    model = asked.model
    told = describe(asked.regimen)
    lines = _entry("regimen", said if len(said) <= 400 else said[:397] + "...")
    if told != " ".join(said.split()) and len(told) <= 400:
        lines += _entry("", f"read as: {told}")
    lines += _entry("who", people_told(asked, found))
    lines += _entry("model", f"{model.id}, version {model.version}: {model.title}")
    lines += _entry("source", model.citation + (f" doi:{model.doi}" if model.doi else ""))
    lines += _entry("trust", trust_told(found))
    for reason in found.reasons:
        lines += _entry("", reason)
    if model.assumed:
        lines += _entry("assumed", f"nobody measured {', '.join(model.assumed)}")
    if model.not_for:
        lines += _entry("not for", "; ".join(model.not_for))
    if asked.person is not None:
        lines += _entry("effects", effects_told(asked))
    for o in range(len(asked.outputs)):
        lines += ["", *_output(asked, found, o)]
    lines += [
        "",
        "For supervised care by people who are trained for it. No advice on dosing oneself.",
    ]
    return "\n".join(lines)


def people_told(asked: Asked, found: Found) -> str:
    """Who was simulated, in words."""
    about = []
    for name, values in asked.people.covariates.items():
        low, high = float(np.min(values)), float(np.max(values))
        usual = asked.model.covariates.get(name)
        if name not in ("weight_kg", "age_years") and usual and low == high == usual.default:
            continue
        about.append(f"{name} {low:g}" + (f" to {high:g}" if high > low else ""))
    failed = f"; {found.failed:,} could not be worked out and are left out" if found.failed else ""
    return f"{asked.people.n:,} virtual people, seed {asked.seed}; {', '.join(about)}{failed}"


def trust_told(found: Found) -> str:
    """How far the model was made for this."""
    return {
        "validated": "validated: the model was made for this route and these people",
        "extrapolated": "extrapolated: outside what the model was made for",
        "derived": "derived: the model is put together from others, not published as such",
    }[found.status]


def time_told(hours: float, until_h: float) -> str:
    """A time in the unit that suits the whole."""
    if until_h <= 6:
        return f"{round(hours * 60, 1):g} min"
    if until_h <= 96:
        return f"{round(hours, 2):g} h"
    minutes = round(hours * 60)
    return f"day {minutes // 1440}, {minutes % 1440 // 60}:{minutes % 60:02}"


def effects_told(asked: Asked) -> str:
    """How well the effects are known."""
    if asked.person is None:
        return ""
    model = asked.person.model
    assumed = sum(p.mark == "assumed" for p in model.parameters.values())
    return (
        f"acute effects, version {model.version}: {len(model.parameters)} numbers, {assumed} of "
        "them assumed; true values, without the noise of a reading"
    )


def _output(asked: Asked, found: Found, o: int) -> list[str]:
    output = asked.outputs[o]
    blood = "" if output.group else f", blood sampled: {asked.model.sampling}"
    lines = [
        f"{output.title} in {output.unit}{blood}",
        f"{'':>12} {'median':>9}   {'50% of people':>17}   {'90% of people':>17}",
    ]
    for k in found.table:
        when = time_told(float(found.times_h[k]), asked.until_h)
        lines.append(f"{when:>12} {_band(found.bands[o, :, k])}")
    until = time_told(asked.until_h, asked.until_h)
    hours = [time_told(float(t), asked.until_h) for t in found.peak_at_h[o]]
    highest, at = ("highest", "at") if output.group else ("Cmax", "Tmax")
    lines += [
        f"{highest:>12} {_band(found.peak[o])}",
        f"{at:>12} {hours[2]:>9}   {hours[1] + ' to ' + hours[3]:>17}   "
        f"{hours[0] + ' to ' + hours[4]:>17}",
    ]
    if not output.group:
        lines.append(f"{'AUC':>12} {_band(found.area[o])}   ng*h/mL, 0 to {until}")
    return lines


def _band(five: Array) -> str:
    low, lower, median, upper, high = (_number(float(v)) for v in five)
    return f"{median:>9}   {lower + ' to ' + upper:>17}   {low + ' to ' + high:>17}"


def _number(value: float) -> str:
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:.3g}"


def _entry(name: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"{name:<10}",
        subsequent_indent=" " * 10,
        break_long_words=False,
    )
