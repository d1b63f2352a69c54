"""Writing: articles with their bylines, sources, watch items and corrections."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db.models import ForeignKey, Q, URLField
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import StackedInline, TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from briefing.admin.choices import newest_articles
from briefing.admin.site import desk
from briefing.archive import pictures
from briefing.models import Article, ArticleAuthor, Correction, Source, WatchItem
from subscribers.admin.base import DeskModelAdmin, LabelledInline


class ArticleForm(forms.ModelForm):  # type: ignore[type-arg]  # unfold's admin calls it unparametrised
    """Refuses a picture that nobody could hear of, and dates what is published."""

    class Meta:
        model = Article
        fields = (
            "headline",
            "dek",
            "body",
            "image",
            "image_alt",
            "image_credit",
            "image_licence",
            "status",
            "published_at",
            "topic",
            "locale",
            "slug",
            "watch_heading",
        )
        widgets = {
            "dek": UnfoldAdminTextareaWidget({"rows": 3}),
            "body": UnfoldAdminTextareaWidget({"rows": 26, "class": "desk-markdown"}),
        }

    picture: tuple[str, bytes] | None = None

    def clean(self) -> dict[str, Any]:
        """Check what the fields only tell together, and take a new picture in."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if isinstance(values.get("image"), UploadedFile):
            self._take(values)
        if values.get("image"):
            for name in ("image_alt", "image_credit"):
                if not values.get(name):
                    self.add_error(
                        name, _("An image needs this: say it here, or take the image away.")
                    )
        if values.get("status") == Article.Status.PUBLISHED and not values.get("published_at"):
            values["published_at"] = timezone.now()
        return values

    def _take(self, values: dict[str, Any]) -> None:
        """Encode the upload anew, without what cameras write into it; it is stored on saving."""
        try:
            self.picture = pictures.take(
                values["image"].read(), stem=f"articles/{values.get('slug') or 'article'}"
            )
        except pictures.PictureError as error:
            self.add_error("image", _("This picture cannot be taken: %(why)s.") % {"why": error})
        else:
            values["image"] = self.picture[0]


class BylineInline(LabelledInline, TabularInline):
    """Who wrote it, in the order in which the names stand."""

    model = ArticleAuthor
    fields = ("author", "position")
    ordering_field = "position"
    extra = 0
    tab = True


class SourceInline(StackedInline):
    """Where the facts come from."""

    model = Source
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    fields = (("publisher", "title"), ("url", "accessed_on"), "position")
    ordering_field = "position"
    hide_ordering_field = True
    extra = 0
    tab = True


class WatchItemInline(StackedInline):
    """What the newsroom watches next, and how it turned out."""

    model = WatchItem
    fk_name = "article"
    fields = ("text", ("due_on", "outcome"), ("outcome_note", "followed_up_in"), "position")
    ordering_field = "position"
    hide_ordering_field = True
    extra = 0
    tab = True

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Offer the newest articles: a follow-up is written after what it follows up."""
        if db_field.name == "followed_up_in":
            kwargs["queryset"] = newest_articles(besides=Q(follow_ups__isnull=False))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class CorrectionInline(StackedInline):
    """Dated corrections, shown with the article for as long as it is there."""

    model = Correction
    fields = ("text", "at")
    extra = 0
    tab = True


@admin.register(Article, site=desk)
class ArticleAdmin(SimpleHistoryAdmin, DeskModelAdmin):
    """Where articles are written."""

    form = ArticleForm
    list_display = ("headline", "topic", "state", "published_at", "updated_at")
    list_filter = ("status", "topic")
    list_select_related = ("topic",)
    search_fields = ("headline", "slug")
    search_help_text = _("Words of the headline")
    ordering = ("-updated_at", "-pk")
    sortable_by = ("headline", "published_at", "updated_at")
    prepopulated_fields = {"slug": ("headline",)}
    inlines = (BylineInline, SourceInline, WatchItemInline, CorrectionInline)
    fieldsets = (
        (None, {"fields": ("headline", "dek", "body")}),
        (
            _("Image"),
            {"fields": ("image", "image_alt", ("image_credit", "image_licence"))},
        ),
        (
            _("Publication"),
            {
                "fields": (
                    ("status", "published_at"),
                    ("topic", "locale"),
                    ("slug", "watch_heading"),
                )
            },
        ),
    )

    def get_readonly_fields(
        self, request: HttpRequest, obj: Article | None = None
    ) -> tuple[str, ...]:
        """Show an author the status; only who may publish sets it."""
        return () if _may_publish(request) else ("status", "published_at")

    def has_change_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        """Let an author work on drafts: what visitors read is an editor's to change."""
        if obj is not None and obj.status != Article.Status.DRAFT and not _may_publish(request):
            return False
        return bool(super().has_change_permission(request, obj))

    def save_model(
        self,
        request: HttpRequest,
        obj: Article,
        form: ArticleForm,
        change: bool,  # noqa: FBT001  Django calls it so
    ) -> None:
        """Store a new picture in all its sizes before the article names it."""
        if form.picture:
            name, content = form.picture
            if not default_storage.exists(name):
                default_storage.save(name, ContentFile(content))
            pictures.make_renditions(name)
        super().save_model(request, obj, form, change)

    @display(
        description=_("status"),
        ordering="status",
        label={
            Article.Status.DRAFT: "warning",
            Article.Status.PUBLISHED: "success",
            Article.Status.WITHDRAWN: "danger",
        },
    )
    def state(self, article: Article) -> tuple[str, str]:
        """Show the status as a label."""
        return article.status, article.get_status_display()


def _may_publish(request: HttpRequest) -> bool:
    return request.user.has_perm("briefing.publish_article")
