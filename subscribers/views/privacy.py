"""What a reader can see of their own consent, and what everybody can see of the ledger."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from subscribers import consent, links, sealing
from subscribers.models import ConsentRecord, ConsentSeal, Newsletter, Subscriber
from subscribers.views.private import broken, private

_SEALS_PER_PAGE = 200
_ACTS = {
    ConsentRecord.Act.REQUESTED: _("A signup was requested"),
    ConsentRecord.Act.CONFIRMED: _("You confirmed"),
    ConsentRecord.Act.WITHDRAWN: _("You unsubscribed"),
    ConsentRecord.Act.TRACKING_GRANTED: _("You allowed opens and clicks to be counted"),
    ConsentRecord.Act.TRACKING_WITHDRAWN: _("You ended the counting of opens and clicks"),
    ConsentRecord.Act.IMPORTED: _("You were brought over from another list"),
    ConsentRecord.Act.ERASED: _("Your data was erased"),
}


@private
def receipt(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a reader agreed to: every act, the wording shown, and whether it is sealed."""
    reader = _reader(token)
    if reader is None:
        return broken(request)
    names = dict(Newsletter.objects.values_list("pk", "name"))
    acts = [
        {
            "row": row,
            "title": _ACTS[ConsentRecord.Act(row.act)],
            "newsletter": names.get(row.newsletter_id or 0, ""),
            "seal": getattr(getattr(row, "leaf", None), "seal", None),
        }
        for row in consent.history(reader.person)
    ]
    context = {"reader": reader, "acts": acts, "token": token}
    return render(request, "subscribers/receipt.html", context)


@private
def receipt_download(request: HttpRequest, token: str) -> HttpResponse:
    """Return the receipt as JSON, with the wordings and the proofs, for keeping and checking."""
    reader = _reader(token)
    if reader is None:
        return broken(request)
    response = JsonResponse(
        _receipt(reader), json_dumps_params={"indent": 2, "ensure_ascii": False}
    )
    response["Content-Disposition"] = 'attachment; filename="consent-receipt.json"'
    return response


@require_safe
@cache_control(public=True, max_age=60)
def seals(request: HttpRequest) -> HttpResponse:
    """Publish the seals' heads, newest first: whoever notes one can later tell a cut-off chain.

    `?before=NUMBER` gives the page before it.
    """
    rows = ConsentSeal.objects.order_by("-pk")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    page = [sealing.public_head(row) for row in rows[:_SEALS_PER_PAGE]]
    return JsonResponse({"seals": page}, json_dumps_params={"indent": 1})


def _reader(token: str) -> Subscriber | None:
    (subscriber_id,) = links.read("receipt", token)
    return Subscriber.objects.filter(pk=subscriber_id).first()


def _receipt(reader: Subscriber) -> dict[str, Any]:
    rows = list(consent.history(reader.person))
    notices = {row.notice for row in rows if row.notice}
    return {
        "how_to_check": (
            "SHA-256 of each statement, as JSON with sorted keys, no spaces and UTF-8, is its sha256. "
            "Hash that with a leading zero byte, then with each step's sibling and a leading 0x01 "
            "byte, on the side it says: the last result is the seal's root (RFC 9162, 2.1). The "
            "seals are public at /privacy/seals.json."
        ),
        "address": reader.address,
        "acts": [sealing.receipt(row) for row in rows],
        "wordings": [
            {
                "notice": [notice.kind, notice.version, notice.locale],
                "sha256": notice.sha256,
                "text": notice.text,
            }
            for notice in sorted(notices, key=lambda notice: notice.pk)
        ],
    }
