"""The mail's web view: the compiled edition, as it was sent, without anybody's name or links."""

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
    response = HttpResponse(copy.html) if copy.html else HttpResponse(copy.text, "text/plain")
    response["X-Robots-Tag"] = "noindex"
    response._csp_replace = _MAIL_POLICY  # type: ignore[attr-defined]  # django-csp's own hook
    return response
