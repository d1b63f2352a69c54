"""The page behind the links of a change of address: confirm at the new one, take back at the old."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from subscribers import links, moving, tasks
from subscribers.models import Outbox
from subscribers.moving import MoveGoneError
from subscribers.views import visitor
from subscribers.views.private import broken, chosen, private

# The new mailbox has three days to confirm, the old one a week to object.
_MAX_SECONDS = 7 * 24 * 3600
_CONFIRM_SECONDS = 72 * 3600


@private
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Show one button for what the link is about, and take it."""
    (outbox_id,) = links.read_fresh("address", token, max_seconds=_MAX_SECONDS)
    row = moving.asked(outbox_id)
    if row is None:
        return broken(request)
    if row.purpose == Outbox.Purpose.ADDRESS_CHANGED:
        return _take_back(request, row)
    links.read_fresh("address", token, max_seconds=_CONFIRM_SECONDS)
    return _confirm(request, row)


def _confirm(request: HttpRequest, row: Outbox) -> HttpResponse:
    context = {"row": row, "new": row.context["new"], "moved": moving.is_done(row)}
    if not context["moved"] and not moving.is_open(row):
        return broken(request)
    if chosen(request) == "confirm":
        origin = visitor.origin(request, form="address")
        try:
            tasks.send_later(moving.confirm(row, origin=origin, now=timezone.now()))
        except MoveGoneError:
            return broken(request)
        context["moved"] = True
    return render(request, "subscribers/address_confirm.html", context)


def _take_back(request: HttpRequest, row: Outbox) -> HttpResponse:
    taken_back = moving.is_back(row)
    if chosen(request) == "undo" and not taken_back:
        origin = visitor.origin(request, form="address")
        taken_back = moving.undo(row, origin=origin, now=timezone.now())
        if not taken_back:
            return broken(request)
    context = {"row": row, "old": row.context["old"], "taken_back": taken_back}
    return render(request, "subscribers/address_undo.html", context)
