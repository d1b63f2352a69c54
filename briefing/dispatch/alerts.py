"""Tells people: an alert stands at the desk, goes out once by mail and once to a webhook."""

import json
import logging
import urllib.request
from datetime import datetime
from email.utils import parseaddr
from http.client import HTTPException

from django.conf import settings

from briefing.models import Alert
from briefing.transports import single
from subscribers.ports import Mail

logger = logging.getLogger(__name__)

_WEBHOOK_SECONDS = 5.0


def raise_alert(kind: str, key: str, text: str, *, now: datetime) -> Alert | None:
    """Write an alert down, unless the same trouble stands already. A door then tells it."""
    alert, made = Alert.objects.get_or_create(
        key=f"{kind}:{key}"[:80],
        seen_at=None,
        defaults={"kind": kind, "text": text[:500], "at": now},
    )
    if made:
        logger.warning("alert_raised kind=%s key=%s", kind, key)
    return alert if made else None


def tell(*, now: datetime) -> int:
    """Mail and post the alerts not told yet; return how many. Safe to run twice: told is noted.

    One channel failing does not stop the other, and an alert that nobody could be told of stays.
    """
    told = 0
    for alert in Alert.objects.filter(told_at=None).order_by("pk"):
        channels = [_mail(alert), _post(alert)]
        if any(channels) or not (settings.ALERT_RECIPIENTS or settings.ALERT_WEBHOOK_URL):
            told += Alert.objects.filter(pk=alert.pk, told_at=None).update(told_at=now)
    return told


def _mail(alert: Alert) -> bool:
    """Mail through the account that is not in trouble: alerts about bulk leave by the other one."""
    answers = [single.send(_mail_to(each, alert)) for each in settings.ALERT_RECIPIENTS]
    for answer in answers:
        if answer.outcome != "accepted":
            logger.warning("alert_mail_failed alert=%s answer=%s", alert.pk, answer.code)
    return any(answer.outcome == "accepted" for answer in answers)


def _mail_to(recipient: str, alert: Alert) -> Mail:
    name, address = parseaddr(settings.SERVER_EMAIL)
    return Mail(
        purpose="alert",
        reference=f"alert-{alert.pk}",
        recipient=recipient,
        from_name=name or "Briefing",
        from_address=address,
        subject=f"[Briefing] {alert.get_kind_display()}",
        text=f"{alert.text}\n\n{settings.PUBLIC_BASE_URL}/admin/\n",
        html="",
    )


def _post(alert: Alert) -> bool:
    if not settings.ALERT_WEBHOOK_URL:
        return False
    body = json.dumps({"kind": alert.kind, "text": alert.text, "at": alert.at.isoformat()})
    request = urllib.request.Request(  # noqa: S310  an operator's own address, from the settings
        settings.ALERT_WEBHOOK_URL, body.encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_WEBHOOK_SECONDS):  # noqa: S310  as above
            return True
    except (OSError, HTTPException) as error:
        logger.warning("alert_post_failed alert=%s error=%s", alert.pk, type(error).__name__)
        return False
