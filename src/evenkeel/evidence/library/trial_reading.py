"""Trials from their files; each mistake named by file, row and field."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from evenkeel.evidence.library.fields import Fields, parse_object, read_object
from evenkeel.evidence.library.trial import (
    BIAS,
    BLINDINGS,
    COURSES,
    DESIGNS,
    EFFECT_KINDS,
    MARKS,
    PAYERS,
    READ,
    Arm,
    Contrast,
    Funding,
    RiskOfBias,
    Row,
    Source,
    Trial,
)
from evenkeel.evidence.library.trial_sums import check_sums
from evenkeel.evidence.pooling import EvidenceError

FOLDER = Path(__file__).parent.parent / "trials"


@cache
def trials() -> dict[str, Trial]:
    """All trials by id, in order of year and id; read once a process.

    Raises ``EvidenceError`` where a file, or the files together, are not as they should be.
    """
    found = [_trial(Fields(path.name, read_object(path))) for path in sorted(FOLDER.glob("*.json"))]
    by_id: dict[str, Trial] = {}
    rows: dict[str, str] = {}
    for trial in sorted(found, key=lambda t: (t.year, t.id)):
        if trial.id in by_id:
            raise EvidenceError(f"two files hold the trial {trial.id}")
        by_id[trial.id] = trial
        for row in trial.rows:
            if row.id in rows:
                raise EvidenceError(f"row {row.id} stands in {rows[row.id]} and in {trial.id}")
            rows[row.id] = trial.id
    for trial in found:
        missing = [part for part in trial.holds if part not in by_id]
        if missing:
            raise EvidenceError(f"{trial.id} says it holds {missing[0]}, which no file is about")
    return by_id


def read_trial(content: bytes, name: str) -> Trial:
    """One trial from the bytes of a file. Raises ``EvidenceError``, naming file, row and field."""
    return _trial(Fields(name, parse_object(content, name)))


def _trial(f: Fields) -> Trial:
    arms = tuple(_arm(Fields(f"{f.where}, arm", a)) for a in f.objects("arms", 20))
    if len({arm.id for arm in arms}) < len(arms):
        raise f.wrong("arms", "an id stands twice")
    inside = f.inside("sources")
    sources = {key: _source(inside.inside(key)) for key in inside.keys()}  # noqa: SIM118
    registry = f.inside("registry") if f.has("registry") else None
    year = f.count("year", 1950)
    if year is None:
        raise f.wrong("year", "this is missing")
    trial_id = f.words("id")
    trial = Trial(
        id=trial_id,
        name=f.words("name"),
        about=f.words("about"),
        year=year,
        doi=f.words_or_none("doi"),
        doi_read=f.flag("doi_read", False),
        pmid=f.words_or_none("pmid"),
        registry=registry.words("id") if registry else f.words_or_none("registry"),
        registry_read=registry.flag("read", False) if registry else False,
        population=f.words("population"),
        diagnosis=f.words("diagnosis"),
        design=f.choice("design", DESIGNS),
        design_words=f.words("design_words"),
        blinding=f.choice("blinding", BLINDINGS),
        blinding_words=f.words("blinding_words", ""),
        randomized_n=f.count("randomized_n", 1),
        drug=f.words("drug"),
        route=f.words("route"),
        course=f.choice("course", COURSES),
        regimen=f.words("regimen"),
        comparator=f.words("comparator"),
        comparator_words=f.words("comparator_words"),
        funding=_funding(f),
        risk_of_bias=_risk_of_bias(f),
        found_nothing=f.words("found_nothing", ""),
        holds=f.texts("holds"),
        notes=f.texts("notes"),
        arms=arms,
        rows=tuple(
            _row(f, number, found, trial_id, arms, sources)
            for number, found in enumerate(f.objects("rows"), start=1)
        ),
    )
    if registry:
        registry.done()
    f.done()
    if trial.design == "pooled_report" and not trial.holds:
        raise f.wrong("holds", "a report that pools trials must name them")
    check_sums(trial, f.where)
    return trial


def _arm(f: Fields) -> Arm:
    arm = Arm(f.words("id"), f.choice("role", ("treatment", "comparator")), f.words("name"))
    f.done()
    return arm


def _source(f: Fields) -> Source:
    source = Source(f.words("cite"), f.choice("read", READ))
    f.done()
    return source


def _funding(whole: Fields) -> Funding | None:
    f = whole.inside_or_none("funding")
    if f is None:
        return None
    funding = Funding(
        words=f.words("words"),
        kind=f.choice("kind", PAYERS),
        mark=f.choice("mark", MARKS),
        source=_source(f.inside("source")),
    )
    f.done()
    _read_as_marked(f, funding.mark, funding.source)
    return funding


def _risk_of_bias(whole: Fields) -> RiskOfBias | None:
    f = whole.inside_or_none("risk_of_bias")
    if f is None:
        return None
    judged = RiskOfBias(
        judgment=f.choice("judgment", BIAS),
        by=f.words("by"),
        words=f.words("words"),
        mark=f.choice("mark", MARKS),
        source=_source(f.inside("source")),
    )
    f.done()
    _read_as_marked(f, judged.mark, judged.source)
    return judged


def _read_as_marked(f: Fields, mark: str, source: Source) -> None:
    if mark == "verified" and source.read == "not read":
        raise f.wrong("mark", "what was not read cannot be verified")


def _row(
    whole: Fields,
    number: int,
    found: object,
    trial: str,
    arms: tuple[Arm, ...],
    sources: dict[str, Source],
) -> Row:
    f = Fields(f"{whole.where}, row {number}", found)
    row_id = f.words("row")
    f.where = f"{whole.where}, row {row_id}"
    arm, contrast = f.words("arm", ""), f.words("contrast", "")
    if bool(arm) == bool(contrast):
        raise f.wrong("arm", "a row is of an arm or is a contrast, one of the two")
    if arm and arm not in {a.id for a in arms}:
        raise f.wrong("arm", f"there is no arm {arm[:40]!r}")
    if bool(contrast) != f.has("effect"):
        raise f.wrong("effect", "a contrast has an effect, and no other row has one")
    source = f.words("source")
    if source not in sources:
        raise f.wrong("source", f"there is no source {source[:40]!r}")
    row = Row(
        id=row_id,
        trial=trial,
        arm=arm,
        contrast=contrast,
        outcome=f.words("outcome"),
        reported_as=f.words("reported_as", ""),
        when=f.words("when"),
        day=f.number("day", 0, 20_000),
        score=f.words("score", ""),
        scale=f.words("scale", ""),
        events=f.count("events"),
        n=f.count("n", 1),
        mean=f.number("mean"),
        sd=f.number("sd", 1e-9),
        se=f.number("se", 1e-9),
        percent=f.number("percent", 0, 100),
        median_d=f.number("median_d", 0),
        effect=_contrast(f.inside("effect")) if contrast else None,
        definition=f.words("definition", ""),
        derived=f.words("derived", ""),
        note=f.words("note", ""),
        table=f.words("table", ""),
        mark=f.choice("mark", MARKS),
        source=sources[source],
    )
    f.done()
    return row


def _contrast(f: Fields) -> Contrast:
    contrast = Contrast(
        kind=f.choice("kind", EFFECT_KINDS),
        words=f.words("words"),
        estimate=f.number("estimate"),
        low=f.number("low"),
        high=f.number("high"),
        se=f.number("se", 1e-9),
        p=f.number("p", 0, 1),
        n1=f.count("n1", 1),
        n2=f.count("n2", 1),
        low_90=f.number("low_90"),
        high_90=f.number("high_90"),
        result=f.words("result", ""),
    )
    f.done()
    return contrast
