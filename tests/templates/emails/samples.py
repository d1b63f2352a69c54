"""Every mail with what a real caller hands it: long words, other scripts, absent images and all."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

from subscribers.models import Newsletter
from subscribers.ports import LatestIssue

SITE = "https://briefing.example"
NEWSLETTER = Newsletter(
    slug="robotics-briefing",
    name="The Robotics Briefing",
    tagline="Weekly intelligence on automation, regulation, and investment trends.",
    promise="No spam. Unsubscribe anytime. Read our privacy policy for details.",
    from_name="The Briefing’s desk",
    from_address="desk@briefing.example",
    postal_address="Feldstraße 18, 20357 Hamburg, Germany",
)
SLOT = SimpleNamespace(
    name="S9f3k0a",
    address="S9f3k0b",
    unsubscribe_url="https://slot.invalid/S9f3k0c",
    preferences_url="https://slot.invalid/S9f3k0d",
    view_url="https://slot.invalid/S9f3k0e",
)


def article(position: int, **changes: object) -> SimpleNamespace:
    """Return an article as an issue's mail is told of it."""
    values = {
        "headline": f"Harmonic drives have found their price floor, part {position}",
        "dek": "After three years of falling prices, the gear in a robot’s wrist costs about as "
        "little as it can. What comes off next is the testing.",
        "url": f"{SITE}/articles/harmonic-drives-{position}/",
        "topic": "Automation",
        "bylines": "Lin Yuhan and محمد الفارسي",
        "image_url": f"{SITE}/media/articles/{position}.png",
        "image_alt": 'Two gears, one of them "in half" & upside down.',
        "image_credit": "Photo by Studio Linnea on The Robotics Briefing",
        "image_licence": "CC BY 4.0",
        "minutes": position,
    }
    return SimpleNamespace(**{**values, **changes})


BARE = {
    "dek": "",
    "topic": "",
    "bylines": "",
    "image_url": "",
    "image_alt": "",
    "image_credit": "",
    "image_licence": "",
}
LONG = article(
    9,
    headline="Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft "
    "asks <nobody> & “waits”",
    url=f"{SITE}/articles/long/?a=1&b=2",
)


def issue(*articles: SimpleNamespace, **changes: object) -> dict[str, Any]:
    """Return the context of an issue's mail."""
    values = {
        "newsletter": NEWSLETTER,
        "issue": SimpleNamespace(
            number=12,
            subject="A gear & its price",
            preheader="Also: hoists.",
            url=f"{SITE}/issues/robotics-briefing/12/",
        ),
        "date": date(2026, 11, 5),
        "intro_html": f"<p>Good morning, {SLOT.name}.<br>&nbsp;Two things.</p>"
        f'<ul><li><a href="{SITE}/articles/one/">One</a></li><li>Two</li></ul>',
        "intro_text": f"Good morning, {SLOT.name}.\n\n- One\n  {SITE}/articles/one/\n- Two",
        "articles": list(articles),
        "left_out": 0,
        "slot": SLOT,
    }
    return {**values, **changes}


def link(name: str) -> str:
    """Return a link as long as the signed ones are."""
    return f"{SITE}/{name}/{'AQAAAAAAAAAq' * 5}/"


LATEST = LatestIssue(
    number=12,
    subject="A gear & its price",
    url=f"{SITE}/issues/robotics-briefing/12/",
    headlines=("Harmonic drives have found their price floor", "محمد الفارسي on <hoists>"),
    published_at=datetime(2026, 11, 5, 6, 0, tzinfo=UTC),
)
WELCOME = {
    "newsletter": NEWSLETTER,
    "latest": LATEST,
    "preferences_url": link("preferences"),
    "unsubscribe_url": link("unsubscribe"),
    "receipt_url": link("receipt"),
    "address": "reader@example.org",
}

# A name for the test's report, the mail's name, and its context.
MAILS: dict[str, tuple[str, dict[str, Any]]] = {
    "issue": ("issue", issue(*(article(number) for number in range(1, 9)))),
    "issue of some topics": ("issue", issue(article(1), article(2), left_out=4)),
    "digest": (
        "digest",
        issue(*(article(number) for number in range(1, 13)), intro_html="", intro_text=""),
    ),
    "digest of one article": ("digest", issue(article(1), left_out=1)),
    "issue of odd articles": ("issue", issue(LONG, article(10, **BARE), article(11, **BARE))),
    "issue led by a bare article": (
        "issue",
        issue(article(10, **BARE), intro_html="", intro_text=""),
    ),
    "issue of an intro alone": (
        "issue",
        issue(issue=SimpleNamespace(number=1, subject="A note", preheader="")),
    ),
    "confirm": (
        "confirm",
        {
            "newsletter": NEWSLETTER,
            "confirm_url": link("confirm"),
            "disown_url": link("disown"),
            "hours": 72,
        },
    ),
    "welcome": ("welcome", WELCOME),
    "welcome before the first issue": ("welcome", {**WELCOME, "latest": None}),
    "goodbye": (
        "goodbye",
        {
            "newsletter": NEWSLETTER,
            "undo_url": link("undo"),
            "signup_url": f"{SITE}/signup/",
            "preferences_url": link("preferences"),
        },
    ),
    "address_confirm": (
        "address_confirm",
        {"newsletter": NEWSLETTER, "confirm_url": link("address"), "old_hint": "r…@example.org"},
    ),
    "address_changed": (
        "address_changed",
        {"newsletter": NEWSLETTER, "undo_url": link("address"), "new_hint": "n…@example.net"},
    ),
}
