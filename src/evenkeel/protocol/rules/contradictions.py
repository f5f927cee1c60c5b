"""Statements about one person that cannot both be true."""

from __future__ import annotations

from ..registry import CLEAR, Case, Fired, Verdict, rule


@rule(
    "contradictory_facts",
    kind="unknown",
    reads=("contradictions", "pregnancy", "hcg_test", "sex", "breastfeeding"),
)
def contradictory_facts(case: Case) -> Verdict:
    """Facts that do not agree are never settled to the better by themselves."""
    differ: dict[str, tuple[str, ...]] = dict.fromkeys(
        case.names("contradictions"), ("contradictions",)
    )
    pregnancy, test = case.word("pregnancy"), case.word("hcg_test")
    if test == "positive" and pregnancy in ("negative", "not_applicable"):
        said = pregnancy.replace("_", " ")
        differ[f"pregnancy is {said}, but the test is positive"] = ("pregnancy", "hcg_test")
    if pregnancy == "positive" and test == "negative":
        differ["pregnancy is positive, but the test is negative"] = ("pregnancy", "hcg_test")
    if case.word("sex") == "male":
        for key, said in (
            ("pregnancy", "pregnancy is positive"),
            ("hcg_test", "the pregnancy test is positive"),
        ):
            if case.word(key) == "positive":
                differ[f"the sex is male, but {said}"] = ("sex", key)
        if case.yes("breastfeeding"):
            differ["the sex is male, but breast-feeding is stated"] = ("sex", "breastfeeding")
    if not differ:
        return CLEAR
    return Fired(
        "Does not agree: " + "; ".join(differ),
        "One of the two must be wrong; the worse one is taken until it is settled.",
        "Ask again, and correct the wrong one.",
        tuple(dict.fromkeys(key for keys in differ.values() for key in keys)),
    )
