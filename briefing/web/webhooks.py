"""What providers report: checked by Anymail, written down, answered at once; folded by a worker.

Every provider that Anymail knows has its address, `/hooks/<provider>/`, as soon as a secret is set:
`ANYMAIL_WEBHOOK_SECRET=user:password`, which stands in the address that the provider is given, and
where the provider signs, its own key.
Source: https://anymail.dev/en/stable/tips/securing_webhooks/
"""

from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from briefing import tasks
from briefing.tracking import provider, record

MAX_BYTES = 256 * 1024

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


@csrf_exempt  # A provider has no session; what it sends is checked by secret and signature.
def take(request: HttpRequest, esp: str) -> HttpResponse:
    """Take a provider's reports: 200 once they are written down, 400 when they are not genuine.

    Without a secret there is no such address: anybody could say that anybody's mail bounced.
    """
    if esp not in _VIEWS or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404
    if int(request.headers.get("Content-Length") or 0) > MAX_BYTES:
        return HttpResponse(status=413)
    answer: HttpResponse = _view(esp)(request)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@cache
def _view(esp: str) -> Any:
    """Return Anymail's view with our keeping in place of its signal: one statement for a whole post."""
    module, name = _VIEWS[esp].split(".")
    theirs = getattr(import_module(f"anymail.webhooks.{module}"), name)

    def post(self: Any, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        self.run_validators(request)
        now = timezone.now()
        events = self.parse_events(request)
        if record.keep(provider.reports(esp, events, now=now), now=now):
            tasks.fold_later()
        return HttpResponse()

    keeping: Any = type(f"Keeping{name}", (theirs,), {"post": post})
    return keeping.as_view()
