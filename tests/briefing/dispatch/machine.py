"""The engine's rules in any order, by workers that sleep and die, beside a provider with a memory.

Every step is the product's own. What is played is what nobody can order: who takes the next step,
what the provider answers, and when a worker is stopped for ever or wakes up too late.
"""

from collections import Counter
from contextlib import suppress
from copy import copy
from datetime import timedelta
from pathlib import Path

import hypothesis.strategies as st
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from briefing.dispatch import (
    cancelling,
    control,
    intents,
    invariants,
    recovery,
    resolving,
    retries,
    sender,
)
from briefing.dispatch.copies import CopyMakers
from briefing.dispatch.groups import Answered
from briefing.dispatch.outcome import ACCEPTED, DEFERRED, REJECTED, UNKNOWN
from briefing.dispatch.states import ENDED, ForbiddenStepError
from briefing.models import Batch, Delivery, Dispatch
from briefing.transports.base import Copy
from subscribers import unsubscribe
from tests.briefing.dispatch.hands import Worker
from tests.briefing.dispatch.stage import Stage

WORKERS = st.integers(0, 2)
READERS = st.integers(0, 7)
# None is silence, "unsent" a copy whose first byte never left.
ANSWERS = st.lists(
    st.sampled_from([ACCEPTED, ACCEPTED, DEFERRED, REJECTED, None, "unsent"]),
    min_size=1,
    max_size=4,
)


