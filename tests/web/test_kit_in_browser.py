"""The kit in a real browser, under the policy the product sends."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page, sync_playwright

import evenkeel
from evenkeel.web.kit import NOW, kit_context
from tests import needs

pytestmark = pytest.mark.browser

STATIC = Path(evenkeel.__file__).parent / "web/static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'"
)
# It names its icon, as every page of the product does: else the browser asks for /favicon.ico.
STORED = (
    '<!doctype html><title>stored</title><link rel="icon" href="/static/web/mark.svg"><p>stored</p>'
)
EVENTS = "window.done = 0; document.addEventListener('press:done', () => { window.done += 1; });"


@dataclass
class Site:
    """A small server of drawn pages that remembers what was posted to it."""

    pages: dict[str, str]
    posted: list[dict[str, list[str]]] = field(default_factory=list)
    address: str = ""


class Handler(SimpleHTTPRequestHandler):
    """Serve drawn pages and static files, with the policy on every answer."""

    def __init__(self, *args, site: Site, **kwargs) -> None:
        self.site = site
        super().__init__(*args, directory=str(STATIC), **kwargs)

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def do_GET(self) -> None:
        page = self.site.pages.get(self.path.partition("?")[0])
        if page is None:
            self.path = self.path.removeprefix("/static")
            super().do_GET()
            return
        dark = "theme=dark" in (self.headers.get("Cookie") or "")
        self._answer(page.replace('<html lang="en"', '<html lang="en" data-theme="dark"')
                     if dark else page)  # fmt: skip

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.site.posted.append(parse_qs(body))
        self._answer(STORED)

    def _answer(self, html: str) -> None:
        raw = html.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *args) -> None:
        """Keep the test's output quiet."""


def draw(name: str, **context) -> str:
    frame = {
        "server_now": NOW,
        "clock_speed": 60,
        "demo": True,
        "nav": [{"label": place, "url": "/", "current": place == "People"} for place in PLACES],
        "who": {"name": "Noor Fiktiv", "role": "nurse"},
        "tabs": [{"label": "Next", "icon": "calendar", "url": "/", "current": True}],
        "help_url": "/",
    }
    html = render_to_string(name, {**frame, **kit_context(), **context})
    return re.sub(r'action="#main"', 'action="/post"', html)


PLACES = ("Board", "Today", "People", "Oversight", "Set up")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        started = driver.chromium.launch(
            executable_path=needs.chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        started.close()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site({"/kit": draw("web/kit.html"), "/phone": draw("web/phone.html")})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, site=made))
    made.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=site.address)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    opened.on("pageerror", lambda problem: complaints.append(str(problem)))
    opened.add_init_script(EVENTS)
    yield opened
    context.close()
    assert complaints == []


@pytest.mark.parametrize("width", [360, 768, 1024, 1440])
@pytest.mark.parametrize("address", ["/kit", "/phone"])
def test_pages_fit_every_width_and_break_no_policy(page, address, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_targets_are_large_enough_for_a_thumb(page):
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto("/kit")
    small = page.evaluate(
        """[...document.querySelectorAll('.btn, .choice, .act, .top nav a, .tabs a, summary')]
        .map((e) => [e.textContent.trim(), e.getBoundingClientRect().height])
        .filter(([, height]) => height > 0 && height < 36)"""
    )
    assert small == []


def test_the_theme_is_chosen_once_and_drawn_by_the_server(page):
    page.goto("/kit")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(243, 246, 244)"
    page.click(".menu > summary")
    page.click('[data-theme-set="dark"]')
    assert page.evaluate(ground) == "rgb(10, 14, 13)"
    page.goto("/phone")
    assert page.evaluate(ground) == "rgb(10, 14, 13)"


def test_without_a_choice_the_system_decides(page):
    page.emulate_media(color_scheme="dark")
    page.goto("/kit")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(10, 14, 13)"
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(22, 32, 28)"


def test_stop_acts_after_a_full_second_only(page):
    page.clock.install()
    page.goto("/kit")
    stop = page.locator("[data-press]")
    stop.hover()
    page.mouse.down()
    page.clock.run_for(700)
    assert page.evaluate("window.done") == 0
    assert stop.locator("progress").count() == 1
    page.mouse.up()
    page.clock.run_for(1000)
    assert page.evaluate("window.done") == 0
    page.mouse.down()
    page.clock.run_for(1100)
    assert page.evaluate("window.done") == 1
    page.mouse.up()


def test_stop_works_from_the_keyboard_and_for_a_screen_reader(page):
    page.clock.install()
    page.goto("/kit")
    page.locator("[data-press]").focus()
    page.keyboard.down("Space")
    page.clock.run_for(1100)
    page.keyboard.up("Space")
    assert page.evaluate("window.done") == 1
    page.evaluate("document.querySelector('[data-press]').click()")
    assert page.evaluate("window.done") == 1
    assert "press again" in page.locator("[data-press-say]").inner_text()
    page.evaluate("document.querySelector('[data-press]').click()")
    assert page.evaluate("window.done") == 2


def test_a_form_is_sent_once_with_an_act_id(page, site):
    page.goto("/kit")
    form = page.locator("form[data-guard]")
    form.locator('[name="act_id"]').evaluate("(field) => { field.value = ''; }")
    form.evaluate("(form) => { form.noValidate = true; }")
    with page.expect_navigation():
        form.locator('button[type="submit"]').evaluate("(b) => { b.click(); b.click(); }")
    assert len(site.posted) == 1
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", site.posted[0]["act_id"][0])


def test_words_not_yet_saved_are_not_lost_unasked(page):
    page.goto("/kit")
    page.locator("form[data-guard] textarea").fill("Waiting for ECG")
    asked = []

    def keep(dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", keep)
    page.goto("/phone")
    assert asked == ["beforeunload"]


def test_the_clock_follows_the_server_and_its_speed(page):
    # the browser's time stands still until it is moved: a slow machine does not count minutes
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.goto("/kit")
    clock = page.locator("[data-clock]")
    assert clock.inner_text() == "14:14"
    page.clock.run_for(61_000)
    assert clock.inner_text() == "15:15"


def test_a_dialog_takes_and_returns_the_focus(page):
    page.goto("/kit")
    opener = page.locator('[data-dialog-open="kit-dialog"]')
    opener.click()
    assert page.locator("#kit-dialog").evaluate(
        "(d) => d.open && d.contains(document.activeElement)"
    )
    page.keyboard.press("Escape")
    assert opener.evaluate("(b) => b === document.activeElement")


def test_the_keyboard_can_skip_to_the_page(page):
    page.goto("/phone")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
