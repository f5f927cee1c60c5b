"""Opening a demonstration: its folder, its scene, its processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from evenkeel.config.instance import HOME_VARIABLE, ConfigurationError, Instance, find_instance
from evenkeel.config.manage import start_django
from evenkeel.config.supervisor import Ports, Process, Supervisor, clinic_processes
from evenkeel.demo import curtain
from evenkeel.demo.cast import IN_CHAIRS
from evenkeel.demo.settings import VARIABLE, DemoSettings

LOOPBACK: Final = "127.0.0.1"
#: Lies in a folder that a demonstration made, and says that it may be thrown away.
MARKER: Final = "demonstration.json"
#: Settings of a real clinic that must not reach a demonstration.
_NOT_FOR_US: Final = ("DATABASE", "TLS_CERTIFICATE", "TLS_KEY", "TLS_PROXY", "PUBLIC_HOSTS")
_HISTORY: Final = "history"
_HISTORY_MODULE: Final = "evenkeel.demo.history"
_LOOK_EVERY_S: Final = 0.1
#: After this long the clinic is run though no page has answered yet.
_PATIENCE_S: Final = 60.0


_OPENS_HOUR: Final = 8
_CLOSES_HOUR: Final = 18
#: Setting the scene takes some seconds; a start further back than this was chosen.
_TRUE_TIME_S: Final = 600


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for on the command line. ``start`` is aware; ``None``: now."""

    home: Path
    ports: Ports
    speed: float = 1.0
    seed: str = "evenkeel"
    start: datetime | None = None
    people: int = 47
    keep: bool = False
    timezone: str = ""


def default_home() -> Path:
    """Where a demonstration lives unless told otherwise."""
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    return data / "evenkeel-demo"


def prepare(wishes: Wishes) -> Instance:
    """Make sure of folder and ports, and turn this process to them.

    Raises :class:`ConfigurationError` for a folder that is no demonstration's, a port that is
    taken, or a wish that cannot be granted.
    """
    if not 0 < wishes.speed <= 120:
        raise ConfigurationError("the speed is a number above 0, at most 120")
    if wishes.people < len(IN_CHAIRS):
        raise ConfigurationError(f"the demonstration needs at least {len(IN_CHAIRS)} people")
    home = wishes.home.expanduser().absolute()
    _check_port("pages", wishes.ports.http)
    _check_port("monitors", wishes.ports.hl7)
    _check_folder(home)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in _NOT_FOR_US:
        os.environ.pop(f"EVENKEEL_{name}", None)
    os.environ["EVENKEEL_HOST"] = LOOPBACK
    os.environ[HOME_VARIABLE] = str(home)
    return find_instance()


def _check_folder(home: Path) -> None:
    if not home.exists() or (home / MARKER).exists():
        return
    if not home.is_dir() or any(path.name != "lock" for path in home.iterdir()):
        raise ConfigurationError(
            f"{home} is not a demonstration's folder, so it is left alone; choose another --home"
        )


