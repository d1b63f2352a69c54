"""Which wave a reader is in, and when a wave's time comes.

Before it: an editor's choice. After it: the planner, whose batches no worker can claim before their
time. The first readers of a trial go at once and the others when it has let them go; where readers
get it at their own hour, there is a wave for each quarter of an hour that somebody has to wait.
"""

from dataclasses import dataclass
from datetime import datetime

from briefing.dispatch import trials
from briefing.dispatch.clock import database_now
from briefing.dispatch.localhours import QUARTER, LocalHour
from briefing.dispatch.sampling import FIRST, REST, Sample
from briefing.models import Batch, Dispatch, Issue, Trial
from subscribers.audience import Candidate


@dataclass(frozen=True, slots=True)
class Waves:
    """The waves of a dispatch. A wave behind REST is so many quarters of an hour behind it."""

    sample: Sample | None
    rest_may_go: bool
    hour: LocalHour | None

    def wave_of(self, reader: Candidate) -> int:
        """Return a reader's wave."""
        if self.hour is not None:
            quarters = self.hour.quarters_until(reader.time_zone)
            return REST + quarters if quarters else FIRST
        waits = self.sample is not None and self.sample.arm_of(reader.subscriber_id) is None
        return REST if waits else FIRST

    def not_before(self, wave: int, *, now: datetime) -> datetime | None:
        """Return when a wave's time comes; None when a trial has to say so."""
        if wave > REST and self.hour is not None:
            return max(now, self.hour.at + (wave - REST) * QUARTER)
        return now if wave == FIRST or self.rest_may_go else None


def waves_of(dispatch: Dispatch, sample: Sample | None) -> Waves:
    """Return the waves of a dispatch whose first readers, if it has such, are a sample."""
    trial = Trial.objects.filter(pk=dispatch.pk).first()
    return Waves(sample, trials.is_open(trial), _hour_of(dispatch))


def renew(dispatch_id: int) -> None:
    """Have late waves come now, as a person let them go: the next sweep would hold them again."""
    now = database_now()
    late = Batch.objects.filter(dispatch_id=dispatch_id, state=Batch.State.PENDING, wave__gt=FIRST)
    late.filter(not_before__lt=now).update(not_before=now)


def _hour_of(dispatch: Dispatch) -> LocalHour | None:
    """Return the hour that readers wait for; nobody waits for what is written to a few afterwards."""
    issue = dispatch.issue
    if issue.first_wave != Issue.FirstWave.LOCAL or dispatch.kind != Dispatch.Kind.MAIN:
        return None
    began = dispatch.started_at or dispatch.begins_at or dispatch.created_at
    # By the timetable: the sweep that starts an issue comes a few seconds behind its hour.
    return LocalHour(min(issue.send_at or began, began), issue.zone or issue.newsletter.time_zone)
