"""What a provider, a bounce or a reader's client reported: kept as it came, and folded later."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from briefing.models.dispatch import Dispatch


class Event(models.Model):
    """One report, written once: the same report twice is the same row, and folding changes none.

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
    # Tells a report from every other on the same delivery.
    digest = models.BigIntegerField()
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    dispatch_id = models.BigIntegerField(null=True)
    subscriber_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(_("at"))
    code = models.CharField(_("answer"), max_length=120, blank=True, default="")
    link = models.PositiveSmallIntegerField(_("link"), null=True)
    by_person = models.BooleanField(_("by a person"), null=True)
    payload = models.JSONField(default=dict, help_text=_("As received, without addresses."))
    received_at = models.DateTimeField(_("received at"))

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        # Begun by the delivery, so that the one index finds a reader's reports as well, and new entries
        # lie beside each other: a key spread evenly would touch all of an index that grows for months.
        constraints = [
            models.UniqueConstraint(
                fields=["dispatch_id", "subscriber_id", "digest"], name="event_once"
            ),
            # To an index a missing number is different from every other.
            models.UniqueConstraint(
                fields=["digest"],
                name="event_once_of_nobody",
                condition=Q(dispatch_id=None) | Q(subscriber_id=None),
            ),
        ]
        indexes = [
            # Clicks of nobody in particular, which are forgotten first.
            models.Index(
                fields=["received_at"],
                name="event_nameless_idx",
                condition=Q(subscriber_id=None, kind="clicked"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} {self.pk}"


class Unfolded(models.Model):
    """Reports of one post that are not folded yet: a small table, however many reports are kept.

    A row for a post and not for a report, because most come by the hundred and are folded together.
    """

    # When they are looked at next: a report may be here before its delivery's row.
    due_at = models.DateTimeField()
    # Their numbers, with commas between.
    events = models.TextField()
    size = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["due_at", "id"], name="unfolded_due_idx")]

    def __str__(self) -> str:
        return f"{self.size} due {self.due_at:%Y-%m-%d %H:%M:%S}"


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
