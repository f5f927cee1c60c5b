"""Whether what is asked of a simulation can be given, so that a slip is told by its name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import get_args

import numpy as np

from .bends import Bend, Delay, Stage
from .errors import AskedError
from .model import Model
from .solve import Kernel
from .system import Filter, Integral


def check_asked(
    model: Model,
    n: int,
    outputs: Iterable[str],
    extra: Sequence[Filter | Integral],
    stages: Sequence[Stage],
    wanted: Iterable[str],
    kernel: Kernel,
) -> None:
    """Raises ``AskedError`` for a name that is not there or stands twice, values for another number
    of people than ``n``, and a kernel that does not exist.
    """
    if kernel not in get_args(Kernel):
        raise AskedError(f"there is no kernel {kernel!r}; there are: {', '.join(get_args(Kernel))}")
    for name in outputs:
        _known(name, model.outputs, f"{model.id} gives no")
    known = [*model.outputs]
    for one in extra:
        for name in one.inputs:
            _known(name, known, f"{one.name} reads what is not there before it:")
        _own(one.name, known)
        if isinstance(one, Filter):
            _for_all(one.name, n, one.rate_per_h)
    for stage in stages:
        for name in stage.inputs if isinstance(stage, Bend) else (stage.input,):
            _known(name, known, f"{stage.name} reads what is not there before it:")
        _own(stage.name, known)
        if isinstance(stage, Bend):
            _for_all(stage.name, n, stage.half, stage.fall)
        elif isinstance(stage, Delay):
            _for_all(stage.name, n, stage.rate_per_h)
        else:
            _for_all(stage.name, n, stage.gain_per_h, stage.loss_per_h)
    named = [stage.name for stage in stages]
    for name in wanted:
        _known(name, named, "no stage is called")


def _known(name: str, names: Iterable[str], what: str) -> None:
    if name not in names:
        raise AskedError(f"{what} {name!r}; there are: {', '.join(names) or 'none'}")


def _own(name: str, known: list[str]) -> None:
    if name in known:
        raise AskedError(f"the name {name!r} is taken; a filter, integral or stage needs its own")
    known.append(name)


def _for_all(name: str, n: int, *values: object) -> None:
    for value in values:
        if value is not None and np.size(value) not in (1, n):  # type: ignore[arg-type]
            raise AskedError(f"{name} has {np.size(value)} values for {n} people")  # type: ignore[arg-type]
