"""Tags for the newsletter's box: what it must carry besides the newsletter itself."""

import logging
from dataclasses import dataclass

from django import template
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from subscribers import address, consent, links, wording
from subscribers.models import ConsentNotice

log = logging.getLogger(__name__)
register = template.Library()


@dataclass(frozen=True, slots=True)
class Box:
    """What a signup form carries: the wording it shows, and when it was made."""

    notice: ConsentNotice
    wording: SafeString
    stamp: str


@register.simple_tag
def signup_box() -> Box | None:
    """Return what a signup form carries; None where no wording is published to agree to."""
    try:
        notice = consent.current_notice("signup", locale=get_language() or "en")
    except consent.NoticeMissingError:
        log.warning("signup.no_notice run=load_notices")
        return None
    return Box(notice, consent_html(notice), links.make("stamp", links.now()))


@register.filter
def notice_html(notice: ConsentNotice) -> SafeString:
    """Return a notice's text as HTML."""
    return mark_safe(wording.to_html(notice.text))  # noqa: S308  nh3 has cleaned it


@register.filter
def consent_html(notice: ConsentNotice) -> SafeString:
    """Return the signup wording with its “privacy policy” as a link, where it has no link yet."""
    drawn = wording.to_html(notice.text)
    if "<a " not in drawn:
        words = _("privacy policy")
        link = format_html('<a href="{}">{}</a>', reverse("privacy"), words)
        drawn = drawn.replace(words, link, 1)
    return mark_safe(drawn)  # noqa: S308  both halves are clean


@register.filter
def linking_privacy(promise: str) -> SafeString:
    """Return a newsletter's promise word for word, with its “privacy policy” as a link."""
    # A promise is in its newsletter's language, which need not be the visitor's.
    for words in (_("privacy policy"), "privacy policy"):
        before, found, after = promise.partition(words)
        if found:
            return format_html('{}<a href="{}">{}</a>{}', before, reverse("privacy"), found, after)
    return conditional_escape(promise)


@register.filter
def breakable(text: str) -> SafeString:
    """Return an address for its owner: it goes on behind its @ where the screen is narrow."""
    local, found, domain = address.readable(text).partition("@")
    return format_html("{}<wbr>{}{}", local, found, domain) if found else conditional_escape(text)


@register.filter
def is_region(label: object) -> bool:
    """Whether an entry of a select holds entries of its own."""
    return isinstance(label, list)
