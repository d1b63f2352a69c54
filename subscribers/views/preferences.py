"""One page where a reader is in charge, behind their own link; leaving always stands first on it."""

from datetime import date

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from subscribers import consent, links, moving, preferences, privacy, tasks
from subscribers.forms import NewAddressForm, PreferencesForm, time_zones
from subscribers.models import ConsentNotice, Subscriber, Subscription, Topic
from subscribers.views import visitor
from subscribers.views.private import broken, chosen, private


@private
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is chosen, and take what is changed."""
    subscription = _subscription(token)
    if subscription is None:
        return _closed(request, token)
    if chosen(request) == "save":
        return _save(request, subscription, token)
    if chosen(request) == "move":
        return _move(request, subscription, token)
    return _show(request, subscription, token)


@private
def data(request: HttpRequest, token: str) -> HttpResponse:
    """Hand over everything held on the reader."""
    subscription = _subscription(token)
    if subscription is None:
        return _closed(request, token)
    told = privacy.export(subscription.subscriber.address_key or "")
    answer = JsonResponse(told, json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer


@private
def erase(request: HttpRequest, token: str) -> HttpResponse:
    """Ask once, and erase the reader."""
    subscription = _subscription(token)
    if subscription is None:
        return _closed(request, token)
    if chosen(request) != "erase":
        context = {"reader": subscription.subscriber, "token": token}
        return render(request, "subscribers/erase.html", context)
    while subscription is not None:
        privacy.erase(subscription.subscriber.address_key or "", now=timezone.now())
        # Still there, if the reader has moved to another address at this very moment.
        subscription = _subscription(token)
    return render(request, "subscribers/erased.html")


def _closed(request: HttpRequest, token: str) -> HttpResponse:
    """Say that the reader behind the link is deleted, or that there never was one."""
    subscriber_id, _newsletter_id = links.read("preferences", token)
    if Subscriber.objects.filter(pk=subscriber_id).exclude(erased_at=None).exists():
        return render(request, "subscribers/erased.html", status=410)
    return broken(request)


def _save(request: HttpRequest, subscription: Subscription, token: str) -> HttpResponse:
    now = timezone.now()
    filled = PreferencesForm(request.POST, today=now.date())
    if not filled.is_valid():
        return _show(request, subscription, token, typed=filled, status=422)
    origin = visitor.origin(request, form="preferences")
    preferences.choose(subscription, filled.choices(), origin=origin, now=now)
    fresh = _subscription(token) or subscription
    note = _("Your preferences are saved.")
    if fresh.paused_until:
        day = date_format(fresh.paused_until, "DATE_FORMAT")
        note = _("Your preferences are saved. Nothing comes before %(day)s.") % {"day": day}
    return _show(request, fresh, token, note=note)


def _move(request: HttpRequest, subscription: Subscription, token: str) -> HttpResponse:
    filled = NewAddressForm(request.POST)
    if not filled.is_valid():
        return _show(request, subscription, token, typed=filled, status=422)
    tasks.send_later(moving.ask(subscription, filled.cleaned_data["email"], now=timezone.now()))
    # The same whatever came of it: this page must not tell who else reads us.
    note = _("Look into the new mailbox: nothing changes until you confirm it there.")
    return _show(request, subscription, token, note=note)


def _show(
    request: HttpRequest,
    subscription: Subscription,
    token: str,
    *,
    typed: PreferencesForm | NewAddressForm | None = None,
    note: str = "",
    status: int = 200,
) -> HttpResponse:
    """Show the page; what was typed and could not be taken stands there for mending."""
    reader = subscription.subscriber
    chosen = request.POST if isinstance(typed, PreferencesForm) else _chosen(subscription)
    unsubscribe = links.make("unsubscribe", reader.pk, subscription.newsletter_id)
    context = {
        "subscription": subscription,
        "newsletter": subscription.newsletter,
        "reader": reader,
        "active": subscription.state == Subscription.State.ACTIVE,
        "withheld": subscription.withheld,
        "chosen": chosen,
        "errors": typed.errors if typed else {},
        "new_address": typed.data.get("email", "") if isinstance(typed, NewAddressForm) else "",
        "note": note,
        "topics": Topic.objects.all(),
        "wanted_topics": chosen.getlist("topics"),
        "frequencies": Subscription.Frequency.choices,
        "formats": Subscriber.Format.choices,
        "languages": settings.LANGUAGES,
        "zones": time_zones(),
        "tracking_notice": _tracking_notice(),
        "unsubscribe_url": reverse("unsubscribe", args=[unsubscribe]),
        "receipt_url": reverse("receipt", args=[links.make("receipt", reader.pk)]),
        "token": token,
    }
    return render(request, "subscribers/preferences.html", context, status=status)


def _chosen(subscription: Subscription) -> QueryDict:
    """Return what is in force, in the form in which a browser would send it."""
    reader, paused_until = subscription.subscriber, subscription.paused_until
    chosen = QueryDict(mutable=True)
    chosen.setlist("topics", list(subscription.topics.values_list("slug", flat=True)))
    chosen.update(
        {
            "frequency": subscription.frequency,
            # One that is over is none, and saving the page again must not fail by it.
            "paused_until": f"{paused_until:%Y-%m-%d}" if _lies_ahead(paused_until) else "",
            "format": reader.format,
            "locale": reader.locale,
            "time_zone": reader.time_zone,
        }
    )
    if reader.tracking_allowed:
        chosen["tracking_allowed"] = "on"
    return chosen


def _lies_ahead(day: date | None) -> bool:
    return day is not None and day > timezone.now().date()


def _subscription(token: str) -> Subscription | None:
    subscriber_id, newsletter_id = links.read("preferences", token)
    return (
        Subscription.objects.select_related("subscriber", "newsletter")
        .filter(
            subscriber_id=subscriber_id, newsletter_id=newsletter_id, subscriber__erased_at=None
        )
        .first()
    )


def _tracking_notice() -> ConsentNotice | None:
    try:
        return consent.current_notice("tracking", locale=get_language() or "en")
    except consent.NoticeMissingError:
        # Without a published wording nobody can be asked, so nobody is.
        return None
