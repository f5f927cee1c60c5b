"""SciPy ``solve_ivp`` with LSODA, one person after the other; the analytic Jacobian for W1."""

from __future__ import annotations

from bench.pharmacology import reference
from bench.pharmacology.workloads import Array

NAME = "SciPy solve_ivp LSODA, 1 process"
PACKAGES = ("scipy",)
PEOPLE = {"W1": 300, "W2": 8}
RTOL, ATOL = 1e-6, 1e-8


def w1(parameters: Array) -> Array:
    """Concentrations of ketamine and norketamine: (N, 10) -> (N, 181, 2), mg/L."""
    return reference.w1_lsoda(parameters, RTOL, ATOL)


def w2(parameters: Array) -> Array:
    """The five outputs of the course: (N, 15) -> (N, 305, 5)."""
    return reference.w2_lsoda(parameters, RTOL, ATOL)
