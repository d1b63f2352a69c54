"""Compiles an issue into an edition: every text rendered once, cut into segments and slots.

Before it: an editor's issue. After it: transports splice each reader's values between the segments.
Two thirds of a naive dispatch is building the same MIME message again and again; here it is built
once per variant.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from briefing.archive import markdown, plaintext
from briefing.issues import clicks, contents, subjects
from briefing.issues.clicks import LinkTable
from briefing.issues.contents import ArticleEntry, Contents
from briefing.issues.slots import TEMPLATE_SLOTS, Markers, slots_of
from briefing.models import Edition, EditionVariant, Issue, Link
from subscribers.audience import Combination, Topics
from subscribers.links import absolute
from subscribers.rendering import render

# More combinations than this and an issue is no longer one issue; pre-flight says so.
MAX_VARIANTS = 64
# In the key of a variant for readers who granted tracking.
TRACKED = "tracked=1"
# As long as an editor's own may be.
_LONGEST_HEADING = 200
# What no copy may go out without, in either part.
_REQUIRED = frozenset({"address", "unsubscribe_url", "preferences_url", "view_url"})


class CompileError(ValueError):
    """The issue cannot be compiled; the message says what to mend."""


@dataclass(frozen=True, slots=True)
class CompiledVariant:
    """One variant before it is stored. Each list is [segment, slot, segment, ..., segment]."""

    key: str
    locale: str
    subject: list[str]
    html: list[str] | None
    text: list[str]

    @property
    def sha256(self) -> str:
        """Covers everything a reader of this variant is shown."""
        parts = json.dumps([self.key, self.subject, self.html, self.text], ensure_ascii=False)
        return hashlib.sha256(parts.encode()).hexdigest()


def variant_key(combination: Combination) -> str:
    """Return the name under which a combination's variant is stored."""
    key = f"locale={combination.locale};format={combination.format}"
    if combination.tracked:
        key = f"{key};{TRACKED}"
    if combination.topics is None:
        return key
    return f"{key};topics={','.join(map(str, sorted(combination.topics)))}"


def compile_issue(
    issue: Issue,
    combinations: Sequence[Combination],
    *,
    now: datetime,
    arms: Sequence[str] = (subjects.A,),
) -> Edition:
    """Compile and store an issue's edition, with one variant per combination and subject.

    The whole issue is always among them: whoever changes their mind after this may need it.
    Raises: CompileError, slots.UnknownVariableError, rendering.BrokenMailError.
    """
    whole = Combination(issue.newsletter.locale, "html", tracked=False)
    by_key = {variant_key(each): each for each in (*combinations, whole)}
    number = len(by_key) * len(arms)
    if number > MAX_VARIANTS:
        raise CompileError(
            _(
                "This issue would need %(number)d variants; %(most)d is the most. Its readers follow "
                "too many different combinations of its topics: put articles on fewer topics into it."
            )
            % {"number": number, "most": MAX_VARIANTS}
        )
    # An article's link has its place in the table whoever is tracked, and in the issue's order.
    read = contents.read(issue)
    urls = [each.url for each in read.entries()]
    variants: list[CompiledVariant] = []
    links: list[tuple[str, str]] = []
    for arm in arms:
        table = LinkTable(urls, begin=len(links))
        variants += [
            compile_variant(read, each, table=table, now=now, arm=arm) for each in by_key.values()
        ]
        links += [(arm, url) for url in table.urls]
    return _store(issue, variants, links=links, now=now)


def compile_variant(
    read: Contents,
    combination: Combination,
    *,
    table: LinkTable | None = None,
    now: datetime,
    arm: str = subjects.A,
) -> CompiledVariant:
    """Render one variant and cut it at its slots; with a link table also at links to be counted."""
    issue = read.issue
    markers = Markers()
    with override(combination.locale):
        context = _context(read, markers, topics=combination.topics, now=now, arm=arm)
        rendered = render(issue.kind, context, locale=combination.locale)
    html = None if combination.format == "text" else markers.split(rendered.html)
    text = markers.split(rendered.text)
    for part, segments in (("HTML", html), ("text", text)):
        if segments is not None:
            _check_slots(part, segments)
    if table is not None and (combination.tracked or issue.counts_clicks):
        html = html and clicks.from_html(html, table)
        text = clicks.from_text(text, table)
    if html and combination.tracked:
        html = clicks.with_picture(html)
    return CompiledVariant(
        key=subjects.key(variant_key(combination), arm),
        locale=combination.locale,
        subject=markers.split(rendered.subject),
        html=html,
        text=text,
    )


def _context(
    read: Contents, markers: Markers, *, topics: Topics | None, now: datetime, arm: str
) -> dict[str, Any]:
    issue = read.issue
    intro = markers.resolve(issue.intro)
    shown = read.entries(topics=topics)
    subject, preheader = _headings(read, shown, arm=arm)
    return {
        "newsletter": issue.newsletter,
        "issue": SimpleNamespace(
            number=issue.number,
            subject=markers.resolve(subject),
            preheader=markers.resolve(preheader),
            url=absolute(issue.get_absolute_url()),
        ),
        "date": now.date(),
        "intro_html": markdown.to_html(intro) if intro else "",
        "intro_text": plaintext.to_text(intro) if intro else "",
        "articles": shown,
        "left_out": len(read.articles) - len(shown),
        "slot": SimpleNamespace(**{name: markers.marker(name) for name in TEMPLATE_SLOTS}),
    }


def _headings(read: Contents, shown: Sequence[ArticleEntry], *, arm: str) -> tuple[str, str]:
    """Return subject and preheader. An editor's speak of the lead, so they stand and fall with it."""
    if shown and shown[0].url != absolute(read.articles[0].get_absolute_url()):
        return shown[0].headline[:_LONGEST_HEADING], shown[0].dek[:_LONGEST_HEADING]
    return subjects.of(read.issue, arm), read.issue.preheader


def _check_slots(part: str, segments: list[str]) -> None:
    """Look for slots lost on the way: a copy without an unsubscribe link must not exist.

    Raises: CompileError.
    """
    missing = _REQUIRED.difference(slots_of(segments))
    if missing:
        raise CompileError(
            _("The %(part)s part has lost: %(missing)s.")
            % {"part": part, "missing": ", ".join(sorted(missing))}
        )


@transaction.atomic
def _store(
    issue: Issue,
    variants: Sequence[CompiledVariant],
    *,
    links: Sequence[tuple[str, str]],
    now: datetime,
) -> Edition:
    checksum = hashlib.sha256("".join(sorted(each.sha256 for each in variants)).encode())
    edition = Edition.objects.create(issue=issue, sha256=checksum.hexdigest(), compiled_at=now)
    EditionVariant.objects.bulk_create(
        EditionVariant(
            edition=edition,
            key=each.key,
            locale=each.locale,
            subject=each.subject,
            html=each.html,
            text=each.text,
            sha256=each.sha256,
        )
        for each in variants
    )
    Link.objects.bulk_create(
        Link(edition=edition, position=position, url=url, arm=arm)
        for position, (arm, url) in enumerate(links)
    )
    return edition
