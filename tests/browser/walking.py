"""Going through pages as a person does: one press after the other, every page looked at twice.

``Walk`` is a browser page that knows its server. Each page it reaches must have answered well, and
must fit a screen of 360 pixels without scrolling sideways; the console is watched by ``open_page``.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import Page, Response, expect

PHONE = {"width": 360, "height": 740}
#: What stands out to the right of a screen of this width, but for what scrolls by itself.
STICKS_OUT = """() => {
  const width = document.documentElement.clientWidth
  if (document.documentElement.scrollWidth <= width) return []
  const scrolls = one => one && one !== document.body &&
    (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(one).overflowX) ||
      scrolls(one.parentElement))
  return [...document.querySelectorAll('body *')]
    .filter(one => one.checkVisibility() && one.getBoundingClientRect().right > width + 1 &&
      !scrolls(one.parentElement))
    .slice(0, 5).map(one => one.outerHTML.slice(0, 160))
}"""


def authenticator_code(secret: str) -> str:
    """The six digits an authenticator app with this secret shows now (RFC 6238, RFC 4226).

    Waits for the next ones where these are about to change.
    """
    left_s = 30 - time.time() % 30
    if left_s < 2:
        time.sleep(left_s)
    counter = int(time.time() // 30)
    digest = hmac.digest(base64.b32decode(secret), counter.to_bytes(8, "big"), hashlib.sha1)
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


class Walk:
    """One person at one browser."""

    def __init__(self, page: Page, url: str, shot: Callable[..., None]) -> None:
        self.page = page
        self.url = url
        self.shot = shot
        self.refused: list[str] = []
        page.on("response", self._note)

    def _note(self, response: Response) -> None:
        if response.status >= 400:
            self.refused.append(f"{response.status} {response.url}")

    @property
    def path(self) -> str:
        """Where it is, below the server's own address."""
        return self.page.url.removeprefix(self.url)

    def open(self, address: str) -> Walk:
        """Go to an address, whole or as a path of this server."""
        self.page.goto(address if "://" in address else self.url + address)
        return self.look()

    def follow(self, name: str, within: str = "body", exact: bool = False) -> Walk:
        """Follow the first link of this name."""
        self.page.locator(within).first.get_by_role("link", name=name, exact=exact).first.click()
        return self.look()

    def press(self, name: str, within: str = "body", exact: bool = False) -> Walk:
        """Press the first button of this name, which sends a form, and come to the next page."""
        with self.page.expect_navigation():
            self.page.locator(within).first.get_by_role(
                "button", name=name, exact=exact
            ).first.click()
        return self.look()

    def fill(self, **fields: Any) -> Walk:
        """Fill fields by their name: text, choice, box (bool) or a radio's value."""
        for name, value in fields.items():
            self._fill(name, value)
        return self

    def _fill(self, name: str, value: Any) -> None:
        found = self.page.locator(f'main [name="{name}"]:not([type="hidden"])')
        kind = found.first.evaluate("one => one.type")
        if kind == "radio":
            self.page.locator(f'main [name="{name}"][value="{value}"]').first.check(force=True)
        elif kind == "checkbox" and isinstance(value, bool):
            found.first.set_checked(value, force=True)
        elif kind == "checkbox":
            self.page.locator(f'main [name="{name}"][value="{value}"]').check(force=True)
        elif kind.startswith("select"):
            found.first.select_option(str(value))
        else:
            found.first.fill(str(value))

    def tab_to(self, label: str, role: str = "") -> Walk:
        """Go on with the tabulator key until what is called so has the focus."""
        wanted = self.page.get_by_role(role, name=label) if role else self.page.get_by_label(label)  # type: ignore[arg-type]
        for _ in range(40):
            if wanted.first.evaluate("one => one === document.activeElement"):
                return self
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no way by keys to {label} at {self.path}")

    def look(self) -> Walk:
        """Nothing was refused on the way here, and nothing sticks out on a narrow screen."""
        self.page.wait_for_load_state()
        assert not self.refused, self.refused
        size = self.page.viewport_size
        if size is None or size["width"] == PHONE["width"]:
            out = self.page.evaluate(STICKS_OUT)
        else:
            self.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
            out = self.page.evaluate(STICKS_OUT)
            self.page.set_viewport_size(size)
        assert out == [], f"{self.path} is wider than a phone: {out}"
        return self

    @contextlib.contextmanager
    def refusal(self, status: int) -> Iterator[None]:
        """Within, exactly this answer is expected, at least once."""
        self.page.expected.append(str(status))  # type: ignore[attr-defined]
        looked, self.look = self.look, lambda: self  # type: ignore[method-assign]
        try:
            yield
        finally:
            self.look = looked  # type: ignore[method-assign]
        self.page.wait_for_load_state()
        said, self.refused = self.refused, []
        assert said, f"nothing was refused at {self.path}"
        assert all(text.startswith(str(status)) for text in said), said
        self.look()

    def says(self, text: Any, within: str = "main") -> Walk:
        """The page says this."""
        expect(self.page.locator(within).first).to_contain_text(text)
        return self
