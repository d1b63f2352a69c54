"""Leaving is one act, recorded once, seen by dispatch at once, and can be taken back."""

from datetime import timedelta

import pytest

from subscribers import consent, unsubscribe
from subscribers.models import ConsentRecord, Outbox, Subscription
from tests.subscribers import making

pytestmark = pytest.mark.django_db
NOW = making.NOW
LATER = NOW + timedelta(hours=1)
ORIGIN = consent.Origin(form="unsubscribe", page="/unsubscribe/")


@pytest.fixture
def row() -> Subscription:
    other = making.noise()
    row = making.confirmed("anna@example.com")
    making.subscription("anna@example.com", other)
    making.confirmed("bert@example.com")
    Outbox.objects.all().delete()
    return row


def _states() -> dict[tuple[str, str], str]:
    rows = Subscription.objects.filter(subscriber__address__endswith="@example.com")
    return {
        (address.partition("@")[0], slug): state
        for address, slug, state in rows.values_list(
            "subscriber__address", "newsletter__slug", "state"
        )
    }


_ALL_ACTIVE = {
    ("anna", "the-robotics-briefing"): "active",
    ("anna", "another-letter"): "active",
    ("bert", "the-robotics-briefing"): "active",
}


def test_the_link_ends_one_subscription_of_one_reader(row: Subscription) -> None:
    numbers = (row.subscriber_id, row.newsletter_id)

    left = unsubscribe.by_link(*numbers, origin=ORIGIN, now=LATER)

    assert _states() == _ALL_ACTIVE | {("anna", "the-robotics-briefing"): "unsubscribed"}
    assert left == unsubscribe.Left(newly=True, goodbye_id=Outbox.objects.get().pk)
    row.refresh_from_db()
    assert row.unsubscribed_at == LATER
    assert ConsentRecord.objects.latest("pk").act == "withdrawn"
    assert not unsubscribe.by_link(*numbers, origin=ORIGIN, now=LATER).newly
    assert ConsentRecord.objects.filter(act="withdrawn").count() == 1


def test_the_mail_clients_button_writes_no_goodbye(row: Subscription) -> None:
    for _ in range(2):
        unsubscribe.one_click(row.subscriber_id, row.newsletter_id, origin=ORIGIN, now=LATER)

    assert _states()["anna", "the-robotics-briefing"] == "unsubscribed"
    assert ConsentRecord.objects.filter(act="withdrawn").count() == 1
    assert not Outbox.objects.exists()


def test_everything_ends_with_an_entry_for_each(row: Subscription) -> None:
    left = unsubscribe.from_everything(row.subscriber_id, origin=ORIGIN, now=LATER)
    assert len(set(left)) == 2

    assert [state for (name, _), state in _states().items() if name == "anna"] == [
        "unsubscribed"
    ] * 2
    assert _states()["bert", "the-robotics-briefing"] == "active"
    assert ConsentRecord.objects.filter(act="withdrawn").count() == 2


def test_undo_takes_it_back_under_the_wording_agreed_to(row: Subscription) -> None:
    numbers = (row.subscriber_id, row.newsletter_id)
    unsubscribe.by_link(*numbers, origin=ORIGIN, now=NOW)

    assert unsubscribe.undo(*numbers, origin=ORIGIN, now=LATER)
    assert not unsubscribe.undo(*numbers, origin=ORIGIN, now=LATER)

    assert _states() == _ALL_ACTIVE
    latest = ConsentRecord.objects.latest("pk")
    assert (latest.act, latest.form, latest.notice) == ("confirmed", "undo", making.notice())
    assert Outbox.objects.get().state == "dropped"


def test_leaving_and_coming_back_without_end_writes_three_goodbyes_a_day_and_ends(
    row: Subscription,
) -> None:
    numbers = (row.subscriber_id, row.newsletter_id)
    rounds = [NOW + timedelta(minutes=minute) for minute in range(1, 31)]
    back = []
    for now in rounds:
        unsubscribe.by_link(*numbers, origin=ORIGIN, now=now)
        made_at = int(now.timestamp())
        back.append(
            unsubscribe.undo_by_link(*numbers, link_made_at=made_at, origin=ORIGIN, now=now)
        )

    assert back == [True] * 20 + [False] * 10
    assert Outbox.objects.filter(purpose="goodbye").count() == 3
    # Leaving is never refused.
    assert _states()["anna", "the-robotics-briefing"] == "unsubscribed"


def test_a_link_takes_back_its_own_unsubscribe_and_no_later_one(row: Subscription) -> None:
    numbers = (row.subscriber_id, row.newsletter_id)
    made_at = int(NOW.timestamp())
    unsubscribe.by_link(*numbers, origin=ORIGIN, now=NOW)
    assert unsubscribe.can_undo(*numbers, link_made_at=made_at)
    unsubscribe.undo(*numbers, origin=ORIGIN, now=NOW)

    unsubscribe.one_click(*numbers, origin=ORIGIN, now=LATER)

    assert not unsubscribe.can_undo(*numbers, link_made_at=made_at)
    assert not unsubscribe.undo_by_link(*numbers, link_made_at=made_at, origin=ORIGIN, now=LATER)
    assert _states()["anna", "the-robotics-briefing"] == "unsubscribed"


def test_undo_does_not_revive_an_erased_reader(row: Subscription) -> None:
    Subscription.objects.filter(pk=row.pk).update(state="unsubscribed", withheld="erased")

    assert not unsubscribe.undo(row.subscriber_id, row.newsletter_id, origin=ORIGIN, now=LATER)


def test_a_reason_is_noted_only_after_leaving_and_only_if_we_offer_it(row: Subscription) -> None:
    numbers = (row.subscriber_id, row.newsletter_id)
    unsubscribe.give_reason(*numbers, "too_often")
    row.refresh_from_db()
    assert row.unsubscribe_reason == ""

    unsubscribe.by_link(*numbers, origin=ORIGIN, now=NOW)
    unsubscribe.give_reason(*numbers, "<script>")
    unsubscribe.give_reason(*numbers, "too_often")

    row.refresh_from_db()
    assert row.unsubscribe_reason == "too_often"


def test_a_stranger_number_changes_nothing(row: Subscription) -> None:
    unsubscribe.one_click(10**9, row.newsletter_id, origin=ORIGIN, now=NOW)
    unsubscribe.from_everything(10**9, origin=ORIGIN, now=NOW)

    assert _states() == _ALL_ACTIVE
