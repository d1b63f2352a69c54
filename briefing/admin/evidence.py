"""Evidence of one person's consent, ready to print: what they were shown and did, and its proof.

The same facts as JSON are in privacy.export; a lawyer or an authority wants paper.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from briefing.admin import audit
from briefing.admin.gate import needs, needs_second_factor
from subscribers import consent, links, sealing
from subscribers.models import ConsentNotice, ConsentRecord, ConsentSeal, Newsletter, Subscriber


@never_cache
@require_POST
@needs("subscribers.export_subscriber")
@needs_second_factor
def evidence(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the document. A POST, because taking data away is an act, and the log says whose.

    There is one for an erased reader too: its records name nobody, and still stand in the seals.
    """
    reader = get_object_or_404(Subscriber, pk=pk)
    entry = audit.record(request, "subscriber.evidence", reader)
    records = list(consent.history(reader.person))
    wrong = sealing.misfits(records)
    head = ConsentSeal.objects.order_by("-pk").first()
    context = {
        "reader": reader,
        "entry": entry,
        "subscriptions": reader.subscriptions.select_related("newsletter").order_by("pk"),
        "acts": _acts(records, wrong),
        "notices": _notices(records),
        "sound": not wrong,
        "head": head,
        "head_sha256": bytes(head.sha256).hex() if head else "",
        "seals_address": links.absolute("/privacy/seals.json"),
    }
    return render(request, "desk/evidence.html", context)


def _acts(records: list[ConsentRecord], wrong: dict[int, str]) -> list[dict[str, Any]]:
    names = dict(Newsletter.objects.values_list("pk", "name"))
    receipts = [(record, sealing.receipt(record)) for record in records]
    return [
        {
            "record": record,
            "newsletter": names.get(record.newsletter_id or 0, record.newsletter_id),
            "context": getattr(record, "context", None),
            "leaf": getattr(record, "leaf", None),
            "wrong": wrong.get(record.pk, ""),
            "receipt": receipt,
            # As it is hashed, letter by letter.
            "statement": consent.canonical(receipt["statement"]).decode(),
        }
        for record, receipt in receipts
    ]


def _notices(records: list[ConsentRecord]) -> list[ConsentNotice]:
    shown = {record.notice for record in records if record.notice}
    return sorted(shown, key=lambda notice: notice.pk)
