"""Invented readers: like real ones to every rule, and never among real ones."""

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from subscribers import audience, sealing
from subscribers.address import address_hash
from subscribers.models import ConsentRecord, Subscriber, Subscription
from subscribers.synthetic import BASIS
from tests.factories import newsletter, noise, subscription


@pytest.mark.django_db(transaction=True)
def test_invented_readers_have_a_subscription_and_a_record_that_verifies() -> None:
    letter, other = newsletter(), noise()
    before = Subscriber.objects.count(), Subscription.objects.filter(newsletter=other).count()

    call_command("make_readers", "300", "--newsletter", letter.slug)

    assert Subscriber.objects.count() == before[0] + 300
    assert Subscription.objects.filter(newsletter=other).count() == before[1]
    records = ConsentRecord.objects.filter(basis=BASIS)
    assert records.filter(act=ConsentRecord.Act.CONFIRMED).count() == 300
    sealing.seal(now=timezone.now())
    verified = sealing.verify()
    assert (verified.records, verified.unsealed, verified.broken) == (records.count(), 0, "")
    reader = Subscriber.objects.latest("pk")
    assert (reader.attributes, reader.person) == ({}, ConsentRecord.objects.latest("pk").person)
    assert bytes(reader.address_hash or b"") == address_hash(reader.address_key or "")


@pytest.mark.django_db(transaction=True)
def test_a_reader_can_still_join_after_readers_were_invented() -> None:
    letter = newsletter()
    call_command("make_readers", "20")

    subscription("after.all@mail.example", letter)

    assert Subscriber.objects.count() == 21


@pytest.mark.django_db(transaction=True)
def test_some_of_them_do_not_receive_an_issue_and_a_second_run_adds_more() -> None:
    letter = newsletter()
    call_command("make_readers", "300")
    call_command("make_readers", "50")

    counted = audience.count(letter, now=timezone.now())

    assert counted.candidates == 350
    assert {"unsubscribed", "suppressed", "paused", "digest"} <= set(counted.excluded)
    assert counted.planned + sum(counted.excluded.values()) == 350


def test_they_are_refused_in_production(db: None, settings: LazySettings) -> None:
    newsletter()
    settings.MODE = "production"

    with pytest.raises(CommandError, match="in production"), transaction.atomic():
        call_command("make_readers", "1")

    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("typed", [("0",), ("5", "--newsletter", "nobody-made-it")])
def test_what_cannot_be_made_is_said(db: None, typed: tuple[str, ...]) -> None:
    newsletter()
    with pytest.raises(CommandError):
        call_command("make_readers", *typed)
