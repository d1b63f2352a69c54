"""Messages that a provider's fake has taken, and what was found of them."""

from briefing.models import Delivery, Repair
from subscribers.models import Subscriber
from tests.briefing.providers.fakes import Message
from tests.briefing.web.hooks import a_reference


def taken(row: Delivery, *seen: str) -> Message:
    """Return a message that the fake has taken for a delivery."""
    reader = Subscriber.objects.get(pk=row.subscriber_id)
    reference = a_reference(row.dispatch_id, row.subscriber_id)
    return Message(row.reference or "77", reader.address, reference, seen)


def repairs() -> dict[int, str]:
    return dict(Repair.objects.values_list("subscriber_id", "kind"))
