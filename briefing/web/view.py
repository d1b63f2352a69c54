"""The mail's web view: the compiled edition, as it was sent, without anybody's name or links."""

import re

from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from briefing.dispatch.planner import variants_of
from briefing.issues import copies
from briefing.models import Dispatch, EditionVariant
from subscribers import audience, links
from subscribers.models import Subscriber

# A mail carries its style in itself: no script, nothing from elsewhere, only style attributes.
_MAIL_POLICY = {
    "default-src": [NONE],
    "script-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": [SELF],
}
# What only Outlook reads (its conditional comments, name spaces and properties), and the picture that
# would count an opening. A browser has no use for it, and HTML's standard has no place.
_FOR_MAILBOXES = re.compile(
    r"<!--\[if (?!!).*?<!\[endif\]-->|<!--\[if !mso\]><!-->|<!--<!\[endif\]-->"
    r"|\sxmlns(?::\w+)?=\"[^\"]*\"|\bmso-[a-z-]+:[^;\"}]*;?|\bsupported-color-schemes:[^;\"}]*;?"
    r"|<meta name=\"supported-color-schemes\"[^>]*>|<img [^>]*src=\"data:,\"[^>]*>",
    re.DOTALL,
)


@require_safe
@never_cache
def view(request: HttpRequest, token: str) -> HttpResponse:
    """Show the variant that a reader was sent.

    The copy is nobody's: a forwarded link must not let a friend unsubscribe the reader.
    """
    try:
        dispatch_id, subscriber_id = links.read("view", token)
        dispatch = Dispatch.objects.select_related("issue__newsletter").get(pk=dispatch_id)
    except (links.BadLinkError, Dispatch.DoesNotExist) as error:
        raise Http404 from error
    locale = (
        Subscriber.objects.filter(pk=subscriber_id).values_list("locale", flat=True).first() or "en"
    )
    chosen = audience.followed(dispatch.issue.newsletter_id, [subscriber_id])
    followed = chosen.get(subscriber_id, frozenset())
    variants = variants_of(dispatch)
    variant_id = variants.choose(locale, "html", followed, arm=variants.arm_of(subscriber_id))
    copy = copies.public(EditionVariant.objects.get(pk=variant_id), dispatch.issue)
    if copy.html:
        response = HttpResponse(_FOR_MAILBOXES.sub("", copy.html))
    else:
        response = HttpResponse(copy.text, "text/plain; charset=utf-8")
    response["X-Robots-Tag"] = "noindex"
    response._csp_replace = _MAIL_POLICY  # type: ignore[attr-defined]  # django-csp's own hook
    return response
