"""``evenkeel bench web``: how fast the clinic's server stores and shows, and what it was run on.

Everything a clinic has is on: sign-in with a second factor, permission, audit chain, idempotency.
The generators run on the same machine, each in a process of its own, and take their share of it.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.home import Server, children_of, cookie_header, free_port, temporary_home, wait_for_ports
from bench.machine import Share, database_version, machine, worked_s

#: From this share of the machine on, what others did meanwhile is said beside a figure.
DISTURBED = 0.05
#: So many connections of one machine the listener takes.
MONITORS = 16
ROOT = Path(__file__).parents[1]
#: Said of other systems, not measured in this run.
PEERS = (
    "Measured earlier on such a machine, not in this run: 64-84 vitals a second stored "
    "(CARE, GNU Health), 11-12 patient-list pages a second (CARE)."
)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything. The usual ones are those of the targets."""

    seconds: float = 8.0
    people: int = 500
    live: int = 20
    past: int = 20
    streams: int = 10
    connections: int = 8
    stream_events_per_s: float = 20.0
    workers: int = 2

    @property
    def turns(self) -> int:
        """How often two servers are measured one after the other; once where time is short."""
        return 2 if self.seconds >= 1 else 1


@dataclass(slots=True)
class Row:
    """One line of the table."""

    name: str
    figure: str
    target: str = ""
    met: bool | None = None
    note: str = ""
    raw: dict[str, Any] = field(default_factory=dict)


class Miscount(RuntimeError):
    """What was acknowledged is not what is stored: no figure of this run counts."""


