"""A provider that knows a call by its key: what nobody answered for is asked about, and taken once."""

import random
import threading
import time
from collections import Counter

from django.conf import settings

from briefing.dispatch import invariants
from briefing.dispatch.outcome import ACCEPTED, UNKNOWN
from briefing.models import Delivery, Question
from tests.briefing.transports.anymail.fakes import PROVIDERS
from tests.briefing.transports.anymail.server import Request, Response, api
from tests.faults.registry import fault
from tests.faults.table import Measured
from tests.faults.verdict import is_settled
from tests.faults.world import World

_READERS = 1_500
_WORKERS = 3
_KILLS = 25
# Of a hundred calls so many are lost before they are taken, and as many answers behind that.
_LOST = 15


class Remembering:
    """Resend as documented: a key is taken once, and answered again as it was the first time."""

    def __init__(self) -> None:
        self.copies: Counter[int] = Counter()
        self.asked_again = 0
        self._answers: dict[str, Response] = {}
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Response:
        """Take a call, or a question about one; now and then say nothing of use."""
        time.sleep(0.05)  # a provider at a distance
        key, luck = request.headers["idempotency-key"], random.randrange(100)
        with self._lock:
            if luck < _LOST and key not in self._answers:
                return Response(500)
            self.asked_again += key in self._answers
            if key not in self._answers:
                mails = PROVIDERS["resend"].read(request)
                self.copies.update(_reader(mail.address) for mail in mails)
                self._answers[key] = PROVIDERS["resend"].taking(mails, {})
            return Response(502) if luck >= 100 - _LOST else self._answers[key]


@fault(
    "25 workers killed, and 500 for every third call, taken or not, at a provider that takes a "
    "call once by its key",
    must="I3: one copy each; lost 0; nobody left unknown but by a death in the midst of its note",
    seconds=180,
)
def keyed_calls(world: World) -> Measured:
    """Send through Resend's fake while workers die with calls on the wire."""
    provider = Remembering()
    with api(provider.answer) as server:
        settings.ANYMAIL = PROVIDERS["resend"].settings(server.url)
        settings.MAIL_ACCOUNTS["bulk"] = "anymail://resend"
        dispatch = world.dispatch(_READERS)
        killed = 0
        while killed < _KILLS and not is_settled(dispatch):
            world.keep(_WORKERS)
            time.sleep(random.uniform(0.2, 0.5))  # a moment nobody chose
            random.choice(world.running()).end()
            killed += 1
        world.until(lambda: is_settled(dispatch), seconds=100, meanwhile=lambda: world.keep(2))
        for each in world.workers:
            each.end()
    rows = dict(Delivery.objects.filter(dispatch=dispatch).values_list("subscriber_id", "outcome"))
    not_taken = [r for r, outcome in rows.items() if outcome == ACCEPTED and not provider.copies[r]]
    unknown = sum(outcome == UNKNOWN for outcome in rows.values())
    measured = Measured(
        lost=_READERS - len(rows) + len(not_taken),
        extra=provider.copies.total() - len(provider.copies),
        unknown=unknown,
        note=f"{killed} deaths, {provider.asked_again} questions about calls that were taken",
        broken=[f"{each.invariant} {each.detail}" for each in invariants.violations()],
    )
    measured.demand(not measured.lost, f"lost {measured.lost}")
    measured.demand(not measured.extra, f"I3 {measured.extra} copies too many")
    measured.demand(killed == _KILLS, f"the issue was over after {killed} kills")
    measured.demand(provider.asked_again, "nothing was asked about")
    measured.demand(unknown <= killed, f"{unknown} are still unknown")
    measured.demand(not Question.objects.exists(), "a question is still open")
    return measured


def _reader(address: str) -> int:
    return int(address.partition("@")[0].removeprefix("reader"))
