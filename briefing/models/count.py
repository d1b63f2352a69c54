"""Counts that reports read: kept while copies are handed over and while events are folded."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from briefing.models.dispatch import Dispatch

LAST_HOUR = 32_767


def hours_after(begin: datetime, at: datetime) -> int:
    """Return how many full hours lie between; a clock that is behind ours reports in the first."""
    return max(0, min(int((at - begin).total_seconds() // 3600), LAST_HOUR))


class HourCount(models.Model):
    """How much was heard of a dispatch in one hour after its start.

    By kind (a bit of dispatch.fate). A delivery counts once, in the hour of the report that was
    folded first; clicks of people on links count each.
    """

    dispatch = models.ForeignKey(
        Dispatch, on_delete=models.CASCADE, related_name="hour_counts", db_index=False
    )
    kind = models.SmallIntegerField(_("kind"))
    hour = models.SmallIntegerField(_("hour"))
    number = models.IntegerField(_("number"))

    class Meta:
        verbose_name = _("count of an hour")
        verbose_name_plural = _("counts of hours")
        constraints = [
            models.UniqueConstraint(fields=["dispatch", "kind", "hour"], name="hour_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.dispatch_id} {self.kind} {self.hour}: {self.number}"


class LateCount(models.Model):
    """Copies accepted after their batch had counted them: by lane, and by hour after the start."""

    dispatch = models.ForeignKey(
        Dispatch, on_delete=models.CASCADE, related_name="late_counts", db_index=False
    )
    lane = models.CharField(max_length=80, blank=True, default="")
    hour = models.SmallIntegerField(_("hour"))
    number = models.IntegerField(_("number"))

    class Meta:
        verbose_name = _("count of late answers")
        verbose_name_plural = _("counts of late answers")
        constraints = [
            models.UniqueConstraint(fields=["dispatch", "lane", "hour"], name="late_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.dispatch_id} {self.lane} {self.hour}: {self.number}"


class ClickMonth(models.Model):
    """That a reader who granted tracking clicked in a month: lets the month count each of them once.

    Deleted when the events of that month are; what stays is the number.
    """

    newsletter_id = models.BigIntegerField()
    month = models.DateField(_("month"))
    subscriber_id = models.BigIntegerField()

    class Meta:
        verbose_name = _("reader who clicked in a month")
        verbose_name_plural = _("readers who clicked in a month")
        constraints = [
            models.UniqueConstraint(
                fields=["newsletter_id", "month", "subscriber_id"], name="click_month_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.newsletter_id} {self.month}"
