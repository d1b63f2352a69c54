"""What each of the sequences in any order begins with: a dispatch that is planned, and a provider."""

from dataclasses import dataclass, field
from typing import Self

from django.utils import timezone

from briefing.dispatch import control, planner
from briefing.dispatch.planner import Variants
from briefing.models import Dispatch, Issue
from briefing.transports.base import Sender, VariantContent
from briefing.transports.wire import WireComposer
from subscribers.consent import Origin
from subscribers.models import Subscription
from tests.briefing.dispatch.making import Provider
from tests.subscribers.making import origin


@dataclass(frozen=True, slots=True)
class Stage:
    """Set once for all sequences: each takes back whatever it did, and leaves this as it was."""

    dispatch: Dispatch
    subscriptions: list[Subscription]
    variants: Variants
    # What the page of a withdrawal showed.
    shown: Origin
    composers: dict[int, WireComposer] = field(default_factory=dict)

    @classmethod
    def set(cls) -> Self:
        """Start and plan the only issue there is."""
        issue = Issue.objects.get()
        started = control.start(issue, now=timezone.now())
        planner.plan(started.pk, ring=lambda _id: None)
        dispatch = Dispatch.objects.select_related("issue__newsletter").get(pk=started.pk)
        rows = Subscription.objects.filter(newsletter=issue.newsletter).order_by("subscriber_id")
        return cls(dispatch, list(rows), planner.variants_of(dispatch), origin())

    def provider(self) -> Provider:
        """Return a provider that remembers nothing yet, but how an edition's copies are composed."""
        return Composed(composers=self.composers)


@dataclass
class Composed(Provider):
    """Composes each variant once for all sequences: an edition never changes."""

    composers: dict[int, WireComposer] = field(default_factory=dict)

    def composer(self, variant: VariantContent, sender: Sender) -> WireComposer:
        if variant.variant_id not in self.composers:
            self.composers[variant.variant_id] = super().composer(variant, sender)
        return self.composers[variant.variant_id]
