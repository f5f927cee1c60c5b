"""Formulas in model files: arithmetic over named arrays and nothing else.

A formula is parsed once with Python's own grammar, checked against a short list of allowed nodes,
and then worked out on NumPy arrays. Attribute access, indexing, comparison, calls other than to
the functions below and names that nobody defined are refused when the file is loaded.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ExpressionError

Array = NDArray[np.float64]
Value = Array | float
_Run = Callable[[Mapping[str, Value]], Value]

#: A formula longer than this is a mistake or an attack.
LONGEST = 400
_DEEPEST = 40


def _expit(x: Value) -> Value:
    return 1.0 / (1.0 + np.exp(-x))


def _logit(p: Value) -> Value:
    return np.log(p) - np.log1p(-p)


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "min": np.minimum,
    "max": np.maximum,
    "expit": _expit,
    "logit": _logit,
}
_ARITY = {"min": 2, "max": 2}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


@dataclass(frozen=True, slots=True)
class Expression:
    """One formula. ``names`` are the quantities it needs."""

    text: str
    names: frozenset[str]

    def __call__(self, values: Mapping[str, Value]) -> Value:
        """Work it out. Shapes follow NumPy's broadcasting.

        What cannot be worked out is an infinity or NaN, for one person as for many, so that one
        person's failure stays that person's. Raises ``ExpressionError`` where a constant is too
        large for a number.
        """
        try:
            return _worked(self.text)(values)
        except ArithmeticError as error:
            raise ExpressionError(f"cannot work out {self.text!r}: {error}") from error


def parse(text: object) -> Expression:
    """Read a formula. Raises ``ExpressionError`` for anything but arithmetic."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        text = repr(text)
    if not isinstance(text, str):
        raise ExpressionError(f"a formula must be text or a number, not {type(text).__name__}")
    if len(text) > LONGEST:
        raise ExpressionError(f"a formula may have {LONGEST} characters, this has {len(text)}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"cannot read the formula {text!r}") from error
    names: set[str] = set()
    _check(tree, names, text, 0)
    return Expression(text, frozenset(names))


def _check(node: ast.expr, names: set[str], text: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise ExpressionError(f"the formula {text!r} is nested too deeply")
    match node:
        case ast.Constant(value=bool()):
            raise ExpressionError(f"the formula {text!r} holds a truth value")
        case ast.Constant(value=int() | float()):
            return
        case ast.Name(id=name):
            names.add(name)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            _check(operand, names, text, depth + 1)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            _check(left, names, text, depth + 1)
            _check(right, names, text, depth + 1)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
            if len(arguments) != _ARITY.get(name, 1):
                raise ExpressionError(f"{name} takes {_ARITY.get(name, 1)} values in {text!r}")
            for argument in arguments:
                _check(argument, names, text, depth + 1)
        case _:
            raise ExpressionError(f"the formula {text!r} may hold only + - * / ** and functions")


@lru_cache(maxsize=4096)
def _worked(text: str) -> _Run:
    """The formula, already checked, as functions in functions: the tree is walked once."""
    return _run(ast.parse(text.strip(), mode="eval").body)


def _run(node: ast.expr) -> _Run:
    match node:
        case ast.Constant(value=value):
            number = np.float64(value)  # type: ignore[arg-type]
            return lambda values: number
        case ast.Name(id=name):
            return lambda values: _number(values[name])
        case ast.UnaryOp(op=op, operand=operand):
            inner = _run(operand)
            return (lambda values: -inner(values)) if isinstance(op, ast.USub) else inner
        case ast.BinOp(left=left, op=op, right=right):
            one, other, work = _run(left), _run(right), _BINARY[type(op)]
            return lambda values: work(one(values), other(values))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            called, given = FUNCTIONS[name], [_run(argument) for argument in arguments]
            return lambda values: called(*(each(values) for each in given))
    raise ExpressionError("not a checked formula")


def _number(found: Value) -> Value:
    # Python's own floats raise where NumPy's go on, and take roots to complex numbers.
    return np.float64(found) if isinstance(found, float | int) else found
