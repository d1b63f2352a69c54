"""The public pages as people meet them: every width, both schemes, by keyboard, without scripts."""

import pytest
from playwright.sync_api import Page

from briefing.archive import pictures
from briefing.models import Article, Correction, Issue
from tests import factories
from tests.accessibility import SITES_FRAME, assert_accessible, assert_contrast
from tests.chromium import Visit

pytestmark = pytest.mark.django_db(transaction=True)

LONG_WORD = "Robotersicherheitsbeauftragtenkonferenzprotokollführung"
WIDTHS = (320, 768, 1440)


@pytest.fixture
def paths(db: None) -> list[str]:
    """An archive with what pages find hard: long words, no picture, nothing in a section, much of it."""
    newsletter = factories.newsletter()
    factories.notice()
    factories.notice("privacy", text=f"# Privacy policy\n\n## {LONG_WORD}\n\nWe keep little.")
    hard = factories.article(f"{LONG_WORD} in Nagoya", dek=LONG_WORD * 3, body=LONG_WORD * 4)
    hard.sources.all().delete()
    hard.watch_items.all().delete()
    full = factories.article("Ports count their cranes twice", published_at=factories.NOW)
    for number in range(40):
        address = f"https://example.org/{'a' * 200}/{number}"
        full.sources.create(publisher="Port Weekly", title=f"Count {number}", url=address)
    full.watch_items.create(text="A vote", outcome="happened", outcome_note="41 to 9.")
    Correction.objects.create(article=full, text="It was Osaka.", at=factories.NOW)
    issue = factories.issue(newsletter, [hard, full], intro="Hello {{ name|there }}.")
    Issue.objects.update(status=Issue.Status.PUBLISHED, published_at=factories.NOW)
    return [
        "/",
        hard.get_absolute_url(),
        full.get_absolute_url(),
        "/topics/automation/",
        "/authors/ada-noor/",
        "/archive/",
        "/archive/2026/3/",
        "/issues/",
        issue.get_absolute_url(),
        "/about/",
        "/privacy/",
    ]


def test_every_page_can_be_used_by_everybody_and_fits_asks_nobody_else_and_keeps_nothing(
    visit: Visit, site: str, paths: list[str]
) -> None:
    page = visit()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in paths:
        page.goto(path)
        # A topic's own page marks it in the masthead.
        without = () if path == "/" or "/topics/" in path else SITES_FRAME
        assert_accessible(page, without=without)
        page.emulate_media(color_scheme="dark")
        assert_contrast(page, without=without)
        page.emulate_media(color_scheme="light")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (path, width, wide)
    # What a script asks for late, it asks for on every page.
    page.wait_for_load_state("networkidle")
    assert asked
    assert all(url.startswith(site) for url in asked)
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_who_makes_only_the_text_larger_has_lines_of_words_to_read(
    visit: Visit, paths: list[str]
) -> None:
    Article.objects.update(image="articles/a-1f2e3d4c-1600x900.png")
    page = visit()
    # A picture that is not there is the browser's complaint, and none of this test.
    page.route("**/media/**", lambda route: route.fulfill(status=204))
    for path, text, width in (
        ("/issues/", ".ledger", 320),
        (paths[3], ".entry__text", 700),
        (paths[2], ".prose", 1200),
    ):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        box = page.locator(text).first.bounding_box()
        assert box
        assert box["width"] > min(330, 0.7 * width), path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.browser(javascript=False)
def test_everything_is_there_without_scripts(page: Page, paths: list[str]) -> None:
    page.goto("/")
    page.get_by_role("link", name="Ports count their cranes twice").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "Ports count their cranes twice"
    assert page.get_by_label("Your email address").is_visible()


def test_the_address_of_an_article_is_copied_by_a_button(page: Page, paths: list[str]) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(paths[2])
    page.get_by_role("button", name="Copy the address").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.url


@pytest.mark.browser(javascript=False)
def test_without_scripts_there_is_no_button_that_does_nothing(page: Page, paths: list[str]) -> None:
    page.goto(paths[2])
    assert page.get_by_role("button", name="Copy the address").count() == 0
    assert page.get_by_role("link", name="Email", exact=True).is_visible()


def test_the_first_tab_leads_past_the_masthead(page: Page, paths: list[str]) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_text_twice_as_large_loses_nothing(visit: Visit, paths: list[str]) -> None:
    # Zooming to 200 % on a screen of 1280 is a window of 640; at 400 % it is 320 (WCAG 1.4.10).
    page = visit(viewport=(640, 400))
    page.goto(paths[2])
    page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640


def test_a_picture_comes_in_the_size_that_fits(page: Page, paths: list[str]) -> None:
    name = "articles/a-1f2e3d4c-1600x900.png"
    Article.objects.filter(slug="ports-count-their-cranes-twice").update(image=name, image_alt="A.")
    page.route("**/media/**", lambda route: route.fulfill(status=200, body=b""))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(paths[2])
    assert [url for url in asked if pictures.renditions(name)[0].name in url]
    picture = page.locator(".article__figure img")
    assert picture.get_attribute("width") == "1600"
    assert picture.get_attribute("height") == "900"


@pytest.mark.browser(dark=True)
def test_paper_is_white_whatever_the_screen_is(page: Page, paths: list[str]) -> None:
    page.goto(paths[2])
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert not page.get_by_label("Your email address").is_visible()
