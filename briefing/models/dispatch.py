"""One sending of one edition, the batches it is cut into, and the fence that orders workers."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from briefing.models.edition import Edition, EditionVariant
from briefing.models.issue import Issue


class Dispatch(models.Model):
    """One sending. Its edition never changes; its state is the one switch that stops it."""

    class Kind(models.TextChoices):
        MAIN = "main", _("the issue")
        MISSED = "missed", _("to those it missed")
        CORRECTION = "correction", _("correction to those who received it")

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        HOLDING = "holding", _("holding")
        CANARY = "canary", _("with the first readers")
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        CANCELLED = "cancelled", _("cancelled")
        FINISHED = "finished", _("finished")

    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, related_name="dispatches")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="dispatches")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.MAIN)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PLANNED)
    reason = models.CharField(_("why it stands so"), max_length=200, blank=True)
    ceiling = models.BigIntegerField(
        _("ceiling"),
        help_text=_("Highest reader id when it began; later readers get the next issue."),
    )
    created_at = models.DateTimeField(_("created at"))
    begins_at = models.DateTimeField(
        _("begins at"),
        null=True,
        help_text=_("The end of the countdown in which it can be undone."),
    )
    started_at = models.DateTimeField(_("started at"), null=True)
    planned_at = models.DateTimeField(_("planned at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("dispatch")
        verbose_name_plural = _("dispatches")
        permissions = (("steer_dispatch", _("Can pause, resume and cancel a dispatch")),)
        constraints = [
            models.UniqueConstraint(
                fields=["issue"],
                condition=models.Q(kind="main"),
                name="dispatch_one_main_per_issue",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="finished") | models.Q(planned_at__isnull=False),
                name="dispatch_finished_is_planned",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.issue} · {self.get_kind_display()}"

    @property
    def state_told(self) -> str:
        """The state as a person would say it: while it can be undone, nothing is held yet."""
        return gettext("about to begin") if self.begins_at else self.get_state_display()


class DispatchCount(models.Model):
    """The planner's watermark and what it counted; apart, so that counting never blocks an intent."""

    dispatch = models.OneToOneField(
        Dispatch, on_delete=models.CASCADE, primary_key=True, related_name="count"
    )
    watermark = models.BigIntegerField(default=0, help_text=_("Highest reader id planned so far."))
    candidates = models.PositiveIntegerField(_("candidates"), default=0)
    planned = models.PositiveIntegerField(_("planned"), default=0)
    again = models.PositiveIntegerField(
        _("planned again"),
        default=0,
        help_text=_("Of the planned, those whom an earlier dispatch of the issue had planned too."),
    )
    excluded = models.JSONField(_("excluded by reason"), default=dict)
    lanes = models.JSONField(
        default=list, help_text=_("Domains whose batches run apart from the others’.")
    )
    # Changes made to deliveries after their batch had counted them: retries, evidence, decisions.
    adjusted = models.JSONField(default=dict)


class Batch(models.Model):
    """Up to 500 frozen readers of one variant; the unit that a worker claims.

    `readers` are subscriber ids as packed little-endian 64-bit integers. A position is an index
    into them: below `done_upto` results are written, below `intent_upto` the point of no return
    is passed.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        CLAIMED = "claimed", _("claimed")
        DONE = "done", _("done")

    dispatch = models.ForeignKey(
        Dispatch, on_delete=models.CASCADE, related_name="batches", db_index=False
    )
    variant = models.ForeignKey(EditionVariant, on_delete=models.PROTECT, db_index=False)
    account = models.CharField(max_length=40, default="bulk")
    lane = models.CharField(max_length=80, default="")
    wave = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(
        null=True, help_text=_("Empty while a trial has not decided when its time comes.")
    )
    readers = models.BinaryField()
    size = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    fence = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    claims = models.PositiveSmallIntegerField(default=0)
    # How many workers died holding this batch; how many of them while building one position's copy.
    deaths = models.PositiveSmallIntegerField(default=0)
    suspect = models.PositiveSmallIntegerField(null=True)
    suspect_deaths = models.PositiveSmallIntegerField(default=0)
    intent_upto = models.PositiveSmallIntegerField(default=0)
    done_upto = models.PositiveSmallIntegerField(default=0)
    counted_at = models.DateTimeField(null=True)
    accepted = models.PositiveSmallIntegerField(default=0)
    deferred = models.PositiveSmallIntegerField(default=0)
    rejected = models.PositiveSmallIntegerField(default=0)
    skipped = models.PositiveSmallIntegerField(default=0)
    unknown = models.PositiveSmallIntegerField(default=0)
    quarantined = models.PositiveSmallIntegerField(default=0)
    cancelled = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        indexes = [
            models.Index(
                fields=["dispatch", "not_before", "id"],
                name="batch_open_idx",
                condition=~models.Q(state="done"),
            ),
            models.Index(fields=["dispatch", "id"], name="batch_dispatch_idx"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(done_upto__lte=models.F("intent_upto"))
                & models.Q(intent_upto__lte=models.F("size")),
                name="batch_done_intent_size",
            ),
        ]


class Fence(models.Model):
    """One row: the number that the next claim takes, the last sign of life, and the great switch.

    A higher fence always wins, so a worker that slept past its lease cannot move what another
    worker holds. A database whose number is lower than the file beside it was restored.
    """

    number = models.BigIntegerField(default=0)
    heartbeat_at = models.DateTimeField(null=True)
    held = models.CharField(
        _("all outgoing mail is held because"), max_length=200, blank=True, default=""
    )
    held_at = models.DateTimeField(null=True)
