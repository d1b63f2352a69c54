"""What retention has deleted: one row for each rule each time it was applied."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RetentionRun(models.Model):
    """One rule applied once. It names no row that was deleted, only how many they were."""

    rule = models.CharField(_("rule"), max_length=40)
    at = models.DateTimeField(_("at"))
    deleted = models.PositiveBigIntegerField(
        _("rows deleted"), help_text=_("Or emptied, where the rule says so.")
    )

    class Meta:
        verbose_name = _("retention run")
        verbose_name_plural = _("retention runs")
        indexes = [
            models.Index(fields=["rule", "id"], name="retention_rule_idx"),
            models.Index(fields=["at"], name="retention_at_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.pk}"
