"""The names above articles."""

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from briefing.admin.site import desk
from briefing.models import Author
from subscribers.admin.base import DeskModelAdmin


@admin.register(Author, site=desk)
class AuthorAdmin(DeskModelAdmin):
    """The names above articles."""

    list_display = ("name", "articles_shown")
    search_fields = ("name",)
    search_help_text = _("Words of the name")
    prepopulated_fields = {"slug": ("name",)}
    fields = ("name", "slug", "bio")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Author]":
        """Count each author's articles in the same query."""
        rows: QuerySet[Author] = super().get_queryset(request)
        return rows.annotate(written=Count("bylines"))

    @display(description=_("articles"), ordering="written")
    # By the name `articles` the list would show the authors’ own relation, raw.
    def articles_shown(self, author: Author) -> int:
        """Show how many articles carry the name."""
        return int(author.written)  # type: ignore[attr-defined]  # the queryset annotates it
