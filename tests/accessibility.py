"""Asks axe-core whether a page can be used by everybody (WCAG 2.2 AA, as far as a machine can tell)."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_AXE = Path(__file__).parent / "payloads" / "axe" / "axe.min.js"
_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# Not to be preloaded: axe would put what the site's sheet imports into the page as inline style, which
# the page's own policy refuses. What it wants that for is a sheet that locks the screen's orientation.
# Nor are frames to be asked: our frames show mails and pages that run no script, so no axe is in them to
# answer, and each would be waited for. What they show is looked at by itself.
_RUN = """async ([only, without]) => {
  const asked = { runOnly: only, resultTypes: ["violations"], preload: false, iframes: false };
  const found = await axe.run({ exclude: without.map((each) => [each]) }, asked);
  return found.violations;
}"""
# What a width or a scheme changes of the same words and elements.
OF_LOOKS = ("color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size")
# The same on every page of the site; test_site_in_chromium and test_pages_in_browser look at it.
SITES_FRAME = (".masthead", ".footer")


def assert_accessible(
    page: Page,
    *,
    besides: tuple[str, ...] = (),
    rules: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
) -> None:
    """Assert that axe-core finds nothing wrong with the page as it stands, by all or some rules.

    `besides` names rules that a page of somebody else's making breaks; say why where you call it.
    `without` are selectors of what every page has and one was asked about already.
    """
    # Through the debugger and not in a script element: the page's own policy would refuse that.
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
        # Whoever looks at one page looks at the next as well: it is there when that begins.
        page.add_init_script(_source())
    # Waiting has a limit, which evaluating has not: on a page without JavaScript axe never answers.
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": _TAGS}
    found = page.wait_for_function(_RUN, arg=[only, without]).json_value()
    violations = [each for each in found if each["id"] not in besides]
    assert not violations, "\n".join([page.url, *map(_describe, violations)])


def assert_contrast(page: Page, *, without: tuple[str, ...] = ()) -> None:
    """Assert that everything can be read: what a page's light and dark scheme differ in is colour."""
    assert_accessible(page, rules=("color-contrast",), without=without)


@cache
def _source() -> str:
    return _AXE.read_text("utf-8")


def _describe(violation: dict[str, Any]) -> str:
    nodes = [
        f"    {' '.join(map(str, node['target']))}: {node.get('failureSummary', '')}"
        for node in violation["nodes"]
    ]
    return "\n".join([f"{violation['id']} ({violation['impact']}): {violation['help']}", *nodes])
