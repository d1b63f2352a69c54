"""Draws the pictures of docs/desk.md: `pytest tests/briefing/admin/test_pictures.py --pictures`.

Each screen on a wide and a narrow desk, in light and dark, from the sample archive and invented
readers. An ordinary run leaves them alone: they are made anew when a screen has changed.
"""

import io
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page

from briefing.archive import linkcheck
from briefing.dispatch import control, deciding, planner, sender, trials
from briefing.dispatch.outcome import REJECTED
from briefing.issues import lifecycle
from briefing.models import Article, Dispatch, Issue, Source, Trial, User
from briefing.tracking import apply, reports
from briefing.transports.base import Copy
from subscribers import sealing, steps, synthetic
from subscribers.models import Newsletter, SeriesStep
from subscribers.steps import Written
from tests.briefing.admin.test_in_chromium import turn
from tests.briefing.dispatch.making import Provider
from tests.briefing.tracking.making import hear, readers_of, report
from tests.factories import newsletter

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "images" / "desk"
WIDTHS = {1440: 960, 768: 900}
READERS = 4_000
# Every so many readers one's mailbox is not there any more.
NOT_THERE = 97
# Small enough for a page with many of them, and every word can be read.
QUALITY = 45


@pytest.fixture
def house(transactional_db: None) -> Newsletter:
    """Begin with the sample archive and invented readers."""
    made = newsletter()
    call_command("import_articles", str(ROOT / "seeds"), verbosity=0, stdout=io.StringIO())
    for _ in synthetic.make(made, READERS, now=timezone.now()):
        sealing.seal_all(now=timezone.now())
    return made


def composed(made: Newsletter, begin: int, *, second: str = "") -> Issue:
    """Compose three articles of the archive, after those that were composed before."""
    articles = list(Article.objects.published()[begin : begin + 3])
    issue = lifecycle.compose(
        made,
        articles,
        subject=articles[0].headline,
        preheader=articles[1].headline,
        intro="Hello {{ name|there }},\n\nthree reports from plants, ports and parliaments.",
    )
    lifecycle.give_second_subject(issue, second)
    issue.refresh_from_db()
    return issue


def refuse_some(copy: Copy) -> int | tuple[int, str] | None:
    """Answer as the world does: a few mailboxes are not there any more."""
    return (REJECTED, "550 5.1.1 no such mailbox") if copy.subscriber_id % NOT_THERE == 0 else 1


def sent(
    issue: Issue, *, until: int | None = None, ago: timedelta = timedelta(minutes=4)
) -> Dispatch:
    """Send an issue to everybody, or stop in the midst after so many copies."""
    with time_machine.travel(timezone.now() - ago):
        return _sent(issue, until)


def _sent(issue: Issue, until: int | None) -> Dispatch:
    dispatch = control.start(issue, now=timezone.now())
    planner.plan(dispatch.pk, ring=lambda _id: None)
    provider = Provider(answer=refuse_some)
    sender.drain(
        dispatch.pk,
        provider,
        is_stopping=lambda: until is not None and len(provider.received) >= until,
    )
    if until is None:
        control.finish_if_done(dispatch.pk, now=timezone.now())
    return dispatch


def heard_of(dispatch: Dispatch) -> None:
    """Have it be heard of over two days, as of most issues: nearly all arrived, some came back."""
    chance = random.Random(3)
    places = len(reports.of_dispatch(dispatch).links)
    told = []
    for number, reader in enumerate(readers_of(dispatch)):
        if reader % NOT_THERE == 0:
            continue
        at = dispatch.created_at + timedelta(hours=min(chance.expovariate(0.25), 47))
        came_back = {150: "hard", 151: "soft"}.get(number % 211)
        kinds = [came_back] if came_back else ["delivered"]
        if not came_back and chance.random() < 0.34:
            kinds += ["opened"] + ["clicked"] * (chance.random() < 0.3)
        kinds += ["complained"] * (number == 1234) + ["unsubscribed"] * (number % 900 == 7)
        for kind in kinds:
            place = min(int(chance.expovariate(0.6)), places - 1)
            more = {"link": place, "by_person": True} if kind == "clicked" else {}
            told.append(report(dispatch, reader, kind, at=at, **more))
    hear(*told)


