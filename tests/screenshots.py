"""`python -m tests.screenshots`: photographs a running copy's public pages for docs/images/site/.

It starts a copy by `manage.py up` and takes the front page and an article at the three widths that
every page is looked at, light and dark. What is below the first screen the documents do not show.
"""

import argparse
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.chromium import path_of_chromium
from tests.journeys import copy
from tests.lighthouse import PAGES

_FOLDER = Path("docs/images/site")
_TAKEN = {"front": PAGES["front page"], "article": PAGES["article"]}
_SCREENS = ((320, 640), (768, 900), (1440, 900))
_QUALITY = 82


def main() -> int:
    """Take them; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("--url", help="a copy that runs already, such as http://localhost:8000")
    options = parser.parse_args()
    chromium = path_of_chromium()
    if chromium is None:
        sys.stdout.write("skipped: chromium is not installed (apt-get install chromium)\n")
        return 0
    with copy.address(options.url) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for width, height in _SCREENS:
            for scheme in ("light", "dark"):
                page = browser.new_page(
                    base_url=url,
                    viewport={"width": width, "height": height},
                    color_scheme="dark" if scheme == "dark" else "light",
                    locale="en-GB",
                )
                for name, path in _TAKEN.items():
                    page.goto(path, wait_until="networkidle")
                    _keep(page.screenshot(), _FOLDER / f"{name}-{width}-{scheme}.webp")
                page.close()
        browser.close()
    return 0


def _keep(png: bytes, path: Path) -> None:
    Image.open(BytesIO(png)).save(path, "WEBP", quality=_QUALITY, method=6)
    sys.stdout.write(f"{path}: {path.stat().st_size / 1000:.0f} KB\n")


if __name__ == "__main__":
    raise SystemExit(main())
