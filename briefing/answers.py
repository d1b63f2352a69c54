"""Publishing's answers to the people's side: what subscribers.ports asks for."""

from typing import Any

from django.db.models import Q, QuerySet

from briefing.dispatch import holding
from briefing.issues import lifecycle, prose, slots
from briefing.models import ClickMonth, Delivery, Dispatch, Event
from briefing.transports import single
from subscribers.models import Newsletter
from subscribers.ports import Answer, LatestIssue, Mail, Prose


class Answers:
    """Registered by briefing.apps when Django is ready."""

    def send(self, mail: Mail) -> Answer:
        """Hand one transactional mail over, unless all outgoing mail is held."""
        if reason := holding.held():
            return Answer("deferred", f"held: {reason}"[:120])
        return single.send(mail)

    def held(self) -> str:
        """Return why all outgoing mail is held, or nothing."""
        return holding.held()

    def prose(self, written: str, *, name: str, locale: str) -> Prose:
        """Return Markdown as a mail shows it. Raises: UnknownVariableError."""
        return prose.fill(written, name=name, locale=locale)

    def line(self, written: str, *, name: str) -> str:
        """Return one line, such as a subject. Raises: UnknownVariableError."""
        return slots.for_one(written, name=name)

    def latest_issue(self, newsletter: Newsletter) -> LatestIssue | None:
        """Return the newest public issue."""
        return lifecycle.latest_issue(newsletter)

    def deliveries(self, subscriber_id: int) -> list[dict[str, Any]]:
        """Return what became of each issue handed over for a reader."""
        numbers = dict(Dispatch.objects.values_list("pk", "issue__number"))
        return [
            {
                "issue": numbers[row.dispatch_id],
                "at": row.at,
                "outcome": Delivery.Outcome(row.outcome).label,
                "fate": row.fate_label,
                "attempts": row.attempts,
                "answer": row.code,
            }
            for row in _deliveries(subscriber_id)
        ]

    def forget(self, subscriber_id: int) -> None:
        """Remove what the provider said of a reader; that an issue went out stays, for the counts."""
        # A server's answer often quotes the address it refused.
        _deliveries(subscriber_id).update(code=None, reference=None)
        of_an_issue = Q(dispatch_id__in=_dispatches())
        # Reports on single mails name no dispatch.
        Event.objects.filter(of_an_issue | Q(dispatch_id=None), subscriber_id=subscriber_id).update(
            code="", payload={}
        )
        ClickMonth.objects.filter(subscriber_id=subscriber_id).delete()


def _deliveries(subscriber_id: int) -> QuerySet[Delivery]:
    # By dispatch and reader, the order of the key: the table is too large for any other way.
    return Delivery.objects.filter(dispatch_id__in=_dispatches(), subscriber_id=subscriber_id)


def _dispatches() -> list[int]:
    return list(Dispatch.objects.values_list("pk", flat=True))
