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
from django.utils.translation import override

from briefing.archive import markdown, plaintext
from briefing.issues.contents import entries
from briefing.issues.slots import TEMPLATE_SLOTS, Markers, slots_of
from briefing.models import Edition, EditionVariant, Issue, Link
from subscribers.audience import Combination
from subscribers.rendering import render

# More combinations than this and an issue is no longer one issue; pre-flight says so.
MAX_VARIANTS = 64
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
    return f"locale={combination.locale};format={combination.format}"


def compile_issue(issue: Issue, combinations: Sequence[Combination], *, now: datetime) -> Edition:
    """Compile and store an issue's edition, with one variant per combination.

    Raises: CompileError, slots.UnknownVariableError, rendering.BrokenMailError.
    """
    by_key = {variant_key(each): each for each in combinations}
    if len(by_key) > MAX_VARIANTS:
        raise CompileError(
            f"This audience needs {len(by_key)} variants; {MAX_VARIANTS} is the most."
        )
    variants = [compile_variant(issue, each, now=now) for each in by_key.values()]
    links = [article.url for article in entries(issue)]
    return _store(issue, variants, links=links, now=now)


def compile_variant(issue: Issue, combination: Combination, *, now: datetime) -> CompiledVariant:
    """Render one variant and cut it at its slots."""
    markers = Markers()
    with override(combination.locale):
        context = _context(issue, markers, now=now)
        rendered = render("issue", context, locale=combination.locale)
    html = None if combination.format == "text" else markers.split(rendered.html)
    text = markers.split(rendered.text)
    for part, segments in (("HTML", html), ("text", text)):
        if segments is not None:
            _check_slots(part, segments)
    return CompiledVariant(
        key=variant_key(combination),
        locale=combination.locale,
        subject=markers.split(rendered.subject),
        html=html,
        text=text,
    )


def _context(issue: Issue, markers: Markers, *, now: datetime) -> dict[str, Any]:
    intro = markers.resolve(issue.intro)
    return {
        "newsletter": issue.newsletter,
        "issue": SimpleNamespace(
            number=issue.number,
            subject=markers.resolve(issue.subject),
            preheader=markers.resolve(issue.preheader),
        ),
        "date": now.date(),
        "intro_html": markdown.to_html(intro) if intro else "",
        "intro_text": plaintext.to_text(intro) if intro else "",
        "articles": entries(issue),
        "slot": SimpleNamespace(**{name: markers.marker(name) for name in TEMPLATE_SLOTS}),
    }


def _check_slots(part: str, segments: list[str]) -> None:
    """Look for slots lost on the way: a copy without an unsubscribe link must not exist.

    Raises: CompileError.
    """
    missing = _REQUIRED.difference(slots_of(segments))
    if missing:
        raise CompileError(f"The {part} part has lost: {', '.join(sorted(missing))}.")


@transaction.atomic
def _store(
    issue: Issue, variants: Sequence[CompiledVariant], *, links: Sequence[str], now: datetime
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
        Link(edition=edition, position=position, url=url)
        for position, url in enumerate(dict.fromkeys(links))
    )
    return edition
