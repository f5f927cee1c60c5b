"""Tags and filters as templates use them."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID
from xml.etree import ElementTree

import pytest
from django.template import Context, Template, TemplateSyntaxError

from evenkeel.web.icons import UnknownIcon, draw_icon, icon_names

NOW = datetime(2026, 11, 23, 14, 14, tzinfo=UTC)
HOSTILE = "\"><script>alert(1)</script><b onload='x'>"


def draw(source: str, **context) -> str:
    return Template("{% load web_tags %}" + source).render(Context(context))


@pytest.mark.parametrize("name", icon_names())
def test_every_icon_is_well_formed_and_silent(name):
    svg = ElementTree.fromstring(draw_icon(name))
    assert svg.get("aria-hidden") == "true"
    assert len(svg) >= 1


def test_an_icon_with_a_title_speaks_and_escapes():
    svg = ElementTree.fromstring(draw_icon("pause", HOSTILE))
    assert svg.get("aria-label") == HOSTILE
    assert svg.get("role") == "img"


def test_an_unknown_icon_is_an_error():
    with pytest.raises(UnknownIcon):
        draw('{% icon "unicorn" %}')


@pytest.mark.parametrize(
    ("level", "word"),
    [("inform", "Inform"), ("review", "Review"), ("hold", "Hold"), ("emergency", "Emergency")],
)
def test_an_alarm_is_shape_word_and_color(level, word):
    drawn = draw("{% alarm level %}", level=level)
    assert f'class="alarm {level}"' in drawn
    assert "<svg" in drawn
    assert drawn.endswith(f"{word}</span>")


@pytest.mark.parametrize(
    ("mark", "css"),
    [
        ("sourced", "sourced"),
        ("clinic policy", "policy"),
        ("derived", "derived"),
        ("forecast", "derived"),
        ("assumed", "unverified"),
        ("something new", "unverified"),
    ],
)
def test_a_source_has_its_mark_and_says_it(mark, css):
    drawn = draw("{% src mark 'label 2024' %}", mark=mark)
    assert f'class="src {css}"' in drawn
    assert "label 2024" in drawn
    assert 'class="vh"' in drawn


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", ""])
def test_a_source_never_leads_to_an_unsafe_address(url):
    assert "<a" not in draw("{% src 'sourced' 'label' url %}", url=url)


def test_a_source_leads_to_a_page_or_a_secure_address():
    assert 'href="/sources/7"' in draw("{% src 'sourced' 'label' '/sources/7' %}")
    assert 'rel="noopener' in draw("{% src 'sourced' 'label' 'https://doi.org/10.1/x' %}")


def test_hostile_words_stay_words():
    drawn = draw("{% src 'sourced' words %}{% alarm 'hold' words %}", words=HOSTILE)
    assert "<script" not in drawn
    assert "<b " not in drawn


def test_each_drawing_of_a_form_is_an_act_of_its_own():
    drawn = draw("{% csrf_act %}{% csrf_act %}", csrf_token="token-of-the-test")
    ids = re.findall(r'name="act_id" value="([^"]+)"', drawn)
    assert len({UUID(i) for i in ids}) == 2
    assert drawn.count('value="token-of-the-test"') == 2


def test_a_view_can_keep_the_act():
    act_id = "0f9d1b5e-0000-4000-8000-000000000001"
    assert act_id in draw("{% csrf_act %}", act_id=act_id)


def test_filters_write_what_staff_read():
    drawn = draw(
        "{{ mg|quantity:'mg' }}|{{ ml|quantity:'mL:2' }}|{{ p|chance }}|{{ rise|signed }}|"
        "{{ fall|signed }}|{{ then|ago:now }}|{{ missing|or_not_known }}",
        mg=34,
        ml=0.6789,
        p=0.001,
        rise=13,
        fall=-3,
        then=NOW - timedelta(minutes=2),
        now=NOW,
        missing="",
    )
    expected = "34 mg|0.68 mL|&lt; 1 %|+13|−3|2 min ago|not known"
    assert drawn.replace("\u00a0", " ") == expected


def test_ago_without_a_clock_is_refused():
    with pytest.raises(TemplateSyntaxError):
        draw("{{ then|ago }}", then=NOW)
