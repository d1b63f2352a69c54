"""What providers report: checked by Anymail, written down, answered at once; folded by a worker.

Every provider that Anymail knows has its address, `/hooks/<provider>/`, as soon as a secret is set:
`ANYMAIL_WEBHOOK_SECRET=user:password`, which stands in the address that the provider is given, and
where the provider signs, its own key.
Source: https://anymail.dev/en/stable/tips/securing_webhooks/
"""

import logging
import warnings
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from anymail.exceptions import AnymailError, AnymailNotSupportedWarning
from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from briefing import tasks
from briefing.tracking import provider, record, singles

logger = logging.getLogger(__name__)

MAX_BYTES = 256 * 1024
# What reading a report that is not of the provider's form raises.
_UNREADABLE = (
    *(AnymailError, AssertionError, AttributeError, LookupError, TypeError, ValueError),
    # Lists in lists in lists.
    RecursionError,
)

# Anymail's view for each provider's reports.
_VIEWS = {
    "amazon_ses": "amazon_ses.AmazonSESTrackingWebhookView",
    "brevo": "brevo.BrevoTrackingWebhookView",
    "mailersend": "mailersend.MailerSendTrackingWebhookView",
    "mailgun": "mailgun.MailgunTrackingWebhookView",
    "mailjet": "mailjet.MailjetTrackingWebhookView",
    "mailtrap": "mailtrap.MailtrapTrackingWebhookView",
    "mandrill": "mandrill.MandrillCombinedWebhookView",
    "postal": "postal.PostalTrackingWebhookView",
    "postmark": "postmark.PostmarkTrackingWebhookView",
    "resend": "resend.ResendTrackingWebhookView",
    "sendgrid": "sendgrid.SendGridTrackingWebhookView",
    "sparkpost": "sparkpost.SparkPostTrackingWebhookView",
    "unisender_go": "unisender_go.UnisenderGoTrackingWebhookView",
}
PROVIDERS = tuple(_VIEWS)
_AT = "/hooks/"


class ProvidersFirstMiddleware:
    """Takes providers' posts before every other middleware, which is all for people.

    What guards them stays: HTTPS and our own host names here, size, secret and signature behind it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.door: Any = SecurityMiddleware(convert_exception_to_response(_straight))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        esp = _esp(request)
        if request.method == "POST" and _has_door(esp) and request.path_info == f"{_AT}{esp}/":
            answer: HttpResponseBase = self.door(request)
            return answer
        return self.get_response(request)


@csrf_exempt  # A provider has no session; what it sends is checked by secret and signature.
def take(request: HttpRequest, esp: str) -> HttpResponse:
    """Take a provider's reports: 200 once they are written down, 400 when they are not genuine.

    Without a secret there is no such address: anybody could say that anybody's mail bounced.
    """
    if not _has_door(esp):
        raise Http404
    length = request.headers.get("Content-Length") or "0"
    if not (length.isascii() and length.isdigit()):
        return HttpResponse(status=400)
    if int(length) > MAX_BYTES:
        return HttpResponse(status=413)
    answer: HttpResponse = _view(esp)(request)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _has_door(esp: str) -> bool:
    return esp in _VIEWS and bool(settings.ANYMAIL.get("WEBHOOK_SECRET"))


def _esp(request: HttpRequest) -> str:
    return request.path_info.removeprefix(_AT).removesuffix("/")


def _straight(request: HttpRequest) -> HttpResponse:
    """Call the view as the other middleware would have.

    Raises: DisallowedHost, which becomes 400.
    """
    request.get_host()
    answer = take(request, _esp(request))
    answer.headers["Content-Security-Policy"] = "default-src 'none'"
    return answer


@cache
def _view(esp: str) -> Any:
    """Return Anymail's view with our keeping in place of its signal: one statement for a whole post."""
    module, name = _VIEWS[esp].split(".")
    theirs = getattr(import_module(f"anymail.webhooks.{module}"), name)

    def begin(self: Any, **settings_of_its_own: Any) -> None:
        with warnings.catch_warnings():
            # Anymail has stopped testing SendGrid at SendGrid itself; our payloads go on.
            warnings.simplefilter("ignore", AnymailNotSupportedWarning)
            theirs.__init__(self, **settings_of_its_own)

    def post(self: Any, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        if "Authorization" not in request.headers:
            # Amazon's SNS sends what it was given only once it is asked for it.
            return HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="webhook"'})
        self.run_validators(request)
        now = timezone.now()
        try:
            reports = list(provider.reports(esp, self.parse_events(request), now=now))
        except _UNREADABLE as error:
            logger.warning("webhook.unreadable provider=%s error=%s", esp, type(error).__name__)
            return HttpResponse(status=400)
        singles.draw(reports, now=now)
        if record.keep(reports, now=now):
            tasks.fold_later()
        return HttpResponse()

    keeping: Any = type(f"Keeping{name}", (theirs,), {"__init__": begin, "post": post})
    return keeping.as_view()
