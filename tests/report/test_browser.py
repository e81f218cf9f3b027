"""The page in a real browser. Needs a Chromium: SMALTI_CHROMIUM, or one of the usual places."""

import os
from pathlib import Path

import pyarrow as pa
import pytest
from foresight_worlds import foreseeing

from smalti.report import page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLACES = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/snap/bin/chromium")
ALL = ["map", "strategies", "customers", "foresight", "segments", "personas", "flows", "account", "assumed", "made"]


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

    def go(html, width=390, **options):
        path = tmp_path / f"page-{len(contexts)}.html"
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
    info, tables = foreseeing(*small_run)
    return page(info, tables, {"membership": tables["membership"].slice(100)})


def sideways(shown):
    return shown.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("width", [360, 390, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overflows_loads_or_complains(visit, html, width, scheme):
    shown = visit(html, width, color_scheme=scheme)
    assert sideways(shown) == 0
    assert shown.trouble == []
    assert [url for url in shown.asked if not url.startswith(("file:", "data:"))] == []
    assert [key for key in ALL if not shown.locator(f"#{key}").is_visible()] == []


def test_wide_words_do_not_overflow_a_phone(visit, small_run, hostile):
    info, tables = small_run
    long = "Wahlverwandtschaften" * 12
    segments = tables["segments"]
    for column in ("title", "rule", "sentence"):
        place = segments.column_names.index(column)
        segments = segments.set_column(place, column, pa.array([long] * segments.num_rows))
    info = {**info, "project": long, "notes": [long], "fitted": [{"quantile": long, "value": long}]}
    ids = pa.array([f"{long}{n}" for n in range(1000)])
    customers = tables["customers"].set_column(0, "customer_id", ids)
    shown = visit(page(info, {**tables, "segments": segments, "customers": customers}), 360)
    shown.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert sideways(shown) == 0


def test_hostile_names_do_nothing(visit, small_run, hostile):
    info, tables = small_run
    ids = pa.array([hostile[n % 3] + str(n) for n in range(1000)])
    customers = tables["customers"].set_column(0, "customer_id", ids)
    shown = visit(page({**info, "notes": hostile}, {**tables, "customers": customers}))
    assert "owned" not in shown.title()
    assert shown.trouble == []
    assert shown.locator("img").count() == 0


def test_a_card_fills_one_printed_page_at_most(visit, html):
    shown = visit(html, 794)
    shown.emulate_media(media="print")
    heights = shown.locator(".persona").evaluate_all("cards => cards.map(card => card.getBoundingClientRect().height)")
    assert len(heights) > 5
    assert all(300 < height < 1000 for height in heights)
    breaks = "cards => cards.map(card => getComputedStyle(card).breakBefore)"
    assert set(shown.locator(".persona").evaluate_all(breaks)) == {"page"}


def test_back_tests_do_not_overflow_a_phone_when_all_is_open(visit, html):
    shown = visit(html, 360)
    shown.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert sideways(shown) == 0
    assert shown.locator("#foresight .curve svg").count() >= 3
    assert shown.locator("#foresight .dot.missed").count() > 0


def test_works_without_scripts(visit, html):
    shown = visit(html, 390, java_script_enabled=False)
    assert shown.locator(".view-defend").is_visible()
    assert shown.locator(".view-defend .cells rect title").count() > 50
    shown.locator("label[for=view-grow]").click()
    assert shown.locator(".view-grow").is_visible()
    assert not shown.locator(".view-defend").is_visible()
    assert [key for key in ALL if not shown.locator(f"#{key}").is_visible()] == []


def test_a_tile_tells_what_it_stands_for(visit, html):
    shown = visit(html, 1440)
    tile = shown.locator(".view-defend .cells rect[data-tip]").first
    told = tile.get_attribute("data-tip")
    tile.dispatch_event("pointerover")
    assert shown.locator("#tip").is_visible()
    assert shown.locator("#tip span").first.inner_text() == told.split("; ")[0]


def test_the_map_is_chosen_from_the_keyboard(visit, html):
    shown = visit(html, 1440)
    shown.locator("#view-defend").focus()
    shown.keyboard.press("ArrowRight")
    assert shown.locator(".view-grow").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(visit, html, scheme):
    shown = visit(html, 1440, color_scheme=scheme)
    shown.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert shown.evaluate(CONTRAST) == []


CONTRAST = """() => {
  const read = text => { const c = (text.match(/[\\d.]+/g) || []).map(Number); return text.startsWith('color(') ?
    [c[0] * 255, c[1] * 255, c[2] * 255, c[3] ?? 1] : [c[0], c[1], c[2], c[3] ?? 1]; };
  const light = c => { const p = c.slice(0, 3).map(v => v / 255).map(v =>
      v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * p[0] + .7152 * p[1] + .0722 * p[2]; };
  const behind = part => { for (; part; part = part.parentElement) {
    const c = read(getComputedStyle(part).backgroundColor); if (c[3] > .8) return c; } return [255, 255, 255, 1]; };
  const poor = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const part = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || !part.checkVisibility() || part.closest('.hidden,script,svg,.skip')) continue;
    const [a, b] = [light(read(getComputedStyle(part).color)), light(behind(part))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) poor.add(part.className + ' ' + part.tagName + ' ' + ratio.toFixed(2));
  }
  return [...poor];
}"""
