"""Something that a person should know of now."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Alert(models.Model):
    """One alert, told once by mail and webhook, kept for the desk until it is seen."""

    class Kind(models.TextChoices):
        HELD = "held", _("outgoing mail is held")
        PAUSED = "paused", _("a dispatch was paused")
        UNKNOWN = "unknown", _("many deliveries of unknown fate")
        BREAKER = "breaker", _("a provider cannot be used")
        BOUNCES = "bounces", _("unusually many bounces")
        PROVIDER = "provider", _("a provider knows otherwise")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    key = models.CharField(max_length=80, help_text=_("The same trouble has the same key."))
    text = models.CharField(_("text"), max_length=500)
    at = models.DateTimeField(_("at"))
    told_at = models.DateTimeField(_("told at"), null=True)
    seen_at = models.DateTimeField(_("seen at"), null=True)

    class Meta:
        ordering = ("-at",)
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(seen_at=None), name="alert_standing_once"
            ),
        ]

    def __str__(self) -> str:
        return self.text
