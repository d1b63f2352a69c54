"""The great switch at the desk: hold all outgoing mail, let it go, and mark an alert as seen."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from briefing.admin import audit
from briefing.admin.gate import needs, needs_second_factor
from briefing.admin.screen import render
from briefing.dispatch import holding
from briefing.dispatch.states import SENDING
from briefing.models import Alert, Dispatch, Fence
from subscribers.models import Outbox


class ReasonForm(forms.Form):
    """Asks why: whoever comes next reads it on every page of the desk."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=160,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text=_("Everybody at the desk reads this until somebody lets the mail go."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("briefing.steer_dispatch")
def hold(request: HttpRequest) -> HttpResponse:
    """Stop everything that leaves, confirmations included. Stopping asks for no second factor.

    While it is held, this is where somebody looks at what waits before letting it go.
    """
    form = ReasonForm(request.POST or None)
    fence = Fence.objects.filter(pk=1).exclude(held="").first()
    if fence and request.method == "POST":
        messages.info(request, _("It is held already, for another reason."))
    elif request.method == "POST" and form.is_valid():
        who = request.user.get_username()
        reason = _("%(reason)s (%(who)s)") % {"reason": form.cleaned_data["reason"], "who": who}
        holding.hold(reason, now=timezone.now())
        audit.record(request, "mail.hold", reason=form.cleaned_data["reason"])
        messages.success(request, _("Nothing leaves any more, from the next message on."))
        return redirect("admin:index")
    dispatches = Dispatch.objects.select_related("issue__newsletter").order_by("-pk")
    waiting = (*SENDING, Dispatch.State.HOLDING)
    return render(
        request,
        "desk/hold.html",
        _("All outgoing mail is held") if fence else _("Hold all outgoing mail"),
        form=form,
        running=dispatches.filter(state__in=SENDING),
        fence=fence,
        waiting=dispatches.filter(state__in=waiting) if fence else (),
        owed=Outbox.objects.filter(state=Outbox.State.OWED).count() if fence else 0,
    )


@require_POST
@needs("briefing.steer_dispatch")
@needs_second_factor
def let_go(request: HttpRequest) -> HttpResponse:
    """Let mail leave again. Dispatches that were held stay so until each is resumed."""
    holding.let_go(now=timezone.now())
    audit.record(request, "mail.let_go")
    messages.success(
        request,
        _("Mail leaves again. Dispatches that were held wait for your decision, one by one."),
    )
    return redirect("admin:index")


@require_POST
@needs("briefing.steer_dispatch")
def see(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an alert off the desk: the same trouble may be told again from now on."""
    if Alert.objects.filter(pk=pk, seen_at=None).update(seen_at=timezone.now()):
        audit.record(request, "alert.see", alert=pk)
    return redirect("admin:index")
