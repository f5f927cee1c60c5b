"""Every template of the product keeps the content security policy; those of the kit render."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

import evenkeel
from evenkeel.web import errors
from evenkeel.web.context import page_frame
from evenkeel.web.kit import NOW, kit, kit_context

SOURCE = Path(evenkeel.__file__).parent
TEMPLATES = sorted(p for p in SOURCE.rglob("templates/**/*") if p.suffix in (".html", ".svg"))
WEB = SOURCE / "web/templates"
FRAME = {
    "server_now": NOW,
    "demo": True,
    "nav": [{"label": "People", "url": "/people", "current": True}],
    "who": {"name": "Noor Fiktiv", "role": "nurse"},
    "signout_url": "/out",
    "menu_links": [{"label": "Sign-in", "url": "/me"}],
    "tabs": [{"label": "Next", "icon": "calendar", "url": "/next", "current": True}],
    "help_url": "/help",
    "status": 404,
}


class Strict(HTMLParser):
    """Collect what a strict policy would refuse, and what a screen reader would miss."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.ids: list[str] = []
        self.labels: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.wrong += [f"{tag} {k}" for k in given if k == "style" or k.startswith("on")]
        if tag == "style" or (tag == "script" and not given.get("src")):
            self.wrong.append(f"inline {tag}")
        if tag == "img" and "alt" not in given:
            self.wrong.append("img without alt")
        if (given.get("href") or "").startswith("javascript:"):
            self.wrong.append("javascript address")
        if given.get("id"):
            self.ids.append(given["id"] or "")
        if tag == "label" and given.get("for"):
            self.labels.add(given["for"] or "")


def judge(html: str) -> Strict:
    strict = Strict()
    strict.feed(html)
    return strict


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_no_template_carries_inline_style_script_or_handler(path):
    source = re.sub(
        r"\{%\s*comment.*?endcomment\s*%\}", "", path.read_text(encoding="utf-8"), flags=re.S
    )
    assert not re.search(r"\sstyle\s*=", source), "inline style"
    assert not re.search(r"<style\b", source), "inline style sheet"
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", source), "inline handler"
    assert not re.search(r"<script(?![^>]*\ssrc=)", source), "inline script"
    assert "javascript:" not in source
    assert not re.search(r"\bhx-on\b|\bhx-vals\s*=\s*['\"]js:", source), "evaluated by htmx"


#: Handed out as a file: it is opened where there is no server to ask for anything.
FILES = {"export/record.html"}
FRAMES = [
    path
    for path in TEMPLATES
    if "<!doctype html>" in path.read_text(encoding="utf-8")
    and not any(path.as_posix().endswith(one) for one in FILES)
]


@pytest.mark.parametrize("path", FRAMES, ids=lambda p: p.name)
def test_every_frame_names_its_icon(path):
    """Where none is named the browser asks for /favicon.ico, which nobody serves."""
    assert '<link rel="icon" href="{% static \'web/mark.svg\' %}"' in path.read_text()


def test_the_scan_sees_the_kit():
    assert {"base.html", "phone.html", "print.html"} <= {path.name for path in FRAMES}
    assert WEB / "web/base.html" in TEMPLATES


@pytest.mark.parametrize(
    "path",
    [p for p in sorted(WEB.rglob("*.html")) if p.name != "kit.html"],
    ids=lambda p: p.name,
)
def test_the_kits_templates_render_with_little(path):
    needed = {"level": "hold", "mark": "sourced", "title": "label", "form": kit_context()["form"]}
    needed["field"] = needed["form"]["name"]
    html = render_to_string(str(path.relative_to(WEB)), needed)
    assert judge(html).wrong == []


@pytest.mark.parametrize("name", ["base", "phone", "print", "error", "kit"])
@pytest.mark.parametrize("theme", ["", "light", "dark"])
def test_frames_render_whole(name, theme):
    html = render_to_string(f"web/{name}.html", {**FRAME, **kit_context(), "theme": theme})
    strict = judge(html)
    assert strict.wrong == []
    assert html.count("<main") == html.count("</main>") == 1
    assert "invented people, not for care" in html
    if name != "print":
        assert ("data-theme" in html.split("<head>")[0]) is bool(theme)
        assert 'href="#main"' in html
        assert 'id="main"' in html


def test_no_ribbon_outside_the_demonstration():
    html = render_to_string("web/base.html", {**FRAME, "demo": False})
    assert "invented people" not in html


@pytest.mark.django_db
def test_the_style_guide_shows_every_field_with_its_label():
    response = kit(RequestFactory().get("/kit"))
    html = response.content.decode()
    strict = judge(html)
    assert strict.wrong == []
    ids = set(strict.ids)
    assert strict.labels <= ids
    assert "This field is required." in html
    assert 'aria-invalid="true"' in html


def test_htmx_is_told_to_evaluate_and_store_nothing():
    html = render_to_string("web/base.html", FRAME)
    for rule in ('"allowEval":false', '"includeIndicatorStyles":false', '"historyCacheSize":0'):
        assert rule in html


@pytest.mark.parametrize(
    ("cookie", "theme"), [("dark", "dark"), ("light", "light"), ('"><script>', ""), (None, "")]
)
def test_the_theme_comes_from_the_cookie_and_only_when_known(cookie, theme):
    request = RequestFactory().get("/")
    if cookie is not None:
        request.COOKIES["theme"] = cookie
    assert page_frame(request) == {"theme": theme}


@pytest.mark.parametrize("status", sorted(errors.ERROR_WORDS))
def test_every_error_says_what_to_do(status):
    response = errors.error_page(None, status, detail="<b>detail</b>", reference="r-17")
    html = response.content.decode()
    assert response.status_code == status
    assert str(errors.ERROR_WORDS[status].heading) in html
    assert "What to do" in html
    assert "&lt;b&gt;detail" in html
    assert "r-17" in html
    assert judge(html).wrong == []


def test_an_unlisted_status_borrows_words():
    assert errors.error_page(None, 418).status_code == 418
    assert "our side" in errors.error_page(None, 503).content.decode()


def test_the_last_error_page_needs_no_request_and_no_database():
    assert errors.server_error(RequestFactory().get("/")).status_code == 500


def test_an_error_page_stands_when_the_frame_itself_breaks(monkeypatch):
    def broken(*args, request=None, **kwargs):
        if request is not None:
            raise RuntimeError("no database")
        return render_to_string(*args, **kwargs)

    monkeypatch.setattr(errors, "render_to_string", broken)
    response = errors.page_not_found(RequestFactory().get("/"))
    assert response.status_code == 404
    assert b"Nothing here" in response.content


def test_third_party_files_carry_their_licence():
    vendor = SOURCE / "web/static/web/vendor"
    licences = (vendor / "LICENSES.md").read_text(encoding="utf-8")
    files = {p.name for p in vendor.iterdir()} - {"LICENSES.md"}
    assert all(f"`{name}`" in licences for name in files)
    assert "Zero-Clause BSD" in licences
    assert "The MIT License" in licences
    assert "htmx.org 2.0.11" in licences
    assert 'version:"2.0.11"' in (vendor / "htmx.min.js").read_text(encoding="utf-8")
