"""The load generators. Each runs in a process of its own that imports no framework.

``python -m bench.generators`` reads one job as JSON on standard input and prints what it measured.
Nothing here knows the server but by its ports: what counts as stored is what was acknowledged.
"""

from __future__ import annotations

import json
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from bench.forecasts import measure_forecasts
from bench.http_wire import Connection
from bench.mllp_wire import MonitorLine
from bench.streams import measure_streams
from evenkeel.interop.hl7v2.simulate import MonitorIdentity, VitalSigns, build_oru

#: Beginning of a run that is not counted: connections are made, statements prepared.
WARM_UP_S = 1.0
_WARM_UP_SHARE = 0.25


def observation(number: int) -> dict[str, Any]:
    """One set of vital signs taken now."""
    return {
        "id": str(uuid.uuid4()),
        "kind": "observation",
        "happened_at": datetime.now(UTC).isoformat(),
        "body": {
            "sbp_mmhg": 112 + number % 9,
            "dbp_mmhg": 68 + number % 7,
            "heart_rate_bpm": 62 + number % 11,
            "spo2_percent": 97,
        },
    }


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the values lie; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def summary(done: int, seconds: float, times_ms: Sequence[float]) -> dict[str, Any]:
    """Rate and times of a run."""
    return {
        "done": done,
        "seconds": seconds,
        "per_s": done / seconds if seconds else 0.0,
        "median_ms": statistics.median(times_ms) if times_ms else 0.0,
        "p95_ms": quantile(times_ms, 0.95),
        "max_ms": max(times_ms, default=0.0),
    }


def drive(workers: Sequence[Callable[[int], None]], seconds: float) -> dict[str, Any]:
    """Let each worker do one thing after another for so long, each in a thread of its own.

    The rate counts what was begun after the warm-up; ``all`` counts everything that was done.
    """
    begin = time.perf_counter()
    counted_from = begin + min(WARM_UP_S, _WARM_UP_SHARE * seconds)
    until = counted_from + seconds
    times: list[list[tuple[float, float]]] = [[] for _ in workers]
    failures: list[str] = []

    def work(place: int) -> None:
        number = place
        try:
            while (started := time.perf_counter()) < until:
                workers[place](number)
                times[place].append((started, time.perf_counter()))
                number += len(workers)
        except Exception as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(workers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(f"the load broke off: {failures[0]}")
    every = [one for ones in times for one in ones]
    counted = [(a, b) for a, b in every if a >= counted_from]
    last = max((b for _, b in counted), default=until)
    times_ms = [1000 * (b - a) for a, b in counted]
    return {**summary(len(counted), last - counted_from, times_ms), "all": len(every)}


def events(job: dict[str, Any]) -> dict[str, Any]:
    """Post events, one a request, over ``connections`` kept connections."""
    sessions, headers = job["sessions"], job["headers"]

    def worker(place: int) -> Callable[[int], None]:
        line = Connection(job["port"], headers[place % len(headers)])

        def post(number: int) -> None:
            path = f"/api/sessions/{sessions[number % len(sessions)]}/events"
            answer = line.post_json(path, observation(number))
            if answer.status != 201:
                raise RuntimeError(f"status {answer.status}: {answer.body[:200]!r}")

        return post

    return drive([worker(place) for place in range(job["connections"])], job["seconds"])


def pages(job: dict[str, Any]) -> dict[str, Any]:
    """Ask for a page over and over; each answer must be whole and hold ``holds``."""
    headers, holds = job["headers"], job["holds"].encode()

    def worker(place: int) -> Callable[[int], None]:
        line = Connection(job["port"], headers[place % len(headers)])

        def get(number: int) -> None:
            answer = line.get(job["path"])
            if answer.status != 200 or holds not in answer.body:
                raise RuntimeError(f"status {answer.status} for {job['path']}")

        return get

    return drive([worker(place) for place in range(job["connections"])], job["seconds"])


def monitors(job: dict[str, Any]) -> dict[str, Any]:
    """One monitor a bed, each sending its next sweep when the last was acknowledged."""

    def worker(place: int) -> Callable[[int], None]:
        line = MonitorLine(job["port"])
        identity = MonitorIdentity(eui64=f"00A0370000{place:06X}", bed=job["beds"][place])

        def send(number: int) -> None:
            sweep = VitalSigns(
                spo2_percent=96 + number % 3,
                pulse_bpm=60 + number % 20,
                respiratory_rate_per_min=12 + number % 4,
                temperature_c=36.5,
            )
            now = datetime.now(UTC)
            said = build_oru(identity, control_id=f"{place}-{number}", sent_at=now, sweep=sweep)
            code = line.send(said)
            if code != "AA":
                raise RuntimeError(f"answer {code}")

        return send

    found = drive([worker(place) for place in range(len(job["beds"]))], job["seconds"])
    return {**found, "readings_per_s": 4 * found["per_s"]}


def streams(job: dict[str, Any]) -> dict[str, Any]:
    """Open streams and post events; how long until each is on every other screen."""
    delays_ms, sent, missing = measure_streams(
        port=job["port"],
        headers=job["headers"],
        sessions=job["sessions"],
        streams_a_session=job["streams"],
        per_s=job["rate"],
        seconds=job["seconds"],
        make_event=observation,
    )
    return {
        **summary(len(delays_ms), job["seconds"], delays_ms),
        "events": sent,
        "missing": missing,
        "streams": job["streams"] * len(job["sessions"]),
    }


def forecasts(job: dict[str, Any]) -> dict[str, Any]:
    """Enter readings and wait for the forecast that has each in it, on a screen of its session."""
    stored, begun, missing = measure_forecasts(
        port=job["port"],
        headers=job["headers"],
        sessions=job["sessions"],
        entries=job["entries"],
        every_s=job["every_s"],
        make_event=observation,
    )
    return {
        **summary(len(stored), job["entries"] * job["every_s"], stored),
        "from_sending_p95_ms": quantile(begun, 0.95),
        "missing": missing,
    }


LOADS = {
    "events": events,
    "forecasts": forecasts,
    "pages": pages,
    "monitors": monitors,
    "streams": streams,
}


def main() -> None:
    """Run the one job that standard input names."""
    job = json.load(sys.stdin)
    json.dump(LOADS[job["load"]](job), sys.stdout)


if __name__ == "__main__":
    main()
