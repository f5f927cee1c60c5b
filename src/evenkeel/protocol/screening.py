"""Facts in, findings out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from . import rules  # noqa: F401  (registers every rule)
from .casefile import check_document
from .errors import FactsError, ProtocolError
from .facts import Facts
from .findings import Finding, Screening, disposition_of, severity
from .pack import Protocol, Requirement, RuleEntry, default_protocol
from .registry import RULES, Case, Fired, Rule, Timing, Unknown, Verdict
from .rules.body import pregnancy_ruled_out
from .sources import CLINIC_POLICY, cite
from .vocabulary import DEPRESSION_SCORES, VOCABULARY


def screen(
    facts: Facts,
    *,
    product: str,
    jurisdiction: str = "US",
    protocol: Protocol | None = None,
    now: datetime | None = None,
    stage: Timing = "session",
) -> Screening:
    """Judge ``facts`` by ``protocol`` (default: the shipped one of product and jurisdiction).

    ``now`` (with time zone) makes dated facts go out of date, though what spoke against treatment
    stands until it is asked anew; without it none does. ``stage``
    ``course`` leaves out what is only due on the day of a session. The result is a function of
    the arguments alone. Raises ``ProtocolError`` when no protocol fits.
    """
    held = protocol or default_protocol(product, jurisdiction)
    if held.product != product:
        raise ProtocolError(
            "product", f"protocol {held.name} is for {held.product}, not for {product}"
        )
    stale = facts.out_of_date(now) if now is not None else ()
    old = {fact.key for fact in stale}
    whole = Case(facts, held)
    case = Case(facts.forgetting(old), held) if old else whole
    findings: list[Finding] = []
    questions: dict[str, list[str]] = {}
    passed = 0
    for rule in RULES.values():
        entry = held.rules.get(rule.id)
        if entry is None or (stage == "course" and rule.timing == "session"):
            continue
        verdict = _verdict(rule, case, whole)
        if isinstance(verdict, Fired):
            findings.append(_fired(rule, entry, verdict))
        elif isinstance(verdict, Unknown):
            found = _blocking(rule, entry, verdict)
            if found is not None:
                findings.append(found)
            else:
                for key in verdict.facts:
                    questions.setdefault(key, []).append(verdict.resolve)
        else:
            passed += 1
    findings += _requirements(case, stage, questions, findings)
    findings += _asked(questions, findings)
    findings += _out_of_date(old, findings)
    findings += _of_another_place(held, jurisdiction)
    findings.sort(key=lambda item: -severity(item.effect))
    return Screening(
        disposition=disposition_of([item.effect for item in findings]),
        findings=tuple(findings),
        protocol_name=held.name,
        protocol_version=held.version,
        rules_passed=passed,
    )


def screen_document(document: object, protocol: Protocol | None = None) -> dict[str, object]:
    """Screen an ``evenkeel-facts/1`` document and return what ``evenkeel screen`` prints.

    Raises ``FactsError`` for a bad document or one without a product or jurisdiction,
    ``ProtocolError`` when no protocol fits.
    """
    check_document(document, "evenkeel-facts-1")
    facts = Facts.from_document(document)
    product = facts.product or (protocol.product if protocol is not None else None)
    if product is None:
        raise FactsError("product", "is missing: say which product, or give --protocol")
    if facts.jurisdiction is None and protocol is None:
        raise FactsError("jurisdiction", "is missing: say US, EU or UK, or give --protocol")
    found = screen(
        facts,
        product=product,
        jurisdiction=facts.jurisdiction or "",
        protocol=protocol,
    )
    return found.as_document()


def label_of(key: str) -> str:
    """Return the plain-English label of a fact key."""
    return VOCABULARY[key].label


def _verdict(rule: Rule, fresh: Case, whole: Case) -> Verdict:
    """Judge by the facts in date; but bad news does not become better by growing old."""
    verdict = rule.judge(fresh)
    if fresh is whole or isinstance(verdict, Fired):
        return verdict
    before = rule.judge(whole)
    return before if isinstance(before, Fired) else verdict


def _fired(rule: Rule, entry: RuleEntry, verdict: Fired) -> Finding:
    return Finding(
        id=rule.id,
        kind=rule.kind,
        effect=entry.effect,
        level=verdict.level or entry.level,
        statement=verdict.statement,
        explanation=verdict.explanation,
        facts=verdict.facts or rule.reads,
        resolve=verdict.resolve,
        source=verdict.source or entry.source,
    )


def _blocking(rule: Rule, entry: RuleEntry, verdict: Unknown) -> Finding | None:
    """Return the finding of an unknown that could fire a contraindication, else None."""
    if entry.effect != "contraindicated":
        return None
    names = ", ".join(label_of(key) for key in dict.fromkeys(verdict.facts))
    return Finding(
        id=f"{rule.id}.unknown",
        kind="unknown",
        effect="defer",
        level="hold",
        statement=f"Not known: {names}",
        explanation="If present, it would rule treatment out. Not asked is not the same as no.",
        facts=tuple(dict.fromkeys(verdict.facts)),
        resolve=verdict.resolve or "Ask, and note the answer.",
        source=entry.source,
    )


def settled(case: Case, key: str) -> bool:
    """Return whether a required fact is known, or settled by another."""
    if case.facts[key].state != "unknown":
        if key == "scores":
            return any(name in case.mapping("scores") for name in DEPRESSION_SCORES)
        if key.endswith("_reviewed"):
            return case.yes(key) is True
        return True
    if key in ("hcg_test", "breastfeeding"):
        return case.word("sex") == "male" or case.word("pregnancy") == "not_applicable"
    if key == "pregnancy":
        return pregnancy_ruled_out(case)
    if key == "rems_enrolled":
        return case.word("setting") == "inpatient"
    if key == "child_pugh":
        return case.word("liver_tests") == "normal"
    listed = {"medicines_reviewed": "medicines", "allergies_reviewed": "allergies"}
    return key in listed and case.facts[listed[key]].state == "absent"


def _due(case: Case, stage: Timing) -> list[Requirement]:
    """Return what the protocol requires before this session; an unnumbered one is the first."""
    number = case.number("session_number")
    first = number is None or number <= 1
    return [
        need
        for need in case.protocol.required
        if (first or not need.first_only) and (stage == "session" or need.stage == "course")
    ]


def _requirements(
    case: Case, stage: Timing, questions: Mapping[str, list[str]], so_far: list[Finding]
) -> list[Finding]:
    """Return what is required and not settled, or stated in a way some rule cannot use."""
    blocked = {key for item in so_far if item.effect != "inform" for key in item.facts}
    return [
        _missing(need, questions.get(need.fact, []))
        for need in _due(case, stage)
        if (not settled(case, need.fact) or need.fact in questions) and need.fact not in blocked
    ]


def _missing(need: Requirement, resolves: list[str]) -> Finding:
    return Finding(
        id=f"required.{need.fact}",
        kind="workup",
        effect="defer",
        level="hold",
        statement=f"Missing: {label_of(need.fact)}",
        explanation="The protocol asks for it before this session.",
        facts=(need.fact,),
        resolve=" ".join(dict.fromkeys(filter(None, resolves))) or need.resolve,
        source=need.source,
    )


def _asked(questions: Mapping[str, list[str]], so_far: list[Finding]) -> list[Finding]:
    """Return one question a fact, leaving out facts some blocking finding already asks for."""
    blocked = {key for item in so_far if item.effect != "inform" for key in item.facts}
    return [
        Finding(
            id=f"ask.{key}",
            kind="unknown",
            effect="inform",
            level="inform",
            statement=f"Not known: {label_of(key)}",
            explanation="It would not rule treatment out, but it may change how it is given.",
            facts=(key,),
            resolve=" ".join(dict.fromkeys(filter(None, resolves))) or "Ask, and note the answer.",
            source=cite("clinic", CLINIC_POLICY),
        )
        for key, resolves in questions.items()
        if key not in blocked
    ]


def _of_another_place(held: Protocol, jurisdiction: str) -> list[Finding]:
    """Say so when a protocol given by hand was not written for this jurisdiction."""
    if not jurisdiction or jurisdiction in held.jurisdictions:
        return []
    return [
        Finding(
            id="protocol.jurisdiction",
            kind="process",
            effect="inform",
            level="review",
            statement=f"The protocol {held.name} is for {', '.join(held.jurisdictions)}",
            explanation=f"The case is stated for {jurisdiction:.40}; its law may ask for more.",
            facts=(),
            resolve=f"Add {jurisdiction:.40} to the protocol's jurisdictions once it is checked.",
            source=cite("clinic", CLINIC_POLICY),
        )
    ]


def _out_of_date(old: set[str], so_far: list[Finding]) -> list[Finding]:
    """Return one note a fact that was set aside for its age; what blocks is said elsewhere."""
    return [
        Finding(
            id=f"stale.{key}",
            kind="unknown",
            effect="inform",
            level="inform",
            statement=f"Out of date: {spec.label}",
            explanation=f"Older than {spec.max_age_days:g} days, so it counts as not known.",
            facts=(key,),
            resolve="Ask or measure again.",
            source=cite("clinic", CLINIC_POLICY),
        )
        for key, spec in VOCABULARY.items()
        if key in old
    ]
