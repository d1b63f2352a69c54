"""Answers a person's request: everything held on them as one file, or everything personal gone."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from briefing.admin import audit, trail
from briefing.admin.gate import needs, needs_second_factor
from briefing.admin.screen import render
from briefing.admin.spreadsheet import as_written_csv
from subscribers import address, privacy
from subscribers.models import Newsletter, Subscriber
from subscribers.transfer import exporting


class ErasureForm(forms.Form):
    """Asks for the address: an erasure is for the right person, and for ever."""

    address = forms.CharField(
        label=_("Type the reader’s address to confirm"),
        max_length=320,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: object, key: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # a form's own arguments
        self.key = key

    def clean_address(self) -> str:
        """Take the address however it is spelt, as long as it is this reader's."""
        try:
            typed = address.parse(self.cleaned_data["address"]).key
        except address.AddressRefusedError as error:
            raise forms.ValidationError(str(error)) from error
        if typed != self.key:
            raise forms.ValidationError(_("This is not the address of this reader."))
        return typed


@never_cache
@require_POST
@needs("subscribers.export_subscriber")
@needs_second_factor
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """Return everything held on a reader. A POST, because taking data away is an act."""
    reader = get_object_or_404(Subscriber, pk=pk, erased_at=None)
    audit.record(request, "subscriber.export", reader)
    response = JsonResponse(
        privacy.export(reader.address_key or ""),
        json_dumps_params={"indent": 2, "ensure_ascii": False},
    )
    response["Content-Disposition"] = f'attachment; filename="reader-{pk}.json"'
    return response


@never_cache
@require_POST
@needs("subscribers.export_subscriber")
@needs_second_factor
def export_list(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Return a newsletter's readers as CSV, read while it leaves."""
    newsletter = get_object_or_404(Newsletter, slug=slug)
    audit.record(request, "newsletter.export", newsletter)
    return as_written_csv(f"{slug}.csv", exporting.lines(newsletter))


@require_http_methods(["GET", "HEAD", "POST"])
@needs("subscribers.erase_subscriber")
@needs_second_factor
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what goes and what stays; on the typed address, erase."""
    reader = get_object_or_404(Subscriber, pk=pk, erased_at=None)
    form = ErasureForm(request.POST or None, key=reader.address_key or "")
    if request.method == "POST" and form.is_valid():
        privacy.erase(form.cleaned_data["address"], now=timezone.now())
        audit.record(request, "subscriber.erase", reader)
        messages.success(request, _("Erased. What is left names nobody."))
        return redirect("admin:subscribers_subscriber_changelist")
    return render(
        request, "desk/erase.html", _("Erase"), reader=reader, form=form, trail=trail.reader(reader)
    )
