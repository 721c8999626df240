"""The built site in a headless browser: phone width, search in Korean, dark mode, nothing from other servers."""

import functools
import http.server
import os
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urldefrag, urljoin

import pytest
import yaml
from conftest import ROOT

from klue_helpers.configure import LECTURES, options_table

SITE = Path(os.environ.get("KLUE_SITE") or ROOT / "_build" / "html")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PHONE, DESK = {"width": 360, "height": 780}, {"width": 1280, "height": 900}
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
pytestmark = pytest.mark.slow

# Elements wider than the window that no ancestor lets scroll: they would be cut off.
OVERFLOWING = """() => [...document.querySelectorAll('main *')].filter(element => {
  const box = element.getBoundingClientRect();
  if (!box.width || box.right <= innerWidth + 1) return false;
  for (let up = element; up && up !== document.body; up = up.parentElement)
    if (/auto|scroll/.test(getComputedStyle(up).overflowX)) return false;
  return !element.closest('.bd-sidebar-secondary, mjx-assistive-mml');
}).map(element => element.outerHTML.slice(0, 120))"""

# Texts whose contrast with the nearest painted background is below WCAG AA (4.5, large text 3).
FAINT = """() => {
  const rgba = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (let up = element; up; up = up.parentElement) {
      const [r, g, b, a = 1] = rgba(getComputedStyle(up).backgroundColor);
      if (a > 0.5) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const faint = [];
  const parts = '.bd-article *, .bd-sidebar-primary *, .bd-sidebar-secondary *, footer *';
  for (const element of document.querySelectorAll(parts)) {
    const text = [...element.childNodes].filter(node => node.nodeType === 3).map(node => node.data.trim()).join('');
    const style = getComputedStyle(element);
    if (!text || !element.getClientRects().length || style.visibility === 'hidden' || style.opacity < 0.1) continue;
    if (element.closest('svg, mjx-container, .visually-hidden, .headerlink, button.copybtn')) continue;
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const [one, two] = [light(rgba(style.color)), light(ground(element))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (two + 0.05);
    if (ratio < (large ? 3 : 4.5)) faint.push(`${ratio.toFixed(2)} ${element.className} ${text.slice(0, 40)}`);
  }
  return faint;
}"""

