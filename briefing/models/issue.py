"""What an editor composes: an issue of a newsletter and the articles in it."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from briefing.models.article import Article
from subscribers.models import Newsletter


class Issue(models.Model):
    """One issue. It can be changed until it is dispatched; what went out is its edition.

    A digest is an issue of its own kind, made by itself once a week for the readers who chose it;
    its number is the year and the week, 202648.
    """

    class Kind(models.TextChoices):
        """Who it is for: readers of every issue, or readers of the weekly digest."""

        ISSUE = "issue", _("issue")
        DIGEST = "digest", _("weekly digest")

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        DISPATCHING = "dispatching", _("being dispatched")
        PUBLISHED = "published", _("published")

    class FirstWave(models.TextChoices):
        """Whether some readers get it before the others, and what the others wait for."""

        NOBODY = "", _("everybody at once")
        CANARY = "canary", _("a canary first")
        SUBJECTS = "subjects", _("two subjects on trial")
        LOCAL = "local", _("each at this hour of their own")

    newsletter = models.ForeignKey(
        Newsletter, on_delete=models.PROTECT, related_name="issues", verbose_name=_("newsletter")
    )
    kind = models.CharField(_("kind"), max_length=6, choices=Kind, default=Kind.ISSUE)
    number = models.PositiveIntegerField(_("number"))
    subject = models.CharField(_("subject"), max_length=200)
    second_subject = models.CharField(
        _("second subject"),
        max_length=200,
        blank=True,
        default="",
        help_text=_(
            "Where one is given, both can be tried on a part of the readers. The others get the one "
            "on whose links more people clicked."
        ),
    )
    preheader = models.CharField(
        _("preheader"),
        max_length=200,
        blank=True,
        help_text=_("What most mailboxes show after the subject."),
    )
    intro = models.TextField(
        _("introduction"),
        blank=True,
        help_text=_("Markdown. {{ name|there }} becomes the reader’s name, or “there”."),
    )
    articles = models.ManyToManyField(
        Article, through="IssueItem", verbose_name=_("articles"), related_name="issues"
    )
    counts_clicks = models.BooleanField(
        _("counts clicks"),
        default=False,
        help_text=_(
            "Every reader’s links lead through a counter that does not learn whose they are. Without "
            "this only clicks of readers who granted tracking are counted."
        ),
    )
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.DRAFT)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)

    # The timetable: a draft with a time goes out by itself. The zone is the one the editor chose.
    send_at = models.DateTimeField(_("goes out at"), null=True, blank=True)
    zone = models.CharField(_("time zone"), max_length=60, blank=True, default="")
    scheduled_by = models.CharField(_("scheduled by"), max_length=150, blank=True, default="")

    # Chosen when it is sent or scheduled; 0 minutes stand for the usual ones.
    first_wave = models.CharField(
        _("who gets it first"), max_length=8, choices=FirstWave, blank=True, default=""
    )
    first_wave_minutes = models.PositiveSmallIntegerField(
        _("minutes until the others"), blank=True, default=0
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ("newsletter", "-number")
        verbose_name = _("issue")
        verbose_name_plural = _("issues")
        permissions = (("dispatch_issue", _("Can dispatch an issue")),)
        constraints = [
            models.UniqueConstraint(fields=["newsletter", "number"], name="issue_number_unique"),
        ]
        indexes = [
            models.Index(
                fields=["send_at"],
                name="issue_scheduled_idx",
                condition=models.Q(status="draft", send_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.newsletter} {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("issue", args=[self.newsletter.slug, self.number])


class IssueItem(models.Model):
    """One article's place in an issue."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="items")
    article = models.ForeignKey(
        Article, on_delete=models.PROTECT, related_name="issue_items", verbose_name=_("article")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ("position", "pk")
        verbose_name = _("article of the issue")
        verbose_name_plural = _("articles of the issue")
        constraints = [
            models.UniqueConstraint(fields=["issue", "article"], name="issue_item_unique"),
        ]

    def __str__(self) -> str:
        return str(self.article)