def _check_port(what: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except (OSError, OverflowError):
            option = "--port" if what == "pages" else "--hl7-port"
            raise ConfigurationError(
                f"port {port} for the {what} is taken; choose another with {option}"
            ) from None


def clear(instance: Instance) -> None:
    """Throw away what an earlier demonstration left. Only under the folder's lock."""
    for path in instance.home.iterdir():
        if path.name == "lock":
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def build(
    instance: Instance, wishes: Wishes, cleared: Callable[[], None] = lambda: None
) -> DemoSettings:
    """Migrate, found the demonstration and play the opening scene, or find what was kept.

    ``cleared`` is called once the folder holds nothing old. Only under the folder's lock.
    """
    if not wishes.keep:
        clear(instance)
    cleared()
    start_django()
    from evenkeel.config.migrating import migrate

    kept = _kept(instance, wishes) if wishes.keep else None
    if kept is not None:
        migrate()
        return kept
    start = (wishes.start or _in_opening_hours()).astimezone(UTC).replace(microsecond=0)
    settings = DemoSettings(wishes.seed, start, wishes.people, wishes.ports.hl7, wishes.speed)
    _write_marker(instance, settings)
    migrate()
    play_scene(settings, wishes.timezone)
    return settings


def play_scene(settings: DemoSettings, timezone: str = "") -> None:
    """The house, everybody in it, and the four chairs, as one transaction."""
    from evenkeel.clinic.record.act import together
    from evenkeel.demo.cast import cast_of
    from evenkeel.demo.opening import build_scene
    from evenkeel.demo.stage import build_house, local_zone

    stories = cast_of(settings.people)
    with together():
        house = build_house(settings.seed, settings.start, timezone or local_zone())
        build_scene(house, stories)


def _write_marker(instance: Instance, settings: DemoSettings) -> None:
    said = {
        "what": "A demonstration; synthetic, made anew at each start. May be deleted.",
        "seed": settings.seed,
        "start": settings.start.isoformat(),
        "people": settings.people,
    }
    (instance.home / MARKER).write_text(json.dumps(said, indent=2) + "\n")


def _kept(instance: Instance, wishes: Wishes) -> DemoSettings | None:
    path = instance.home / MARKER
    if not path.exists() or not instance.database_path.exists():
        return None
    said: dict[str, Any] = json.loads(path.read_text())
    return DemoSettings(
        str(said["seed"]),
        datetime.fromisoformat(said["start"]),
        int(said["people"]),
        wishes.ports.hl7,
        wishes.speed,
    )


def _in_opening_hours() -> datetime:
    """Now; by night the early afternoon of this day, for a clinic at night has little to show."""
    now = datetime.now().astimezone()
    if _OPENS_HOUR <= now.hour < _CLOSES_HOUR:
        return now
    return now.replace(hour=14, minute=0, second=0)


def clock_text(wishes: Wishes, settings: DemoSettings) -> str:
    """The clock all processes share, as their environment carries it.

    With speed 1, in opening hours, it shows the true time; otherwise it begins at the
    opening (for a kept demonstration: where its record ends) now that the scene is set.
    """
    from evenkeel.clinic.record.clock import ScaledClock
    from evenkeel.clinic.record.models import ChainEntry

    real = datetime.now(UTC)
    newest = ChainEntry.objects.order_by("-recorded_at").values_list("recorded_at", flat=True)
    ends = newest.first() or settings.start
    true_time = abs((real - settings.start).total_seconds()) < _TRUE_TIME_S
    if wishes.start is None and wishes.speed == 1 and true_time and ends <= real:
        begins = real
    else:
        begins = max(ends, settings.start)
    return ScaledClock(begins, real.timestamp(), wishes.speed).as_text()


class DemoSupervisor(Supervisor):
    """Keeps the processes running; the history may end once it has told everything.

    The pages are started first and load while the scene is being set; the others follow once the
    first page can be seen, for a first visitor waits for nothing else.
    """

    def __init__(self, instance: Instance, wishes: Wishes, workers: int = 2) -> None:
        self.instance, self.wishes = instance, wishes
        pages, *self.others = clinic_processes(instance, wishes.ports, workers=workers)
        pages.command[-1] = "evenkeel.demo.pages:application"
        for name, module in (("driver", "evenkeel.demo.driver"), (_HISTORY, _HISTORY_MODULE)):
            command = [sys.executable, "-m", module]
            self.others.append(Process(name, command, {HOME_VARIABLE: str(instance.home)}))
        super().__init__([pages])

    def load(self) -> None:
        """Start the pages behind the closed curtain. Only in a folder with nothing old in it."""
        curtain.path_in(self.instance.home).unlink(missing_ok=True)
        self.start()

    def raise_curtain(self, settings: DemoSettings) -> None:
        """Let the pages answer, all processes by one clock that begins now."""
        from evenkeel.clinic.record.clock import CLOCK_VARIABLE

        shared = {CLOCK_VARIABLE: clock_text(self.wishes, settings), VARIABLE: settings.as_text()}
        for process in (*self.processes, *self.others):
            process.environment.update(shared)
        curtain.open_in(self.instance.home, shared)

    def check(self) -> list[str]:
        """Let a history that has ended well go, then look at the others."""
        for process in list(self.processes):
            child = process.running
            if process.name == _HISTORY and child is not None and child.poll() == 0:
                self.processes.remove(process)
        return super().check()

    def open(self, opened: Callable[[], None]) -> int:
        """Call ``opened`` once the pages answer, serve until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        waiting, given_up_s = True, time.monotonic() + _PATIENCE_S
        while not self.stopping:
            if waiting and (_answers(self.wishes.ports.http) or time.monotonic() > given_up_s):
                waiting = False
                opened()
                self.processes += self.others
            self.check()
            time.sleep(_LOOK_EVERY_S)
        return 0


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2) as line:
            line.sendall(b"GET /accounts/login/ HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return line.recv(64).startswith(b"HTTP/1.")
    except OSError:
        return False
