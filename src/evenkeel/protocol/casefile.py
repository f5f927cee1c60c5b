"""Hold a case document against the JSON Schema of its format, and name what does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from .errors import FactsError
from .sources import read_json

#: The shipped formats: the name of a schema file in ``schemas/``, without its ending.
FORMATS: Final = ("evenkeel-facts-1", "evenkeel-timeline-1", "evenkeel-discharge-1")
_LONGEST_SHOWN: Final = 60


def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a format; ``KeyError`` for one not shipped."""
    if name not in FORMATS:
        raise KeyError(name)
    found = read_json("schemas", f"{name}.json")
    assert isinstance(found, dict)
    return found


def check_document(document: object, name: str) -> None:
    """Raise ``FactsError`` for the first thing in ``document`` that its format does not allow.

    The error names the key by its path ("events[3].sbp_mmhg"); of several errors the first in the
    order of the document is said. ``null`` stands for unknown and is taken wherever a key is.
    """
    errors = sorted(_validator(name).iter_errors(document), key=_order)
    if errors:
        raise _as_facts_error(errors[0])


@cache
def _validator(name: str) -> Draft202012Validator:
    raw = schema(name)
    Draft202012Validator.check_schema(raw)
    return Draft202012Validator(raw)


def _order(error: ValidationError) -> tuple[bool, list[tuple[int, str]]]:
    # An unknown format or key first: what follows from it would only confuse.
    told_first = error.validator in ("const", "additionalProperties", "unevaluatedProperties")
    return not told_first, [
        (part, "") if isinstance(part, int) else (0, str(part)) for part in error.absolute_path
    ]


def _as_facts_error(error: ValidationError) -> FactsError:
    path = _path(error.absolute_path)
    value = error.validator_value
    match error.validator:
        case "additionalProperties":
            unknown = _unknown_key(error)
            key = f"{path}.{unknown}" if path else unknown
            return FactsError(key, "is not a key this format knows")
        case "required":
            missing = next(key for key in value if key not in error.instance)
            return FactsError(f"{path}.{missing}" if path else str(missing), "is missing")
        case "const":
            return FactsError(path, f"must be {value!r}")
        case "enum":
            return FactsError(path, "must be one of " + ", ".join(str(v) for v in value if v))
        case "type":
            kinds = [value] if isinstance(value, str) else list(value)
            return FactsError(path or "document", "must be " + _kinds(kinds))
        case "minimum":
            return FactsError(path, f"must be at least {value:g}")
        case "maximum":
            return FactsError(path, f"must be at most {value:g}")
        case "maxItems":
            return FactsError(path, f"has more than {value} entries")
        case "maxLength":
            return FactsError(path, f"is longer than {value} characters")
        case "minLength" | "pattern":
            return FactsError(path, "must be a text with something in it")
        case _:
            return FactsError(path or "document", f"{error.message:.200}")


def _unknown_key(error: ValidationError) -> str:
    known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
    assert isinstance(error.instance, Mapping)
    unknown = next(key for key in error.instance if key not in known)
    return f"{unknown!s:.{_LONGEST_SHOWN}}"


def _kinds(kinds: list[str]) -> str:
    words = {
        "object": "an object",
        "array": "a list",
        "string": "a text",
        "number": "a number",
        "integer": "a whole number",
        "boolean": "true or false",
        "null": "null",
    }
    said = [words[kind] for kind in kinds if kind != "null"]
    return " or ".join(said)


def _path(parts: Iterable[str | int]) -> str:
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text
