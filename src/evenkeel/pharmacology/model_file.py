"""Reads and checks the files in ``models/``. A file that contradicts itself is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np

from .document import Document
from .errors import ExpressionError, ModelError
from .expressions import FUNCTIONS, Expression, parse
from .locate import repeated_key
from .model import (
    HOURS_PER_UNIT,
    Covariate,
    Flow,
    Model,
    Output,
    Parameter,
    Residual,
    Route,
    RouteInput,
    Variability,
)

FORMAT = "evenkeel-model/1"
FOLDER = Path(__file__).parent / "models"
MARKS = ("measured", "derived", "assumed")
VERIFICATIONS = ("verified", "secondary", "computed", "unverified")
STATUSES = ("validated", "extrapolated", "derived")
SAMPLINGS = ("venous", "arterial", "not read")
OUTPUTS = (
    "s_ketamine_ng_ml",
    "r_ketamine_ng_ml",
    "ketamine_ng_ml",
    "s_norketamine_ng_ml",
    "r_norketamine_ng_ml",
    "norketamine_ng_ml",
    "s_hydroxynorketamine_ng_ml",
)
LARGEST_BYTES = 1_000_000
_REQUIRED = (
    *("format", "id", "title", "version", "citation", "verification", "population", "sampling"),
    *("drug", "not_for", "time_unit", "covariates", "parameters", "variability", "individual"),
    *("compartments", "flows", "routes", "outputs", "residual"),
)
_OPTIONAL = ("read_at", "notes", "not_drawn")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}\Z")


def model_ids() -> tuple[str, ...]:
    """The models that are bundled, by id."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


