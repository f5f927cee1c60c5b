"""Random and mutated input: whatever comes, a reading or a BundleError, and nothing else."""

from __future__ import annotations

import copy
import json
import os
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.interop.fhir import BundleError, ImportReading, read_bundle

from .samples import (
    BUNDLED,
    NOW,
    allergy,
    bundle,
    condition,
    encoded,
    medicine,
    observation,
    panel,
    patient,
    read,
)

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "Patient/1",
            "#m",
            "urn:uuid:x",
            "2020",
            "2020-02-30",
            "entered-in-error",
            "active",
            "Bundle",
            "\ud800",
            "\x00",
            10**400,
            10**60,
            -0.0,
        ]
    )
)
KEYS = st.sampled_from(
    sorted(
        {
            key
            for resource in (patient(), condition(), medicine(), allergy(), panel(1, 2))
            for key in resource
        }
        | {"reference", "coding", "system", "code", "display", "value", "unit", "contained"}
        | {"valueQuantity", "start", "given", "family", "method", "fullUrl", "resource", "entry"}
    )
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)
RECORDS = [
    patient(),
    condition(),
    medicine(),
    medicine("MedicationStatement"),
    medicine(
        id="m2",
        medicationCodeableConcept=None,
        contained=[{"resourceType": "Medication", "id": "x", "code": {"text": "Lithium"}}],
        medicationReference={"reference": "#x"},
    ),
    allergy(),
    observation("29463-7", 70),
    observation("8480-6", 121, "mm[Hg]"),
    observation("8462-4", 73, "mm[Hg]"),
    observation("44261-6", valueInteger=9),
    panel(121, 73),
]


def checked(error: BundleError) -> BundleError:
    assert 1 <= len(error.problems) <= 50
    assert all(problem.message and problem.what_to_do for problem in error.problems)
    str(error).encode("ascii")
    return error


def read_or_refuse(data: bytes) -> ImportReading | BundleError:
    try:
        reading = read_bundle(data, now=NOW)
    except BundleError as error:
        return checked(error)
    json.dumps([fact.value for fact in reading.facts], allow_nan=False).encode()
    counted = [*reading.used.values(), *reading.not_used.values()]
    counted += [*reading.entered_in_error.values(), len(reading.set_aside), reading.repeated]
    assert sum(counted) == reading.entry_count
    return reading


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a JSON document."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        keys = holder.keys() if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], (dict, list)):
                waiting.append(holder[key])
    return found


#: As many of each kind; the soak tries six times as many.
EXAMPLES = 600 if os.environ.get("EVENKEEL_SOAK") else 100


@given(st.binary(max_size=300))
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_bytes(data: bytes) -> None:
    assert isinstance(read_or_refuse(data), BundleError)


@given(JSON)
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_json(document: Any) -> None:
    read_or_refuse(encoded(document))


@given(st.lists(JSON, max_size=4), st.sampled_from(sorted({r["resourceType"] for r in RECORDS})))
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_json_as_a_resource(parts: list[Any], kind: str) -> None:
    made = [{**part, "resourceType": kind} if isinstance(part, dict) else part for part in parts]
    document = bundle()
    document["entry"] += [{"resource": part} for part in made]
    read_or_refuse(encoded(document))


@given(st.data())
@settings(max_examples=3 * EXAMPLES, deadline=None)
def test_a_small_bundle_with_parts_replaced(data: st.DataObject) -> None:
    document = bundle(*copy.deepcopy(RECORDS[1:]))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(places(document)))
        if data.draw(st.booleans()) and isinstance(holder, dict):
            del holder[key]
        else:
            holder[key] = data.draw(JSON)
    read_or_refuse(encoded(document))


@given(st.integers(0, 2**32 - 1), JSON)
@settings(max_examples=EXAMPLES // 2, deadline=None)
def test_a_real_bundle_with_parts_replaced(seed: int, value: Any) -> None:
    chance = random.Random(seed)
    document = json.loads(chance.choice(BUNDLED).read_text())
    spots = places(document)
    for holder, key in chance.sample(spots, 5):
        holder[key] = value
    read_or_refuse(encoded(document))


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
@settings(max_examples=EXAMPLES // 2, deadline=None)
def test_a_real_bundle_with_bytes_changed(seed: int, changes: int) -> None:
    chance = random.Random(seed)
    data = bytearray(chance.choice(BUNDLED).read_bytes())
    for _ in range(changes):
        data[chance.randrange(len(data))] = chance.randrange(256)
    read_or_refuse(bytes(data[: chance.randrange(len(data))] if seed % 4 == 0 else data))


@given(st.permutations(RECORDS[1:]))
@settings(max_examples=EXAMPLES // 2, deadline=None)
def test_order_of_records_changes_nothing(records: list[Any]) -> None:
    assert read(bundle(*records)) == read(bundle(*RECORDS[1:]))
