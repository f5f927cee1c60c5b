"""``docs/calibration.md``: the report for people who read, with what it means first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ..forecast import PERSISTENCE
from .invented import fingerprint
from .plots import Picture, pictures
from .report import GROUPS, NAMES, SKILL, Failing, Measured, cells, met
from .score import UNITS
from .tally import Tally
from .verdict import STANDARD

FOLDER = "calibration"
_COLUMNS = (
    "", "readings", "50 % held", "90 % held", "CRPS", "prior", "better", "90 % width", "surprising"
)  # fmt: skip
#: The first run, before anything was mended: endpoint -> share in the 90 % band, CRPS gained, after
#: three readings; and the share in the band of the reading before the dose.
_FIRST = {
    "sbp": ("87 %", "52 %", "79 %"),
    "dbp": ("88 %", "52 %", "67 %"),
    "hr": ("91 %", "60 %", "88 %"),
    "dissociation": ("89 %", "52 %", "93 %"),
    "moaas": ("87 %", "6 %", "94 %"),
}


def markdown(measured: Measured, failing: Sequence[Failing]) -> str:
    """The document as text; the same scores give the same text."""
    drawn = pictures(measured, failing)
    lines = ["# Is the forecast right?", ""]
    lines += [*_head(measured), "", *_result(measured), "", *_verdict(measured), ""]
    lines += [*_failing(failing, drawn), "", *_reading(), "", *_first(measured), ""]
    lines += [*_pictures(drawn[:4]), "", *_rules(), "", *_own(), ""]
    every = {NAMES[kind]: (kind, found) for (kind, _), found in measured.by("endpoint").items()}
    lines += ["## All numbers", "", "### All readings", "", *_table(every), ""]
    for by, title in GROUPS.items():
        groups = {f"{NAMES[k]}, {g}": (k, found) for (k, g), found in measured.by(by).items()}
        lines += [f"### {title}", "", *_table(groups), ""]
    text = "\n".join(lines).rstrip() + "\n"
    return re.sub(r"(\d)%", r"\1 %", re.sub(r"\n{3,}", "\n\n", text))


def _head(measured: Measured) -> Iterator[str]:
    yield (
        "The forecast of a session learns from each reading. This page asks whether what it said "
        "came true: each reading is held against what was predicted for it just before it was "
        "taken, with the error of the cuff in it."
    )
    yield ""
    yield (
        f"The people are invented ({measured.people} of them, {measured.sessions} sessions, "
        f"{len(measured.scores)} readings), and their truth is **not** the forecasting model: the "
        "blood level follows another published model (Clements 1981 for the composite), pressure "
        "rises 1.6 times as steeply and with an effect-site half-life of 12 min for 6, the error "
        "of the cuff lasts from reading to reading, 30 % have high pressure, sensitivity differs "
        "from session to session, a third of the infusions are changed on the way. All of this "
        "stands in `src/evenkeel/pharmacology/calibration/truth.json`, which was fixed before the "
        "first run and not touched after it. Invented people cannot show that the forecast is "
        "right for real ones: a clinic's own sessions can, and are counted in the same way."
    )
    yield ""
    yield f"Sessions replayed: SHA-256 `{fingerprint()}`."


def _result(measured: Measured) -> Iterator[str]:
    yield "## What came out"
    yield ""
    yield (
        f"The target was that after three readings of a kind the 90 % bands hold "
        f"{STANDARD.low:.0%} to {STANDARD.high:.0%} of the later ones, and that the CRPS (how far "
        f"off a forecast with its bands is, in the unit of the reading) is at least {SKILL:.0%} "
        "better than that of the prior, which knows the person's weight, age, usual pressure and "
        "dose and learns nothing."
    )
    yield ""
    yield from _targets(measured)
    yield ""
    yield from _table({NAMES[kind]: (kind, one) for kind, one in measured.learned.items()})


def _targets(measured: Measured) -> Iterator[str]:
    found = {kind: met(one) for kind, one in measured.learned.items()}
    for place, words in ((0, "The bands hold"), (1, "Learning pays as much as was asked")):
        good = [NAMES[kind] for kind, both in found.items() if both[place]]
        bad = [NAMES[kind] for kind, both in found.items() if not both[place]]
        yield f"{words} for {_and(good)}." if good else f"{words} for nothing."
        if bad:
            yield f"**Missed for {_and(bad)}.**"
    yield from _ceiling(measured)


def _ceiling(measured: Measured) -> Iterator[str]:
    """How much there was to gain, by endpoint."""
    told = []
    for kind, found in measured.learned.items():
        most = measured.most_to_gain(kind)
        if most is not None and found.skill is not None:
            told.append(f"{NAMES[kind]} {found.skill[0]:.0%} of {most:.0%}")
    if not told:
        return
    yield ""
    yield (
        "How much there is to gain: somebody who knew each invented person and the day, and only "
        "not the error of the next reading, would be better than the prior by no more than this, "
        f"and the forecast was: {_and(told)}."
    )
    most = measured.most_to_gain("moaas")
    if most is not None and most < SKILL:
        yield (
            f"For MOAA/S the {SKILL:.0%} cannot be reached by anybody: nearly everybody stays at "
            "5, so the prior is hardly ever off. The target was set before that was known and is "
            "left as it is."
        )


def _verdict(measured: Measured) -> Iterator[str]:
    yield "| endpoint | verdict | because |"
    yield "|---|---|---|"
    for kind, one in measured.verdicts.items():
        yield f"| {NAMES[kind]} | **{one.word}** | {one.reason} |"


def _failing(failing: Sequence[Failing], drawn: Sequence[Picture]) -> Iterator[str]:
    yield "## Where it should fail, and whether that shows"
    yield ""
    yield (
        "Four groups of sessions in which the record and the truth part. Which endpoints should be "
        "called unreliable was written down before the first run."
    )
    yield ""
    yield "| what happened | should be called unreliable | was | readings that came as a surprise |"
    yield "|---|---|---|---|"
    for one in failing:
        odd = {
            kind: found.tally.surprising.value
            for kind, found in one.measured.verdicts.items()
            if found.tally is not None and kind in {*one.expected, *one.found}
        }
        shares = ", ".join(f"{NAMES[kind]} {share:.0%}" for kind, share in odd.items())
        yield (
            f"| {one.measured.title} | {_and([NAMES[k] for k in one.expected])} | "
            f"{_and([NAMES[k] for k in one.found]) or '**nothing**'} | {shares} |"
        )
    missed = [f for f in failing if not set(f.expected) <= set(f.found)]
    if missed:
        yield ""
        yield (
            "**What it cannot see:** "
            + " ".join(f'"{f.measured.title}" went unnoticed.' for f in missed)
            + " A person who got twice the dose reads like a sensitive person, and after three "
            "readings the forecast has learned just that: the bands are right, the reason is not. "
            "A forecast that fits is no proof that the vial was the right one."
        )
    yield ""
    for picture in drawn[4:]:
        yield from _picture(picture)


def _reading() -> Iterator[str]:
    yield "## How to read the numbers"
    yield ""
    yield (
        "- **50 % held, 90 % held**: the share of readings inside the band. On a ladder (MOAA/S, "
        "dissociation) a step on the edge counts in part, so that a perfect forecast holds 90 % "
        "and not more. In brackets the 95 % interval; readings of one session are not "
        "independent, so it is counted between sessions."
    )
    yield (
        "- **CRPS**: the continuous ranked probability score, on ladders the ranked one: 0 is a "
        "sure and true forecast. **better**: how much lower than the prior's."
    )
    yield "- **90 % width**: how sharp. Wide bands hold everything and say nothing."
    yield (
        "- **surprising**: readings so far out that fewer than 1 % were to be expected; 1 % is "
        "due. In the room each is called out before it is believed."
    )


def _first(measured: Measured) -> Iterator[str]:
    yield "## The first run, and what was mended"
    yield ""
    yield (
        "Nothing was fitted to this replay. The first run showed the readings *before* the dose "
        "outside their bands too often, which has a reason: the usual pressure on record was taken "
        "as exact. It is a mean of cuff readings of another day, so it now carries that day's "
        "shift and the error of two readings, both sizes the model had before. And people are "
        "moved until they have mixed when they are drawn anew, where two rounds had been enough "
        "to run but not to mix. Both are right whatever a replay says. One thing was tried and "
        "taken back: usual pressure and pulse carried whole to the next session, where they are "
        "carried as everything of the person. Readings before the dose then missed more often."
    )
    yield ""
    yield "| | 90 % held: first, now | better than the prior: first, now | before the dose, 90 % held: first, now |"  # noqa: E501
    yield "|---|---|---|---|"
    zero = {kind: one for (kind, group), one in measured.by("readings").items() if group == "0"}
    for kind, one in measured.learned.items():
        held, better, before = _FIRST.get(kind, ("-", "-", "-"))
        skill = "-" if one.skill is None else f"{one.skill[0]:.0%}"
        now = f"{one.coverage_90.value:.0%}"
        yield (
            f"| {NAMES[kind]} | {held}, {now} | {better}, {skill} | "
            f"{before}, {zero[kind].coverage_90.value:.0%} |"
        )


def _pictures(drawn: Sequence[Picture]) -> Iterator[str]:
    for picture in drawn:
        yield from _picture(picture)


def _picture(picture: Picture) -> Iterator[str]:
    yield f"![{picture.alt}]({FOLDER}/{picture.name}.svg)"
    yield ""
    yield f"*{picture.caption}*"
    yield ""


def _rules() -> Iterator[str]:
    one = STANDARD
    yield "## When a forecast is called reliable"
    yield ""
    yield (
        f"- **not yet known** below {one.least_readings} readings of {one.least_sessions} sessions "
        "(clinic policy): the interval is then some 20 points wide."
    )
    yield (
        f"- **unreliable** where the whole 95 % interval of the share in the 90 % bands lies "
        f"outside {one.low:.0%} to {one.high:.0%}; where surely more than {one.surprising:.0%} of "
        "readings are surprising (1 % is due); or where learning makes it surely worse than the "
        "prior."
    )
    yield (
        f"- **reliable** where the share lies in {one.low:.0%} to {one.high:.0%} and its whole "
        f"interval in {one.sure_low:.0%} to {one.sure_high:.0%}. Else it is not yet known."
    )
    yield ""
    yield "## From one session to the next"
    yield ""
    yield (
        "What was learned of a person is the prior of the next session: mean and covariance of "
        "sensitivity, half-lives, usual pressure and pulse, clearance and volumes, and of the "
        "spread between clinics, as the next session is in the same one. The shift of pressure "
        f"and pulse on the day is not carried; it is drawn anew. {PERSISTENCE:.0%} of the "
        "variance between people is taken to last from session to session (assumed), that between "
        "clinics wholly; so a stranger stays a stranger and certainty cannot grow without end. The "
        "usual pressure stays the one the first session was told; what readings say of it is "
        "learned beside it."
    )


def _own() -> Iterator[str]:
    yield "## Run it, or your own sessions"
    yield ""
    yield "```sh"
    yield "evenkeel calibrate"
    yield "evenkeel calibrate sessions.json --json numbers.json"
    yield "evenkeel calibrate --example sessions.json"
    yield "evenkeel calibrate --write"
    yield "```"
    yield (
        "The second replays a file, the third writes the bundled sessions as such a file, the "
        "fourth makes this page. `--people` and `--seed` choose the virtual people, `--alone` "
        "carries nothing from one session to the next. The same file, number and seed give the "
        "same numbers."
    )
    yield ""
    yield "```json"
    yield (
        '{"format": "evenkeel-sessions/1", "sessions": [\n'
        '  {"person": "invented-1", "session": 1, "drug": "racemic",\n'
        '   "covariates": {"weight_kg": 78, "age_years": 44, "sbp_usual_mmhg": 128},\n'
        '   "given": [\n'
        '     {"from_min": 0, "regimen": "0.5 mg/kg iv over 40 min"},\n'
        '     {"from_min": 25, "regimen": "0.5 mg/kg iv over 40 min; halve the rate at 25 min"}],\n'
        '   "readings": [\n'
        '     {"at_min": 0, "kind": "sbp", "value": 131},\n'
        '     {"at_min": 10, "kind": "dissociation", "value": 3}]}]}'
    )
    yield "```"
    yield (
        "`given` holds the whole regimen as it was known from each moment on, in words or as a "
        "regimen document; one that never changed may stand as `regimen`. Kinds of reading: "
        + ", ".join(f"`{kind}` ({unit})" for kind, unit in UNITS.items())
        + ". A file may hold 20000 sessions of 2000 readings, and 50 MB. What cannot be replayed "
        "is refused before anything is scored, with the session and what is wrong in it."
    )


def _table(found: Mapping[str, tuple[str, Tally]]) -> Iterator[str]:
    yield f"| {' | '.join(_COLUMNS)} |"
    yield "|---" + "|--:" * (len(_COLUMNS) - 1) + "|"
    for name, (kind, one) in found.items():
        yield f"| {' | '.join((name, *cells(one, UNITS[kind])))} |"


def _and(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
