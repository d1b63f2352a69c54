"""The doors into the list: the signup form, its answer, confirming, and “this was not me”."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from subscribers import emails, joining, links, ports, proof, signup, tasks, throttle
from subscribers.forms import MIN_FORM_SECONDS, SignupForm, first_error, newsletters
from subscribers.joining import Joined
from subscribers.models import Newsletter, SignupRequest, Subscription, Topic
from subscribers.signup import SignupGoneError, Wish
from subscribers.views import visitor
from subscribers.views.private import chosen, private

State = SignupRequest.State


@csrf_exempt  # It stands in cached pages without a cookie and uses no authority of the visitor's.
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest) -> HttpResponse:
    """Show the hosted form, or take one from any page of ours or anybody's."""
    if request.method == "POST":
        answer = _take(request)
        # What somebody typed may stand on it again.
        patch_cache_control(answer, no_store=True)
        return answer
    wanted = request.GET.get("newsletter", "")
    page = _show(request, SignupForm(initial={"newsletter": wanted}))
    patch_cache_control(page, public=True, max_age=60)
    return page


@never_cache
@require_safe
def challenge(request: HttpRequest) -> HttpResponse:
    """Give the form's script something to work out, while confirmations wait; else 204."""
    asked = proof.challenge()
    return JsonResponse(asked) if asked else HttpResponse(status=HTTPStatus.NO_CONTENT)


@never_cache  # Whether many sign up just now changes from one moment to the next.
@require_safe
def done(request: HttpRequest) -> HttpResponse:
    """Say what happens next: the same for every address there is."""
    newsletter = _newsletter(request.GET.get("newsletter", ""))
    context: dict[str, Any] = {"newsletter": newsletter, "busy": throttle.is_under_pressure()}
    if newsletter:
        context["subject"] = emails.confirm_subject(newsletter)
    return render(request, "subscribers/signup_done.html", context)


