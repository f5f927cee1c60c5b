"""What a screening rests on: the facts, the findings, and a digest of what was shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from datetime import datetime
from typing import Any, Final

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.people.facts import assemble_facts
from evenkeel.clinic.protocols.queries import HeldProtocol, standing_at
from evenkeel.clinic.record.chain import canonical, digest
from evenkeel.clinic.record.errors import Refused
from evenkeel.protocol.facts import Fact, Facts
from evenkeel.protocol.findings import Finding, Screening, severity
from evenkeel.protocol.pack import Protocol
from evenkeel.protocol.products import PRODUCTS
from evenkeel.protocol.screening import screen

#: What a prescriber can decide, besides what the protocol proposes.
DECISIONS: Final[dict[str, str]] = {
    "eligible": "Eligible",
    "defer": "Defer",
    "needs_specialist_review": "Specialist review",
    "contraindicated": "Not eligible",
}
#: Worked out at each look and dated then; the value alone tells whether it changed.
_DATED_NOW: Final = frozenset({"age_years"})
#: Parts of a fact that change by the mere passing of time; what they mean is in the findings.
_PASSING: Final = frozenset({"minutes_ago", "days_ago", "last_taken_hours_ago"})


@dataclass(frozen=True, slots=True)
class Review:
    """One screening as it stands now. ``digest`` changes when facts, dates or findings do."""

    product: str
    jurisdiction: str
    held: HeldProtocol
    facts: Facts
    screening: Screening
    out_of_date: frozenset[str]
    digest: str

    @property
    def protocol(self) -> Protocol:
        """The protocol screened by."""
        return self.held.protocol


def review_of(course: Course, product: str, now: datetime) -> Review:
    """Screen the person of ``course`` for ``product`` with what is known at ``now``.

    Raises ``Refused`` for an unknown product, or where no protocol is in force for it here.
    """
    jurisdiction = course.site.jurisdiction
    if product not in PRODUCTS:
        raise Refused("There is no such product.", code="no_product")
    held = standing_at(product, course.site, now)
    if held is None:
        raise Refused(
            f"No protocol for {PRODUCTS[product].label} is in force in {jurisdiction}.",
            what_to_do="Choose another product, or ask the medical director.",
            code="no_protocol",
        )
    facts = assemble_facts(course.patient, now=now, product=product)
    found = screen(
        facts,
        product=product,
        jurisdiction=jurisdiction,
        protocol=held.protocol,
        now=now,
        stage="course",
    )
    old = frozenset(fact.key for fact in facts.out_of_date(now))
    return Review(
        product, jurisdiction, held, facts, found, old, _digest(product, facts, found, held)
    )


def _digest(product: str, facts: Facts, found: Screening, held: HeldProtocol) -> str:
    shown = facts_document(facts)
    for key in _DATED_NOW & shown.keys():
        shown[key]["as_of"] = None
    return digest(
        canonical(
            {
                "product": product,
                "protocol": [found.protocol_name, found.protocol_version, held.text_hash],
                "disposition": found.disposition,
                "findings": [[f.id, f.effect, f.level] for f in found.findings],
                "facts": {key: _lasting(fact) for key, fact in shown.items()},
            }
        )
    )


def _lasting(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _lasting(v) for k, v in value.items() if k not in _PASSING}
    if isinstance(value, list):
        return [_lasting(item) for item in value]
    return value


def facts_document(facts: Facts) -> dict[str, Any]:
    """The stated facts as plain JSON: key -> {state, value, as_of, origin}."""
    return {key: _fact_document(facts[key]) for key in facts}


def _fact_document(fact: Fact) -> dict[str, Any]:
    return {
        "state": fact.state,
        "value": _plain(fact.value),
        "as_of": fact.as_of.isoformat() if fact.as_of else None,
        "origin": fact.origin,
    }


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {k: _plain(v) for k, v in asdict(value).items()}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list | frozenset | set):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def departs(proposed: str, decision: str) -> bool:
    """Whether a decision is another than the protocol proposed."""
    return proposed != decision


def is_laxer(proposed: str, decision: str) -> bool:
    """Whether a decision lets through what the protocol would have held."""
    return _rank(decision) < _rank(proposed)


def _rank(disposition: str) -> int:
    return 0 if disposition == "eligible" else severity(disposition)  # type: ignore[arg-type]


def findings_document(found: Screening) -> list[dict[str, Any]]:
    """The findings as plain JSON, in the order shown."""
    document = found.as_document()["findings"]
    assert isinstance(document, list)
    return document


def blocking(found: Screening) -> list[Finding]:
    """The findings that stand against treatment now."""
    return [finding for finding in found.findings if finding.effect != "inform"]