def welcomed(made: Newsletter) -> None:
    """Have a welcome series run for some time."""
    rows = {
        2: ("Where to begin, {{ name|reader }}", 3_214, 41),
        5: ("How we work, and how we correct what we got wrong", 2_968, 9),
        9: ("Make it yours: topics, pauses, time zone", 2_530, 4),
    }
    for day, (subject, went, left) in rows.items():
        step = steps.add(made, Written(day, subject, "", "Dear reader."), now=timezone.now())
        counts = {"accepted": went, "rejected": went // 400, "left": left}
        SeriesStep.objects.filter(pk=step.pk).update(**counts)
    steps.switch_on(made)


def week(made: Newsletter) -> tuple[Issue, Dispatch, Dispatch, Issue]:
    """Have an issue behind us, one with two subjects on trial, one going out and one to come."""
    old, trying, going, next_one = (
        composed(made, 9),
        composed(made, 6, second="Who repairs the robot that repairs robots?"),
        composed(made, 3),
        composed(made, 0),
    )
    heard_of(sent(old, ago=timedelta(days=2)))
    Issue.objects.filter(pk=trying.pk).update(counts_clicks=True)
    trying.refresh_from_db()
    trials.choose(trying, Issue.FirstWave.SUBJECTS)
    tried = sent(trying)
    deciding.look(now=timezone.now())
    Trial.objects.update(decide_at=timezone.now() + timedelta(hours=4))
    running = sent(going, until=READERS // 3)
    Issue.objects.filter(pk=next_one.pk).update(
        send_at=timezone.now() + timedelta(days=1, hours=3),
        zone="Europe/Berlin",
        scheduled_by="ada",
    )
    sources = Source.objects.exclude(url="")
    sources.update(check_result=linkcheck.ANSWERS, checked_at=timezone.now(), check_asked_at=None)
    broken = sources.filter(article__issue_items__issue=next_one).first()
    Source.objects.filter(pk=broken.pk if broken else 0).update(check_result=linkcheck.GONE)
    apply.fold(now=timezone.now())
    return old, tried, running, next_one


@pytest.mark.picture
def test_every_screen_of_the_guide_is_drawn(
    house: Newsletter, owner: User, desk_page: Callable[..., Page]
) -> None:
    old, tried, running, next_one = week(house)
    welcomed(house)
    article = next_one.articles.first()
    assert article is not None
    screens = {
        "first-page": reverse("admin:index"),
        "article": reverse("admin:briefing_article_change", args=[article.pk]),
        "compose": reverse("desk-arrange", args=[next_one.pk]),
        "checks": reverse("desk-checks", args=[next_one.pk]),
        "preview": reverse("desk-preview", args=[next_one.pk]),
        "series": reverse("desk-series"),
        "send": reverse("desk-dispatch", args=[next_one.pk]),
        "going-out": reverse("admin:briefing_dispatch_change", args=[running.pk]),
        "two-subjects": reverse("admin:briefing_dispatch_change", args=[tried.pk]),
        "report": reverse("desk-report", args=[old.pk]),
        "over-time": reverse("desk-course", args=[old.pk]),
        "clicks": reverse("desk-heat", args=[old.pk]),
    }
    page = desk_page(owner)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, address in screens.items():
        page.goto(address)
        page.wait_for_load_state("networkidle")
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            for scheme in ("light", "dark"):
                turn(page, scheme)
                draw(page, FOLDER / f"{name}-{width}-{scheme}.webp")
        turn(page, "light")


def draw(page: Page, to: Path) -> None:
    """Write what is seen as a small picture."""
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").save(to, "WEBP", quality=QUALITY, method=6)
