"""The links and the picture in a mail: a redirect to the edition's own links, and a count.

A token names a place in a table and no address, so nothing can be redirected to that the issue did
not carry. No cookie is set; network address and browser are forgotten with the answer.
"""

import base64
import logging
from collections.abc import Callable

from django.db import DatabaseError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from briefing.tracking import visits
from briefing.tracking.visits import Copy
from subscribers import links

logger = logging.getLogger(__name__)

# One transparent pixel.
_PICTURE = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@require_safe
@never_cache
def click(request: HttpRequest, token: str) -> HttpResponse:
    """Lead to where the link points. Counting comes second: without it the redirect still works."""
    copy, position = _clicked(token)
    url = visits.target(copy.dispatch_id, position)
    if url is None:
        raise Http404
    headers, now = _headers(request), timezone.now()
    _counted(
        lambda: visits.click(copy, position, method=str(request.method), headers=headers, now=now)
    )
    response = HttpResponseRedirect(url)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
@never_cache
def picture(request: HttpRequest, token: str) -> HttpResponse:
    """Serve the picture that counts an opening of a reader who granted it."""
    try:
        dispatch_id, subscriber_id = links.read("open", token)
    except links.BadLinkError as error:
        raise Http404 from error
    headers, now = _headers(request), timezone.now()
    copy = Copy(dispatch_id, subscriber_id)
    _counted(lambda: visits.opening(copy, method=str(request.method), headers=headers, now=now))
    return HttpResponse(_PICTURE, "image/gif")


def _clicked(token: str) -> tuple[Copy, int]:
    """Read a link's token: a reader's own, or everybody's. Raises: Http404."""
    try:
        dispatch_id, subscriber_id, position = links.read("click", token)
    except links.BadLinkError:
        try:
            dispatch_id, position = links.read("count", token)
        except links.BadLinkError as error:
            raise Http404 from error
        return Copy(dispatch_id), position
    return Copy(dispatch_id, subscriber_id), position


def _headers(request: HttpRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _counted(count: Callable[[], None]) -> None:
    """Count, and if the database refuses, say so and go on."""
    try:
        with transaction.atomic():
            count()
    except DatabaseError as error:
        logger.warning("visit_not_counted error=%s", type(error).__name__)
