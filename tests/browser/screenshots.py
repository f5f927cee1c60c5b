"""Pictures of the running demo.

    python -m tests.browser.screenshots FOLDER [--all]

Starts ``evenkeel demo`` on free ports in a folder of its own, signs in as each role and takes the
pictures that the README shows; with ``--all`` every main page in both themes, wide and narrow.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.needs import chromium
from tests.postgres import free_port

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 360, "height": 780}
#: (picture, role, where to begin, whom to look for, links to follow, theme) of the README.
README_PICTURES = (
    ("session-dark", "nurse", "/board", "", ("a:has-text('Open session')",), "dark"),
    ("board-dark", "nurse", "/board", "", (), "dark"),
    ("course-light", "prescriber", "/people/", "Specimen", ("main a[href^='/courses/']",), "light"),
    (
        "screening-light",
        "prescriber",
        "/people/",
        "Example",
        ("main a[href^='/courses/']", "main a[href$='/screening']"),
        "light",
    ),
)
#: Every main page for a look by eye.
ALL_PLACES = (
    ("people", "nurse", "/people/"),
    ("day", "front", "/day/"),
    ("board", "nurse", "/board"),
    ("monitors", "nurse", "/monitors/"),
    ("audit", "auditor", "/oversight/audit"),
    ("setup", "administrator", "/setup/"),
    ("own", "patient", "/own/"),
)


@contextlib.contextmanager
def running_demo(*arguments: str, wait_s: float = 60) -> Iterator[str]:
    """A demo clinic on free ports; ended, with all its processes, when the block ends."""
    port, hl7_port = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="evenkeel-demo-") as home:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "evenkeel.cli",
                "demo",
                "--port",
                str(port),
                "--hl7-port",
                str(hl7_port),
                "--home",
                f"{home}/demo",
                *arguments,
            ],
            env={k: v for k, v in os.environ.items() if not k.startswith("EVENKEEL_")},
        )
        try:
            _wait_until_open(f"http://localhost:{port}/accounts/login/", process, wait_s)
            yield f"http://localhost:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _wait_until_open(address: str, process: subprocess.Popen[bytes], wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the demo ended with status {process.returncode}")
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the demo did not open")


def sign_in(page: Page, address: str, role: str) -> None:
    """Press the demo's button of a role: one whose name contains ``role``."""
    page.goto(f"{address}/accounts/login/")
    page.locator(".role-buttons button", has_text=role).first.click()
    page.wait_for_load_state()


def _open(browser: Browser, theme: str, size: dict[str, int], address: str) -> Page:
    context = browser.new_context(viewport=size, color_scheme=theme, device_scale_factor=1)
    context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    return context.new_page()


ROLE_WORDS = {
    "nurse": "Session nurse",
    "prescriber": "Prescriber",
    "front": "Front desk",
    "auditor": "Auditor",
    "administrator": "Administrator",
    "patient": "Patient",
}


def take(folder: Path, *, everything: bool = False) -> list[Path]:
    """Take the pictures into ``folder`` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    with running_demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        _wait_for_history(browser, address)
        for name, role, place, whom, links, theme in README_PICTURES:
            page = _open(browser, theme, WIDE, address)
            sign_in(page, address, ROLE_WORDS[role])
            page.goto(address + place)
            if whom:
                page.locator("main input[type=search]").fill(whom)
                page.keyboard.press("Enter")
                page.locator("main table a", has_text=whom).first.click()
            for link in links:
                page.locator(link).first.click()
                page.wait_for_load_state("domcontentloaded")
            page.wait_for_timeout(2500)
            for _ in range(60):
                if "is being worked out" not in page.locator("main").inner_text():
                    break
                page.wait_for_timeout(3000)
                page.reload()
            path = folder / f"{name}.png"
            page.screenshot(path=path, full_page=name.startswith("course"))
            taken.append(path)
            page.context.close()
        if everything:
            taken += _everything(browser, address, folder)
        browser.close()
    return taken


def _wait_for_history(browser: Browser, address: str) -> None:
    """The ribbon counts until the older history has been filled in behind."""
    page = _open(browser, "light", WIDE, address)
    sign_in(page, address, ROLE_WORDS["nurse"])
    for _ in range(100):
        page.goto(f"{address}/people/")
        if "older history" not in page.locator(".ribbon").inner_text():
            break
        page.wait_for_timeout(3000)
    page.context.close()


def _everything(browser: Browser, address: str, folder: Path) -> list[Path]:
    taken = []
    for theme in ("light", "dark"):
        for size_name, size in (("wide", WIDE), ("narrow", NARROW)):
            for name, role, place in ALL_PLACES:
                page = _open(browser, theme, size, address)
                sign_in(page, address, ROLE_WORDS[role])
                page.goto(address + place)
                page.wait_for_timeout(800)
                path = folder / f"all-{name}-{theme}-{size_name}.png"
                page.screenshot(path=path, full_page=True)
                taken.append(path)
                page.context.close()
    return taken


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures")
    for picture in take(target, everything="--all" in sys.argv):
        print(picture)
