"""Names as people write them. What each stands for is pharmacology and medicine, not our list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.protocol import (
    known_conditions,
    known_medicines,
    recognize,
    recognize_all,
    recognize_condition,
)
from evenkeel.protocol.conditions import recognize_conditions, suggest_condition
from evenkeel.protocol.medicines import combinations, suggest_medicine
from evenkeel.protocol.naming import plain
from evenkeel.protocol.registry import RULES
from evenkeel.protocol.sources import known_sources, read_json
from tests.protocol.name_tables import CONDITIONS, HARMLESS_CONDITIONS, MEDICINES, PAST, UNREAD


@pytest.mark.parametrize(
    ("name", "ingredients"),
    [
        ("lorazepam", ["lorazepam"]),
        ("ATIVAN 1 mg tablet", ["lorazepam"]),
        ("Clonazepam [Klonopin]", ["clonazepam"]),
        ("Spravato", ["esketamine"]),
        ("Ketanest S", ["esketamine"]),
        ("St John's Wort", ["st john s wort"]),
        ("Hydrocodone 5 MG / Acetaminophen 325 MG", ["hydrocodone", "acetaminophen"]),
        ("paracetamol", ["acetaminophen"]),
        ("Contrave 8 mg/90 mg", ["bupropion", "naltrexone"]),
        ("Symbyax", ["olanzapine", "fluoxetine"]),
        ("Suboxone film", ["buprenorphine", "naloxone"]),
        ("Tylenol with codeine #3", ["codeine", "acetaminophen"]),
        ("Paxlovid", ["nirmatrelvir", "ritonavir"]),
        ("fluticasone propionate 50 mcg nasal spray", ["fluticasone nasal"]),
        ("Flovent HFA 110 mcg", ["fluticasone"]),
        ("ketoconazole 2% shampoo", ["ketoconazole topical"]),
        ("ketoconazole 200 mg tablet", ["ketoconazole"]),
        ("36437", ["sertraline"]),
        ("moonflower", []),
        ("", []),
    ],
)
def test_what_a_written_medicine_holds(name: str, ingredients: list[str]) -> None:
    assert [found.ingredient for found in recognize_all(name)] == ingredients


@pytest.mark.parametrize("classes", MEDICINES, ids=str)
def test_each_medicine_has_the_classes_pharmacology_gives_it(classes: str) -> None:
    wanted = set(classes.split())
    wrong = {}
    for name in MEDICINES[classes]:
        found = recognize_all(name)
        has = {one for item in found for one in item.classes} - {"antidepressant", "antipsychotic"}
        if not found or has != wanted:
            wrong[name] = has if found else "not recognized"
    assert wrong == {}


def test_every_listed_medicine_name_finds_its_own_medicine() -> None:
    for medicine in known_medicines():
        for name in (medicine.ingredient, *medicine.names, *medicine.rxnorm):
            assert recognize(name) == medicine
    for brand, parts in combinations().items():
        assert recognize_all(brand) == parts


# VA/DoD 2021 and Ashton 2002 beside each other in the 2025 joint guideline, table 7; the Scottish
# guide and WHO 2009, table 8, for those it lacks: milligrams that equal 1 mg of lorazepam.
@pytest.mark.parametrize(
    ("name", "mg"),
    [
        ("lorazepam", 1),
        ("diazepam", 10),
        ("alprazolam", 0.5),
        ("clonazepam", 0.5),
        ("chlordiazepoxide", 25),
        ("clorazepate", 15),
        ("oxazepam", 20),
        ("temazepam", 20),
        ("quazepam", 20),
        ("triazolam", 0.5),
        ("nitrazepam", 10),
        ("clobazam", 20),
        ("bromazepam", 6),
    ],
)
def test_lorazepam_equivalents_are_those_of_the_published_tables(name: str, mg: float) -> None:
    found = recognize(name)
    assert found is not None
    assert found.lorazepam_mg_per_mg == pytest.approx(1 / mg)


@pytest.mark.parametrize("code", CONDITIONS)
def test_each_way_of_writing_a_condition_is_that_condition(code: str) -> None:
    wrong = {}
    for name in CONDITIONS[code]:
        found = recognize_condition(name)
        if found is None or found[0].code != code:
            wrong[name] = found and found[0].code
    assert wrong == {}
    assert known_conditions()[code].screened


def test_everyday_illnesses_are_recognized_and_no_rule_asks_about_them() -> None:
    found = {name: recognize_condition(name) for name in HARMLESS_CONDITIONS}
    assert [name for name, match in found.items() if match is None] == []
    assert [name for name, match in found.items() if match and match[0].screened] == []


@pytest.mark.parametrize(("name", "code", "status"), PAST)
def test_wording_says_when(name: str, code: str, status: str | None) -> None:
    found = recognize_condition(name)
    assert found is not None
    assert (found[0].code, found[1]) == (code, status)


@pytest.mark.parametrize("name", UNREAD)
def test_what_a_person_must_read_is_not_recognized(name: str) -> None:
    assert recognize_condition(name) is None


def test_several_conditions_in_one_entry_are_all_found_or_left_to_a_person() -> None:
    both = recognize_conditions("hypertension, asthma and epilepsy")
    assert [match[0].code for match in both] == ["hypertension", "asthma", "seizure_disorder"]
    # One result cannot speak for two conditions that rules ask about.
    assert recognize_condition("hypertension and epilepsy") is None
    assert recognize_conditions("hypertension and quux fever") == ()
    assert recognize_conditions("asthma and no epilepsy") == ()


@pytest.mark.parametrize(
    ("written", "meant"),
    [("hypertention", "hypertension"), ("schizophrena", "schizophrenia"), ("epliepsy", "epilepsy")],
)
def test_a_slip_of_one_letter_is_suggested_and_never_assumed(written: str, meant: str) -> None:
    assert recognize_condition(written) is None or len(written) < 7
    assert suggest_condition(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [("sertaline", "sertraline"), ("lorazapam", "lorazepam"), ("quux", None), ("prozak", None)],
)
def test_a_medicine_misspelled_is_suggested(written: str, meant: str | None) -> None:
    assert recognize_all(written) == ()
    assert suggest_medicine(written) == meant


def test_every_listed_condition_name_and_code_finds_itself() -> None:
    for condition in known_conditions().values():
        for name in (condition.code, condition.label, *condition.names, *condition.snomed):
            found = recognize_condition(name)
            assert found is not None, name
            assert found[0] == condition, name
        for code in (*condition.icd10, *condition.icd10_history):
            found = recognize_condition(code)
            assert found is not None, code
            assert found[0] == condition, code


def test_no_code_stands_without_the_public_file_it_was_checked_in() -> None:
    sources = known_sources()
    for entry in read_json("lists", "conditions.json")["conditions"]:
        for system in ("snomed", "icd10", "icd10_history"):
            for code, source in entry.get(system, {}).items():
                assert sources[source][1].startswith("http"), (entry["code"], code)
    for entry in read_json("lists", "medicines.json")["medicines"]:
        for code, source in entry.get("rxnorm", {}).items():
            assert sources[source][1].startswith("http"), (entry["ingredient"], code)
        assert ("mg_equal_to_lorazepam_1_mg" in entry) == ("equivalent" in entry)
        if "equivalent" in entry:
            assert sources[entry["equivalent"]["source"]][1].startswith("http")
            assert entry["equivalent"]["mark"] in ("sourced", "assumed")


def test_a_rule_reads_every_condition_that_is_said_to_be_asked_about() -> None:
    read = {key for rule in RULES.values() for key in rule.reads}
    screened = {code for code, item in known_conditions().items() if item.screened}
    assert screened - read == set()
    assert set(CONDITIONS) == screened - {"concurrent_ketamine"}


def test_each_code_means_one_thing() -> None:
    snomed = [code for item in known_conditions().values() for code in item.snomed]
    rxnorm = [code for item in known_medicines() for code in item.rxnorm]
    assert len(set(snomed)) == len(snomed)
    assert len(set(rxnorm)) == len(rxnorm)


_WORDS = st.sampled_from(
    ["history of", "no", "family", "resolved", "stroke", "asthma", "2019", "in remission", "and"]
)


@given(st.one_of(st.text(max_size=80), st.lists(_WORDS, max_size=9).map(" ".join)))
def test_any_text_is_answered(name: str) -> None:
    assert all(item in known_medicines() for item in recognize_all(name))
    found = recognize_condition(name)
    assert found is None or found[0].code in known_conditions()
    suggest_condition(name)
    suggest_medicine(name)


@given(st.text(max_size=80))
def test_plain_words_stay_as_they_are(name: str) -> None:
    assert plain(plain(name)) == plain(name)


@given(
    st.sampled_from(["no {}", "family history of {}", "possible {}", "{} ruled out", "denies {}"]),
    st.sampled_from(sorted(CONDITIONS)),
    st.data(),
)
def test_denial_and_family_never_become_the_person_s_own(
    wording: str, code: str, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(CONDITIONS[code]))
    assert recognize_condition(wording.format(name)) is None
