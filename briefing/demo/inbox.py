"""The demo's inbox on the web: what the sink took, shown as a reader would open it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps

from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from briefing.demo import mailbox
from briefing.demo.message import framed, open_mail

View = Callable[..., HttpResponse]

PAGE_SIZE = 50
# SQLite's largest id; a longer number in an address belongs to no mail.
_MAX_ID = 2**63 - 1
# No script, no form, no origin of its own: a mail may only be looked at and have its links clicked.
SANDBOX = "allow-top-navigation-by-user-activation"


@dataclass(frozen=True, slots=True)
class Line:
    """One mail as the pages show it."""

    mail: mailbox.Listed
    at: datetime

    @property
    def recipient(self) -> str:
        """All recipients; there is one, as every mail here is to one person."""
        return ", ".join(self.mail.recipients)


def demo_only(view: View) -> View:
    """Refuse outside a demo copy, should these addresses ever be wired in elsewhere."""

    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: int | str) -> HttpResponse:
        if settings.MODE != "demo":
            raise Http404
        response = view(request, **kwargs)
        response["X-Robots-Tag"] = "noindex"
        return response

    guarded_and_read_only: View = require_safe(never_cache(guarded))
    return guarded_and_read_only


@demo_only
def inbox(request: HttpRequest) -> HttpResponse:
    """List mail, newest first; `q` searches recipient and subject, `before` turns the page."""
    search = request.GET.get("q", "").replace("\0", "").strip()[:200]
    before = _number(request.GET.get("before", ""))
    with mailbox.reading(settings.LOCAL_DIR / "mail.sqlite3") as box:
        found = box.page(search=search, before=before, size=PAGE_SIZE + 1)
        matches = box.count(search)
    context = {
        "search": search,
        "before": before,
        "matches": matches,
        "lines": [_line(listed) for listed in found[:PAGE_SIZE]],
        "older_than": found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None,
    }
    return render(request, "demo/inbox.html", context)


@demo_only
def mail(request: HttpRequest, *, mail_id: int, part: str) -> HttpResponse:
    """Show one mail. `part` is designed, text or headers; a mail without HTML opens as text."""
    line, raw = _find(mail_id)
    opened = open_mail(raw)
    if part == "designed" and not opened.html:
        part = "text"
    context = {"line": line, "opened": opened, "part": part, "sandbox": SANDBOX}
    response = render(request, "demo/mail.html", context)
    response._csp_update = {"frame-src": [SELF]}  # type: ignore[attr-defined]  # as django-csp reads it
    return response


@demo_only
@xframe_options_sameorigin
def framed_html(request: HttpRequest, *, mail_id: int) -> HttpResponse:
    """Serve a mail's HTML for the frame; its own headers sandbox it wherever it is opened."""
    response = HttpResponse(framed(open_mail(_find(mail_id)[1]).html))
    response._csp_config = {  # type: ignore[attr-defined]  # as django-csp reads it
        "default-src": [NONE],
        # Mail carries its styles in itself, unlike any page here.
        "style-src": [UNSAFE_INLINE],
        # It names pictures by the public address, which need not be the one in the visitor's bar.
        "img-src": [SELF, settings.PUBLIC_BASE_URL],
        "form-action": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [SELF],
        "sandbox": [SANDBOX],
    }
    return response


@demo_only
def source(request: HttpRequest, *, mail_id: int) -> HttpResponse:
    """Download the mail exactly as it arrived."""
    _, raw = _find(mail_id)
    disposition = {"Content-Disposition": f'attachment; filename="mail-{mail_id}.eml"'}
    return HttpResponse(raw, content_type="message/rfc822", headers=disposition)


def _find(mail_id: int) -> tuple[Line, bytes]:
    """Return one mail. Raises: Http404."""
    with mailbox.reading(settings.LOCAL_DIR / "mail.sqlite3") as box:
        listed = box.listed(mail_id) if mail_id <= _MAX_ID else None
        raw = box.raw(mail_id) if listed else None
    if listed is None or raw is None:
        raise Http404
    return _line(listed), raw


def _line(listed: mailbox.Listed) -> Line:
    return Line(mail=listed, at=datetime.fromtimestamp(listed.at, UTC))


def _number(value: str) -> int | None:
    """Read a page mark; anything else starts at the newest mail."""
    with suppress(ValueError):
        return min(int(value), _MAX_ID)
    return None
