"""The doors out: the link in a mail, the mail client's own button (RFC 8058), and undo."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from subscribers import links, tasks, unsubscribe
from subscribers.models import Newsletter, Subscription
from subscribers.views import visitor
from subscribers.views.private import broken, chosen, private


@private
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show one button; take it, and afterwards whatever else the reader wants to say."""
    subscriber_id, newsletter_id = links.read("unsubscribe", token)
    action = chosen(request)
    if action == "leave":
        return _leave(request, subscriber_id, newsletter_id, token)
    if action == "leave_all":
        return _leave_all(request, subscriber_id, newsletter_id, token)
    if action == "reason":
        unsubscribe.give_reason(subscriber_id, newsletter_id, request.POST.get("reason", ""))
        undo_token = _still_undoes(request.POST.get("undo", ""), subscriber_id, newsletter_id)
        return _left(request, newsletter_id, token, undo_token=undo_token, thanked=True)
    return _ask(request, subscriber_id, newsletter_id, token)


@private
def one_click(request: HttpRequest, token: str) -> HttpResponse:
    """Take the mail client's POST: no cookie, no redirect, twice the same. A GET only shows.

    Source: RFC 8058, section 3.1: the body is List-Unsubscribe=One-Click.
    """
    subscriber_id, newsletter_id = links.read("unsubscribe", token)
    if request.method != "POST":
        return _ask(request, subscriber_id, newsletter_id, token)
    if request.POST.get("List-Unsubscribe") != "One-Click":
        return HttpResponse(
            _("This address takes List-Unsubscribe=One-Click."),
            status=400,
            content_type="text/plain; charset=utf-8",
        )
    origin = visitor.origin(request, form="one-click")
    unsubscribe.one_click(subscriber_id, newsletter_id, origin=origin, now=timezone.now())
    return HttpResponse(_("You are unsubscribed."), content_type="text/plain; charset=utf-8")


@private
def undo(request: HttpRequest, token: str) -> HttpResponse:
    """Take an unsubscribe back within a week, by the link on the page or in the goodbye."""
    numbers = links.read_fresh("undo", token, max_seconds=7 * 24 * 3600)
    made_at = links.read("undo", token)[-1]
    if chosen(request) == "undo":
        origin = visitor.origin(request, form="undo")
        unsubscribe.undo_by_link(*numbers, link_made_at=made_at, origin=origin, now=timezone.now())
        may_undo = False
    else:
        may_undo = unsubscribe.can_undo(*numbers, link_made_at=made_at)
    row = _active(numbers[0]).filter(newsletter_id=numbers[1]).first()
    if row is None and not may_undo:
        return broken(request)
    context = {
        "newsletter": Newsletter.objects.filter(pk=numbers[1]).first(),
        "active": row is not None,
        # A pause goes on where it was.
        "reads_on": row is not None and row.is_there and row.paused_until is None,
    }
    return render(request, "subscribers/undo.html", context)


def _ask(request: HttpRequest, subscriber_id: int, newsletter_id: int, token: str) -> HttpResponse:
    context = {
        "newsletter": Newsletter.objects.filter(pk=newsletter_id).first(),
        "active": _is_active(subscriber_id, newsletter_id),
        "action_url": reverse("unsubscribe", args=[token]),
        "others": _active(subscriber_id).exclude(newsletter_id=newsletter_id).exists(),
    }
    return render(request, "subscribers/unsubscribe.html", context)


def _leave(
    request: HttpRequest, subscriber_id: int, newsletter_id: int, token: str
) -> HttpResponse:
    origin = visitor.origin(request, form="unsubscribe")
    left = unsubscribe.by_link(subscriber_id, newsletter_id, origin=origin, now=timezone.now())
    tasks.send_later(left.goodbye_id)
    # Only the click that ended it offers to take it back: an old mail passed on must not.
    undo_token = _undo_token(subscriber_id, newsletter_id) if left.newly else ""
    return _left(request, newsletter_id, token, undo_token=undo_token)


def _leave_all(
    request: HttpRequest, subscriber_id: int, newsletter_id: int, token: str
) -> HttpResponse:
    origin = visitor.origin(request, form="unsubscribe-all")
    left = unsubscribe.from_everything(subscriber_id, origin=origin, now=timezone.now())
    names = Newsletter.objects.filter(pk__in=left).order_by("pk").values_list("pk", "name")
    # Each by itself: who took leave of all may want one of them back.
    undo_all = [(name, _undo_url(_undo_token(subscriber_id, pk))) for pk, name in names]
    return _left(request, newsletter_id, token, everything=True, undo_all=undo_all)


def _undo_token(subscriber_id: int, newsletter_id: int) -> str:
    return links.make("undo", subscriber_id, newsletter_id, links.now())


def _undo_url(token: str) -> str:
    return reverse("undo", args=[token]) if token else ""


def _still_undoes(token: str, subscriber_id: int, newsletter_id: int) -> str:
    """Return what the page before offered, if it was that: saying why must not take it away."""
    try:
        numbers = links.read_fresh("undo", token)
    except links.BadLinkError:
        return ""
    return token if numbers == (subscriber_id, newsletter_id) else ""


def _left(
    request: HttpRequest, newsletter_id: int, token: str, *, undo_token: str = "", **said: Any
) -> HttpResponse:
    context = {
        "newsletter": Newsletter.objects.filter(pk=newsletter_id).first(),
        "reasons": unsubscribe.LeavingReason.choices,
        "action_url": reverse("unsubscribe", args=[token]),
        "undo_token": undo_token,
        "undo_url": _undo_url(undo_token),
        **said,
    }
    return render(request, "subscribers/unsubscribed.html", context)


def _active(subscriber_id: int) -> QuerySet[Subscription]:
    return Subscription.objects.filter(subscriber_id=subscriber_id, state=Subscription.State.ACTIVE)


def _is_active(subscriber_id: int, newsletter_id: int) -> bool:
    return _active(subscriber_id).filter(newsletter_id=newsletter_id).exists()
