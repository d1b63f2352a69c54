"""One issue to one reader: the ledger of who got it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from briefing.dispatch import outcome as outcomes
from briefing.models.dispatch import Dispatch


class Delivery(models.Model):
    """Written once, with its result. Two columns tell two stories: ours and the receiving side's.

    No foreign keys in the database and small integers instead of words: at a million readers an
    issue, a row's bytes and checks are what a dispatch costs.
    """

    class Outcome(models.IntegerChoices):
        """What became of handing the message over. Ours to know."""

        ACCEPTED = outcomes.ACCEPTED, _("accepted")
        DEFERRED = outcomes.DEFERRED, _("deferred")
        REJECTED = outcomes.REJECTED, _("rejected")
        SKIPPED = outcomes.SKIPPED, _("skipped")
        UNKNOWN = outcomes.UNKNOWN, _("unknown")
        QUARANTINED = outcomes.QUARANTINED, _("quarantined")
        CANCELLED = outcomes.CANCELLED, _("cancelled")

    class Fate(models.IntegerChoices):
        """What the receiving side reported later."""

        SILENT = 0, _("nothing heard")
        DELIVERED = 1, _("delivered")
        DEFERRED = 2, _("deferred by the receiving server")
        SOFT_BOUNCED = 3, _("bounced, soft")
        HARD_BOUNCED = 4, _("bounced, hard")
        COMPLAINED = 5, _("complained")

    pk = models.CompositePrimaryKey("dispatch_id", "subscriber_id")
    dispatch = models.ForeignKey(
        Dispatch,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="deliveries",
    )
    subscriber_id = models.BigIntegerField()
    address = models.BigIntegerField(
        null=True,
        help_text=_("First 64 bits of the address hash: one copy per address, whoever holds it."),
    )
    at = models.DateTimeField(_("at"))
    outcome = models.SmallIntegerField(_("outcome"), choices=Outcome)
    fate = models.SmallIntegerField(_("fate"), choices=Fate, default=Fate.SILENT)
    attempts = models.SmallIntegerField(_("attempts"), default=1)
    code = models.CharField(_("answer"), max_length=120, null=True)
    # Of an unknown one that was tried again: until when that attempt's answer is waited for.
    next_at = models.DateTimeField(_("next attempt at"), null=True)
    fence = models.BigIntegerField(null=True)
    reference = models.CharField(_("provider’s reference"), max_length=120, null=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        permissions = (("resolve_delivery", _("Can decide what became of a delivery")),)
        constraints = [
            models.UniqueConstraint(fields=["dispatch", "address"], name="delivery_once"),
        ]
        indexes = [
            models.Index(
                fields=["next_at"],
                name="delivery_deferred_idx",
                condition=models.Q(outcome=outcomes.DEFERRED),
            ),
            models.Index(
                fields=["dispatch", "subscriber_id"],
                name="delivery_unknown_idx",
                condition=models.Q(outcome=outcomes.UNKNOWN),
            ),
        ]

    def __str__(self) -> str:
        return f"delivery {self.dispatch_id}/{self.subscriber_id}"
