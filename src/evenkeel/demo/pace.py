"""Doing many acts in few transactions, without standing in the live clinic's way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from evenkeel.clinic.record.act import together

#: How long one transaction may take before it commits and lets others write.
LIMIT_S: Final = 0.02
#: How long the history then rests, as a share of the time it held the writer's place.
REST_SHARE: Final = 0.6


def run(
    steps: Iterator[object],
    *,
    limit_s: float = LIMIT_S,
    rest_share: float = REST_SHARE,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Run ``steps`` to the end: as many acts a transaction as fit into ``limit_s``.

    Every ``yield`` of the generator is a place where a commit may happen; what must be seen whole
    (a session that has long ended) stands between two of them.
    """
    going = True
    while going:
        began_s = time.perf_counter()
        with together():
            while going and time.perf_counter() - began_s < limit_s:
                going = next(steps, StopIteration) is not StopIteration
        if going and rest_share:
            wait((time.perf_counter() - began_s) * rest_share)
