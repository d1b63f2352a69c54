"""The first wave of a dispatch, and the gate behind which the rest of its readers waits."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from briefing.models.dispatch import Dispatch
from briefing.models.issue import Issue


class Trial(models.Model):
    """A small share of a dispatch's readers goes first; what becomes of their copies decides.

    Of two subjects on trial each goes to such a share, and the rest gets the winner.

    While its state is going or waiting nobody else is written to. The row is the gate: whoever
    opens it does so in the transaction that gives the rest's batches their time.
    """

    class State(models.TextChoices):
        GOING = "going", _("the first readers are being written to")
        WAITING = "waiting", _("waiting for what the first readers’ servers report")
        PASSED = "passed", _("passed")
        HALTED = "halted", _("halted")
        OVERRULED = "overruled", _("let go by a person")

    class Kind(models.TextChoices):
        """What an issue's first wave can be, less what tries nothing."""

        CANARY = Issue.FirstWave.CANARY.value, Issue.FirstWave.CANARY.label
        SUBJECTS = Issue.FirstWave.SUBJECTS.value, Issue.FirstWave.SUBJECTS.label

    dispatch = models.OneToOneField(
        Dispatch, on_delete=models.CASCADE, primary_key=True, related_name="trial"
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    share = models.FloatField(
        _("share"), help_text=_("Of the readers, between 0 and 1; chosen by hash, not by age.")
    )
    minutes = models.PositiveSmallIntegerField(
        _("minutes"), help_text=_("How long the rest waits once the first readers have theirs.")
    )
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.GOING)
    decide_at = models.DateTimeField(_("decided not before"), null=True)
    winner = models.CharField(
        _("winner"), max_length=1, blank=True, help_text=_("Of two subjects: a or b.")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.CharField(
        _("decided by"), max_length=150, blank=True, help_text=_("Empty when it decided by itself.")
    )
    figures = models.JSONField(
        _("figures"), default=dict, help_text=_("What was known when it was decided.")
    )

    class Meta:
        verbose_name = _("trial")
        verbose_name_plural = _("trials")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(share__gt=0, share__lte=0.5), name="trial_share_is_a_part"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dispatch_id} {self.kind}: {self.state}"