class Bench:
    """One run on one filled installation."""

    def __init__(self, home: Path, made: dict[str, Any], sizes: Sizes) -> None:
        self.home, self.made, self.sizes = home, made, sizes
        self.rows: list[Row] = []
        self.headers = [cookie_header(cookie) for cookie in made["cookies"]]
        self.server = Server(home, workers=sizes.workers)
        self.running: list[Server] = [self.server]
        self.plain: list[subprocess.Popen[bytes]] = []

    def run(self, say: Callable[[Row], None]) -> list[Row]:
        """Run every workload; ``say`` hears each row as it is there."""
        with self.server:
            for workload in (
                self.forecasts,
                self.events,
                self.streams,
                self.course_page,
                self.board,
                self.people,
                self.monitors,
            ):
                row = workload()
                self.rows.append(row)
                say(row)
        for row in (*self.router(), self.whole()):
            self.rows.append(row)
            say(row)
        return self.rows

    def load(self, name: str, **job: Any) -> dict[str, Any]:
        """Run one generator in a process of its own and return what it measured.

        ``others``: the share of the machine that other work took meanwhile.
        """
        words = {"load": name, "seconds": self.sizes.seconds, "headers": self.headers, **job}
        words.setdefault("port", self.server.http_port)
        share = Share(self._servers)
        done = subprocess.run(
            [sys.executable, "-m", "bench.generators"],
            input=json.dumps(words),
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        if done.returncode != 0:
            log = self.server.log()[-1500:]
            raise RuntimeError(f"{name}: {done.stderr.strip()[-1500:]}\nThe server said:\n{log}")
        found: dict[str, Any] = json.loads(done.stdout)
        return {**found, "others": share.others()}

    def _servers(self) -> list[int]:
        """Every process that serves now: the supervised ones and those started beside them."""
        roots = [server.process.pid for server in self.running if server.process]
        roots += [process.pid for process in self.plain]
        for pid in roots:
            roots += children_of(pid)
        return roots

    def forecasts(self) -> Row:
        """From an entry's being stored to the forecast with it in, on the session's screens.

        The kernels are warm, every session was forecast before the first entry, and the closed
        ones have been learned.
        """
        _wait_for_forecasts(len(self.made["sessions"]) + self.sizes.past)
        before = _stored()
        entries = max(len(self.made["sessions"]), int(5 * self.sizes.seconds))
        found = self.load("forecasts", sessions=self.made["sessions"], entries=entries, every_s=1.0)
        _expect(_stored(), before, events=entries)
        if found["missing"]:
            raise Miscount(f"{found['missing']} entries never came into a forecast")
        return Row(
            "forecast after an entry",
            f"{found['p95_ms']:.0f} ms at the 95th percentile",
            "<= 100 ms",
            found["p95_ms"] <= 100,
            f"{len(self.made['sessions'])} live sessions, one entry a second, {entries} "
            f"entries; from its being stored to the screen, median {found['median_ms']:.0f} ms, "
            f"slowest {found['max_ms']:.0f} ms; from sending, 95% under "
            f"{found['from_sending_p95_ms']:.0f} ms",
            found,
        )

    def events(self) -> Row:
        """Events stored a second, each acknowledged after its commit."""
        before = _stored()
        found = self.load(
            "events", sessions=self.made["sessions"], connections=self.sizes.connections
        )
        _expect(_stored(), before, events=found["all"], entries=found["all"])
        return Row(
            "session events stored",
            f"{found['per_s']:.0f} a second",
            ">= 300 a second",
            found["per_s"] >= 300,
            f"{self.sizes.connections} connections, one event a request, "
            f"median {found['median_ms']:.1f} ms, 95% under {found['p95_ms']:.1f} ms; "
            f"{found['all']} acknowledged, {found['all']} rows and entries found",
            found,
        )

    def streams(self) -> Row:
        """From sending an event to its arrival on the other screens."""
        before = _stored()
        found = self.load(
            "streams",
            sessions=self.made["sessions"],
            streams=self.sizes.streams,
            rate=self.sizes.stream_events_per_s,
        )
        _expect(_stored(), before, events=found["events"])
        if found["missing"]:
            raise Miscount(f"{found['missing']} events never came on a stream")
        return Row(
            "event on the other screens",
            f"{found['p95_ms']:.0f} ms at the 95th percentile",
            "<= 250 ms",
            found["p95_ms"] <= 250,
            f"{found['streams']} streams on {len(self.made['sessions'])} live sessions, "
            f"{found['events']} events, {found['done']} arrivals, "
            f"median {found['median_ms']:.0f} ms, slowest {found['max_ms']:.0f} ms",
            found,
        )

    def page(self, path: str, holds: str, *, connections: int, **job: Any) -> dict[str, Any]:
        """Ask for one page over and over, as the prescriber."""
        headers = [cookie_header(self.made["staff_cookies"]["prescriber"])]
        return self.load(
            "pages", path=path, holds=holds, connections=connections, **{"headers": headers, **job}
        )

    def _time_of(self, name: str, path: str, holds: str, *, logged: bool) -> Row:
        before = _stored()
        found = self.page(path, holds, connections=1)
        _expect(_stored(), before, entries=found["all"] if logged else None)
        return Row(
            name,
            f"{found['median_ms']:.1f} ms at the median",
            "< 60 ms",
            found["median_ms"] < 60,
            f"one at a time, request to last byte, 95% under {found['p95_ms']:.1f} ms",
            found,
        )

    def course_page(self) -> Row:
        """The course on one page, of somebody with many sessions; each reading is logged."""
        return self._time_of(
            f"course page, sessions: {self.sizes.past}",
            f"/courses/{self.made['long_course']}",
            "</html>",
            logged=True,
        )

    def board(self) -> Row:
        """The chair board with every chair taken."""
        return self._time_of(
            f"chair board, live sessions: {self.sizes.live}", "/board", "</html>", logged=False
        )

    def people(self) -> Row:
        """Pages of the list of people a second."""
        found = self.page("/people/", "</html>", connections=self.sizes.connections)
        return Row(
            f"patient list, 20 of {self.sizes.people}",
            f"{found['per_s']:.0f} pages a second",
            ">= 120 a second",
            found["per_s"] >= 120,
            f"{self.sizes.connections} connections, median {found['median_ms']:.1f} ms",
            found,
        )

    def monitors(self) -> Row:
        """Messages of bedside monitors a second, each acknowledged after its commit."""
        before, beds = _stored(), self.made["beds"][:MONITORS]
        found = self.load("monitors", port=self.server.hl7_port, beds=beds)
        _expect(_stored(), before, events=found["all"])
        return Row(
            "monitor messages filed",
            f"{found['per_s']:.0f} a second, {found['readings_per_s']:.0f} readings",
            note=f"{len(beds)} monitors over MLLP, median {found['median_ms']:.0f} ms; "
            f"{found['all']} acknowledged and filed",
            raw=found,
        )

    def router(self) -> list[Row]:
        """The same pages from the one-port router and from a plain WSGI server, in turns.

        The rate takes what the machine gives at the moment; the processor time a page costs does
        not, so both are told.
        """
        course = f"/courses/{self.made['long_course']}"
        return [
            self._beside("patient list", "/people/"),
            self._beside("course page", course),
        ]

    def _beside(self, name: str, path: str) -> Row:
        turns = [(self._one_port(path), self._plain_wsgi(path)) for _ in range(self.sizes.turns)]
        routed, plain = (_both(found) for found in zip(*turns, strict=True))
        share = routed["per_s"] / plain["per_s"]
        return Row(
            f"one port against plain WSGI, {name}",
            f"{100 * share:.0f}% of the rate",
            ">= 70%",
            share >= 0.7,
            f"{routed['per_s']:.0f} against {plain['per_s']:.0f} pages a second, "
            f"{routed['cpu_ms']:.2f} against {plain['cpu_ms']:.2f} ms of processor time a page, "
            "both without the forecaster",
            {"one_port": routed, "wsgi": plain},
        )

    def _one_port(self, path: str) -> dict[str, Any]:
        # What is compared is the way in. The forecaster, which begins with all sessions when a
        # server is started and which no page waits for, is left out here; all other rows have it.
        alone = {"EVENKEEL_FORECASTER": "off"}
        with Server(self.home, workers=self.sizes.workers, environment=alone) as one_port:
            self.running = [one_port]
            return self._costed(path, one_port.http_port)

    def _plain_wsgi(self, path: str) -> dict[str, Any]:
        port = free_port()
        words = ["--interface", "wsgi", "--port", str(port), "--no-ws", "--log-level", "warning"]
        words += ["--workers", str(self.sizes.workers), "--blocking-threads", "6"]
        process = subprocess.Popen(
            [sys.executable, "-m", "granian", *words, "evenkeel.config.wsgi:application"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.running, self.plain = [], [process]
        try:
            wait_for_ports([port])
            return self._costed(path, port)
        finally:
            self.plain = []
            process.terminate()
            process.wait(20)

    def _costed(self, path: str, port: int) -> dict[str, Any]:
        """Pages a second, and the processor time of the servers for each."""
        self.page(path, "</html>", connections=self.sizes.connections, port=port, seconds=0.5)
        before_s = worked_s(self._servers())
        found = self.page(path, "</html>", connections=self.sizes.connections, port=port)
        return {**found, "cpu_ms": 1000 * (worked_s(self._servers()) - before_s) / found["all"]}

    def whole(self) -> Row:
        """Whether the chain that was written meanwhile is whole."""
        from evenkeel.clinic.record.chain import verify_links

        found = verify_links()
        if not found.whole:
            raise Miscount(f"the chain is broken at {found.breaks[:3]}")
        return Row("audit chain afterwards", f"whole, {found.entries} entries", "whole", True)


def _both(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Turns of one server as one."""
    return {
        "per_s": statistics.mean(one["per_s"] for one in found),
        "cpu_ms": statistics.mean(one["cpu_ms"] for one in found),
        "others": max(one["others"] for one in found),
        "turns": list(found),
    }


def _wait_for_forecasts(sessions: int, within_s: float = 180.0) -> None:
    """Return when so many sessions have a forecast. Raises ``RuntimeError`` if that is never."""
    from evenkeel.clinic.session.models import SessionForecast

    deadline = time.monotonic() + within_s
    while SessionForecast.objects.count() < sessions:
        if time.monotonic() > deadline:
            raise RuntimeError("the forecaster made no forecasts")
        time.sleep(0.1)


def _stored() -> dict[str, int]:
    from evenkeel.clinic.record.models import ChainEntry
    from evenkeel.clinic.session.models import SessionEvent

    return {
        "events": SessionEvent.objects.exclude(kind="alarm_raised").count(),
        "entries": ChainEntry.objects.count(),
    }


def _expect(after: dict[str, int], before: dict[str, int], **expected: int | None) -> None:
    """Raise unless exactly so many rows were added; entries may be more, the watcher writes too."""
    for name, wanted in expected.items():
        added = after[name] - before[name]
        if wanted is not None and (added != wanted if name == "events" else added < wanted):
            raise Miscount(f"{wanted} {name} were acknowledged, {added} are stored")


def run(sizes: Sizes, *, database: str = "", say: Callable[[str], None] = print) -> dict[str, Any]:
    """Make a throw-away installation, run everything on it, and return it all as plain JSON."""
    about = machine()
    with temporary_home(database) as home:
        from bench.make import make

        made = make(people=sizes.people, live=sizes.live, past=sizes.past, sign_ins=4)
        about["database"] = database_version()
        for name, value in about.items():
            say(f"{name:12} {value}")
        say("")
        bench = Bench(home, made, sizes)
        rows = bench.run(lambda row: say(line_of(row)))
    say("")
    say(PEERS)
    return {"machine": about, "sizes": asdict(sizes), "rows": [asdict(r) for r in rows]}


def line_of(row: Row) -> str:
    """One row as text."""
    others = [
        one.get("others", 0.0) for one in (row.raw, *row.raw.values()) if isinstance(one, dict)
    ]
    note = row.note
    if max(others, default=0.0) >= DISTURBED:
        note += f"; DISTURBED: other work took {100 * max(others):.0f}% of the machine"
    mark = {True: "met", False: "NOT MET", None: ""}[row.met]
    target = f"{row.target} {mark}".strip()
    head = f"{row.name:42} {row.figure:36} {target}".rstrip()
    return f"{head}\n    {note}" if note else head
