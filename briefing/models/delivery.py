"""One issue to one reader: the ledger of who got it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from briefing.dispatch import fate as fates
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
        """What the receiving side reported later; bits, of which `fate` holds all that were heard."""

        SILENT = 0, _("nothing heard")
        DELIVERED = fates.DELIVERED, _("delivered")
        DEFERRED = fates.DEFERRED, _("deferred by the receiving server")
        SOFT_BOUNCED = fates.SOFT_BOUNCED, _("bounced, soft")
        HARD_BOUNCED = fates.HARD_BOUNCED, _("bounced, hard")
        COMPLAINED = fates.COMPLAINED, _("complained")
        BLOCKED = fates.BLOCKED, _("refused because of us")
        UNSUBSCRIBED = fates.UNSUBSCRIBED, _("unsubscribed at the provider")
        OPENED = fates.OPENED, _("opened")
        CLICKED = fates.CLICKED, _("clicked")

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
        help_text=_("Stands for one dispatch to one address: one copy, whoever holds the address."),
    )
    at = models.DateTimeField(_("at"))
    outcome = models.SmallIntegerField(_("outcome"), choices=Outcome)
    fate = models.SmallIntegerField(
        _("fate"), default=0, help_text=_("Everything heard of it: one bit for each kind.")
    )
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
            models.UniqueConstraint(fields=["address"], name="delivery_once"),
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

    @property
    def fate_label(self) -> str:
        """What became of it at the receiving side, in a word."""
        return str(self.Fate(fates.heaviest(self.fate)).label)
