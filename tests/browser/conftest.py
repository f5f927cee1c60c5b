"""A real server and a real browser for every browser test.

``server``     a clinic on a free port, one a file of tests;
               ``server.session("racemic_iv", "running")`` brings one more person to a phase (see
               ``fill.BEGAN_AGO``); ``server.path(...)`` makes an address
``page``       a browser page, signed out; ``server.sign_in(page, "session_nurse")`` signs it in
``open_page``  makes more such pages, each in a browser of its own
``shot``       ``shot(page, "name")`` keeps a picture in ``build/shots`` where EVENKEEL_SHOTS is set

Every page fails its test for an error on its console, an uncaught exception or a broken rule of the
content security policy, unless the test said ``page.expected.append("part of the message")``.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from bench.mllp_wire import MonitorLine
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from tests.browser.walking import Walk
from tests.needs import chromium
from tests.template import begin_with

# A loaded machine is no finding; what never comes is found all the same.
expect.set_options(timeout=20_000)
ROOT = Path(__file__).parents[2]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
ROLE_SIZES = {"wide": {"width": 1440, "height": 900}, "phone": {"width": 360, "height": 740}}
LIBRARY_NOISE = ("Password forms should have",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.browser)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Served:
    """A running clinic and what is known of it."""

    home: Path
    port: int
    monitor_port: int
    clinic: dict[str, Any] = field(default_factory=dict)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    filling: subprocess.Popen[str] | None = None
    #: A clock for its processes other than the machine's, as text.
    clock: str = ""
    #: Whether the forecaster runs beside the others.
    forecaster: bool = False

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What its processes run under."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("EVENKEEL_", "PYTEST"))}
        kept.pop("DJANGO_SETTINGS_MODULE", None)
        own = {"EVENKEEL_HOME": str(self.home)}
        if self.clock:
            own[CLOCK_VARIABLE] = self.clock
        return {**kept, **own}

    def fill(self, *arguments: str) -> Any:
        """Have the filling script, in a process of its own, do something; its answer."""
        log = self.home / "fill.log"
        if self.filling is None:
            with log.open("wb") as errors:
                self.filling = subprocess.Popen(
                    [sys.executable, "-m", "tests.browser.fill"],
                    cwd=ROOT,
                    env={**self.environment, "DJANGO_SETTINGS_MODULE": "tests.settings"},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                )
        assert self.filling.stdin is not None
        assert self.filling.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(arguments), file=self.filling.stdin, flush=True)
        answer = self.filling.stdout.readline()
        assert answer, log.read_text()[-3000:]
        return json.loads(answer)

    def filled(self) -> None:
        """End the filling script."""
        if self.filling is not None:
            self.filling.communicate(timeout=20)
            self.filling = None

    def session(self, product: str, phase: str) -> dict[str, Any]:
        """One more person with a session in this phase: {patient, name, chair, session}."""
        return self.fill("session", product, phase)  # type: ignore[no-any-return]

    def events(self, session_id: str) -> list[dict[str, Any]]:
        """What the record holds of a session, straight from its interface."""
        request = urllib.request.Request(
            f"{self.url}/api/sessions/{session_id}",
            headers={
                "Cookie": f"evenkeel={self.clinic['cookies']['auditor']}",
                "Accept": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)["events"]  # type: ignore[no-any-return]

    def sign_in(self, page: Page, role: str, *, locked: bool = False) -> None:
        """Give the page's browser the sign-in of a role, idle for long where ``locked``.

        "session_nurse spare" is one that may be signed out; the others are shared.
        """
        value = self.clinic["cookies"][f"{role} locked" if locked else role]
        page.context.add_cookies([{"name": "evenkeel", "value": value, "url": self.url}])

    def path(self, *parts: str) -> str:
        """An address: ``server.path("sessions", session_id)``."""
        return "/".join([self.url, *parts])

    def start(self) -> None:
        """Start pages, alarm watch and monitor listener, and wait until they answer."""
        pages = [
            *("-m", "granian", "--interface", "asgi", "--host", "127.0.0.1"),
            *("--port", str(self.port), "--workers", "1", "--no-ws", "--log-level", "warning"),
            "evenkeel.live.asgi:application",
        ]
        monitors = ["-m", "evenkeel.interop.hl7v2.serve", "--port", str(self.monitor_port)]
        log = (self.home / "server.log").open("ab")
        more = [["-m", "evenkeel.live.forecaster"]] if self.forecaster else []
        for arguments in (pages, ["-m", "evenkeel.live.watcher"], monitors, *more):
            self.running.append(
                subprocess.Popen(
                    [sys.executable, *arguments],
                    cwd=ROOT,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )
        self.wait_until_answers()

    def wait_until_answers(self, limit_s: float = 60) -> None:
        """Return once the server answers. Raises after ``limit_s`` with its last words."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}/accounts/login/", timeout=5)
                socket.create_connection(("127.0.0.1", self.monitor_port), 5).close()
                return
            except (urllib.error.URLError, OSError):
                assert self.running[0].poll() is None, self._last_words()
                time.sleep(0.1)
        raise AssertionError(self._last_words())

    def _last_words(self) -> str:
        return (self.home / "server.log").read_text()[-3000:]

    def stop(self) -> None:
        """End its processes."""
        for process in self.running:
            self._signal(process, signal.SIGTERM)
        for process in self.running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                self._signal(process, signal.SIGKILL)
                process.wait()
        self.running.clear()

    def restart(self) -> None:
        """End every process and start it anew, on the same ports."""
        self.stop()
        self.start()

    def say(self, message: bytes) -> str:
        """Send one message as a bedside monitor does; the code of the answer, "AA" if filed."""
        line = MonitorLine(self.monitor_port)
        try:
            return line.send(message)
        finally:
            line.close()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """While open the server neither answers nor says goodbye, as behind a dead switch."""
        self._signal(self.running[0], signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(self.running[0], signal.SIGCONT)

    def _signal(self, process: subprocess.Popen[bytes], number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)


#: The last day of the week on which the clinic is open.
FRIDAY: Final = 4


def local_now(server: Served) -> datetime:
    """The time on the clinic's wall."""
    return datetime.now(ZoneInfo(server.clinic["timezone"]))


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A clinic with staff and chairs, no patients yet; the model of those that are served."""
    home = tmp_path_factory.mktemp("founded")
    model = Served(home, 0, 0)
    begin_with(home / "evenkeel.sqlite3")
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "-v0"],
        cwd=ROOT,
        env={**model.environment, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        check=True,
    )
    try:
        return home, model.fill("found")
    finally:
        model.filled()


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest,
    founded: tuple[Path, dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """A clinic of its own for each file of tests, so that no file leans on what another left.

    A file that must wait for what the clinic's clock brings says ``CLOCK_SPEED``; one that wants
    the forecaster beside the others says ``FORECASTER``.
    """
    chromium()
    home, clinic = founded
    served = Served(tmp_path_factory.mktemp("served") / "home", free_port(), free_port(), clinic)
    shutil.copytree(home, served.home)
    speed = getattr(request.module, "CLOCK_SPEED", 1.0)
    if speed != 1.0:
        served.clock = ScaledClock(datetime.now(UTC), time.time(), speed).as_text()
    served.forecaster = getattr(request.module, "FORECASTER", False)
    try:
        served.start()
        yield served
    finally:
        served.filled()
        served.stop()


# Not for the whole run: while Playwright runs, its loop is this thread's, and no other test in the
# same process could start one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all; every page has a context, and so a browser's memory, of its own."""
    path = chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        running.close()


def _words_of(answer: Response) -> str:
    """What the server said when it refused, as far as the browser still has it."""
    try:
        words = answer.text()[:500]
    except PlaywrightError:
        words = ""
    return f"{answer.status} {answer.url} {words}"


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Makes pages: ``open_page()`` or ``open_page("phone")``; each is watched for errors."""
    pages: list[tuple[Page, list[str]]] = []
    refusals: list[Response] = []

    def make(size: str = "wide", **options: Any) -> Page:
        context = browser.new_context(viewport=ROLE_SIZES[size], **options)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.expected = []  # type: ignore[attr-defined]
        said: list[str] = []
        page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: said.append(f"uncaught: {error}"))
        page.on("response", lambda r: refusals.append(r) if r.status >= 400 else None)
        pages.append((page, said))
        return page

    yield make
    wrong = []
    for page, said in pages:
        allowed = (*LIBRARY_NOISE, *page.expected)  # type: ignore[attr-defined]
        wrong += [text for text in said if not any(part in text for part in allowed)]
    if wrong:
        wrong += [_words_of(answer) for answer in refusals]
    for page, _ in pages:
        page.context.close()
    assert not wrong, "the browser complained:\n" + "\n".join(wrong)


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A wide page, signed out."""
    return open_page()


@pytest.fixture
def shot() -> Callable[[Page, str], None]:
    """Keeps a picture of a page in ``build/shots``, where EVENKEEL_SHOTS asks for it."""

    def take(page: Page, name: str, **options: Any) -> None:
        if os.environ.get("EVENKEEL_SHOTS"):
            folder = ROOT / "build" / "shots"
            folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=folder / f"{name}.png", **options)

    return take


@pytest.fixture
def walk(
    server: Served, open_page: Callable[..., Page], shot: Callable[..., None]
) -> Callable[..., Walk]:
    """Opens a browser in which somebody of a role goes through the pages."""

    def begin(role: str = "", size: str = "wide", **options: Any) -> Walk:
        page = open_page(size, **options)
        if role:
            server.sign_in(page, role)
        return Walk(page, server.url, shot)

    return begin
