"""What a drain does once every batch is done: second attempts first, then questions to a provider."""

from datetime import datetime
from functools import partial

from briefing.dispatch import asking, questions, retries
from briefing.dispatch.copies import CopyMakers
from briefing.dispatch.groups import Answered
from briefing.dispatch.intents import Step
from briefing.dispatch.planner import variants_of
from briefing.transports.base import Transport


def due(dispatch_id: int, transport: Transport, *, now: datetime) -> bool:
    """Whether there is anything to be sent or asked again."""
    if retries.due(dispatch_id, now=now):
        return True
    return bool(transport.way) and questions.due(dispatch_id, transport.way, now=now).exists()


def intend(step: Step, transport: Transport, makers: CopyMakers, *, size: int) -> Answered | None:
    """Commit the intent for the next of it; None when nothing is due. Records what came back."""
    group = retries.intend(step, partial(variants_of, step.dispatch), makers, size=size)
    if group or not transport.way:
        return group
    return asking.intend(step, transport.way, makers)
