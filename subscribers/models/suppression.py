"""Addresses that must not be written to, known only by a keyed hash."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Suppression(models.Model):
    """One reason not to write to one address. It survives the reader's erasure."""

    class Reason(models.TextChoices):
        HARD_BOUNCE = "hard_bounce", _("hard bounce")
        COMPLAINT = "complaint", _("complaint")
        ERASED = "erased", _("erased")
        MANUAL = "manual", _("by a person")

    address_hash = models.BinaryField(max_length=16)
    hash_key_id = models.PositiveSmallIntegerField(default=1)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    note = models.CharField(_("note"), max_length=300, blank=True)
    at = models.DateTimeField(_("at"))
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        constraints = [
            models.UniqueConstraint(
                fields=["address_hash", "reason"],
                condition=models.Q(lifted_at=None),
                name="suppression_standing_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} {self.pk}"
