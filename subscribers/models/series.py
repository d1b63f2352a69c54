"""The welcome series: what editors lay out, how far a reader has come, and what each one was given."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from subscribers.models.newsletter import Newsletter
from subscribers.models.subscriber import Subscription

LAST_DAY = 365


class SeriesStep(models.Model):
    """One mail of a newsletter's welcome series. Its day is also its place in the row.

    A step that is taken out stays as a row: who had it, and how often it went, is still to be told.
    """

    newsletter = models.ForeignKey(
        Newsletter, on_delete=models.CASCADE, related_name="series_steps", db_index=False
    )
    day = models.PositiveSmallIntegerField(
        _("days after confirming"),
        validators=[MinValueValidator(1), MaxValueValidator(LAST_DAY)],
    )
    subject = models.CharField(_("subject"), max_length=200)
    preheader = models.CharField(_("preheader"), max_length=200, blank=True)
    text = models.TextField(_("text"))
    created_at = models.DateTimeField(_("created at"))
    removed_at = models.DateTimeField(_("taken out at"), null=True, blank=True)

    # Kept, not counted: a step may have gone to a million readers.
    accepted = models.PositiveIntegerField(_("accepted"), default=0)
    rejected = models.PositiveIntegerField(_("rejected"), default=0)
    unknown = models.PositiveIntegerField(_("unknown"), default=0)
    left = models.PositiveIntegerField(
        _("left after it"),
        default=0,
        help_text=_("Unsubscribed before the next one came, within 30 days."),
    )

    class Meta:
        ordering = ("newsletter", "day")
        verbose_name = _("mail of a welcome series")
        verbose_name_plural = _("mails of a welcome series")
        constraints = [
            models.UniqueConstraint(
                fields=["newsletter", "day"],
                name="series_day_unique",
                condition=models.Q(removed_at=None),
            ),
        ]
        indexes = [models.Index(fields=["newsletter"], name="series_step_newsletter_idx")]

    def __str__(self) -> str:
        return self.subject


class SeriesPlace(models.Model):
    """How far one subscription has come in the series of its newsletter; it outlives an unsubscribe."""

    subscription = models.OneToOneField(
        Subscription, on_delete=models.CASCADE, related_name="series_place"
    )
    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, db_index=False)
    reached = models.PositiveSmallIntegerField(
        default=0, help_text="The day of the latest step: nothing before it is given any more."
    )
    next_at = models.DateTimeField(
        null=True, help_text="When to look what follows; empty when nothing does."
    )

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["newsletter", "next_at"],
                name="series_due_idx",
                condition=models.Q(next_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"place of subscription {self.subscription_id}"


class SeriesMail(models.Model):
    """One step given to one reader: the row that makes it happen once."""

    class Outcome(models.TextChoices):
        OWED = "owed", _("owed")
        ACCEPTED = "accepted", _("accepted")
        REJECTED = "rejected", _("rejected")
        UNKNOWN = "unknown", _("unknown")

    place = models.ForeignKey(
        SeriesPlace, on_delete=models.CASCADE, related_name="mails", db_index=False
    )
    step = models.ForeignKey(
        SeriesStep, on_delete=models.CASCADE, related_name="mails", db_index=False
    )
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.OWED)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["place", "step"], name="series_mail_unique"),
        ]

    def __str__(self) -> str:
        return f"step {self.step_id} for place {self.place_id}"
