"""Comparing what we believe with what a provider says: how far a comparison is, and what it found."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Reconciliation(models.Model):
    """One comparison with one provider. It may stop after any call, and goes on where it stopped.

    Nothing is mended before the provider's lists were read to their ends.
    """

    class State(models.TextChoices):
        GATHERING = "gathering", _("reading its suppression list")
        ASKING = "asking", _("asking about deliveries")
        DONE = "done", _("done")
        FAILED = "failed", _("given up")

    provider = models.CharField(_("provider"), max_length=40)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.GATHERING)
    began_at = models.DateTimeField(_("began at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)
    # One worker at a time, for as long as one turn takes.
    lease_until = models.DateTimeField(null=True)
    # Where it goes on: in which list, behind which part; behind which delivery.
    list_name = models.CharField(max_length=300, blank=True, default="")
    cursor = models.TextField(blank=True, default="")
    asked_upto = models.JSONField(default=dict)
    listed = models.PositiveIntegerField(_("entries read"), default=0)
    strangers = models.PositiveIntegerField(
        _("of nobody we know"), default=0, help_text=_("Nothing of them is kept.")
    )
    asked = models.PositiveIntegerField(_("deliveries asked about"), default=0)
    held_back = models.PositiveIntegerField(
        _("suppressions that wait for a person"),
        default=0,
        help_text=_("Unusually many: a wrong account’s list would look like this."),
    )
    trouble = models.CharField(_("trouble"), max_length=300, blank=True, default="")

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        constraints = [
            models.UniqueConstraint(
                fields=["provider"],
                condition=Q(state__in=["gathering", "asking"]),
                name="reconciliation_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.pk}"


class UnknownRound(models.Model):
    """One row: how far the asking about deliveries of unknown fate is. One worker at a time goes on.

    `dispatch_id` and `subscriber_id` name the delivery asked about last; 0 is the beginning.
    """

    # A round of the night, which asks about those again that were asked about in vain.
    again = models.BooleanField(default=False)
    dispatch_id = models.BigIntegerField(default=0)
    subscriber_id = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"behind {self.dispatch_id} {self.subscriber_id}"


class ListedReader(models.Model):
    """A reader whom the provider's list names; kept until the comparison is over."""

    reconciliation = models.ForeignKey(
        Reconciliation, on_delete=models.CASCADE, related_name="listed_readers"
    )
    subscriber_id = models.BigIntegerField()
    why = models.CharField(max_length=12)
    at = models.DateTimeField(null=True)
    said = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        verbose_name = _("listed reader")
        verbose_name_plural = _("listed readers")
        constraints = [
            models.UniqueConstraint(
                fields=["reconciliation", "subscriber_id", "why"], name="listed_reader_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber_id} {self.why}"


class Repair(models.Model):
    """One thing in which we and a provider differed, and whether it was mended here."""

    class Kind(models.TextChoices):
        SUPPRESSED = "suppressed", _("suppressed there, now here as well")
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed there, now here as well")
        STATE = "state", _("a report that had not come was fetched")
        RESOLVED = "resolved", _("an unknown delivery was settled")
        LET_GO = "let_go", _("suppressed there, but let go here since: release it there")
        OURS = "ours", _("suppressed there because of us: release it there")
        NOT_THERE = "not_there", _("suppressed here, not there any more")
        SILENT = "silent", _("accepted, and nothing heard since")
        UNSEEN = "unseen", _("the provider has no such message")

    # What changed something here; the others are for a person to look at.
    MENDED = (Kind.SUPPRESSED, Kind.UNSUBSCRIBED, Kind.STATE, Kind.RESOLVED)

    provider = models.CharField(_("provider"), max_length=40)
    at = models.DateTimeField(_("at"))
    kind = models.CharField(_("what"), max_length=12, choices=Kind)
    subscriber_id = models.BigIntegerField(_("reader"))
    dispatch_id = models.BigIntegerField(_("dispatch"), default=0, help_text=_("0: of no issue."))
    words = models.CharField(_("what was said"), max_length=160, blank=True, default="")

    class Meta:
        verbose_name = _("repair")
        verbose_name_plural = _("repairs")
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "kind", "subscriber_id", "dispatch_id"], name="repair_once"
            ),
        ]
        indexes = [models.Index(fields=["-at", "-id"], name="repair_newest_idx")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subscriber_id}"
