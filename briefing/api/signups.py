"""Signing up by JSON: the rules, limits and evidence of the form, for a program of the publisher's.

A program has filled in nothing by hand, so neither the trap nor the age of a form says anything
about it; the limits do. A page in a browser uses the form: other sites' scripts are turned away here.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from ninja import Router, Status

from briefing.api.refusals import RefusalError
from briefing.api.schemas import OfferOut, Problem, ReceivedOut, RefusedOut, SignupIn
from subscribers import consent, proof, signup, tasks, throttle, wording
from subscribers.forms import SignupForm, newsletters
from subscribers.models import ConsentNotice, SignupRequest, Topic
from subscribers.signup import Wish
from subscribers.views import visitor

router = Router(tags=["signup"])
_NO_NOTICE = "No wording is published that somebody could agree to."


@router.get(
    "/offer",
    response={200: OfferOut, 503: RefusedOut},
    operation_id="offer",
    summary="What can be signed up for",
)
def offer(request: HttpRequest, response: HttpResponse) -> dict[str, Any]:
    """Return newsletters, topics and the wording to agree to, in the language asked for."""
    try:
        notice = consent.current_notice("signup", locale=translation.get_language() or "en")
    except consent.NoticeMissingError:
        raise RefusalError(503, Problem(message=_NO_NOTICE)) from None
    response.headers["Cache-Control"] = "public, max-age=60"
    return {
        "newsletters": list(newsletters()),
        "topics": list(Topic.objects.all()),
        "notice": _told(notice),
    }


@router.post(
    "/signups",
    response={202: ReceivedOut, 403: RefusedOut, 422: RefusedOut, 429: RefusedOut},
    operation_id="sign_up",
    summary="Sign somebody up",
)
def sign_up(request: HttpRequest, wish: SignupIn) -> Status[dict[str, str]]:
    """Write one request down; a worker decides what follows, and a mail asks to confirm."""
    if not visitor.is_own_click(request):
        message = "Another site's page cannot sign anybody up here. See /embed/instructions/."
        raise RefusalError(403, Problem(message=message))
    locale = wish.locale or translation.get_language() or "en"
    if locale not in dict(settings.LANGUAGES):
        message = f"Mails are written in {', '.join(dict(settings.LANGUAGES))}."
        raise RefusalError(422, Problem(field="locale", message=message))
    with translation.override(locale):
        return Status(202, _take(request, wish))


def _take(request: HttpRequest, wish: SignupIn) -> dict[str, str]:
    filled = SignupForm(wish.dict(exclude={"certain"}))
    if not filled.is_valid():
        raise RefusalError(422, *_problems(filled))
    if not wish.certain and (suggestion := filled.suggestion()):
        message = _("Did you mean %(address)s?") % {"address": suggestion}
        raise RefusalError(422, Problem(field="email", message=message, suggestion=suggestion))
    if not throttle.admits_visitor(visitor.client_ip(request)):
        message = _("Many signups have just come from your network.")
        raise RefusalError(429, Problem(message=message), wait_seconds=60)
    asked = signup.request(_wish(request, wish, filled), now=timezone.now())
    if asked.state == SignupRequest.State.RECEIVED:
        tasks.work_later(asked.pk)
    return {"next": _("We have written to you. One click in that mail, and you are subscribed.")}


def _wish(request: HttpRequest, told: SignupIn, filled: SignupForm) -> Wish:
    data = filled.cleaned_data
    return Wish(
        address=data["email"],
        newsletter=data["newsletter"],
        origin=visitor.origin(request, form="api", notice=data["notice"], referer=told.page),
        topics=tuple(topic.slug for topic in data["topics"]),
        source=visitor.source(request, referer=told.page),
        proven=proof.spend(data["proof"]),
    )


def _problems(filled: SignupForm) -> list[Problem]:
    return [
        Problem(field=field, message=str(message))
        for field, messages in filled.errors.items()
        for message in messages
    ]


def _told(notice: ConsentNotice) -> dict[str, Any]:
    return {
        "id": notice.pk,
        "version": notice.version,
        "locale": notice.locale,
        "markdown": notice.text,
        "html": wording.to_html(notice.text),
        "sha256": notice.sha256,
    }
