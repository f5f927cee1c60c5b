"""Plain words and JSON become the doses they say, and hostile input only ever a clear refusal."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evenkeel.pharmacology import Dose, Regimen, RegimenError, bolus, devices, infusion
from evenkeel.pharmacology.regimen_tokens import COUNTS, PER_HOUR
from evenkeel.pharmacology.regimen_words import (
    DRUGS,
    LONGEST_TEXT,
    MOST_DOSES,
    ROUTES,
    parse_regimen,
    read_words,
)
from evenkeel.pharmacology.regimen_written import (
    FORMAT,
    describe,
    read_document,
    regimen_from_document,
)

HALF = infusion(0.5, "mg/kg", over_min=40)


def on_days(*days: float) -> Regimen:
    return Regimen.of(HALF).repeated(24.0 * day for day in days)


SAID = [
    ("0.5 mg/kg iv over 40 min", Regimen.of(HALF)),
    ("0.5 MG/KG  IV over 40min", Regimen.of(HALF)),
    (".5 mg/kg ketamine intravenously over 0.5 h 10 min", Regimen.of(HALF)),
    ("500 mcg/kg iv over 2400 s", Regimen.of(HALF)),
    ("84 mg nasal", Regimen.of(devices(3))),
    ("56 mg esketamine nasal at 1 h", Regimen.of(devices(2, at_h=1.0))),
    ("28 mg nasal x3 every 5 min", Regimen.of(devices(3))),
    ("3 x 28 mg nasal", Regimen.of(devices(3))),
    ("84 mg nasal every 10 min", Regimen.of(devices(3, every_min=10))),
    ("10 mg nasal x1", Regimen.of(bolus(10, route="nasal"))),
    ("0.5 mg/kg iv over 40 min on days 0,3,7,10", on_days(0, 3, 7, 10)),
    ("0.5 mg/kg iv over 40 min on days 0, 3 and 7", on_days(0, 3, 7)),
    ("0.5 mg/kg iv over 40 min on day 2", on_days(2)),
    ("0.5 mg/kg iv over 40 min twice weekly for 4 weeks", on_days(0, 3, 7, 10, 14, 17, 21, 24)),
    ("0.5 mg/kg iv over 40 min 3 times a week for 2 weeks", on_days(0, 2, 4, 7, 9, 11)),
    ("0.5 mg/kg iv over 40 min weekly for 3 weeks", on_days(0, 7, 14)),
    ("0.5 mg/kg iv over 40 min daily for 3 days", on_days(0, 1, 2)),
    ("0.5 mg/kg iv over 40 min every 3 days for 2 weeks", on_days(0, 3, 6, 9, 12)),
    ("0.5 mg/kg iv over 40 min twice weekly for 10 days", on_days(0, 3, 7)),
    ("35 mg im", Regimen.of(bolus(35, route="im"))),
    ("100 mg sublingual", Regimen.of(bolus(100, route="sublingual"))),
    ("50 mg buccal film", Regimen.of(bolus(50, route="oral_film"))),
    ("0.1 g oral", Regimen.of(bolus(100, route="oral"))),
    ("10 mg/h sc for 2 h", Regimen.of(infusion(20, over_min=120, route="sc"))),
    (
        "10 mg iv bolus; 20 mg iv over 20 min at 30 min",
        Regimen.of(bolus(10), infusion(20, over_min=20, at_h=0.5)),
    ),
    (
        "5 mg im x3 every 30 min on days 0,1",
        Regimen.of(bolus(5, route="im", at_h=d + t) for d in (0, 24) for t in (0, 0.5, 1)),
    ),
    (
        "40 mg iv over 40 min; halve the rate at 20 min",
        Regimen.of(infusion(20, over_min=20), infusion(10, over_min=20, at_h=1 / 3)),
    ),
    (
        "40 mg iv over 40 min; pause at 20 min for 10 min",
        Regimen.of(infusion(20, over_min=20), infusion(20, over_min=20, at_h=0.5)),
    ),
    ("40 mg iv over 40 min; stop at 10 min", Regimen.of(infusion(10, over_min=10))),
    (
        "40 mg iv over 40 min; rate x 1.5 at 20 min\nstop at 30 min",
        Regimen.of(infusion(20, over_min=20), infusion(15, over_min=10, at_h=1 / 3)),
    ),
    (
        "double the rate at 20 min; 40 mg iv over 40 min",
        Regimen.of(infusion(20, over_min=20), infusion(40, over_min=20, at_h=1 / 3)),
    ),
]


def same(a: Regimen, b: Regimen) -> bool:
    return len(a) == len(b) and all(
        (x.route, x.unit) == (y.route, y.unit)
        and x.amount == pytest.approx(y.amount, rel=1e-9, abs=0)
        and (x.at_h, x.over_h) == pytest.approx((y.at_h, y.over_h), abs=1e-9)
        for x, y in zip(a, b, strict=True)
    )


@pytest.mark.parametrize(("text", "expected"), SAID, ids=[text for text, _ in SAID])
def test_words_become_doses_and_are_told_again(text: str, expected: Regimen) -> None:
    found = parse_regimen(text)
    assert same(found, expected)
    assert same(parse_regimen(describe(found)), found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "for example: 0.5 mg/kg iv over 40 min"),
        (" ; ", "no dose is given"),
        ("banana", "'banana' in 'banana'"),
        ("10 mg up the nose", "'up' in '10 mg up the nose': this is no route"),
        ("10 mg", "the end in '10 mg': this is no route"),
        ("0.5 mg/kg iv over 40 bananas", "'bananas'"),
        ("10 mg iv over 40", "a time needs its unit"),
        ("-5 mg iv", "a dose cannot be negative"),
        ("0,5 mg iv", "a decimal point, not a comma"),
        ("10 ml iv", "'ml' in '10 ml iv': a dose needs its unit"),
        ("10 mg iv iv", "'iv' in '10 mg iv iv': this word was not understood"),
        ("10 mg iv over 5 min over 6 min", "'over' is said twice"),
        ("10 mg iv bolus over 5 min", "is no bolus"),
        ("10 mg iv over 0 min", "takes some time"),
        ("10 mg im over 5 min", "is given at once"),
        ("50 mg nasal", "a number of devices of 28 mg; for example: 84 mg nasal"),
        ("0.5 mg/kg nasal", "a number of devices"),
        ("10 mg iv x3", "say how far apart"),
        ("10 mg iv every 5 min", "say how often, or for how long"),
        ("10 mg iv twice weekly", "say for how long"),
        ("10 mg iv for 5 min", "'for' goes with a schedule or a rate"),
        ("0.2 mg/kg/h iv", "a rate needs its duration"),
        ("10 mg/kg/kg iv", "the units are"),
        ("10 mg iv twice daily for 3 days", "x2 every 6 h"),
        ("10 mg iv on days 0,0", "a day stands there twice"),
        ("10 mg iv daily for 3 days on days 1", "cannot both be said"),
        ("10 mg iv x1.5 every 5 min", "a whole number"),
        ("10 mg iv x3000 every 1 s", "a whole number from 1 to 2000"),
        ("10 mg iv x1000 every 1 min daily for 5 days", "2000 doses"),
        ("10 mg iv every 1 s for 9 weeks", "2000 doses"),
        ("10 mg iv every 0 s for 9 weeks", "2000 doses"),
        ("10 mg iv weekly for 1e308 weeks", "too large"),
        ("1e9 mg iv", "nobody gives that"),
        ("10 mg iv at 1e300 h", "cannot be given at"),
        ("10 mg iv; pause at 5 min", "expected 'for'"),
        ("10 mg iv; rate 50 at 5 min", "rate x 0.75 at 20 min"),
        ("10 mg racemic iv; 28 mg esketamine nasal", "of one drug"),
        ("40 mg iv over 40 min; 5 mg iv over 10 min at 20 min", "two iv infusions overlap"),
        ("1 mg iv;" * 2001, "2000 doses"),
        ("1 mg iv;" + "stop at 9 h;" * 51, "50 changes"),
        ("9" * (LONGEST_TEXT + 1), "20000 characters"),
        ("9" * 5000 + " mg iv", "too large"),
    ],
    ids=lambda v: v[:60],
)
def test_what_is_not_understood_is_named(text: str, said: str) -> None:
    with pytest.raises(RegimenError) as error:
        parse_regimen(text)
    assert said in str(error.value)
    assert len(str(error.value)) < 300


def test_the_drug_is_heard_where_it_is_named() -> None:
    assert read_words("10 mg iv").drug is None
    assert read_words("10 mg ketamine iv").drug is None
    assert read_words("10 mg racemic ketamine iv").drug == "racemic"
    assert read_words("28 mg esketamine nasal").drug == "s_ketamine"


WORDS = [
    *("mg", "mg/kg", "g", "/", "over", "at", "for", "x", "every", "on", "days", "day", "times"),
    *("bolus", "daily", "weekly", "a", "week", "weeks", "pause", "stop", "halve", "double", "rate"),
    *("the", ",", "and", "-", ";", "buccal", "µg", "\n"),
    *ROUTES, *DRUGS, *COUNTS, *PER_HOUR,
]  # fmt: skip
ANY_WORDS = st.lists(
    st.sampled_from(WORDS) | st.floats(0, 1e6).map(str) | st.integers(0, 50).map(str), max_size=20
).map(" ".join)


@given(st.text(max_size=200) | ANY_WORDS | st.builds("{} mg iv {}".format, ANY_WORDS, ANY_WORDS))
@example("1 mg iv at 1e308 weeks 1e308 weeks")
@example("١ mg iv")
@settings(max_examples=300)
def test_any_text_is_a_regimen_or_refused(text: str) -> None:
    try:
        found = parse_regimen(text)
    except RegimenError:
        return
    assert 1 <= len(found) <= MOST_DOSES + 50
    assert same(parse_regimen(describe(found)), found)


DOSES = st.builds(
    Dose,
    st.floats(0, 2000),
    st.sampled_from(["im", "nasal", "oral", "sublingual", "oral_film"]),
    st.floats(0, 200),
    st.sampled_from(["mg", "mg/kg"]),
)
INFUSIONS = st.lists(st.tuples(st.floats(0.01, 30), st.floats(0, 100), st.floats(0.01, 5)))


@given(st.lists(DOSES, max_size=5), INFUSIONS)
def test_every_regimen_can_be_told_and_read_back(doses: list[Dose], gaps: list) -> None:
    at_h, infusions = 0.0, []
    for gap_h, amount, over_h in gaps:
        infusions.append(Dose(at_h + gap_h, "iv", amount, "mg", over_h))
        at_h += gap_h + over_h
    regimen = Regimen.of(doses, infusions)
    if len(regimen):
        assert same(parse_regimen(describe(regimen)), regimen)


def test_what_is_told_is_short() -> None:
    told = {
        "0.5 mg/kg iv over 40 min twice weekly for 2 weeks": "0.5 mg/kg iv over 40 min "
        "on days 0,3,7,10",
        "3 x 28 mg nasal": "84 mg nasal",
        "40 mg iv over 40 min; pause at 15 min for 10 min": "15 mg iv over 15 min; "
        "25 mg iv over 25 min at 25 min",
        "10 mg im at 3.5 h": "10 mg im at 3.5 h",
        "10 mg im at 1 week": "10 mg im at 7 days",
    }
    assert {text: describe(parse_regimen(text)) for text in told} == told
    assert describe(Regimen.of()) == "nothing"


# --- JSON ----------------------------------------------------------------------------------------

DOSE = {"amount": 0.5, "unit": "mg/kg", "route": "iv", "over_min": 40}


def test_a_document_is_the_regimen_it_states() -> None:
    document = {"format": FORMAT, "doses": [DOSE], "on_days": [0, 3]}
    assert regimen_from_document(document) == on_days(0, 3)
    hours = [{**DOSE, "over_min": 30}, {"amount": 5, "unit": "mg", "route": "im", "at_h": 2}]
    assert regimen_from_document({"format": FORMAT, "doses": hours}) == Regimen.of(
        infusion(0.5, "mg/kg", over_min=30), bolus(5, route="im", at_h=2)
    )
    words = {"format": FORMAT, "words": "84 mg nasal", "drug": "s_ketamine"}
    assert read_document(words).drug == "s_ketamine"
    assert regimen_from_document(words) == Regimen.of(devices(3))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "a JSON object"),
        ({}, "'format'"),
        ({"format": FORMAT}, "either 'doses' or 'words'"),
        ({"format": FORMAT, "doses": [DOSE], "words": "1 mg iv"}, "either 'doses' or 'words'"),
        ({"format": FORMAT, "dosis": []}, "unknown key 'dosis'"),
        ({"format": FORMAT, "doses": []}, "'doses' must be a list"),
        ({"format": FORMAT, "doses": [5]}, "dose 1 must be an object"),
        ({"format": FORMAT, "doses": [DOSE, {**DOSE, "rate": 5}]}, "dose 2 has an unknown key"),
        ({"format": FORMAT, "doses": [{"amount": 1, "unit": "mg"}]}, "lacks the key 'route'"),
        ({"format": FORMAT, "doses": [{**DOSE, "unit": "ml"}]}, "'unit' must be one of"),
        ({"format": FORMAT, "doses": [{**DOSE, "route": "ear"}]}, "'route' must be one of"),
        ({"format": FORMAT, "doses": [{**DOSE, "amount": "5"}]}, "'amount' must be a number"),
        ({"format": FORMAT, "doses": [{**DOSE, "amount": True}]}, "'amount' must be a number"),
        ({"format": FORMAT, "doses": [{**DOSE, "amount": 10**400}]}, "a finite number"),
        ({"format": FORMAT, "doses": [{**DOSE, "amount": float("nan")}]}, "a finite number"),
        ({"format": FORMAT, "doses": [{**DOSE, "amount": -1}]}, "negative"),
        ({"format": FORMAT, "doses": [{**DOSE, "over_h": 1}]}, "both 'over_min' and 'over_h'"),
        ({"format": FORMAT, "doses": [{**DOSE, "over_min": 0}]}, "an infusion takes some time"),
        ({"format": FORMAT, "doses": [DOSE, DOSE]}, "overlap"),
        ({"format": FORMAT, "doses": [DOSE], "on_days": [0, "x"]}, "'on_days' must be a number"),
        ({"format": FORMAT, "doses": [DOSE], "on_days": list(range(2001))}, "1 to 2000"),
        ({"format": FORMAT, "doses": [DOSE], "drug": "aspirin"}, "'drug' must be one of"),
        ({"format": FORMAT, "words": 5}, "in words"),
        (
            {"format": FORMAT, "words": "5 mg racemic iv", "drug": "s_ketamine"},
            "the key 'drug' says s_ketamine",
        ),
    ],
    ids=str,
)
def test_what_is_wrong_in_a_document_is_named(document: object, said: str) -> None:
    with pytest.raises(RegimenError) as error:
        regimen_from_document(document)
    assert said in str(error.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
KEYS = st.sampled_from(["doses", "words", "on_days", "drug"])
DOSE_KEYS = st.sampled_from(["amount", "unit", "route", "at_min", "over_h"])


@given(
    JSON
    | st.dictionaries(KEYS, JSON).map(lambda d: {"format": FORMAT, **d})
    | st.dictionaries(DOSE_KEYS, JSON).map(lambda d: {"format": FORMAT, "doses": [{**DOSE, **d}]})
)
def test_any_document_is_a_regimen_or_refused(document: object) -> None:
    try:
        found = regimen_from_document(json.loads(json.dumps(document)))
    except RegimenError:
        return
    assert len(found) >= 1
