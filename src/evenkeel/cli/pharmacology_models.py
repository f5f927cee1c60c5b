"""The bundled models as ``evenkeel simulate`` lists them, and which answers for a regimen."""

from __future__ import annotations

import textwrap

from evenkeel.pharmacology import Regimen, load_model, model_ids
from evenkeel.pharmacology.choice import DEFAULTS, NAMES, Drug, default_model
from evenkeel.pharmacology.regimen import NASAL


def choose_model(regimen: Regimen, drug: Drug | None) -> str:
    """The id of the model for a regimen. Without a drug, what is given nasally is esketamine.

    Raises ``RegimenError`` where no bundled model covers the routes.
    """
    if drug is None:
        drug = "s_ketamine" if {dose.route for dose in regimen} == {NASAL} else "racemic"
    return default_model(drug, regimen)


def listed() -> str:
    """The bundled models, and which is chosen when."""
    lines = []
    for name in model_ids():
        model = load_model(name)
        lines += [name, *_folded(model.title)]
        lines.append(f"    {NAMES[model.drug]}, blood sampled: {model.sampling}")
        routes = (f"{route.name} ({route.status})" for route in model.routes.values())
        lines += _folded(f"routes: {', '.join(routes)}")
        lines += _folded(f"outputs: {', '.join(model.outputs)}")
        lines += _folded(f"covariates: {', '.join(model.covariates) or 'none'}")
        lines += _folded(f"{model.citation}{f' doi:{model.doi}' if model.doi else ''}")
        lines.append("")
    lines.append("Chosen where --model is not given:")
    for (drug, sampling), rows in DEFAULTS.items():
        if sampling == "venous":
            for covered, name in rows:
                lines.append(f"    {NAMES[drug]}, {', '.join(sorted(covered))}: {name}")
    return "\n".join(lines)


def _folded(text: str) -> list[str]:
    return textwrap.wrap(text, 96, initial_indent="    ", subsequent_indent="      ")
