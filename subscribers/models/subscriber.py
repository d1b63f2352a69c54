"""A reader, and a reader's subscription to one newsletter."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from subscribers.models.newsletter import Newsletter, Topic


class Subscriber(models.Model):
    """A person who proved that an address is theirs. Erasure leaves an empty row behind."""

    class Format(models.TextChoices):
        HTML = "html", _("designed")
        TEXT = "text", _("plain text")

    person = models.UUIDField(
        default=uuid.uuid4, editable=False, help_text=_("The name in the consent ledger.")
    )
    address = models.CharField(_("address"), max_length=320, help_text=_("As the reader typed it."))
    address_key = models.CharField(_("normalised address"), max_length=320, null=True)
    address_hash = models.BinaryField(max_length=16, null=True)
    hash_key_id = models.PositiveSmallIntegerField(default=1)
    domain = models.CharField(_("domain"), max_length=255, blank=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    locale = models.CharField(_("language"), max_length=10, default="en")
    time_zone = models.CharField(_("time zone"), max_length=60, blank=True)
    format = models.CharField(_("format"), max_length=4, choices=Format, default=Format.HTML)
    tracking_allowed = models.BooleanField(
        _("tracking allowed"),
        default=False,
        help_text=_("Opens and clicks are only tied to a reader who granted it."),
    )
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created at"))
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True)

    class Meta:
        verbose_name = _("reader")
        verbose_name_plural = _("readers")
        permissions = (
            ("export_subscriber", _("Can export readers and what is held on them")),
            ("erase_subscriber", _("Can erase a reader")),
        )
        constraints = [
            models.UniqueConstraint(fields=["address_key"], name="subscriber_address_unique"),
            models.UniqueConstraint(fields=["person"], name="subscriber_person_unique"),
        ]
        indexes = [
            models.Index(fields=["address_hash"], name="subscriber_hash_idx"),
            models.Index(fields=["domain"], name="subscriber_domain_idx"),
        ]

    def __str__(self) -> str:
        return self.address or f"erased {self.pk}"


class Subscription(models.Model):
    """One reader of one newsletter.

    Whatever withdraws from a person's mail (unsubscribe, suppression, pause, erasure, change of
    address) also updates these rows: dispatch locks them before its point of no return, and that
    lock is what orders the two.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed")

    class Frequency(models.TextChoices):
        EVERY_ISSUE = "every", _("every issue")
        WEEKLY_DIGEST = "digest", _("weekly digest")

    class Withheld(models.TextChoices):
        NOT = "", _("not withheld")
        SUPPRESSED = "suppressed", _("suppressed")
        ERASED = "erased", _("erased")

    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.CASCADE, related_name="subscriptions", db_index=False
    )
    newsletter = models.ForeignKey(
        Newsletter, on_delete=models.CASCADE, related_name="subscriptions", db_index=False
    )
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.ACTIVE)
    withheld = models.CharField(
        _("withheld"), max_length=10, choices=Withheld, default=Withheld.NOT, blank=True
    )
    frequency = models.CharField(
        _("frequency"), max_length=6, choices=Frequency, default=Frequency.EVERY_ISSUE
    )
    topics = models.ManyToManyField(
        Topic, verbose_name=_("topics"), blank=True, related_name="subscriptions"
    )
    paused_until = models.DateField(_("paused until"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"))
    unsubscribed_at = models.DateTimeField(_("unsubscribed at"), null=True, blank=True)
    unsubscribe_reason = models.CharField(_("reason for leaving"), max_length=40, blank=True)
    source = models.JSONField(_("source"), default=dict, blank=True)

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [
            # Newsletter first: the planner walks one newsletter's subscribers in id order.
            models.UniqueConstraint(
                fields=["newsletter", "subscriber"], name="subscription_unique"
            ),
        ]
        indexes = [models.Index(fields=["subscriber"], name="subscription_subscriber_idx")]

    def __str__(self) -> str:
        return f"subscription {self.pk}"

    @property
    def is_there(self) -> bool:
        """Whether issues come of it, be it after a pause."""
        return self.state == self.State.ACTIVE and self.withheld == self.Withheld.NOT
