"""One row per POST of a signup form; a worker decides what follows from it."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from subscribers.models.consent import ConsentNotice
from subscribers.models.newsletter import Newsletter


class SignupRequest(models.Model):
    """A request that somebody made in the name of an address; nobody is a subscriber because of it.

    The row is written whatever the address's past, so that neither the answer nor its time tells it.
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        MAILED = "mailed", _("confirmation mail owed or out")
        CONFIRMED = "confirmed", _("confirmed")
        BOUNCED = "bounced", _("the confirmation bounced")
        DROPPED = "dropped", _("nothing to do")
        DISOWNED = "disowned", _("“this was not me”")

    # Becomes the subscriber's ledger identity on confirmation, so both acts stand under one name.
    person = models.UUIDField(default=uuid.uuid4, editable=False)
    address = models.CharField(_("address"), max_length=320)
    address_key = models.CharField(max_length=320)
    # Of the address's mailbox, which the limits count by: anna+1@ and anna+2@ have the same.
    address_hash = models.BinaryField(max_length=16)
    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, db_index=False)
    topics = models.JSONField(_("topics"), default=list, help_text=_("Slugs of the topics chosen."))
    locale = models.CharField(_("language"), max_length=10, default="en")
    notice = models.ForeignKey(ConsentNotice, on_delete=models.PROTECT, db_index=False)
    page = models.CharField(_("page"), max_length=300, blank=True)
    form = models.CharField(_("form"), max_length=40)
    source = models.JSONField(_("source"), default=dict, help_text=_("Referrer and utm values."))
    ip = models.CharField(_("shortened IP address"), max_length=45, blank=True)
    user_agent = models.CharField(_("user agent"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RECEIVED)
    reason = models.CharField(_("why"), max_length=40, blank=True)
    proven = models.BooleanField(
        _("proof of work"),
        default=False,
        help_text=_(
            "Its sender’s computer worked for it, so its mail did not wait with the others."
        ),
    )
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("signup request")
        verbose_name_plural = _("signup requests")
        indexes = [
            models.Index(fields=["address_hash", "created_at"], name="signup_address_idx"),
            models.Index(
                fields=["created_at"],
                name="signup_received_idx",
                condition=models.Q(state="received"),
            ),
            models.Index(fields=["created_at"], name="signup_created_idx"),
        ]

    def __str__(self) -> str:
        return f"signup {self.pk}"
