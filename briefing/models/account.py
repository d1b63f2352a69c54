"""What the engine remembers of each mail account: its breaker, its rates, its warm-up."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Breaker(models.Model):
    """Stops claiming for an account that keeps failing, and lets one probe through at a time."""

    account = models.CharField(_("account"), max_length=40, primary_key=True)
    failures = models.PositiveSmallIntegerField(
        default=0, help_text=_("Groups that failed one after the other.")
    )
    # The last twenty groups, newest in the lowest bit; a set bit is a failure.
    recent = models.PositiveIntegerField(default=0)
    openings = models.PositiveSmallIntegerField(
        default=0, help_text=_("How often it opened without a success between.")
    )
    open_until = models.DateTimeField(_("open until"), null=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("breaker")
        verbose_name_plural = _("breakers")

    def __str__(self) -> str:
        return self.account


class Bucket(models.Model):
    """A rate limit of one account and lane, as the time at which it is free again.

    One number instead of tokens and a clock: taking n messages at r per second is one conditional
    UPDATE. Source: the generic cell rate algorithm, ITU-T I.371.
    """

    account = models.CharField(_("account"), max_length=40)
    lane = models.CharField(_("lane"), max_length=80, blank=True)
    free_at = models.DateTimeField(_("free at"))
    slowdown = models.FloatField(
        _("slowdown"), default=1.0, help_text=_("The rate is divided by this after deferrals.")
    )

    class Meta:
        verbose_name = _("rate limit")
        verbose_name_plural = _("rate limits")
        constraints = [
            models.UniqueConstraint(fields=["account", "lane"], name="bucket_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.lane}".rstrip()


class Allowance(models.Model):
    """How many messages an account in warm-up has handed over on one day."""

    account = models.CharField(_("account"), max_length=40)
    day = models.DateField(_("day"))
    used = models.PositiveIntegerField(_("used"), default=0)

    class Meta:
        verbose_name = _("warm-up day")
        verbose_name_plural = _("warm-up days")
        constraints = [
            models.UniqueConstraint(fields=["account", "day"], name="allowance_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.day}"
