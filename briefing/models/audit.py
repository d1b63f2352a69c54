"""Who did what at the desk. Written once: triggers refuse UPDATE, DELETE and TRUNCATE."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from briefing.models.staff import User


class AuditEntry(models.Model):
    """One act of one member of staff.

    What was acted on is named by its kind and number alone: an entry outlives what it speaks of,
    and never holds a reader's address that an erasure would have to find.
    """

    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("who"),
        help_text=_("Nobody, when somebody unknown tried."),
    )
    act = models.CharField(
        _("act"), max_length=40, help_text=_("noun.verb, such as issue.dispatch")
    )
    subject = models.CharField(_("kind"), max_length=60, blank=True)
    subject_id = models.CharField(_("number"), max_length=40, blank=True)
    detail = models.JSONField(_("detail"), default=dict)
    ip = models.GenericIPAddressField(_("IP address"), null=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        indexes = [
            models.Index(fields=["subject", "subject_id", "id"], name="audit_subject_idx"),
            models.Index(fields=["actor", "id"], name="audit_actor_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.pk}"