FACTS = """() => ({
  lang: document.documentElement.lang,
  width: document.documentElement.scrollWidth,
  headings: document.querySelectorAll('main h1').length,
  images: [...document.querySelectorAll('main img')]
    .map(image => [image.getAttribute('src'), image.alt, image.naturalWidth]),
  links: [...document.querySelectorAll('a[href]')].map(link => link.href),
  words: [...document.querySelectorAll('[title], [aria-label], [placeholder], [data-tooltip], [data-bs-title]')]
    .flatMap(element => ['title', 'aria-label', 'placeholder', 'data-tooltip', 'data-bs-title',
      'data-bs-original-title'].map(name => element.getAttribute(name))).filter(Boolean),
  searches: [...document.querySelectorAll('.search-button__button, form.bd-search')]
    .filter(element => element.getClientRects().length && !element.closest('dialog:not([open])')
      && getComputedStyle(element).visibility !== 'hidden'
      && element.getBoundingClientRect().right > 0).length,
  formulas: document.querySelectorAll('.math').length,
  drawn: document.querySelectorAll('mjx-container').length,
  failed: document.querySelectorAll('mjx-merror, [data-mjx-error]').length,
})"""


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """A file server that says nothing."""

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Path:
    if not (SITE / "index.html").is_file():
        pytest.skip(f"no built site in {SITE}: run `klue book`, or name a built site with KLUE_SITE")
    return SITE


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(QuietHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser(site: Path):
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no browser installed: one of {', '.join(BROWSERS)} is needed")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        window = driver.chromium.launch(executable_path=program)
        yield window
        window.close()


@pytest.fixture(scope="module")
def names(site: Path) -> list[str]:
    """Every page but the search page, as a path below the site's address."""
    found = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html") if "_static" not in path.parts)
    return [name for name in found if name != "search.html"]


@pytest.fixture(scope="module")
def lectures(names: list[str]) -> list[str]:
    return [name for name in names if name.startswith("notebooks/")]


@pytest.fixture(scope="module")
def phone(browser, address: str, names: list[str]) -> dict[str, dict]:
    """What each page (the search page too) shows at 360 pixels, and what it asked for while loading."""
    return {name: visit(browser, address, name, viewport=PHONE) for name in [*names, "search.html"]}


@pytest.fixture(scope="module")
def desk(browser, address: str, names: list[str]) -> dict[str, dict]:
    """The same at 1280 pixels in dark mode."""
    return {name: visit(browser, address, name, viewport=DESK, color_scheme="dark") for name in [*names, "search.html"]}


def visit(browser, address: str, name: str, **options: object) -> dict:
    """Open a page in a fresh window, wait until it is quiet, and return its facts and troubles."""
    context = browser.new_context(locale="ko-KR", **options)
    page, troubles, strangers = context.new_page(), [], []
    page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("response", lambda got: troubles.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    page.on("request", lambda call: None if call.url.startswith((address, "data:")) else strangers.append(call.url))
    page.goto(address + name, wait_until="networkidle")
    page.wait_for_function("!document.querySelector('.math') || document.querySelector('mjx-container')")
    facts = page.evaluate(FACTS)
    facts |= {"overflowing": page.evaluate(OVERFLOWING), "faint": page.evaluate(FAINT)}
    context.close()
    return facts | {"troubles": troubles, "strangers": strangers}


def search(browser, address: str, query: str) -> dict:
    """Return what the search page shows for a query: found pages with their excerpts, and its message."""
    context = browser.new_context(locale="ko-KR", viewport=DESK)
    page = context.new_page()
    page.goto(f"{address}search.html?q={quote(query)}", wait_until="networkidle")
    page.wait_for_function("document.querySelector('.search-summary')?.innerText")
    page.wait_for_timeout(300)
    found = page.evaluate("""() => [...document.querySelectorAll('#search-results ul.search > li')].map(item => ({
        page: new URL(item.querySelector('a').href).pathname.slice(1),
        excerpt: item.querySelector('p.context')?.textContent || '',
        marked: [...item.querySelectorAll('.highlighted')].map(mark => mark.textContent.toLowerCase()) }))""")
    message = page.inner_text(".search-summary")
    context.close()
    return {"found": found, "message": message}


def article(site: Path, name: str) -> str:
    """Return the visible text of a page's article, roughly: tags away."""
    html = (site / name).read_text(encoding="utf-8")
    return re.sub(r"<[^>]+>", "", html[html.index('<article class="bd-article"') : html.index("</article>")])


def complaints(pages: dict[str, dict], key: str) -> dict[str, list]:
    return {name: facts[key] for name, facts in pages.items() if facts[key]}


def test_no_page_scrolls_sideways_on_a_phone(phone):
    assert {name: facts["width"] for name, facts in phone.items() if facts["width"] > PHONE["width"]} == {}
    assert complaints(phone, "overflowing") == {}


def test_pages_load_without_errors_and_from_nowhere_else(phone, desk):
    for pages in (phone, desk):
        assert complaints(pages, "troubles") == {}
        assert complaints(pages, "strangers") == {}


def test_pages_are_korean_with_one_title(phone):
    found = {name: (facts["lang"], facts["headings"]) for name, facts in phone.items()}
    assert found == dict.fromkeys(phone, ("ko", 1))


def test_there_is_one_search_field(phone, desk):
    for pages in (phone, desk):
        assert {name: facts["searches"] for name, facts in pages.items()} == dict.fromkeys(pages, 1)


@pytest.mark.parametrize("width", [800, 992, 1200])
def test_search_can_be_reached_at_every_width_also_without_the_side_menu(browser, address, width):
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(address + "index.html", wait_until="networkidle")
    assert page.evaluate(FACTS)["searches"] == 1
    if width >= 992:
        page.click(".primary-toggle")
        page.wait_for_function("document.querySelector('#pst-primary-sidebar').getBoundingClientRect().right <= 0")
        assert page.evaluate(FACTS)["searches"] == 1
    context.close()


def test_interface_words_are_korean(desk):
    foreign = {word for facts in desk.values() for word in facts["words"]
               if not re.search("[가-힣]", word) and not re.fullmatch(r"[\W\d_]*|klue_helpers(?:\.\w+)+", word)}
    assert foreign == set()


def test_images_have_alternative_text_and_load(phone):
    bad = [(name, *image) for name, facts in phone.items() for image in facts["images"]
           if not re.search("[가-힣]", image[1]) or not image[2]]
    assert bad == []


def test_text_and_code_are_readable_in_light_and_dark(phone, desk):
    assert complaints(phone, "faint") == {}
    assert complaints(desk, "faint") == {}


def test_formulas_are_drawn(phone):
    assert {name for name, facts in phone.items() if facts["drawn"] < facts["formulas"] or facts["failed"]} == set()


def test_every_page_is_reachable_from_the_first(phone, address, names):
    seen, todo = set(), ["index.html"]
    while todo:
        name = todo.pop()
        if name in seen or name not in phone:
            continue
        seen.add(name)
        links = [urldefrag(urljoin(address, link))[0] for link in phone[name]["links"]]
        todo += [link.removeprefix(address).split("?")[0] for link in links if link.startswith(address)]
    assert set(names) - seen == set()


def test_internal_links_lead_somewhere(phone, address, site):
    targets = {urldefrag(link)[0].removeprefix(address).split("?")[0]
               for facts in phone.values() for link in facts["links"] if link.startswith(address)}
    assert {target for target in targets if target and not (site / target).is_file()} == set()


def test_every_lecture_is_one_click_away_and_opens_in_colab(phone, address, lectures):
    assert len(lectures) == len(LECTURES)
    start = CONFIG["repository"]["url"].replace("https://github.com/", "https://colab.research.google.com/github/")
    for name in lectures:
        assert address + name in phone["index.html"]["links"]
        wanted = f"{start}/blob/{CONFIG['repository']['branch']}/{name.replace('.html', '.ipynb')}"
        colab = [link for link in phone[name]["links"] if link.startswith("https://colab.research.google.com")]
        assert colab and set(colab) == {wanted}


@pytest.mark.parametrize("query", ["학습", "토큰", "띄어쓰", "형태소"])
def test_search_finds_lectures_by_part_of_a_word(browser, address, site, lectures, query):
    result = search(browser, address, query)
    holding = {name for name in lectures if query in article(site, name)}
    assert holding, f"no lecture holds {query}: the test needs another word"
    assert re.search(rf"{query}[가-힣]", "".join(article(site, name) for name in holding))
    assert holding <= {item["page"] for item in result["found"]}
    excerpts = [item for item in result["found"] if item["page"] in holding and item["excerpt"]]
    assert excerpts and all(query in item["excerpt"] and query in item["marked"] for item in excerpts)


def test_search_demands_every_word(browser, address, site, names):
    one = {name for name in names if "토큰" in article(site, name)}
    both = {name for name in one if "wordpiece" in article(site, name).lower()}
    assert both and both != one
    assert {item["page"] for item in search(browser, address, "wordpiece 토큰")["found"]} == both


def test_search_for_nonsense_finds_nothing_and_says_so_in_korean(browser, address):
    result = search(browser, address, "뷁쉙쀍")
    assert result["found"] == [] and "없습니다" in result["message"]


def test_search_dialog_leads_to_the_search_page(browser, address):
    context = browser.new_context(locale="ko-KR", viewport=DESK)
    page = context.new_page()
    page.goto(address + "index.html", wait_until="networkidle")
    page.click(".search-button-field")
    page.keyboard.type("토큰")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li")
    assert page.input_value("input[name=q]") == "토큰"
    context.close()


def test_keyboard_users_meet_a_korean_skip_link_and_see_the_focus(browser, address):
    context = browser.new_context(locale="ko-KR", viewport=DESK)
    page = context.new_page()
    page.goto(address + "index.html", wait_until="networkidle")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "본문으로 건너뛰기"
    page.wait_for_function("document.activeElement.getBoundingClientRect().top >= 0", timeout=3_000)  # it slides in
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    context.close()


def test_settings_page_shows_the_options_of_the_code(site):
    html = re.sub(r"<[^>]+>", " ", (site / "book" / "settings.html").read_text(encoding="utf-8"))
    text = re.sub(r"\s+", " ", html)
    for number in LECTURES:
        for row in options_table(number):
            for key in ("name", "doc", "cpu", "gpu"):
                assert str(row[key]) in text, (number, row["name"], key)
