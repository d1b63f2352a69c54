"""What a provider, a bounce or a reader's client reported: kept as it came, and folded later."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefing.models.dispatch import Dispatch


class Event(models.Model):
    """One report, unique by (provider, key): the same report twice is the same row.

    It names its reader by number only. `link` is a click's place in the edition's link table.
    """

    class Kind(models.TextChoices):
        """What is reported. `other` keeps what no rule of ours knows."""

        DELIVERED = "delivered", _("delivered")
        DEFERRED = "deferred", _("deferred by the receiving server")
        SOFT_BOUNCED = "soft", _("bounced, soft")
        HARD_BOUNCED = "hard", _("bounced, hard")
        BLOCKED = "blocked", _("refused because of us")
        REJECTED = "rejected", _("rejected by the provider")
        COMPLAINED = "complained", _("complained")
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed at the provider")
        OPENED = "opened", _("opened")
        CLICKED = "clicked", _("clicked")
        OTHER = "other", _("something else")

    provider = models.CharField(_("reported by"), max_length=40)
    key = models.CharField(max_length=80)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    dispatch_id = models.BigIntegerField(null=True)
    subscriber_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(_("at"))
    code = models.CharField(_("answer"), max_length=120, blank=True, default="")
    link = models.PositiveSmallIntegerField(_("link"), null=True)
    by_person = models.BooleanField(_("by a person"), null=True)
    payload = models.JSONField(default=dict, help_text=_("As received, without addresses."))
    received_at = models.DateTimeField(_("received at"))
    # When it is looked at next: a report may be here before its delivery's row.
    due_at = models.DateTimeField(default=timezone.now)
    folded_at = models.DateTimeField(_("folded at"), null=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.UniqueConstraint(fields=["provider", "key"], name="event_once"),
        ]
        indexes = [
            models.Index(fields=["dispatch_id", "subscriber_id"], name="event_delivery_idx"),
            # Clicks of nobody in particular, which are forgotten first.
            models.Index(
                fields=["received_at"],
                name="event_nameless_idx",
                condition=Q(subscriber_id=None, kind="clicked"),
            ),
            models.Index(
                fields=["due_at", "id"], name="event_unfolded_idx", condition=Q(folded_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} {self.pk}"


class EventCount(models.Model):
    """How many deliveries of a dispatch were heard of in one way; kept while events are folded.

    By recipient domain, where it is a large one of its dispatch. With a `link` it counts the clicks
    of people on that link; without one (-1) it counts deliveries, each once.
    """

    dispatch = models.ForeignKey(Dispatch, on_delete=models.CASCADE, related_name="event_counts")
    domain = models.CharField(_("recipient domain"), max_length=100, blank=True)
    kind = models.SmallIntegerField(_("kind"))
    link = models.SmallIntegerField(_("link"), default=-1)
    number = models.IntegerField(_("number"))

    class Meta:
        verbose_name = _("count of events")
        verbose_name_plural = _("counts of events")
        constraints = [
            models.UniqueConstraint(
                fields=["dispatch", "kind", "domain", "link"], name="event_count_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dispatch_id} {self.kind} {self.domain}: {self.number}"


class Burst(models.Model):
    """A dispatch with so many hard bounces that a person decides whether its readers are at fault.

    While nobody has decided, nobody is suppressed for a hard bounce of this dispatch.
    """

    class Decision(models.TextChoices):
        """What the person said."""

        OPEN = "open", _("not decided yet")
        SUPPRESS = "suppress", _("the addresses are bad: suppress them")
        SPARE = "spare", _("the fault was ours or the provider’s: spare them")

    dispatch = models.OneToOneField(
        Dispatch, on_delete=models.CASCADE, primary_key=True, related_name="burst"
    )
    at = models.DateTimeField(_("at"))
    decision = models.CharField(
        _("decision"), max_length=10, choices=Decision, default=Decision.OPEN
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("burst of bounces")
        verbose_name_plural = _("bursts of bounces")

    def __str__(self) -> str:
        return f"{self.dispatch_id}: {self.decision}"
