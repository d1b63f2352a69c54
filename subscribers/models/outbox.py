"""Mail owed to one person: confirmations, welcomes, steps of a welcome series, goodbyes."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from subscribers.models.newsletter import Newsletter
from subscribers.models.series import SeriesMail
from subscribers.models.signup import SignupRequest
from subscribers.models.subscriber import Subscriber


class Outbox(models.Model):
    """One mail owed to one person.

    The text is written when it leaves, from the rows it points at, so nothing personal waits here
    that an erasure would miss.
    """

    class Purpose(models.TextChoices):
        CONFIRM = "confirm", _("confirmation")
        WELCOME = "welcome", _("welcome")
        STEP = "step", _("welcome series")
        GOODBYE = "goodbye", _("goodbye")
        ADDRESS_CONFIRM = "addr_confirm", _("confirm the new address")
        ADDRESS_CHANGED = "addr_changed", _("the address was changed")

    class State(models.TextChoices):
        OWED = "owed", _("owed")
        LEAVING = "leaving", _("being handed over")
        ACCEPTED = "accepted", _("accepted")
        REJECTED = "rejected", _("rejected")
        UNKNOWN = "unknown", _("unknown")
        DROPPED = "dropped", _("no longer owed")

    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose)
    dedupe_key = models.CharField(max_length=80)
    signup = models.ForeignKey(SignupRequest, on_delete=models.CASCADE, null=True, blank=True)
    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, null=True, blank=True)
    newsletter = models.ForeignKey(
        Newsletter, on_delete=models.CASCADE, null=True, blank=True, db_index=False
    )
    step = models.OneToOneField(
        SeriesMail,
        verbose_name=_("mail of a welcome series"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="owed",
    )
    context = models.JSONField(default=dict, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OWED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    code = models.CharField(_("answer"), max_length=120, blank=True)
    next_at = models.DateTimeField(_("next attempt at"))
    created_at = models.DateTimeField(_("created at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("mail to one person")
        verbose_name_plural = _("mails to one person")
        constraints = [
            models.UniqueConstraint(fields=["dedupe_key"], name="outbox_dedupe_unique"),
        ]
        indexes = [
            models.Index(
                fields=["next_at"],
                name="outbox_due_idx",
                condition=models.Q(state__in=["owed", "leaving"]),
            ),
            # Who was asked about a change of address: each signup looks there, too.
            models.Index(
                fields=["created_at"],
                name="outbox_moves_idx",
                condition=models.Q(purpose="addr_confirm"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.pk}"
