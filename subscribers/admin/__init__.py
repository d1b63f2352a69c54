"""The desk's screens for readers and consent; the desk itself says where they are shown."""

from django.contrib.admin import AdminSite

from subscribers import models
from subscribers.admin import consent, newsletters, readers, signups, suppressions

SCREENS = {
    models.Newsletter: newsletters.NewsletterAdmin,
    models.Topic: newsletters.TopicAdmin,
    models.Subscriber: readers.SubscriberAdmin,
    models.Subscription: readers.SubscriptionAdmin,
    models.SignupRequest: signups.SignupRequestAdmin,
    models.Outbox: signups.OutboxAdmin,
    models.Suppression: suppressions.SuppressionAdmin,
    models.ConsentNotice: consent.ConsentNoticeAdmin,
    models.ConsentRecord: consent.ConsentRecordAdmin,
    models.ConsentSeal: consent.ConsentSealAdmin,
}


def register(site: AdminSite) -> None:
    """Show these screens on a site; imports run from briefing to here, so the site comes to us."""
    for model, screen in SCREENS.items():
        site.register(model, screen)
