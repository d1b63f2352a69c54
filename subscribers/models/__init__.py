"""The people's side of the database, in the order in which a visitor becomes a reader."""

from subscribers.models.consent import (
    ConsentContext,
    ConsentLeaf,
    ConsentNotice,
    ConsentRecord,
    ConsentSeal,
)
from subscribers.models.newsletter import Newsletter, Topic
from subscribers.models.outbox import Outbox
from subscribers.models.retention import RetentionRun
from subscribers.models.series import SeriesMail, SeriesPlace, SeriesStep
from subscribers.models.signup import SignupRequest
from subscribers.models.subscriber import Subscriber, Subscription
from subscribers.models.suppression import Suppression
from subscribers.models.tally import Tally

__all__ = [
    "ConsentContext",
    "ConsentLeaf",
    "ConsentNotice",
    "ConsentRecord",
    "ConsentSeal",
    "Newsletter",
    "Outbox",
    "RetentionRun",
    "SeriesMail",
    "SeriesPlace",
    "SeriesStep",
    "SignupRequest",
    "Subscriber",
    "Subscription",
    "Suppression",
    "Tally",
    "Topic",
]
