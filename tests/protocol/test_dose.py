"""Dose arithmetic worked by hand, and the stops."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.protocol import DoseError, check_dose, check_vial, default_protocol, dose_arithmetic

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_", "mg", "per_kg", "ml", "mg_h", "ml_h", "devices"),
    [
        # product, mg/kg, mg, kg, mg/mL, min; the sheet by hand
        (("racemic_iv", "0.5", None, 74, 10, 40), "37.0", "0.500", "3.70", "55.5", "5.6", None),
        (("racemic_iv", 0.5, None, 68, 50, 40), "34.0", "0.500", "0.68", "51.0", "1.0", None),
        (("racemic_iv", None, 35, 70, 100, 40), "35.0", "0.500", "0.35", "52.5", "0.5", None),
        (("esketamine_iv", 0.25, None, 81, 5, 40), "20.3", "0.250", "4.06", "30.5", "6.1", None),
        (("racemic_im", 0.7, None, 63, 50, None), "44.1", "0.700", "0.88", None, None, None),
        (("racemic_oral", None, 150, None, None, None), "150.0", None, None, None, None, None),
        (("esketamine_nasal", None, 84, None, None, None), "84.0", None, None, None, None, 3),
        (("esketamine_nasal", None, 56, None, None, None), "56.0", None, None, None, None, 2),
    ],
)
def test_worked_examples(
    given_: tuple[Any, ...],
    mg: str,
    per_kg: str | None,
    ml: str | None,
    mg_h: str | None,
    ml_h: str | None,
    devices: int | None,
) -> None:
    sheet = dose_arithmetic(*given_)
    expected = [None if text is None else Decimal(text) for text in (mg, per_kg, ml, mg_h, ml_h)]
    assert [
        sheet.dose_mg,
        sheet.dose_mg_per_kg,
        sheet.volume_ml,
        sheet.rate_mg_per_h,
        sheet.rate_ml_per_h,
    ] == expected
    assert sheet.devices == devices


@pytest.mark.parametrize(
    ("given_", "named"),
    [
        (("tea", None, 1), "product"),
        (("racemic_iv", None, None, 70, 10, 40), "dose_mg"),
        (("racemic_iv", 0.5, None, None, 10, 40), "weight_kg"),
        (("racemic_iv", 0.5, None, 70, 10, None), "duration_min"),
        (("racemic_iv", 0.5, None, 70, 0, 40), "concentration_mg_ml"),
        (("racemic_iv", 0.5, None, -70, 10, 40), "weight_kg"),
        (("racemic_iv", float("nan"), None, 70, 10, 40), "dose_mg_per_kg"),
        (("racemic_iv", True, None, 70, 10, 40), "dose_mg_per_kg"),
        (("racemic_iv", "half", None, 70, 10, 40), "dose_mg_per_kg"),
        (("racemic_iv", 0.5, 50, 70, 10, 40), "dose_mg"),
        (("esketamine_nasal", None, 70), "dose_mg"),
    ],
)
def test_what_cannot_be_computed_is_named(given_: tuple[Any, ...], named: str) -> None:
    with pytest.raises(DoseError) as caught:
        dose_arithmetic(*given_)
    assert caught.value.key == named


@given(
    st.decimals("0.1", "2", places=2),
    st.decimals("30", "250", places=1),
    st.sampled_from([10, 50, 100]),
    st.integers(2, 240),
)
def test_the_sheet_multiplies_out_within_its_rounding(
    per_kg: Decimal, weight: Decimal, concentration: int, minutes: int
) -> None:
    sheet = dose_arithmetic("racemic_iv", per_kg, None, weight, concentration, minutes)
    assert sheet.volume_ml is not None
    assert sheet.rate_mg_per_h is not None
    assert abs(sheet.dose_mg - per_kg * weight) <= Decimal("0.05")
    assert abs(sheet.volume_ml * concentration - sheet.dose_mg) <= Decimal("0.005") * concentration
    over_the_hour = sheet.rate_mg_per_h * minutes - sheet.dose_mg * 60
    assert abs(over_the_hour) <= Decimal("0.05") * minutes


def stops(product: str, **change: Any) -> list[tuple[str, str]]:
    plan: dict[str, Any] = {
        "dose_mg": None,
        "dose_mg_per_kg": None,
        "duration_min": None,
        "weight_kg": None,
        "weight_as_of": None,
        "height_cm": None,
        **change,
    }
    found = check_dose(product, now=NOW, protocol=default_protocol(product), **plan)
    assert all(stop.message and stop.resolve and stop.source.title for stop in found)
    return [(stop.level, stop.id) for stop in found]


FRESH = {"weight_kg": 74, "weight_as_of": NOW - timedelta(days=3), "height_cm": 171}
IV = {"dose_mg_per_kg": 0.5, "duration_min": 40, **FRESH}


@pytest.mark.parametrize(
    ("product", "plan", "expected"),
    [
        ("esketamine_nasal", {"dose_mg": 56}, []),
        ("esketamine_nasal", {"dose_mg": 84}, []),
        ("esketamine_nasal", {"dose_mg": 84, "session_number": 1}, [("soft", "dose.first_mg")]),
        ("esketamine_nasal", {"dose_mg": 28}, [("soft", "dose.allowed_mg")]),
        ("esketamine_nasal", {"dose_mg": 70}, [("hard", "dose.device_mg")]),
        ("esketamine_nasal", {"dose_mg": 84.1}, [("hard", "dose.hard_max_mg")]),
        ("esketamine_nasal", {"dose_mg": 112}, [("hard", "dose.hard_max_mg")]),
        ("esketamine_nasal", {}, [("hard", "dose.missing")]),
        ("racemic_iv", IV, []),
        ("racemic_iv", {**IV, "dose_mg_per_kg": 0.75}, []),
        ("racemic_iv", {**IV, "dose_mg_per_kg": 0.76}, [("soft", "dose.range_mg_per_kg")]),
        ("racemic_iv", {**IV, "dose_mg_per_kg": 0.05}, [("soft", "dose.range_mg_per_kg")]),
        (
            "racemic_iv",
            {**IV, "dose_mg_per_kg": 5},
            [("hard", "dose.hard_max_mg_per_kg"), ("soft", "dose.range_mg_per_kg")],
        ),
        ("racemic_iv", {**IV, "duration_min": None}, [("hard", "duration.missing")]),
        ("racemic_iv", {**IV, "duration_min": 101}, [("soft", "dose.duration_range_min")]),
        ("racemic_iv", {**IV, "weight_kg": None}, [("hard", "weight.missing")]),
        ("racemic_iv", {**IV, "weight_as_of": None}, [("hard", "weight.undated")]),
        (
            "racemic_iv",
            {**IV, "weight_as_of": NOW - timedelta(days=31)},
            [("hard", "weight.old")],
        ),
        (
            "racemic_iv",
            {**IV, "weight_as_of": NOW + timedelta(days=1)},
            [("hard", "weight.future")],
        ),
        (
            "racemic_iv",
            {**IV, "weight_kg": 20, "height_cm": None},
            [("hard", "weight.implausible")],
        ),
        ("racemic_iv", {**IV, "height_cm": 74}, [("hard", "weight.bmi")]),
        ("racemic_iv", {**IV, "dose_mg": 370}, [("hard", "dose.disagree")]),
        # The racemic usual dose is outside what was studied of S-ketamine.
        ("esketamine_iv", {**IV, "dose_mg_per_kg": 0.4}, []),
        ("esketamine_iv", IV, [("soft", "dose.range_mg_per_kg")]),
        ("racemic_oral", {"dose_mg": 150}, []),
        ("racemic_oral", {"dose_mg": 301}, [("soft", "dose.range_mg")]),
        ("racemic_oral", {"dose_mg_per_kg": 5, **FRESH}, []),
    ],
)
def test_stops(product: str, plan: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert stops(product, **plan) == expected


def test_the_labeled_maximum_is_cited_as_the_label() -> None:
    protocol = default_protocol("esketamine_nasal")
    found = check_dose("esketamine_nasal", 112, None, None, None, None, None, NOW, protocol)
    assert found[0].source.mark == "sourced"
    assert "SPRAVATO" in found[0].source.title


def test_a_protocol_of_another_product_is_refused() -> None:
    with pytest.raises(DoseError):
        check_dose("racemic_im", 30, None, None, 70, NOW, None, NOW, default_protocol("racemic_iv"))


@pytest.mark.parametrize(
    ("product", "concentration", "expected"),
    [
        ("racemic_iv", 10, []),
        ("racemic_iv", 50, []),
        ("racemic_iv", 100, [("soft", "vial.dilute")]),
        ("racemic_im", 100, []),
        ("racemic_iv", 25, [("hard", "vial.unknown")]),
        ("esketamine_iv", 5, []),
        ("esketamine_iv", 25, []),
        ("esketamine_iv", 50, [("hard", "vial.unknown")]),
    ],
)
def test_vials_of_one_drug_are_not_taken_for_the_other(
    product: str, concentration: int, expected: list[tuple[str, str]]
) -> None:
    assert [(stop.level, stop.id) for stop in check_vial(product, concentration)] == expected


def test_a_product_without_vials_has_none_to_check() -> None:
    with pytest.raises(DoseError):
        check_vial("esketamine_nasal", 10)
