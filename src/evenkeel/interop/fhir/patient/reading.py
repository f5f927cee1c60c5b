"""Who the person is: FHIR R4 Patient (https://hl7.org/fhir/R4/patient.html)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal, cast

from ..concept import read_status_code
from ..moment import Moment, read_moment
from ..node import Node
from ..reading import Identifier, ReadPatient, Sex
from ..resource import Resource

BIRTH_SEX_URL = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
_BIRTH_SEX: dict[str | None, Literal["female", "male"]] = {"F": "female", "M": "male"}
_GENDERS = ("female", "male", "other", "unknown")
_NAME_USES = ("official", "usual", None, "temp", "nickname", "anonymous")
_PHONE_USES = ("mobile", "home", None, "work", "temp")
_ADDRESS_USES = ("home", None, "temp", "work", "billing")
_OLDEST_YEARS = 130  # assumed: eight years beyond the oldest age ever verified


def read_patient(resource: Resource, source_key: str) -> ReadPatient:
    """The patient. Problems gather in the intake; the caller gives nothing back if there are any.

    Names, numbers and addresses marked `old` are left out, and so is a maiden name.
    """
    node = resource.node
    birth = _birth_date(node)
    sex = cast(Sex, read_status_code(node, "gender", _GENDERS)) if node.has("gender") else "unknown"
    birth_sex = _birth_sex(node)
    deceased, died = _deceased(node)
    given, family = _name(node)
    notes = node.intake.notes
    if birth is None:
        notes.add("The file gives no birth date.")
    elif birth.precision != "day":
        notes.add("The file gives only part of the birth date; ask for the day.")
    if birth and died and died.at < birth.at:
        node.problem("deceasedDateTime", "The date of death lies before the date of birth.")
    if birth_sex and birth_sex != sex:
        notes.add(
            "Birth sex and administrative gender differ in the file; "
            "questions about pregnancy turn on the first."
        )
    if node.flag("active") is False:
        notes.add("The source marks this patient's record as no longer in use.")
    if any(link.text("type") == "replaced-by" for link in node.nodes("link")):
        notes.add("The source says this patient's record was replaced by another.")
    return ReadPatient(
        identifiers=tuple(sorted(_identifiers(node))),
        given_name=given,
        family_name=family,
        birth_date=birth.day if birth and birth.precision == "day" else None,
        birth_date_text=birth.text if birth else None,
        sex=sex,
        birth_sex=birth_sex,
        deceased=deceased,
        deceased_at=died.at if died else None,
        deceased_text=died.text if died else None,
        phone=_telecom(node, "phone"),
        email=_telecom(node, "email"),
        address_lines=_address(node),
        origin=resource.origin,
        source_key=source_key,
    )


def _birth_date(node: Node) -> Moment | None:
    birth = read_moment(node, "birthDate")
    if birth is None:
        return None
    if birth.precision == "instant":
        node.problem("birthDate", "A birth date has no time of day.")
        return None
    today: date = node.intake.now.date()
    if today.year - birth.at.year > _OLDEST_YEARS:
        node.problem("birthDate", f"The birth date is more than {_OLDEST_YEARS} years ago.")
        return None
    return birth


def _birth_sex(node: Node) -> Literal["female", "male"] | None:
    for extension in node.nodes("extension"):
        if extension.text("url") == BIRTH_SEX_URL:
            return _BIRTH_SEX.get(extension.text("valueCode"))
    return None


def _deceased(node: Node) -> tuple[bool, Moment | None]:
    choice = node.one_of("deceased[x]", "deceased", ("Boolean", "DateTime"))
    if choice == "Boolean":
        return bool(node.flag("deceasedBoolean")), None
    if choice == "DateTime":
        return True, read_moment(node, "deceasedDateTime")
    return False, None


def _name(node: Node) -> tuple[str, str]:
    for name in _ranked(node.nodes("name"), _NAME_USES):
        given, family = " ".join(name.texts("given")), name.text("family") or ""
        if not given and not family:
            family = name.text("text") or ""
        if given or family:
            return given, family
    node.problem("name", "The patient has no name in use.")
    return "", ""


def _identifiers(node: Node) -> set[Identifier]:
    found = set()
    for part in node.nodes("identifier"):
        value = part.text("value")
        if value and part.text("use") != "old":
            found.add(Identifier(part.text("system") or "", value))
    return found


def _telecom(node: Node, system: str) -> str | None:
    for contact in _ranked(node.nodes("telecom"), _PHONE_USES):
        value = contact.text("value")
        if contact.text("system") == system and value:
            return value
    return None


def _address(node: Node) -> tuple[str, ...]:
    for address in _ranked(node.nodes("address"), _ADDRESS_USES):
        place = " ".join(
            part for key in ("city", "state", "postalCode") if (part := address.text(key))
        )
        parts = [*address.texts("line"), place, address.text("country")]
        lines = tuple(part for part in parts if part)
        if lines:
            return lines
        text = address.text("text")
        if text:
            return tuple(line.strip() for line in text.splitlines() if line.strip())
    return ()


def _ranked(nodes: Iterable[Node], uses: tuple[str | None, ...]) -> list[Node]:
    ranked = [(use, node) for node in nodes if (use := node.text("use")) in uses]
    return [node for _, node in sorted(ranked, key=lambda pair: uses.index(pair[0]))]
