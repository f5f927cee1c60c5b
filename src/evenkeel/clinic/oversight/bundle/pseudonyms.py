"""Who a row is about, in a bundle that names nobody: the same sign in one bundle, another in each.

The sign follows from the bundle's number and the installation's secret key: the clinic can say
later whom it meant, and nobody else can, nor put two bundles together.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings

from evenkeel.clinic.oversight.bundle.asked import WITHHELD, Asked
from evenkeel.clinic.people.models import Account, Patient

_PURPOSE = b"evenkeel.oversight.bundle:"
_SHORTEST_NAME = 3


def sign_of(bundle_id: uuid.UUID, patient_id: Any) -> str:
    """The sign of a person in a bundle."""
    key = hashlib.sha256(settings.SECRET_KEY.encode()).digest()
    said = _PURPOSE + bundle_id.bytes + str(patient_id).encode()
    return f"P-{hmac.new(key, said, hashlib.sha256).hexdigest()[:12].upper()}"


class People:
    """What may be told of people: their names, or a sign and nothing that leads to them."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._named: dict[Any, str] = {}
        self._patients = {
            str(pk) for pk in Account.objects.exclude(patient=None).values_list("pk", flat=True)
        }
        rows = Patient.objects.values_list(
            "pk", "mrn", "given_name", "family_name", "called", "email", "phone"
        )
        words: set[str] = set()
        for pk, mrn, given, family, *others in rows:
            self._named[pk] = f"{mrn} {given} {family}"
            words |= {mrn, given, family, *others}
        if asked.identified:
            words = set()
        self._names = _any_of(word for word in words if len(word) >= _SHORTEST_NAME)

    def person(self, patient_id: Any) -> str:
        """Who a row is about; empty for nobody."""
        if patient_id is None:
            return ""
        if self.asked.identified:
            return self._named.get(patient_id, str(patient_id))
        return sign_of(self.asked.bundle_id, patient_id)

    def text(self, text: str, patient_id: Any = None) -> str:
        """A free text: of a row about somebody not told, of others without anybody's name."""
        if self.asked.identified or not text:
            return text
        if patient_id is not None:
            return WITHHELD
        return self._names.sub(WITHHELD, text) if self._names else text

    def is_clean(self, text: str) -> bool:
        """Whether a text names nobody."""
        return self.asked.identified or not (self._names and self._names.search(text))

    def is_patient(self, actor_id: str) -> bool:
        """Whether whoever acted is a patient with pages of their own, or a holder of a link."""
        return actor_id in self._patients or not _STAFF_OR_SYSTEM.fullmatch(actor_id)


_STAFF_OR_SYSTEM = re.compile(r"system:[\w .-]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _any_of(words: Iterable[str]) -> re.Pattern[str] | None:
    found = sorted({re.escape(word) for word in words}, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(found)})\b", re.IGNORECASE) if found else None
