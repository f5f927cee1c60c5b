"""The seven products. S-ketamine and racemate are different products, never a flag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Drug = Literal["esketamine", "racemic ketamine"]
Route = Literal["nasal", "intravenous", "intramuscular", "subcutaneous", "oral", "sublingual"]


@dataclass(frozen=True, slots=True)
class Product:
    """One product as it is ordered and given.

    ``concentrations_mg_ml`` are the vials sold; empty where the product is not drawn from a
    vial. ``by_weight`` says that its published doses are per kilogram. ``concentration_sources``
    are keys of the source list.
    """

    code: str
    label: str
    drug: Drug
    route: Route
    is_infusion: bool
    by_weight: bool
    off_label: bool
    concentrations_mg_ml: tuple[int, ...] = ()
    concentration_sources: tuple[str, ...] = ()
    device_mg: int | None = None


_RACEMIC_VIALS: Final = (10, 50, 100)
_S_KETAMINE_VIALS: Final = (5, 25)

PRODUCTS: Final[dict[str, Product]] = {
    product.code: product
    for product in (
        Product(
            code="esketamine_nasal",
            label="Esketamine nasal spray",
            drug="esketamine",
            route="nasal",
            is_infusion=False,
            by_weight=False,
            off_label=False,
            device_mg=28,
        ),
        Product(
            code="esketamine_iv",
            label="S-ketamine IV infusion",
            drug="esketamine",
            route="intravenous",
            is_infusion=True,
            by_weight=True,
            off_label=True,
            concentrations_mg_ml=_S_KETAMINE_VIALS,
            concentration_sources=("s_ketamine_5", "s_ketamine_25"),
        ),
        Product(
            code="racemic_iv",
            label="Ketamine (racemic) IV infusion",
            drug="racemic ketamine",
            route="intravenous",
            is_infusion=True,
            by_weight=True,
            off_label=True,
            concentrations_mg_ml=_RACEMIC_VIALS,
            concentration_sources=("ketalar",),
        ),
        Product(
            code="racemic_im",
            label="Ketamine (racemic) IM injection",
            drug="racemic ketamine",
            route="intramuscular",
            is_infusion=False,
            by_weight=True,
            off_label=True,
            concentrations_mg_ml=_RACEMIC_VIALS,
            concentration_sources=("ketalar",),
        ),
        Product(
            code="racemic_sc",
            label="Ketamine (racemic) SC injection",
            drug="racemic ketamine",
            route="subcutaneous",
            is_infusion=False,
            by_weight=True,
            off_label=True,
            concentrations_mg_ml=_RACEMIC_VIALS,
            concentration_sources=("ketalar",),
        ),
        Product(
            code="racemic_oral",
            label="Ketamine (racemic) by mouth",
            drug="racemic ketamine",
            route="oral",
            is_infusion=False,
            by_weight=False,
            off_label=True,
        ),
        Product(
            code="racemic_sublingual",
            label="Ketamine (racemic) under the tongue",
            drug="racemic ketamine",
            route="sublingual",
            is_infusion=False,
            by_weight=False,
            off_label=True,
        ),
    )
}
