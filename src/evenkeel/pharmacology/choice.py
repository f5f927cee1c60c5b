"""Which model answers for a drug and its routes: one table, so that everybody asks the same one."""

from __future__ import annotations

from typing import Literal

from .errors import RegimenError
from .regimen import Regimen

Drug = Literal["racemic", "s_ketamine"]
NAMES: dict[str, str] = {"racemic": "racemic ketamine", "s_ketamine": "esketamine"}

#: (drug, blood) -> models; the first whose routes cover all that a regimen uses is taken.
DEFAULTS: dict[tuple[str, str], tuple[tuple[frozenset[str], str], ...]] = {
    ("racemic", "venous"): (
        (frozenset({"iv", "im", "sc", "sublingual", "oral"}), "composite_racemic"),
    ),
    ("s_ketamine", "venous"): (
        (frozenset({"iv"}), "otto_2021_fanta_2015"),
        (frozenset({"oral"}), "ashraf_2018"),
        (frozenset({"nasal", "iv", "oral"}), "perez_ruixo_2021"),
        (frozenset({"oral_film", "iv"}), "simons_2022"),
    ),
    ("s_ketamine", "arterial"): ((frozenset({"oral_film", "iv"}), "simons_2022"),),
}


def default_model(drug: Drug, regimen: Regimen, sampling: str = "venous") -> str:
    """The id of the model that answers for a regimen.

    Raises ``RegimenError``, naming the routes that have one, where no model covers the regimen.
    """
    routes = {dose.route for dose in regimen}
    choices = DEFAULTS.get((drug, sampling), ())
    for covered, model in choices:
        if routes <= covered:
            return model
    known = "; ".join(", ".join(sorted(covered)) for covered, _ in choices) or "none"
    raise RegimenError(
        f"no bundled model gives {NAMES[drug]} by {' and '.join(sorted(routes))} "
        f"({sampling} blood); there is one for: {known}"
    )
