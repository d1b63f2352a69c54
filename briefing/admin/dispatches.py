"""Dispatches: every sending there was, each with its own live screen."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from briefing.admin import watching
from briefing.admin.site import desk
from briefing.models import Dispatch
from subscribers.admin.base import ReadOnlyAdmin


@admin.register(Dispatch, site=desk)
class DispatchAdmin(ReadOnlyAdmin):
    """The list; one dispatch is watched and steered on its own screen."""

    list_display = ("issue_shown", "kind", "state_shown", "reason", "started_at", "finished_at")
    list_filter = ("state", "kind")
    list_select_related = ("issue__newsletter",)
    ordering = ("-pk",)
    sortable_by = ()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the live screen where other models have a form."""
        if not object_id.isdecimal():
            raise Http404
        return watching.watch(request, int(object_id))

    @display(description=_("issue"))
    def issue_shown(self, dispatch: Dispatch) -> str:
        """Name the issue as the list of issues does."""
        return f"{dispatch.issue.number} · {dispatch.issue.subject}"

    @display(
        description=_("state"),
        label={
            Dispatch.State.RUNNING: "info",
            Dispatch.State.CANARY: "info",
            Dispatch.State.HOLDING: "warning",
            Dispatch.State.PAUSED: "warning",
            Dispatch.State.CANCELLED: "danger",
            Dispatch.State.FINISHED: "success",
        },
    )
    def state_shown(self, dispatch: Dispatch) -> tuple[str, str]:
        """Show the state as a label."""
        return dispatch.state, dispatch.state_told
