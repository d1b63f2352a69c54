"""What the provider or a reader's client reported, kept as it came and folded later."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """One report, unique by (provider, key): the same report twice is the same row."""

    provider = models.CharField(_("provider"), max_length=40)
    key = models.CharField(max_length=80)
    kind = models.CharField(_("kind"), max_length=20)
    dispatch_id = models.BigIntegerField(null=True)
    subscriber_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(_("at"))
    payload = models.JSONField(default=dict, help_text=_("As received, without addresses."))
    received_at = models.DateTimeField(_("received at"))
    folded_at = models.DateTimeField(_("folded at"), null=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.UniqueConstraint(fields=["provider", "key"], name="event_once"),
        ]
        indexes = [
            models.Index(fields=["dispatch_id", "subscriber_id"], name="event_delivery_idx"),
            models.Index(
                fields=["id"], name="event_unfolded_idx", condition=models.Q(folded_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} {self.pk}"