@cache
def load_model(id_or_path: str | Path) -> Model:
    """A bundled model by its id, or one's own from a path ending in ``.json``.

    Raises ``ModelError``, which names the file and the line, where the file is missing, is not
    what the format asks, or contradicts itself.
    """
    path = Path(id_or_path)
    if path.suffix != ".json":
        if str(id_or_path) not in model_ids():
            known = ", ".join(model_ids())
            raise ModelError(f"{id_or_path}", 0, f"there is no such model; there are: {known}")
        path = FOLDER / f"{id_or_path}.json"
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ModelError(path.name, 0, f"larger than {LARGEST_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(path.name, 0, f"cannot be read: {error}") from error
    return read_model(text, path.name)


def read_model(text: str, file: str) -> Model:
    """The model that ``text`` states. Raises ``ModelError`` naming ``file`` and the line."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ModelError(file, error.lineno, error.msg) from error
    except (ValueError, RecursionError) as error:
        raise ModelError(file, 1, f"cannot be read: {error}") from error
    twice = repeated_key(text)
    if twice is not None:
        raise ModelError(file, twice[0], f"{twice[1]!r} stands twice in one object")
    return _Reader(text, file, document).model()


class _Reader(Document):
    """Takes one file apart; every complaint knows its line."""

    def __init__(self, text: str, file: str, document: Any) -> None:
        super().__init__(text, file, document)
        self.known: set[str] = set()
        self.varying: set[str] = set()

    def formula(self, *path: str | int) -> Expression:
        try:
            found = parse(self.at(*path))
        except ExpressionError as error:
            raise self.wrong(str(error), *path) from error
        for name in sorted(found.names - self.known):
            raise self.wrong(f"the formula {found.text!r} names {name!r}, defined nowhere", *path)
        return found

    def new_name(self, name: str, *path: str | int) -> str:
        if not _NAME.match(name) or name in FUNCTIONS:
            raise self.wrong(f"{name!r} cannot be a name", *path)
        if name in self.known:
            raise self.wrong(f"{name!r} is defined twice", *path)
        self.known.add(name)
        return name

    # --- the parts -------------------------------------------------------------------------

    def model(self) -> Model:
        self.object()
        # A key that is misspelled is named before the one that is missing for it.
        self.no_more_than(_REQUIRED + _OPTIONAL)
        self.object(keys=_REQUIRED)
        self.text_of("format", choices=(FORMAT,))
        model_id = self.text_of("id")
        if self.file != f"{model_id}.json":
            raise self.wrong(f"the id {model_id!r} is not the file's name", "id")
        self.object("citation", keys=("text",))
        self.no_more_than(("text", "doi", "pmid"), "citation")
        covariates = {name: self.covariate(name) for name in self.object("covariates")}
        parameters = {name: self.parameter(name) for name in self.object("parameters")}
        variability = tuple(
            self.block(i, parameters) for i in range(len(self.items("variability")))
        )
        individual = {}
        for name in self.object("individual"):
            individual[name] = self.formula("individual", name)
            self.new_name(name, "individual", name)
        compartments = tuple(self.items("compartments"))
        named = all(isinstance(c, str) and _NAME.match(c) for c in compartments)
        if not named or len(set(compartments)) != len(compartments):
            raise self.wrong("compartments must be different names", "compartments")
        model = Model(
            id=model_id,
            title=self.text_of("title"),
            version=int(self.number("version", low=1)),
            citation=self.text_of("citation", "text"),
            doi=str(self.at("citation").get("doi") or ""),
            read_at=self.texts("read_at"),
            verification=self.text_of("verification"),
            population=self.population(),
            sampling=self.text_of("sampling", choices=SAMPLINGS),
            drug=cast(Any, self.text_of("drug", choices=("s_ketamine", "racemic"))),
            not_for=self.texts("not_for"),
            notes=self.texts("notes"),
            time_unit=cast(Any, self.text_of("time_unit", choices=tuple(HOURS_PER_UNIT))),
            covariates=covariates,
            parameters=parameters,
            variability=variability,
            not_drawn=tuple(self.items("not_drawn")) if "not_drawn" in self.document else (),
            individual=individual,
            compartments=compartments,
            flows=tuple(self.flow(i, compartments) for i in range(len(self.items("flows")))),
            routes={name: self.route(name, compartments) for name in self.object("routes")},
            outputs={name: self.output(name, compartments) for name in self.object("outputs")},
            residual={},
            file=self.file,
        )
        residual = {name: self.residual(name, model) for name in self.object("residual")}
        object.__setattr__(model, "residual", residual)
        self.typical(model)
        return model

    def population(self) -> Mapping[str, Any]:
        found = self.object("population", keys=("text",))
        # What is misspelled here would leave a person outside the studied range unmarked.
        self.no_more_than(("text", "n", "weight_kg", "age_years"), "population")
        for name in ("weight_kg", "age_years"):
            if name in found and found[name] is not None:
                path = ("population", name)
                if len(self.items(*path)) != 2:
                    raise self.wrong(f"{name} must be the lowest and the highest", *path)
                self.number(*path, 1, low=self.number(*path, 0))
        return found

    def covariate(self, name: str) -> Covariate:
        path = ("covariates", name)
        self.object(*path, keys=("default", "low", "high", "source"))
        self.no_more_than(("default", "low", "high", "source"), *path)
        self.new_name(name, *path)
        low, high = self.number(*path, "low"), self.number(*path, "high")
        default = self.number(*path, "default", low=low, high=high)
        return Covariate(name, default, low, high, self.text_of(*path, "source"))

    def parameter(self, name: str) -> Parameter:
        path = ("parameters", name)
        keys = ("value", "unit", "mark", "source", "verification")
        self.object(*path, keys=keys)
        self.no_more_than(keys, *path)
        self.new_name(name, *path)
        return Parameter(
            name,
            self.number(*path, "value"),
            str(self.at(*path, "unit")),
            cast(Any, self.text_of(*path, "mark", choices=MARKS)),
            self.text_of(*path, "source"),
            self.text_of(*path, "verification", choices=VERIFICATIONS),
        )

    def block(self, index: int, parameters: Mapping[str, Parameter]) -> Variability:
        path = ("variability", index)
        keys = ("parameters", "scale", "omega2", "mark", "source", "verification")
        self.object(*path, keys=keys[:5])
        self.no_more_than(keys, *path)
        names = tuple(self.items(*path, "parameters"))
        for place, name in enumerate(names):
            if not isinstance(name, str) or name not in parameters:
                raise self.wrong(f"{name!r} is no parameter", *path, "parameters", place)
            if name in self.varying:
                raise self.wrong(f"{name} varies in two places", *path, "parameters", place)
            self.varying.add(name)
        scale = self.text_of(*path, "scale", choices=("log", "logit", "additive"))
        for name in names:
            value = parameters[name].value
            if (scale == "log" and value <= 0) or (scale == "logit" and not 0 < value < 1):
                raise self.wrong(f"{name} is {value}: no {scale} scale is possible", *path)
        try:
            omega2 = np.array(self.at(*path, "omega2"), dtype=float)
        except (TypeError, ValueError, OverflowError):
            omega2 = np.empty(0)
        if omega2.shape != (len(names), len(names)) or not np.isfinite(omega2).all():
            raise self.wrong(f"omega2 must have {len(names)} rows and columns", *path, "omega2")
        if not np.allclose(omega2, omega2.T) or np.linalg.eigvalsh(omega2).min() < -1e-12:
            raise self.wrong("omega2 is no covariance matrix", *path, "omega2")
        omega2.setflags(write=False)
        return Variability(
            names,
            cast(Any, scale),
            omega2,
            cast(Any, self.text_of(*path, "mark", choices=MARKS)),
            self.text_of(*path, "source"),
            str(self.at(*path).get("verification", "")),
        )

    def compartment(self, compartments: tuple[str, ...], *path: str | int) -> str:
        name = self.at(*path)
        if name not in compartments:
            raise self.wrong(f"{name!r} is no compartment", *path)
        return str(name)

    def flow(self, index: int, compartments: tuple[str, ...]) -> Flow:
        path = ("flows", index)
        found = self.object(*path, keys=("from", "to", "rate"))
        self.no_more_than(("from", "to", "rate", "yield"), *path)
        origin = self.compartment(compartments, *path, "from")
        to = None if found["to"] is None else self.compartment(compartments, *path, "to")
        if origin == to:
            raise self.wrong("a flow must lead elsewhere", *path)
        share = self.formula(*path, "yield") if "yield" in found else parse("1")
        return Flow(origin, to, self.formula(*path, "rate"), share)

    def route(self, name: str, compartments: tuple[str, ...]) -> Route:
        path = ("routes", name)
        given = self.object(*path, keys=("status", "note", "inputs"))
        self.no_more_than(("status", "note", "inputs", "shortest_min"), *path)
        self.known.add("first_device")
        inputs = []
        for i in range(len(self.items(*path, "inputs"))):
            here = (*path, "inputs", i)
            found = self.object(*here, keys=("to", "fraction"))
            self.no_more_than(("to", "fraction", "over"), *here)
            over = self.formula(*here, "over") if "over" in found else None
            to = self.compartment(compartments, *here, "to")
            inputs.append(RouteInput(to, self.formula(*here, "fraction"), over))
        self.known.discard("first_device")
        if not inputs:
            raise self.wrong(f"nothing of a dose given {name} arrives", *path)
        status = self.text_of(*path, "status", choices=STATUSES)
        shortest = 0.0
        if "shortest_min" in given:
            shortest = self.number(*path, "shortest_min", low=0.0)
        note = str(self.at(*path, "note"))
        return Route(name, cast(Any, status), note, tuple(inputs), shortest)

    def output(self, name: str, compartments: tuple[str, ...]) -> Output:
        path = ("outputs", name)
        if name not in OUTPUTS:
            raise self.wrong(f"{name!r} is none of {OUTPUTS}", *path)
        self.object(*path, keys=("terms",))
        self.no_more_than(("terms",), *path)
        terms = {}
        for compartment in self.object(*path, "terms"):
            if compartment not in compartments:
                raise self.wrong(f"{compartment!r} is no compartment", *path, "terms", compartment)
            terms[compartment] = self.formula(*path, "terms", compartment)
        return Output(name, terms)

    def residual(self, name: str, model: Model) -> Residual:
        path = ("residual", name)
        if name not in model.outputs:
            raise self.wrong(f"{name!r} is no output of this model", *path)
        found = self.object(*path, keys=("kind", "mark", "source"))
        kind = self.text_of(*path, "kind", choices=("proportional", "log_additive", "combined"))
        sd_key = "sd_proportional" if kind == "combined" else "sd"
        self.object(*path, keys=(sd_key,))
        self.no_more_than((sd_key, "sd_add_ng_ml", "kind", "mark", "source", "note"), *path)
        return Residual(
            name,
            cast(Any, kind),
            self.number(*path, sd_key, low=0, high=5),
            self.number(*path, "sd_add_ng_ml", low=0) if "sd_add_ng_ml" in found else 0.0,
            cast(Any, self.text_of(*path, "mark", choices=MARKS)),
            self.text_of(*path, "source"),
        )

    # --- does it work out? -----------------------------------------------------------------

    def typical(self, model: Model) -> None:
        """Work every formula out for the typical person; each must give a number it can be."""
        values: dict[str, Any] = {c.name: c.default for c in model.covariates.values()}
        values |= {p.name: p.value for p in model.parameters.values()}
        work: list[tuple[Expression, tuple[str | int, ...], str]] = []
        for name, formula in model.individual.items():
            values[name] = self.value(formula, values, lambda v: True, "individual", name)
        for i, flow in enumerate(model.flows):
            work += [(flow.rate, ("flows", i, "rate"), ">= 0")]
            work += [(flow.share, ("flows", i, "yield"), ">= 0")]
        for output in model.outputs.values():
            for name, term in output.terms.items():
                work.append((term, ("outputs", output.name, "terms", name), "> 0"))
        for formula, path, rule in work:
            self.value(formula, values, _RULES[rule], *path)
        drawn = {*model.random_effects, *model.covariates}
        for route in model.routes.values():
            for i, entry in enumerate(route.inputs):
                path = ("routes", route.name, "inputs", i)
                for first in (0.0, 1.0):
                    known = values | {"first_device": first}
                    self.value(entry.fraction, known, _RULES[">= 0"], *path, "fraction")
                if entry.over is not None:
                    self.value(entry.over, values, _RULES["> 0"], *path, "over")
                    if self.depends_on(entry.over, model) & drawn:
                        raise self.wrong("this duration varies between people", *path, "over")

    def value(
        self,
        formula: Expression,
        values: Mapping[str, Any],
        rule: Callable[[float], bool],
        *path: str | int,
    ) -> float:
        try:
            with np.errstate(all="ignore"):
                found = float(formula(values))
        except (ExpressionError, TypeError, ValueError) as error:
            raise self.wrong(f"cannot work out {formula.text!r}: {error}", *path) from error
        if not np.isfinite(found) or not rule(found):
            raise self.wrong(f"{formula.text!r} gives {found:g} for the typical person", *path)
        return found

    @staticmethod
    def depends_on(formula: Expression, model: Model) -> set[str]:
        """The parameters and covariates a formula rests on, through those in between."""
        found, open_names = set(), set(formula.names)
        while open_names:
            name = open_names.pop()
            found.add(name)
            if name in model.individual:
                open_names |= model.individual[name].names - found
        return found


_RULES: dict[str, Callable[[float], bool]] = {">= 0": lambda v: v >= 0, "> 0": lambda v: v > 0}
