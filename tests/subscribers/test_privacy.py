"""Everything held on a person can be handed over, and everything personal can be gone."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet

from subscribers import (
    address,
    consent,
    moving,
    preferences,
    privacy,
    sealing,
    signup,
    suppression,
    unsubscribe,
)
from subscribers.models import ConsentContext, Outbox, Subscriber, Subscription
from tests.subscribers import making
from tests.subscribers.post import Post
from tests.subscribers.test_preferences import CHOICES

pytestmark = pytest.mark.django_db
ANNA = "Anna.Unmistakable@example.com"
KEY = ANNA.lower()
NOW = making.NOW
LATER = NOW + timedelta(days=2)


@pytest.fixture
def row(post: Post) -> Subscription:
    """A reader with a long past, among others."""
    making.noise()
    making.confirmed("bert@example.com")
    row = making.confirmed(ANNA, source={"utm_source": "letter"})
    origin = consent.Origin(form="preferences", ip="198.51.100.0", user_agent="Unmistakable/1")
    preferences.choose(row, CHOICES, origin=origin, now=NOW)
    Subscriber.objects.filter(pk=row.subscriber_id).update(
        name="Unmistakable", attributes={"city": "Unmistakable"}
    )
    moving.ask(row, address.parse("unmistakable.too@example.org"), now=NOW)
    unsubscribe.by_link(row.subscriber_id, row.newsletter_id, origin=origin, now=NOW)
    signup.disown(making.pending(ANNA, now=LATER).pk, now=LATER)
    making.pending(ANNA, now=LATER)
    sealing.seal(now=NOW)
    return row


def _dump() -> str:
    models = apps.get_app_config("subscribers").get_models()
    rows = [list(QuerySet(model).values()) for model in models]
    return json.dumps(rows, cls=_Hex).lower()


class _Hex(DjangoJSONEncoder):
    def default(self, o: object) -> object:
        return o.hex() if isinstance(o, bytes) else super().default(o)


def test_the_export_holds_everything_and_nobody_else(row: Subscription) -> None:
    told = json.dumps(privacy.export(KEY), cls=DjangoJSONEncoder)

    for part in (ANNA, "Unmistakable/1", "unmistakable.too@example.org", "letter", "Europe/Berlin"):
        assert part in told
    assert "The signup wording." in told
    assert "bert@example.com" not in told
    assert "noise" not in told
    assert json.loads(told)["issues_handed_over"] == [{"issue": 3, "reader": row.subscriber_id}]


def test_the_export_holds_the_mails_of_signups_and_what_was_asked_under_an_earlier_address() -> (
    None
):
    making.pending("waits@example.com")
    told = privacy.export("waits@example.com")
    assert [mail["purpose"] for mail in told["mails_to_you_alone"]] == ["confirm"]
    assert [act["statement"]["act"] for act in told["consent"]] == ["requested"]
    row = making.confirmed(ANNA)
    Subscriber.objects.filter(pk=row.subscriber_id).update(address_key="new@example.org")

    told = privacy.export("new@example.org")

    assert [request["address"] for request in told["signup_requests"]] == [ANNA]
    assert len(told["mails_to_you_alone"]) == 2
    assert len(told["consent"]) == 2


def test_the_export_of_an_unknown_address_says_that_nothing_is_held(row: Subscription) -> None:
    assert privacy.export("nobody@example.com") == {
        "address": "nobody@example.com",
        "signup_requests": [],
        "suppressions": [],
        "consent": [],
        "mails_to_you_alone": [],
    }


def test_after_an_erasure_no_table_knows_the_person(row: Subscription, post: Post) -> None:
    assert "unmistakable" in _dump()

    assert privacy.erase(KEY, now=LATER)

    assert "unmistakable" not in _dump()
    assert post.forgotten == [row.subscriber_id]


@pytest.mark.parametrize("days", [2, 40])
def test_the_ledger_stays_whole_and_says_that_it_ended(row: Subscription, days: int) -> None:
    # After forty days the signups are long pruned, and only the ledger knows of them.
    signup.expire(now=NOW + timedelta(days=days))

    privacy.erase(KEY, now=NOW + timedelta(days=days))

    assert sealing.verify().broken == ""
    acts = list(consent.history(row.subscriber.person))
    assert acts[-1].act == "erased"
    assert not any(hasattr(act, "context") for act in acts)


def test_the_tombstone_receives_nothing_and_the_others_stay(row: Subscription) -> None:
    privacy.erase(KEY, now=LATER)

    row.refresh_from_db()
    assert (row.state, row.withheld, row.paused_until, row.source) == (
        "unsubscribed",
        "erased",
        None,
        {},
    )
    tombstone = Subscriber.objects.get(pk=row.subscriber_id)
    assert (str(tombstone), tombstone.erased_at) == (f"erased {row.subscriber_id}", LATER)
    # Nor does it tell what the reader chose.
    assert (tombstone.format, tombstone.locale, row.frequency) == ("html", "en", "every")
    assert not Outbox.objects.filter(subscriber=tombstone).exists()
    assert Subscriber.objects.filter(address_key="bert@example.com").exists()


def test_the_fingerprint_refuses_an_import_and_a_new_signup_lifts_it(row: Subscription) -> None:
    privacy.erase(KEY, now=LATER)
    assert suppression.is_suppressed(KEY)

    back = making.confirmed(ANNA, now=LATER + timedelta(days=31))

    assert back.subscriber_id != row.subscriber_id
    assert back.subscriber.person != row.subscriber.person
    assert not suppression.is_suppressed(KEY)


def test_erasing_twice_or_a_stranger_is_safe(row: Subscription) -> None:
    assert privacy.erase(KEY, now=LATER)
    assert not privacy.erase(KEY, now=LATER)
    assert not privacy.erase("nobody@example.com", now=LATER)
    assert suppression.is_suppressed("nobody@example.com")


def test_context_goes_after_a_year_and_addresses_after_a_week(row: Subscription) -> None:
    contexts = ConsentContext.objects.count()
    making.confirmed("carl@example.com", now=NOW + timedelta(days=300))

    first = privacy.retain(now=NOW + timedelta(days=8))
    second = privacy.retain(now=LATER + timedelta(days=365))

    assert first["outbox_addresses"] == 1
    assert not Outbox.objects.exclude(context={}).exists()
    assert (first["consent_contexts"], second["consent_contexts"]) == (0, contexts)
    assert ConsentContext.objects.count() == 2
    assert sealing.verify().broken == ""


def test_the_commands_answer_a_request(
    row: Subscription, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "person.json"
    call_command("export_person", ANNA, output=file)
    assert json.loads(file.read_text("utf-8"))["reader"]["address"] == ANNA
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(CommandError, match="Name a new file"):
        call_command("export_person", ANNA, output=file)

    monkeypatch.setattr("builtins.input", lambda _: "another@example.com")
    with pytest.raises(CommandError, match="Nothing was erased"):
        call_command("erase_person", ANNA)
    assert Subscriber.objects.filter(address_key=KEY).exists()

    call_command("erase_person", ANNA, "--yes", stdout=StringIO())
    assert not Subscriber.objects.filter(address_key=KEY).exists()
