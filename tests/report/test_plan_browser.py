"""The chapter on the plan in a real browser. Needs a Chromium: SMALTI_CHROMIUM, or one of the usual places."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest
from planned_shop import planning

from smalti.report import page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLACES = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/snap/bin/chromium")


@pytest.fixture(scope="module")
def chromium():
    given = os.environ.get("SMALTI_CHROMIUM")
    found = next((place for place in ([given] if given else PLACES) if Path(place).exists()), None)
    if found is None:
        pytest.skip("no Chromium found: set SMALTI_CHROMIUM to its path")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, tmp_path):
    contexts = []

    def go(html, width, **options):
        path = tmp_path / f"plan-{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        context = chromium.new_context(viewport={"width": width, "height": 844}, **options)
        contexts.append(context)
        shown = context.new_page()
        shown.trouble, shown.asked = [], []
        shown.on("console", lambda message: shown.trouble.append(message.text))
        shown.on("pageerror", lambda error: shown.trouble.append(str(error)))
        shown.on("request", lambda request: shown.asked.append(request.url))
        shown.goto(path.as_uri())
        return shown

    yield go
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def html(small_run):
    return page(*planning(*small_run))


def opened(shown):
    shown.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    return shown


def sideways(shown):
    return shown.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overflows_loads_or_complains(visit, html, width, scheme):
    shown = opened(visit(html, width, color_scheme=scheme))
    assert sideways(shown) == 0
    assert shown.trouble == []
    assert [url for url in shown.asked if not url.startswith(("file:", "data:"))] == []
    assert shown.locator("#plan .bounds li").count() == 3
    assert shown.locator("#plan .days li").count() >= 7


def test_no_script_is_needed(visit, html):
    shown = visit(html, 390, java_script_enabled=False)
    assert shown.locator("#plan .plan-verdict").is_visible()
    shown.locator(".opening a[href='#plan']").click()
    assert shown.locator("#plan h2").is_visible()


def test_wide_words_do_not_overflow_a_phone(visit, small_run):
    info, tables = planning(*small_run)
    long = "Wahlverwandtschaften" * 12
    for name, columns in (
        ("plan_previews", ("subject", "body", "customer_id")),
        ("plan_totals", ("title",)),
        ("plan_limits", ("about", "one_more")),
    ):
        rows = [row | dict.fromkeys(columns, long) for row in tables[name].to_pylist()]
        tables = {**tables, name: pa.Table.from_pylist(rows)}
    assert sideways(opened(visit(page(info, tables), 360))) == 0


def test_a_busy_day_stands_higher_than_a_quiet_one(visit, html):
    shown = visit(html, 1280)
    heights = shown.locator("#plan .column > span").evaluate_all(
        "bars => bars.map(bar => bar.getBoundingClientRect().height)"
    )
    assert max(heights) > 100
    assert 0 < min(heights) < max(heights) / 2


def test_it_is_all_there_on_paper(visit, html):
    shown = visit(html, 794)
    shown.emulate_media(media="print")
    assert shown.locator("#plan .letter .body").first.is_visible()
    cut = "bodies => bodies.filter(body => body.scrollHeight > body.clientHeight + 1).length"
    assert shown.locator("#plan .letter .body").evaluate_all(cut) == 0
    assert shown.locator("#plan .roomy, #plan .more table").first.is_visible()
