"""Which week's draft was composed by itself: the row that decides that a week has one at most."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from briefing.models.issue import Issue
from subscribers.models import Newsletter


class WeeklyDraft(models.Model):
    """One newsletter's turn of one week, whether there was something to compose or not.

    It outlives a draft that somebody deletes: that week has had its turn.
    """

    newsletter = models.ForeignKey(
        Newsletter, on_delete=models.CASCADE, related_name="+", verbose_name=_("newsletter")
    )
    week = models.PositiveIntegerField(_("week"), help_text=_("ISO year and week, 202648."))
    at = models.DateTimeField(_("at"))
    issue = models.OneToOneField(
        Issue,
        on_delete=models.SET_NULL,
        null=True,
        related_name="weekly_draft",
        verbose_name=_("issue"),
    )

    class Meta:
        verbose_name = _("weekly draft")
        verbose_name_plural = _("weekly drafts")
        # Nobody works on these rows: what is seen at the desk is the issue.
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["newsletter", "week"], name="weekly_draft_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.newsletter} {self.week}"
