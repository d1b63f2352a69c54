"""Freezes the audience of a dispatch into batches, slice by slice, restartable at any point.

Before it: control.start. After it: workers claim batches; the first slice is theirs before the rest
is planned.
"""

import logging
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from django.conf import settings
from django.db import transaction

from briefing.dispatch import selection, switching, trials
from briefing.dispatch.clock import Clock
from briefing.dispatch.sampling import Sample
from briefing.dispatch.states import ENDED
from briefing.dispatch.waves import waves_of
from briefing.issues import contents, subjects
from briefing.issues.compiling import variant_key
from briefing.models import Batch, Dispatch, DispatchCount, EditionVariant, Trial
from subscribers import audience
from subscribers.audience import Candidate, Combination, Scope, Slice, Topics

logger = logging.getLogger(__name__)

# The first slice is small, so that the first message leaves at once whatever the audience's size.
_FIRST_SLICE = 1_000
_SLICE = 10_000
# A domain with this share of the first slice gets a lane of its own; the others share one.
_LANE_SHARE = 0.05
_LANE_LEAST = 50
_MAX_LANES = 8


@dataclass(frozen=True, slots=True)
class Variants:
    """The edition's variants by what a reader needs.

    `sample` tells first readers from the rest, where there are such; the rest gets `subject`.
    """

    by_key: dict[str, int]
    whole: str
    scope: Scope
    subject: str = subjects.A
    sample: Sample | None = None

    def arm_of(self, reader: int) -> str:
        """Return which subject is a reader's."""
        return (self.sample and self.sample.arm_of(reader)) or self.subject

    def choose(
        self,
        locale: str,
        format_: str,
        followed: Topics = frozenset(),
        *,
        tracked: bool = False,
        arm: str = subjects.A,
    ) -> int:
        """Return the variant for a reader; one who changed since compilation gets the nearest.

        Never a tracked one for a reader who has not granted it.
        """
        topics = self.scope.wanted(followed)
        forms = ((format_, topics), ("html", topics), (format_, None), ("html", None))
        for counted, (form, wanted) in product((True, False) if tracked else (False,), forms):
            combination = Combination(locale, form, tracked=counted, topics=wanted)
            key = subjects.key(variant_key(combination), arm)
            if key in self.by_key:
                return self.by_key[key]
        nearest = self.by_key.get(subjects.key(self.whole, arm), self.by_key.get(self.whole))
        return nearest or next(iter(self.by_key.values()))


def variants_of(dispatch: Dispatch) -> Variants:
    """Read the variants of a dispatch's edition."""
    issue = dispatch.issue
    rows = EditionVariant.objects.filter(edition_id=dispatch.edition_id).order_by("pk")
    by_key = dict(rows.values_list("key", "pk"))
    whole = variant_key(Combination(issue.newsletter.locale, "html", tracked=False))
    trial = Trial.objects.filter(dispatch__issue=issue).first()
    return Variants(
        by_key,
        whole,
        contents.scope(issue),
        subject=(trial and trial.winner) or subjects.A,
        sample=trials.sample_of(trial) if trial and trial.pk == dispatch.pk else None,
    )


def plan(
    dispatch_id: int,
    *,
    ring: Callable[[int], None],
    is_stopping: Callable[[], bool] = lambda: False,
) -> bool:
    """Plan what is left to plan. `ring` is called after each slice, to wake the workers.

    Returns whether the plan is complete. Safe to run twice, and by two planners at once: each
    slice moves the watermark in its own transaction, under the lock of the count's row.
    """
    clock = Clock.read()
    while not is_stopping():
        with transaction.atomic():
            more = _plan_slice(dispatch_id, clock)
        if more is None:
            return False
        ring(dispatch_id)
        if not more:
            return True
    return False


def _plan_slice(dispatch_id: int, clock: Clock) -> bool | None:
    """Plan one slice. Returns whether there is more, or None when there is nothing to plan."""
    count = DispatchCount.objects.select_for_update().get(pk=dispatch_id)
    dispatch = Dispatch.objects.select_related("issue__newsletter").get(pk=dispatch_id)
    if dispatch.planned_at or dispatch.state in ENDED:
        return False if dispatch.planned_at else None
    now = clock.now()
    size = _SLICE if count.watermark else _FIRST_SLICE
    page = audience.page(
        dispatch.issue.newsletter_id,
        Slice(after=count.watermark, ceiling=dispatch.ceiling, size=size),
        now=now,
        scope=contents.scope(dispatch.issue),
    )
    page = selection.narrow(dispatch, page)
    planned = [candidate for candidate in page if not candidate.excluded]
    if not count.watermark:
        count.lanes = _lanes(planned)
    Batch.objects.bulk_create(_batches(dispatch, planned, count.lanes, clock))
    count.again += selection.planned_before(dispatch, [each.subscriber_id for each in planned])
    _count(count, page)
    if len(page) < size:
        with switching.in_turn(dispatch_id):
            Dispatch.objects.filter(pk=dispatch_id).update(planned_at=now)
        return False
    return True


def _count(count: DispatchCount, page: Sequence[Candidate]) -> None:
    """Move the watermark and the counters: candidates = planned + excluded, always."""
    excluded = Counter(candidate.excluded for candidate in page)
    count.candidates += len(page)
    count.planned += excluded.pop("", 0)
    count.excluded = dict(Counter(count.excluded) + excluded)
    if page:
        count.watermark = page[-1].subscriber_id
    count.save(update_fields=["watermark", "candidates", "planned", "again", "excluded", "lanes"])


def _lanes(candidates: Sequence[Candidate]) -> list[str]:
    """Return the domains that get a lane of their own, judged by the first slice.

    A domain that defers then slows its own batches only.
    """
    domains = Counter(candidate.domain for candidate in candidates)
    enough = max(_LANE_LEAST, int(len(candidates) * _LANE_SHARE))
    return [domain for domain, n in domains.most_common(_MAX_LANES) if n >= enough]


def _batches(
    dispatch: Dispatch, candidates: Sequence[Candidate], lanes: Sequence[str], clock: Clock
) -> Iterator[Batch]:
    variants = variants_of(dispatch)
    waves = waves_of(dispatch, variants.sample)
    groups: dict[tuple[int, str, int], array[int]] = defaultdict(lambda: array("q"))
    for each in candidates:
        lane = each.domain if each.domain in lanes else ""
        arm = variants.arm_of(each.subscriber_id)
        variant_id = variants.choose(
            each.locale, each.format, each.followed, tracked=each.tracked, arm=arm
        )
        groups[variant_id, lane, waves.wave_of(each)].append(each.subscriber_id)
    for (variant_id, lane, wave), readers in groups.items():
        for start in range(0, len(readers), settings.BATCH_SIZE):
            part = readers[start : start + settings.BATCH_SIZE]
            yield Batch(
                dispatch=dispatch,
                variant_id=variant_id,
                lane=lane,
                wave=wave,
                not_before=waves.not_before(wave, now=clock.now()),
                readers=part.tobytes(),
                size=len(part),
            )
