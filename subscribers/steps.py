"""What editors lay out: the mails of a newsletter's welcome series, their days, and its switch.

Before it: the desk. After it: `series`, which gives them to readers. Whatever changes days lets
`series` look again where its readers stand.
"""

from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from subscribers import series
from subscribers.models import Newsletter, SeriesStep


@dataclass(frozen=True, slots=True)
class Written:
    """What an editor writes of one step."""

    day: int
    subject: str
    preheader: str
    text: str


class DayTakenError(ValueError):
    """Another step of the series has that day."""

    def __init__(self, day: int) -> None:
        super().__init__(f"day {day} has a step already")
        self.day = day


class CannotStartError(ValueError):
    """A series has nothing to send, or nothing that the law lets it send."""


def of(newsletter: Newsletter) -> QuerySet[SeriesStep]:
    """Return the steps that are laid out, in their order."""
    return series.steps_of(newsletter.pk)


def add(newsletter: Newsletter, written: Written, *, now: datetime) -> SeriesStep:
    """Lay a step out. Raises: DayTakenError."""
    with transaction.atomic():
        _lock(newsletter)
        _refuse_taken(newsletter, written.day)
        step = SeriesStep.objects.create(newsletter=newsletter, created_at=now, **asdict(written))
        series.look_again(newsletter.pk, now=now)
    return step


def change(step: SeriesStep, written: Written, *, now: datetime) -> None:
    """Change a step for whoever has not had it. Raises: DayTakenError."""
    with transaction.atomic():
        _lock(step.newsletter)
        _refuse_taken(step.newsletter, written.day, but=step.pk)
        SeriesStep.objects.filter(pk=step.pk).update(**asdict(written))
        if written.day != step.day:
            series.look_again(step.newsletter_id, now=now)


def move(step: SeriesStep, by: int, *, now: datetime) -> bool:
    """Let a step change days with its neighbour before (-1) or behind it; False at the row's end."""
    with transaction.atomic():
        _lock(step.newsletter)
        row = list(of(step.newsletter))
        here = next((place for place, each in enumerate(row) if each.pk == step.pk), None)
        if here is None or not 0 <= here + by < len(row):
            return False
        other, day = row[here + by], row[here].day
        # By way of a day that no step has: two may not have the same one, not even for a moment.
        for number, new in ((step.pk, 0), (other.pk, day), (step.pk, other.day)):
            SeriesStep.objects.filter(pk=number).update(day=new)
        series.look_again(step.newsletter_id, now=now)
    return True


def remove(step: SeriesStep, *, now: datetime) -> None:
    """Take a step out; what is known of it stays."""
    with transaction.atomic():
        _lock(step.newsletter)
        SeriesStep.objects.filter(pk=step.pk, removed_at=None).update(removed_at=now)
        series.look_again(step.newsletter_id, now=now)


def switch_on(newsletter: Newsletter) -> None:
    """Let the series begin for whoever confirms from now on, and go on for those who are in it.

    Raises: CannotStartError.
    """
    if not newsletter.postal_address.strip() or not of(newsletter).exists():
        raise CannotStartError
    Newsletter.objects.filter(pk=newsletter.pk).update(series_on=True)


def switch_off(newsletter: Newsletter) -> None:
    """Stop the series at once. Readers keep their place for as long as what follows is not too late."""
    Newsletter.objects.filter(pk=newsletter.pk).update(series_on=False)


def _lock(newsletter: Newsletter) -> None:
    """Let one editor at a time lay out."""
    list(Newsletter.objects.select_for_update(no_key=True).filter(pk=newsletter.pk).values("pk"))


def _refuse_taken(newsletter: Newsletter, day: int, *, but: int = 0) -> None:
    if of(newsletter).filter(day=day).exclude(pk=but).exists():
        raise DayTakenError(day)
