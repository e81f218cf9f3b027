"""The page of a trial in a real browser. Needs a Chromium: SMALTI_CHROMIUM, or one of the usual places."""

import os
from pathlib import Path

import pytest
from proof_worlds import outcome, proved

from smalti.report import proof_page

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
        path = tmp_path / f"proof-{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        context = chromium.new_context(viewport={"width": width, "height": 844}, **options)
        contexts.append(context)
        shown = context.new_page()
        shown.trouble, shown.asked = [], []
        shown.on("console", lambda message: shown.trouble.append(message.text))
        shown.on("pageerror", lambda error: shown.trouble.append(str(error)))
        shown.on("request", lambda request: shown.asked.append(request.url))
        shown.goto(path.as_uri())
        shown.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        return shown

    yield go
    for context in contexts:
        context.close()


def sideways(shown):
    return shown.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overflows_loads_or_complains(visit, width, scheme):
    shown = visit(proof_page(proved()), width, color_scheme=scheme)
    assert sideways(shown) == 0
    assert shown.trouble == []
    assert [url for url in shown.asked if not url.startswith(("file:", "data:"))] == []
    assert shown.locator(".ladder .chosen").count() == 2
    assert shown.locator(".budgets .line circle").count() > 20


def test_wide_words_do_not_overflow_a_phone(visit):
    long = "Wahlverwandtschaften" * 12
    told = proved(name=long, control=long, taken=[long], warnings=[long], outcomes=[outcome(long, arm=long)])
    assert sideways(visit(proof_page(told), 360)) == 0


def test_it_is_all_there_on_paper(visit):
    shown = visit(proof_page(proved()), 794, java_script_enabled=True)
    shown.emulate_media(media="print")
    assert shown.locator(".proven").count() == 2
    assert all(shown.locator(".proven table").nth(place).is_visible() for place in range(3))
