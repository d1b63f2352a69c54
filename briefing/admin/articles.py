"""Writing: articles with their bylines, sources, watch items and corrections."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import ForeignKey, Q, URLField
from django.forms import Script
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline, TabularInline
from unfold.decorators import display

from briefing.admin.choices import newest_articles
from briefing.admin.site import desk
from briefing.admin.versions import VersionedAdmin
from briefing.admin.writing import ArticleForm
from briefing.archive import keeping, linkcheck, pictures, reading, slugs
from briefing.models import Article, ArticleAuthor, Correction, Source, WatchItem
from subscribers.admin.base import LabelledInline


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
    fields = (
        ("publisher", "title"),
        ("url", "accessed_on"),
        ("result_shown", "checked_at"),
        "position",
    )
    readonly_fields = ("result_shown", "checked_at")
    ordering_field = "position"
    hide_ordering_field = True
    extra = 0
    tab = True

    @display(description=_("last check"))
    def result_shown(self, source: Source) -> Any:
        """Say what came of the last check."""
        return linkcheck.WORDS.get(source.check_result, source.check_result) or "–"


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

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Date a new correction now; the date may be changed."""
        if db_field.name == "at":
            kwargs["initial"] = timezone.now
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Article, site=desk)
class ArticleAdmin(VersionedAdmin):
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
    restored = (
        *("headline", "dek", "body", "topic", "locale", "watch_heading"),
        *("image", "image_alt", "image_credit", "image_licence"),
    )
    compared = ("status", "published_at", "slug")
    inlines = (BylineInline, SourceInline, WatchItemInline, CorrectionInline)
    fieldsets = (
        (None, {"fields": ("based_on", "headline", "dek", "body")}),
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

    def get_view_on_site_url(self, obj: Article | None = None) -> str | None:
        """Lead to the public page once there is one; before, Preview shows it."""
        if obj is None or not Article.objects.published().filter(pk=obj.pk).exists():
            return None
        address: str | None = super().get_view_on_site_url(obj)
        return address

    class Media:
        css = {
            "all": ("briefing/vendor/easymde/easymde.min.css", "briefing/desk/writing.css"),
        }
        js = (
            "briefing/vendor/easymde/easymde.min.js",
            Script("briefing/desk/js/markdown-editor.js", type="module"),
            Script("briefing/desk/js/keep-text.js", type="module"),
        )

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Offer what this person typed and never saved."""
        person: Any = request.user
        article = self.model.objects.filter(pk=unquote(object_id)).first() if object_id else None
        context = {
            "kept": None if _takes_kept(request) else keeping.kept(person, article),
            "kept_pk": article.pk if article else 0,
            **(extra_context or {}),
        }
        return super().changeform_view(request, object_id, form_url, context)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Article | None:
        """Show the kept text in the form's fields when that was chosen; nothing is saved by it."""
        article: Article | None = super().get_object(request, object_id, from_field)
        person: Any = request.user
        if article and _takes_kept(request) and (kept := keeping.kept(person, article)):
            for name in keeping.FIELDS:
                setattr(article, name, getattr(kept, name))
            article.updated_at = kept.based_on or article.updated_at
        return article

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin a new article with its kept text when that was chosen."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        person: Any = request.user
        if _takes_kept(request) and (kept := keeping.kept(person, None)):
            initial |= {name: getattr(kept, name) for name in keeping.FIELDS}
        return initial

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
        slugs.remember(obj, before=form.slug_before)
        person: Any = request.user
        keeping.forget(person, obj if change else None)

    def save_formset(
        self,
        request: HttpRequest,
        form: ArticleForm,
        formset: Any,
        change: bool,  # noqa: FBT001  Django calls it so
    ) -> None:
        """Forget what was found, or asked, of a source's former address: the new one has its own."""
        for each in formset.forms:
            if formset.model is Source and "url" in each.changed_data:
                each.instance.check_result = ""
                each.instance.checked_at = each.instance.check_asked_at = None
                each.instance.silent_since = None
        super().save_formset(request, form, formset, change)

    @display(
        description=_("status"),
        ordering="status",
        label={
            Article.Status.DRAFT: "warning",
            Article.Status.PUBLISHED: "success",
            Article.Status.WITHDRAWN: "danger",
        },
    )
    def state(self, article: Article) -> tuple[str, Any]:
        """Show the status as a label; what is published from a later moment on says so."""
        if article.status == Article.Status.PUBLISHED and reading.is_embargoed(article):
            return Article.Status.DRAFT, _("embargoed")
        return article.status, article.get_status_display()


def _may_publish(request: HttpRequest) -> bool:
    return request.user.has_perm("briefing.publish_article")


def _takes_kept(request: HttpRequest) -> bool:
    """Whether the form is opened with the text that was kept instead of the one that is saved."""
    return request.method == "GET" and request.GET.get("kept") == "1"
