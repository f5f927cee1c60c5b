"""The shipped folders: codes, notices and wording."""

from __future__ import annotations

from typing import Any

import pytest

from evenkeel.instruments import (
    UnknownInstrumentError,
    available,
    load,
    shelved,
)
from evenkeel.instruments.loinc import check_digit, is_answer_code, is_term_code

# Item codes in order, panel and total. PHQ-9 panel and items 1 to 8: HL7 examples,
# https://hl7.org/fhir/R4/questionnaire-cqf-example.xml.html and
# https://build.fhir.org/ig/HL7/us-behavioral-health-profiles/QuestionnaireResponse-phq-9-example-1.html
# Item 9, difficulty, total: https://loinc.org/44249-1/ (not verified). GAD-7: public FHIR
# Questionnaires. C-SSRS:
# https://build.fhir.org/ig/HL7/us-behavioral-health-profiles/QuestionnaireResponse-C-SSRS-example-1.html
CODES: dict[str, dict[str, Any]] = {
    "phq9": {
        "panel": "44249-1",
        "items": [
            "44250-9",
            "44255-8",
            "44259-0",
            "44254-1",
            "44251-7",
            "44258-2",
            "44252-5",
            "44253-3",
            "44260-8",
            "69722-7",
        ],
        "total": "44261-6",
    },
    "gad7": {
        "panel": "69737-5",
        "items": ["69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7"],
        "total": "70274-6",
    },
    "cssrs_screen": {
        "panel": None,
        "items": ["93246-7", "93247-5", "93248-3", "93249-1", "93250-9", "93267-3", "93269-9"],
        "total": None,
    },
}
# https://loinc.org/LL358-3 as used in public FHIR value sets.
FREQUENCY = {0: "LA6568-5", 1: "LA6569-3", 2: "LA6570-1", 3: "LA6571-9"}
# PHQ-9 has a second code set (MDS, 54635-8 and on) that must never be mixed in.
MDS_PREFIX = "546"


def test_what_is_on_the_shelf() -> None:
    assert available() == ("bladder_check", "day_after", "gad7", "pcl5", "phq9", "who5")
    assert set(shelved()) - set(available()) == {
        *("auditc", "bpicss", "bprs_plus", "cadss", "cadss6", "ceq", "cssrs_screen", "dast10"),
        *("dlcq", "hamd17", "icpi", "icsi", "kset", "madrs", "meq30", "moaas", "moca", "qids_sr16"),
        *("safety_follow_up", "sds_dep", "wsas", "ybocs"),
    }


@pytest.mark.parametrize("name", sorted(CODES))
def test_codes_are_the_published_ones(name: str) -> None:
    instrument = load(name)
    assert instrument.code == CODES[name]["panel"]
    assert [item.code for item in instrument.items] == CODES[name]["items"]
    assert instrument.total_code == CODES[name]["total"]


@pytest.mark.parametrize("name", sorted(CODES))
def test_codes_are_distinct_and_their_check_digits_hold(name: str) -> None:
    codes = [code for code in (*CODES[name]["items"], CODES[name]["panel"]) if code]
    assert len(set(codes)) == len(codes)
    assert all(is_term_code(code) for code in codes)
    assert not any(code.startswith(MDS_PREFIX) for code in codes)


@pytest.mark.parametrize(
    ("body", "digit"),
    # Panels, totals and items seen in HL7's own examples (sources above).
    [("44249", 1), ("44250", 9), ("69737", 5), ("93246", 7), ("93374", 7), ("72109", 2)],
)
def test_check_digit(body: str, digit: int) -> None:
    assert check_digit(body) == digit
    assert not is_term_code(f"{body}-{(digit + 1) % 10}")


@pytest.mark.parametrize("code", ["", "44249", "44249-", "-1", "4424a-1", "44249-10", "٤٤٢٤٩-1"])
def test_malformed_codes(code: str) -> None:
    assert not is_term_code(code)
    assert not is_answer_code(code)


def test_check_digit_needs_digits() -> None:
    with pytest.raises(ValueError, match="ASCII digits"):
        check_digit("44x")


@pytest.mark.parametrize("name", ["phq9", "gad7"])
def test_frequency_answers_carry_their_codes(name: str) -> None:
    group = load(name).questionnaire["item"][0]["item"]
    for item in group:
        codings = [option["valueCoding"] for option in item["answerOption"]]
        values = {c["extension"][0]["valueDecimal"]: c["code"] for c in codings}
        assert values == FREQUENCY


def test_difficulty_answers_follow_the_published_order() -> None:
    """LA6575-0 is very, LA6574-3 extremely: the codes do not run in order of severity."""
    item = load("phq9").questionnaire["item"][1]
    shown = [(o["valueCoding"]["code"], o["valueCoding"]["display"]) for o in item["answerOption"]]
    assert shown[2:] == [("LA6575-0", "Very difficult"), ("LA6574-3", "Extremely difficult")]


@pytest.mark.parametrize("name", ["phq9", "gad7"])
def test_the_notice_ships_with_the_text(name: str) -> None:
    instrument = load(name)
    assert "Pfizer" in instrument.notice
    assert "No permission required to reproduce, translate, display" in instrument.notice
    assert instrument.languages == ("en",)
    assert instrument.items[0].lead_in.startswith("Over the last 2 weeks")
    assert all(item.text for item in instrument.items)


def test_no_columbia_wording_ships() -> None:
    screener = load("cssrs_screen")
    assert not screener.text_ships
    assert all(item.text == "" for item in screener.items)
    assert all("text" not in item for item in screener.questionnaire["item"])
    assert "Columbia" in screener.notice
    assert screener.scoring.tiers[0].band.basis.mark == "sourced"


def test_the_follow_up_is_the_clinics_own() -> None:
    follow_up = load("safety_follow_up")
    assert "not the C-SSRS" in follow_up.questionnaire["description"]
    assert follow_up.scoring.tiers[0].band.basis.mark == "clinic policy"
    assert [tier.band.code for tier in follow_up.scoring.tiers] == ["now", "today", "routine"]


def test_the_questionnaire_is_a_copy() -> None:
    phq9 = load("phq9")
    phq9.questionnaire["item"].clear()
    assert len(phq9.questionnaire["item"]) == 3
    assert load("phq9") is phq9


@pytest.mark.parametrize("name", ["phq8", "", "../phq9", "PHQ9", "__pycache__", "phq9/.."])
def test_unknown_instruments(name: str) -> None:
    with pytest.raises(UnknownInstrumentError, match=r"known: auditc, .*, phq9, "):
        load(name)
