"""What a reader can sign up for: newsletters, and the topics that they and articles share."""

from datetime import time

from django.db import models
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _


class Newsletter(models.Model):
    """One publication with its promise to the reader and its sender identity."""

    class Cadence(models.TextChoices):
        DAILY = "daily", _("every day")
        WEEKLY = "weekly", _("once a week")
        MONTHLY = "monthly", _("once a month")

    slug = models.SlugField(_("slug"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    tagline = models.CharField(_("tagline"), max_length=300)
    promise = models.CharField(_("promise"), max_length=300)
    cadence = models.CharField(_("cadence"), max_length=10, choices=Cadence, default=Cadence.WEEKLY)
    from_name = models.CharField(_("from name"), max_length=120)
    from_address = models.EmailField(_("from address"))
    reply_to = models.EmailField(_("reply-to address"), blank=True)
    postal_address = models.CharField(
        _("postal address"),
        max_length=300,
        help_text=_("Stands at the foot of every issue; the law of most countries asks for it."),
    )
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    locale = models.CharField(_("language"), max_length=10, default="en")
    open_to_signup = models.BooleanField(
        _("open to signup"),
        default=True,
        help_text=_("A closed newsletter keeps its readers but takes no new ones."),
    )
    # When a draft is composed by itself, in the zone above; what was due before `draft_since` is not.
    draft_day = models.PositiveSmallIntegerField(
        _("composed by itself on"),
        choices=[*WEEKDAYS.items()],
        null=True,
        blank=True,
        help_text=_(
            "A draft of the week’s articles that no issue has carried yet. Somebody checks and sends "
            "it. Not while another draft stands."
        ),
    )
    draft_at = models.TimeField(_("at"), default=time(7), help_text=_("In its time zone."))
    draft_since = models.DateTimeField(_("since"), null=True, editable=False)
    series_on = models.BooleanField(_("welcome series"), default=False, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("newsletter")
        verbose_name_plural = _("newsletters")

    def __str__(self) -> str:
        return self.name


class Topic(models.Model):
    """What a reader can follow and an article carries."""

    slug = models.SlugField(_("slug"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ("position", "name")
        verbose_name = _("topic")
        verbose_name_plural = _("topics")

    def __str__(self) -> str:
        return self.name
