"""`python -m tests.lighthouse`: what Google's Lighthouse says of a running copy's public pages.

It starts a copy by `manage.py up` (granian, compressed and hashed files, pages from memory), asks
Lighthouse in Debian's chromium about the front page, an article and an issue, as a phone on a slow
network and as a desktop, and prints the marks. Exits 1 when a mark is below what we ask for. `--write`
keeps them in docs/site.md. Lighthouse is npm's package of that name; its program is looked for in
the PATH, or where LIGHTHOUSE says:

    npm install --prefix ../lighthouse lighthouse
    LIGHTHOUSE=../lighthouse/node_modules/.bin/lighthouse .venv/bin/python -m tests.lighthouse
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

from tests.chromium import path_of_chromium
from tests.journeys import copy

PAGES = {
    "front page": "/",
    "article": "/articles/harmonic-drive-price-floor/",
    "issue": f"/issues/{copy.NEWSLETTER}/1/",
}
DEVICES: dict[str, tuple[str, ...]] = {"phone": (), "desktop": ("--preset=desktop",)}
# Marks of 100, and which we ask for.
WANTED = {"performance": 98, "accessibility": 100, "best-practices": 100, "seo": 100}

_DOCUMENT = Path("docs/site.md")
_BEGIN, _END = "<!-- lighthouse -->", "<!-- end of lighthouse -->"
_RUN_SECONDS = 180
# On a busy machine chromium sometimes begins before Lighthouse listens.
_TRIES = 4
# Chromium asks its maker for things by itself; a measurement has to be of the page alone.
_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@dataclass(frozen=True, slots=True)
class Marks:
    """What one page got on one device. Times in seconds, sizes in bytes of the whole page."""

    page: str
    device: str
    marks: dict[str, int]
    first_paint_seconds: float
    largest_paint_seconds: float
    size_bytes: int
    faults: tuple[str, ...]

    @property
    def held(self) -> bool:
        """Whether every mark is what we ask for."""
        return all(self.marks[name] >= mark for name, mark in WANTED.items())


def main() -> int:
    """Measure; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.lighthouse", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"keep the marks in {_DOCUMENT}")
    parser.add_argument("--url", help="a copy that runs already, such as http://localhost:8000")
    # Whoever else uses the machine slows a run down: the marks of the middle one count.
    parser.add_argument("--runs", type=int, default=3, help="of which the middle one counts (3)")
    options = parser.parse_args()
    lighthouse, chromium = program(), path_of_chromium()
    if not (lighthouse and chromium):
        lacking = "chromium (apt-get install chromium)" if lighthouse else "Lighthouse (see --help)"
        sys.stdout.write(f"skipped: {lacking} is not installed\n")
        return 0
    with copy.address(options.url) as url:
        found = []
        for each in measure(url, lighthouse=lighthouse, chromium=chromium, runs=options.runs):
            found.append(each)
            sys.stdout.write(f"{each.page}, {each.device}: {each.marks}\n")
            sys.stdout.flush()
    sys.stdout.write(as_table(found) + "\n")
    for each in found:
        for fault in each.faults if not each.held else ():
            sys.stdout.write(f"{each.page}, {each.device}: {fault}\n")
    if options.write:
        write(found, at=datetime.now(UTC), runs=options.runs)
    return 0 if all(each.held for each in found) else 1


def program() -> str | None:
    """Return where Lighthouse's program is, if it is anywhere."""
    named = os.environ.get("LIGHTHOUSE") or "lighthouse"
    return shutil.which(named)


def measure(url: str, *, lighthouse: str, chromium: str, runs: int) -> Iterator[Marks]:
    """Ask about every page on every device of the site at `url`; yield the middle run of each."""
    for page, path in PAGES.items():
        # The first visitor's page is made for them; Lighthouse is to meet what all the others do.
        build_opener(ProxyHandler({})).open(f"{url}{path}").close()
        for device, flags in DEVICES.items():
            command = [lighthouse, f"{url}{path}", "--quiet", "--output=json", *flags]
            command += [f"--only-categories={','.join(WANTED)}"]
            command += [f"--chrome-flags={' '.join(_FLAGS)}"]
            reports = [_run(command, chromium) for _ in range(runs)]
            reports.sort(key=lambda report: report["categories"]["performance"]["score"])
            yield _marks(page, device, reports[len(reports) // 2])


def _run(command: list[str], chromium: str) -> dict[str, Any]:
    """Run Lighthouse until it measured something.

    Raises: RuntimeError with its own words when it did not, however often it was asked.
    """
    for _ in range(_TRIES):
        done = subprocess.run(
            command,
            env=os.environ | {"CHROME_PATH": chromium},
            capture_output=True,
            text=True,
            timeout=_RUN_SECONDS,
            check=False,
        )
        if done.returncode == 0:
            report: dict[str, Any] = json.loads(done.stdout)
            return report
    raise RuntimeError(f"{command[1]}: {done.stderr[-2000:]}")


def _marks(page: str, device: str, report: dict[str, Any]) -> Marks:
    audits, categories = report["audits"], report["categories"]
    weighed = {
        ref["id"] for each in categories.values() for ref in each["auditRefs"] if ref["weight"]
    }
    faults = tuple(
        f"{audit['title']} ({audit.get('displayValue', name)})"
        for name, audit in audits.items()
        if name in weighed and audit["score"] is not None and audit["score"] < 1
    )
    return Marks(
        page=page,
        device=device,
        marks={name: round(categories[name]["score"] * 100) for name in WANTED},
        first_paint_seconds=audits["first-contentful-paint"]["numericValue"] / 1000,
        largest_paint_seconds=audits["largest-contentful-paint"]["numericValue"] / 1000,
        size_bytes=int(audits["total-byte-weight"]["numericValue"]),
        faults=faults,
    )


def as_table(found: list[Marks]) -> str:
    """Return the marks as a Markdown table."""
    titles = [name.replace("seo", "SEO").replace("-", " ") for name in WANTED]
    titles = ["page", "device", *titles, "first paint", "largest paint", "with its picture"]
    lines = [f"| {' | '.join(titles)} |", "|" + "---|" * len(titles)]
    for each in found:
        cells = [each.page, each.device, *(str(each.marks[name]) for name in WANTED)]
        cells += [f"{each.first_paint_seconds:.1f} s", f"{each.largest_paint_seconds:.1f} s"]
        cells += [f"{each.size_bytes / 1000:.0f} KB"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def write(found: list[Marks], *, at: datetime, runs: int) -> None:
    """Replace what stands between the markers in docs/site.md."""
    head, rest = _DOCUMENT.read_text("utf-8").split(_BEGIN, 1)
    tail = rest.split(_END, 1)[1]
    said = f"Measured on {at.day} {at:%B %Y}; runs of each, of which the middle one counts: {runs}."
    body = f"{said}\n\n{as_table(found)}"
    _DOCUMENT.write_text(f"{head}{_BEGIN}\n{body}\n{_END}{tail}", "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
