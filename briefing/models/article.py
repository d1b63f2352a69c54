"""An article as a newsroom knows it: headline to sources, with what is watched and corrected."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from subscribers.models import Topic


class Author(models.Model):
    """Somebody whose name stands above articles."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    slug = models.SlugField(_("slug"), max_length=120, unique=True, allow_unicode=True)
    bio = models.TextField(_("about"), blank=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("author")
        verbose_name_plural = _("authors")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("author", args=[self.slug])


class ArticleQuerySet(models.QuerySet["Article"]):
    """Names for the conditions under which articles are asked for."""

    def published(self) -> "ArticleQuerySet":
        """Return what every visitor may read, newest first."""
        return self.filter(status=Article.Status.PUBLISHED).order_by("-published_at", "-pk")


class Article(models.Model):
    """One article. The slug is its identity; an imported file's stem becomes its slug."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        WITHDRAWN = "withdrawn", _("withdrawn")

    slug = models.SlugField(_("slug"), max_length=120, unique=True)
    headline = models.CharField(_("headline"), max_length=200)
    dek = models.TextField(_("dek"), blank=True, help_text=_("The paragraph under the headline."))
    body = models.TextField(_("body"), blank=True, help_text=_("Markdown."))
    authors = models.ManyToManyField(
        Author, through="ArticleAuthor", verbose_name=_("authors"), related_name="articles"
    )
    topic = models.ForeignKey(
        Topic,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("topic"),
        related_name="articles",
    )
    image = models.ImageField(_("image"), upload_to="articles/", blank=True, max_length=200)
    image_alt = models.CharField(
        _("image description"),
        max_length=300,
        blank=True,
        help_text=_("What somebody who cannot see the image should know of it."),
    )
    image_credit = models.CharField(_("image credit"), max_length=200, blank=True)
    image_licence = models.CharField(_("image licence"), max_length=80, blank=True)
    watch_heading = models.CharField(
        _("subject watched"),
        max_length=80,
        blank=True,
        help_text=_("The word after “What we’re watching next in”."),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    locale = models.CharField(_("language"), max_length=10, default="en")
    import_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = ArticleQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        permissions = (("publish_article", _("Can publish and withdraw an article")),)
        indexes = [
            models.Index(
                fields=["-published_at", "-id"],
                name="article_published_idx",
                condition=models.Q(status="published"),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(status="published") | models.Q(published_at__isnull=False),
                name="article_published_has_date",
            ),
        ]

    def __str__(self) -> str:
        return self.headline

    def get_absolute_url(self) -> str:
        return reverse("article", args=[self.slug])


class ArticleAuthor(models.Model):
    """The order of the byline."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="bylines")
    author = models.ForeignKey(
        Author, on_delete=models.PROTECT, related_name="bylines", verbose_name=_("author")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ("position", "pk")
        verbose_name = _("byline")
        verbose_name_plural = _("bylines")
        constraints = [
            models.UniqueConstraint(fields=["article", "author"], name="byline_unique"),
        ]

    def __str__(self) -> str:
        return str(self.author)


class Source(models.Model):
    """Where a fact of the article comes from."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="sources")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    publisher = models.CharField(_("publisher"), max_length=160, blank=True)
    title = models.CharField(_("title"), max_length=300)
    url = models.URLField(_("address"), max_length=600, blank=True)
    accessed_on = models.DateField(_("accessed on"), null=True, blank=True)
    checked_at = models.DateTimeField(_("last checked at"), null=True, blank=True)
    check_result = models.CharField(_("last check"), max_length=80, blank=True)
    silent_since = models.DateTimeField(
        _("silent since"), null=True, blank=True, help_text=_("The first look without an answer.")
    )
    check_asked_at = models.DateTimeField(
        _("asked for at"), null=True, blank=True, help_text=_("When somebody wanted it checked.")
    )

    class Meta:
        ordering = ("position", "pk")
        verbose_name = _("source")
        verbose_name_plural = _("sources")

    def __str__(self) -> str:
        return self.title


class WatchItem(models.Model):
    """Something the newsroom watches next, and how it turned out."""

    class Outcome(models.TextChoices):
        OPEN = "open", _("being watched")
        HAPPENED = "happened", _("it happened")
        DID_NOT = "did_not", _("it did not happen")
        CHANGED = "changed", _("it turned out differently")

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="watch_items")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    text = models.TextField(_("text"))
    due_on = models.DateField(_("expected by"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.OPEN)
    outcome_note = models.CharField(_("what happened"), max_length=300, blank=True)
    followed_up_in = models.ForeignKey(
        Article,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="follow_ups",
        verbose_name=_("followed up in"),
    )

    class Meta:
        ordering = ("position", "pk")
        verbose_name = _("watch item")
        verbose_name_plural = _("watch items")

    def __str__(self) -> str:
        return self.text[:80]


class Correction(models.Model):
    """A dated correction, shown with the article for as long as it is there."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="corrections")
    text = models.TextField(_("text"))
    at = models.DateTimeField(_("at"))

    class Meta:
        ordering = ("-at",)
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")

    def __str__(self) -> str:
        return self.text[:80]


class FormerSlug(models.Model):
    """A slug that an article had before: its address leads to where the article is now."""

    slug = models.SlugField(_("former slug"), max_length=120, unique=True)
    article = models.ForeignKey(
        Article, on_delete=models.CASCADE, related_name="former_slugs", verbose_name=_("article")
    )

    class Meta:
        verbose_name = _("former slug")
        verbose_name_plural = _("former slugs")

    def __str__(self) -> str:
        return self.slug


class KeptText(models.Model):
    """What somebody typed and has not saved yet: one for each person and article.

    Without an article it is the one that the person has begun to write.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="kept_texts"
    )
    article = models.ForeignKey(
        Article, on_delete=models.CASCADE, null=True, related_name="kept_texts"
    )
    headline = models.CharField(max_length=200, blank=True)
    dek = models.TextField(blank=True)
    body = models.TextField(blank=True)
    # The version that was on the screen when the typing began.
    based_on = models.DateTimeField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "article"], name="kept_text_unique"),
            models.UniqueConstraint(
                fields=["person"],
                condition=models.Q(article__isnull=True),
                name="kept_text_of_a_new_article_unique",
            ),
        ]

    def __str__(self) -> str:
        return self.headline