class Engine(RuleBasedStateMachine):
    """Eight readers, three workers, one dispatch."""

    # How many sequences this process has begun to play.
    begun = 0
    # What each of them begins with.
    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        Engine.begun += 1
        # What the sequence before had drawn was rolled back: its mark would call this a restore.
        (Path(settings.LOCAL_DIR) / "fence.mark").unlink(missing_ok=True)
        self._whole = transaction.atomic()
        self._whole.__enter__()
        self.dispatch = copy(self.stage.dispatch)
        self.subscriptions = self.stage.subscriptions
        self.ids = [each.subscriber_id for each in self.subscriptions]
        self.workers: dict[int, Worker] = {}
        self.script: list[int | str | None] = [ACCEPTED]
        self.provider = self.stage.provider()
        self.makers = CopyMakers(self.provider, self.dispatch)
        # What the provider took or may have taken, by reader; whom a person had it sent to again.
        self.took: Counter[int] = Counter()
        self.resent: Counter[int] = Counter()
        self.left: set[int] = set()
        self.cancelled = False

    # -- what workers do

    @rule(worker=WORKERS)
    def claim(self, worker: int) -> None:
        load = self._worker(worker).load
        if load.needs_batch and not load.in_flight:
            load.let_go()
            load.hold_next()

    @rule(worker=WORKERS, size=st.integers(1, 3))
    def intend(self, worker: int, size: int) -> None:
        each = self._worker(worker)
        held = each.load.held
        if held is None or each.load.needs_batch or not each.has_time:
            return
        maker = self.makers(held.variant_id)
        group = intents.intend(each.step(self.dispatch), held, maker, size=size)
        if not isinstance(group, intents.Stopped):
            self._leave(each, group)
        elif group.lost:
            each.load.held = None

    @rule(worker=WORKERS, size=st.integers(1, 3))
    def retry(self, worker: int, size: int) -> None:
        each = self._worker(worker)
        if each.has_time:
            step = each.step(self.dispatch)
            group = retries.intend(step, lambda: self.stage.variants, self.makers, size=size)
            if group:
                self._leave(each, group)

    @rule(worker=WORKERS, answers=ANSWERS)
    def answer(self, worker: int, answers: list[int | str | None]) -> None:
        each = self._worker(worker)
        if each.load.in_flight:
            self._answer_from(answers)
            each.collect()

    @rule(worker=WORKERS, answers=ANSWERS)
    def go_home(self, worker: int, answers: list[int | str | None]) -> None:
        """Collect what is out, give the batch back, and close the journal."""
        each = self.workers.pop(worker, None)
        if each is None:
            return
        self._answer_from(answers)
        each.go_home()

    @rule(worker=WORKERS, answers=ANSWERS)
    def die(self, worker: int, answers: list[int | str | None]) -> None:
        """Be killed with some copies out, of which some were answered; the journal knows."""
        each = self.workers.pop(worker, None)
        if each is None:
            return
        self._answer_from(answers)
        for group in list(each.load.in_flight)[:1]:
            each.session.collect()
            assert group.copies
        each.load.journal.leave()

    # -- what time does

    @rule()
    def leases_run_out(self) -> None:
        """Let every lease end, of the dead and of those who only sleep.

        Whoever sleeps through a lease has slept through the deadline before it: what they had not
        started by then never leaves.
        """
        for worker in self.workers.values():
            for group in worker.load.in_flight:
                group.wire.deadline = 0.0
        self.clock_jumps()

    @rule()
    def clock_jumps(self) -> None:
        """Let every lease be over by the database's clock alone: whoever was awake goes on."""
        past = timezone.now() - timedelta(seconds=1)
        Batch.objects.filter(state=Batch.State.CLAIMED).update(lease_until=past)

    @rule()
    def waits_are_over(self) -> None:
        now = timezone.now()
        Delivery.objects.filter(outcome=DEFERRED).update(next_at=now)

    @rule()
    def sweep(self) -> None:
        recovery.recover_abandoned()
        control.reopen_with_rest()
        control.finish_if_done(self.dispatch.pk, now=timezone.now())
        if self.cancelled:
            cancelling.settle(self.dispatch.pk, now=timezone.now())

    # -- what people do

    @rule(reader=READERS)
    def leave(self, reader: int) -> None:
        each = self.subscriptions[reader]
        unsubscribe.one_click(
            each.subscriber_id, each.newsletter_id, origin=self.stage.shown, now=timezone.now()
        )
        self.left.add(each.subscriber_id)

    @rule(switch=st.sampled_from(["pause", "resume", "resume"]))
    def switch(self, switch: str) -> None:
        with suppress(ForbiddenStepError):
            if switch == "pause":
                control.pause(self.dispatch, reason="a person")
            else:
                control.resume(self.dispatch)

    @precondition(lambda self: not self.cancelled)
    @rule(really=st.integers(0, 9))
    def cancel(self, really: int) -> None:
        if really:
            return
        with suppress(ForbiddenStepError):
            control.cancel(self.dispatch, reason="a person")
            self.cancelled = True
            cancelling.settle(self.dispatch.pk, now=timezone.now())

    @rule(reader=READERS, act=st.sampled_from(["accept", "reject", "evidence", "resend"]))
    def resolve(self, reader: int, act: str) -> None:
        dispatch_id, chosen = self.dispatch.pk, [self.ids[reader]]
        if act == "accept":
            resolving.accept(dispatch_id, chosen, by="ada")
        elif act == "reject":
            resolving.reject(dispatch_id, chosen, by="ada")
        elif act == "evidence":
            resolving.settle(dispatch_id, chosen, ACCEPTED)
        else:
            self.resent[chosen[0]] += resolving.resend(
                dispatch_id, chosen, by="ada", now=timezone.now()
            )

    # -- what must hold after each step

    @invariant()
    def the_promise_holds(self) -> None:
        broken = invariants.violations()
        assert not broken, broken

    @invariant()
    def nobody_has_more_copies_than_a_person_asked_for(self) -> None:
        assert not self.took - Counter(dict.fromkeys(self.ids, 1)) - self.resent

    def teardown(self) -> None:
        """Bring it to its end: then everybody has one row that says what became of them."""
        try:
            self._end()
        finally:
            for each in self.workers.values():
                each.load.journal.close()
            transaction.set_rollback(True)
            self._whole.__exit__(None, None, None)

    def _end(self) -> None:
        for worker in list(self.workers):
            self.die(worker=worker, answers=[ACCEPTED])
        self.leases_run_out()
        self.sweep()
        self.switch(switch="resume")
        self._answer_from([ACCEPTED])
        state = Dispatch.objects.values_list("state", flat=True).get(pk=self.dispatch.pk)
        while state not in ENDED:
            self.waits_are_over()
            Batch.objects.update(not_before=timezone.now())
            self.provider.before = self._note
            sender.drain(self.dispatch.pk, self.provider)
            Delivery.objects.filter(outcome=UNKNOWN).update(next_at=None)
            self.sweep()
            state = Dispatch.objects.values_list("state", flat=True).get(pk=self.dispatch.pk)
        rows = Delivery.objects.filter(dispatch=self.dispatch)
        assert sorted(rows.values_list("subscriber_id", flat=True)) == self.ids
        assert not rows.filter(outcome=DEFERRED).exists()
        self.the_promise_holds()
        self.nobody_has_more_copies_than_a_person_asked_for()

    # -- how it is played

    def _worker(self, number: int) -> Worker:
        if number not in self.workers:
            self.workers[number] = Worker(self.dispatch, self.provider)
        return self.workers[number]

    def _leave(self, worker: Worker, group: Answered) -> None:
        """Put a group on the wire: nobody may be in it who had left, nor anybody after a cancel."""
        assert not {copy.subscriber_id for copy in group.copies} & self.left
        assert not (self.cancelled and group.copies)
        worker.load.hand_over(group, worker.session)

    def _answer_from(self, answers: list[int | str | None]) -> None:
        """Have the provider give these answers, over and over."""
        self.script = list(answers)
        self.provider.late = False

        def said(copy: Copy) -> int | None:
            answer = self.script[copy.position % len(self.script)]
            assert not isinstance(answer, str)
            self.took[copy.subscriber_id] += answer in {ACCEPTED, None}
            return answer

        def before(copy: Copy) -> None:
            self.provider.late = self.script[copy.position % len(self.script)] == "unsent"

        self.provider.answer, self.provider.before = said, before

    def _note(self, _copy: Copy) -> None:
        self.provider.late = False
