"""An issue as one person sees it outside a dispatch: in a test mail, in a preview, on the web."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from django.utils.translation import override, pgettext

from briefing.issues import contents, subjects
from briefing.issues.clicks import OPEN_SLOT
from briefing.issues.compiling import CompiledVariant, compile_variant
from briefing.issues.slots import join, slots_of
from briefing.models import EditionVariant, Issue
from subscribers.audience import Combination
from subscribers.links import absolute
from subscribers.models import Subscription


@dataclass(frozen=True, slots=True)
class IssueCopy:
    """One finished copy."""

    subject: str
    html: str
    text: str


def preview(
    issue: Issue, *, name: str, address: str, now: datetime, arm: str = subjects.A
) -> IssueCopy:
    """Compile an issue as it stands and fill it for somebody; nothing is stored.

    `arm` says with which of two subjects.

    Raises: CompileError, slots.UnknownVariableError, rendering.BrokenMailError.
    """
    whole = Combination(issue.newsletter.locale, "html", tracked=False)
    variant = compile_variant(contents.read(issue), whole, now=now, arm=arm)
    return _filled(variant.subject, variant, _neutral(issue, name=name, address=address))


def as_reader(
    issue: Issue, subscription: Subscription, *, now: datetime, arm: str = subjects.A
) -> IssueCopy:
    """Compile an issue as it stands as one reader would get it: their language, form and topics.

    The links lead to public pages, as in every preview. Raises: as `preview`.
    """
    reader = subscription.subscriber
    followed = frozenset(subscription.topics.values_list("pk", flat=True))
    combination = Combination(
        reader.locale, reader.format, tracked=False, topics=contents.scope(issue).wanted(followed)
    )
    variant = compile_variant(contents.read(issue), combination, now=now, arm=arm)
    values = _neutral(issue, name=reader.name, address=reader.address)
    return _filled(variant.subject, variant, values)


def public(variant: EditionVariant, issue: Issue) -> IssueCopy:
    """Fill a stored variant for nobody in particular: the issue's page on the web."""
    with override(variant.locale):
        # Where a reader's copy says which address confirmed it.
        somebody = pgettext("in place of an address", "a reader")
    values = _neutral(issue, name="", address=somebody)
    # Nobody's: what counts a reader's clicks and openings has no place on a public page.
    urls = variant.edition.links.values_list("position", "url")
    values |= {f"click{position}_url": url for position, url in urls}
    return _filled(variant.subject, variant, values | {OPEN_SLOT: "data:,"})


def _filled(
    subject: Sequence[str], variant: CompiledVariant | EditionVariant, values: dict[str, str]
) -> IssueCopy:
    parts = (list(subject), list(variant.html or []), list(variant.text))
    for part in parts:
        for slot in slots_of(part):
            if slot.startswith("name|"):
                values[slot] = values["name"] or slot.partition("|")[2]
    escaped = {slot: escape(value) for slot, value in values.items()}
    return IssueCopy(
        subject=join(parts[0], values),
        html=join(parts[1], escaped) if parts[1] else "",
        text=join(parts[2], values),
    )


def _neutral(issue: Issue, *, name: str, address: str) -> dict[str, str]:
    """Values whose links lead to public pages: a preview must not be able to unsubscribe anybody."""
    page = absolute(issue.get_absolute_url())
    return {
        "name": name,
        "address": address,
        "unsubscribe_url": absolute("/signup/"),
        "preferences_url": absolute("/signup/"),
        "view_url": page,
    }