@private
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for the one click that proves the mailbox, and take it."""
    try:
        (signup_id,) = links.read_fresh("confirm", token)
    except links.ExpiredLinkError as expired:
        return _expired(request, expired.numbers[0])
    if chosen(request) == "confirm":
        return _confirm(request, signup_id)
    asked = (
        SignupRequest.objects.select_related("newsletter", "notice").filter(pk=signup_id).first()
    )
    if asked is None or asked.state not in (State.MAILED, State.CONFIRMED):
        return _gone(request)
    if asked.state == State.CONFIRMED:
        # Nothing changes by asking again: what was confirmed is only looked up.
        return _confirm(request, signup_id)
    return render(request, "subscribers/confirm.html", {"signup": asked})


@private
def disown(request: HttpRequest, token: str) -> HttpResponse:
    """Take “this was not me”."""
    (signup_id,) = links.read("disown", token)
    asked = SignupRequest.objects.select_related("newsletter").filter(pk=signup_id).first()
    if asked is None:
        return render(request, "subscribers/disown_done.html", {"disowned": False})
    if chosen(request) == "disown":
        told = {"disowned": signup.disown(signup_id, now=timezone.now())}
        return render(request, "subscribers/disown_done.html", told | _way_out(asked))
    return render(request, "subscribers/disown.html", {"signup": asked})


def _take(request: HttpRequest) -> HttpResponse:
    filled = SignupForm(request.POST)
    if not filled.is_valid():
        return _show(request, filled, problem=first_error(filled), status=422)
    if not visitor.is_own_click(request):
        return _show(request, filled, note=_("Please press the button to sign up here."))
    age = filled.age_seconds()
    if age is None or age < MIN_FORM_SECONDS:
        return _show(request, filled, note=_("Please press the button once more."))
    if filled.suggestion():
        return _show(request, filled)
    if not throttle.admits_visitor(visitor.client_ip(request)):
        return _too_many(request)
    asked = signup.request(_wish(request, filled), now=timezone.now())
    if asked.state == State.RECEIVED:
        tasks.work_later(asked.pk)
    query = urlencode({"newsletter": asked.newsletter.slug})
    return HttpResponseRedirect(f"{reverse('signup-done')}?{query}")


def _wish(request: HttpRequest, filled: SignupForm) -> Wish:
    data = filled.cleaned_data
    return Wish(
        address=data["email"],
        newsletter=data["newsletter"],
        origin=visitor.origin(request, form=data["form"] or "signup", notice=data["notice"]),
        topics=tuple(topic.slug for topic in data["topics"]),
        source=visitor.source(request),
        suspicion="trap" if data["website"] else "",
        proven=proof.spend(data["proof"]),
    )


def _show(
    request: HttpRequest,
    shown: SignupForm,
    *,
    note: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    suggestion = shown.suggestion() if shown.is_bound and shown.is_valid() else None
    context = {
        "form": shown,
        "newsletters": newsletters(),
        "topics": Topic.objects.all(),
        "wanted_newsletter": shown["newsletter"].value(),
        "wanted_topics": shown["topics"].value() or [],
        "note": note,
        "problem": problem,
        "suggestion": suggestion,
        "typed": shown["email"].value() or "",
        "proof": shown["proof"].value() or "",
    }
    return render(request, "subscribers/signup.html", context, status=status)


def _too_many(request: HttpRequest) -> HttpResponse:
    response = render(request, "subscribers/signup_too_many.html", status=429)
    response["Retry-After"] = "60"
    return response


def _newsletter(slug: str) -> Newsletter | None:
    return newsletters().filter(slug=slug).first() or newsletters().first()


def _confirm(request: HttpRequest, signup_id: int) -> HttpResponse:
    origin = visitor.origin(request, form="confirm")
    try:
        joined = signup.confirm(signup_id, origin=origin, now=timezone.now())
    except SignupGoneError:
        return _gone(request)
    tasks.send_later(joined.welcome_id)
    return render(request, "subscribers/confirmed.html", _confirmed_context(joined))


def _confirmed_context(joined: Joined) -> dict[str, Any]:
    subscription = joined.subscription
    subscription.refresh_from_db()
    numbers = (subscription.subscriber_id, subscription.newsletter_id)
    return {
        "newly": joined.newly,
        "active": subscription.state == Subscription.State.ACTIVE,
        "newsletter": subscription.newsletter,
        "latest": ports.publishing().latest_issue(subscription.newsletter),
        "preferences_url": reverse("preferences", args=[links.make("preferences", *numbers)]),
        "receipt_url": reverse("receipt", args=[links.make("receipt", numbers[0])]),
    }


def _renew(request: HttpRequest, signup_id: int) -> HttpResponse:
    if not throttle.admits_visitor(visitor.client_ip(request)):
        return _too_many(request)
    renewed = signup.renew(signup_id, now=timezone.now())
    if renewed is None:
        return _gone(request)
    tasks.work_later(renewed.pk)
    query = urlencode({"newsletter": renewed.newsletter.slug})
    return HttpResponseRedirect(f"{reverse('signup-done')}?{query}")


def _expired(request: HttpRequest, signup_id: int) -> HttpResponse:
    if chosen(request) == "renew":
        return _renew(request, signup_id)
    asked = SignupRequest.objects.select_related("newsletter").filter(pk=signup_id).first()
    if asked is None or asked.state not in (State.MAILED, State.CONFIRMED):
        return _gone(request)
    if asked.state == State.CONFIRMED:
        return _so_far(request, joining.joined(asked))
    if joined := signup.made_needless(asked):
        return _so_far(request, joined)
    return render(request, "subscribers/confirm_expired.html", {"signup": asked}, status=410)


def _so_far(request: HttpRequest, joined: Joined | None) -> HttpResponse:
    """Tell how things stand; a link that has run out opens nothing of the reader's any more."""
    if joined is None:
        return _gone(request)
    told = _confirmed_context(joined) | {"preferences_url": "", "receipt_url": ""}
    return render(request, "subscribers/confirmed.html", told)


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "subscribers/confirm_gone.html", status=410)


def _way_out(asked: SignupRequest) -> dict[str, Any]:
    """Return the way out for an address that has confirmed, which disowning does not undo."""
    if asked.state != State.CONFIRMED:
        return {}
    row = Subscription.objects.filter(
        subscriber__address_key=asked.address_key, newsletter=asked.newsletter
    ).first()
    if row is None:
        return {}
    token = links.make("unsubscribe", row.subscriber_id, row.newsletter_id)
    return {"unsubscribe_url": reverse("unsubscribe", args=[token])}
