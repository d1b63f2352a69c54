"""Who receives an issue, who does not and why, and what differs between those who do."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from subscribers import audience
from subscribers.audience import Scope, Slice
from subscribers.models import Subscription
from tests import factories

pytestmark = pytest.mark.django_db

Frequency = Subscription.Frequency


def reader(name: str, *topics: str, **values: Any) -> Subscription:
    """Make a reader who follows these topics, or all of them."""
    made = factories.subscription(f"{name}@mail.example", **values)
    made.topics.set([factories.topic(each) for each in topics])
    return made


def scope(*topics: str, for_everybody: bool = False, frequency: str = "every") -> Scope:
    ids = frozenset(factories.topic(each).pk for each in topics)
    return Scope(Frequency(frequency), ids, for_everybody)


def excluded(of: Scope) -> dict[str, str]:
    """Return address -> why not, page by page as the planner reads it."""
    home, now = factories.newsletter(), timezone.now()
    found = audience.page(home.pk, Slice(0, audience.ceiling(home), 1000), now=now, scope=of)
    counted = audience.count(home, now=now, scope=of)
    reasons = [each.excluded for each in found]
    assert counted.candidates == len(found)
    assert counted.planned == reasons.count("")
    assert counted.excluded == {each: reasons.count(each) for each in set(reasons) if each}
    names = dict(Subscription.objects.values_list("subscriber_id", "subscriber__address"))
    return {names[each.subscriber_id].partition("@")[0]: each.excluded for each in found}


def everybody() -> None:
    """Make readers in every state, and noise that no count may touch."""
    factories.noise()
    today = timezone.now().date()
    reader("ada")
    reader("weekly", frequency=Frequency.WEEKLY_DIGEST)
    reader("resting", paused_until=today + timedelta(days=3))
    reader("resting-weekly", paused_until=today + timedelta(1), frequency="digest")
    reader("back", paused_until=today)
    reader("gone", state=Subscription.State.UNSUBSCRIBED)
    reader("bounced", withheld=Subscription.Withheld.SUPPRESSED)
    reader("policy", "Policy")
    reader("policy-weekly", "Policy", frequency="digest")
    reader("chips", "Chips", "Policy")


def test_an_ordinary_issue_leaves_out_who_reads_the_digest_or_none_of_its_topics() -> None:
    everybody()
    assert excluded(scope("Policy", "Hoists")) == {
        "ada": "",
        "weekly": "digest",
        "resting": "paused",
        "resting-weekly": "paused",
        "back": "",
        "gone": "unsubscribed",
        "bounced": "suppressed",
        "policy": "",
        "policy-weekly": "digest",
        "chips": "",
    }
    assert excluded(scope("Hoists"))["policy"] == "topics"
    assert excluded(scope("Hoists"))["ada"] == ""
    assert excluded(scope("Hoists", for_everybody=True))["policy"] == ""


def test_a_digest_leaves_out_who_reads_every_issue() -> None:
    everybody()
    got = excluded(scope("Hoists", frequency="digest"))
    assert (got["ada"], got["weekly"], got["resting-weekly"]) == ("every", "", "paused")
    assert got["policy-weekly"] == "topics"


def test_a_pause_ends_on_its_date_by_itself() -> None:
    today = timezone.now().date()
    reader("resting", paused_until=today + timedelta(days=1))
    home = factories.newsletter()
    tomorrow = timezone.now() + timedelta(days=1)
    assert audience.count(home, now=timezone.now()).excluded == {"paused": 1}
    assert audience.count(home, now=tomorrow).planned == 1


def test_combinations_are_those_of_readers_who_would_receive_it_and_no_others() -> None:
    everybody()
    reader("german-policy", "Policy").subscriber.__class__.objects.filter(
        address="german-policy@mail.example"
    ).update(locale="de", format="text")
    reader("all-of-it", "Policy", "Hoists")
    of = scope("Policy", "Hoists")
    policy = factories.topic("Policy").pk
    found = audience.combinations(factories.newsletter(), now=timezone.now(), scope=of)
    assert {(each.locale, each.format, each.topics) for each in found} == {
        ("en", "html", None),
        ("en", "html", frozenset({policy})),
        ("de", "text", frozenset({policy})),
    }


def test_who_follows_nothing_of_it_gets_what_has_no_topic() -> None:
    reader("chips", "Chips")
    reader("ada")
    of = scope("Policy", for_everybody=True)
    found = audience.combinations(factories.newsletter(), now=timezone.now(), scope=of)
    assert {each.topics for each in found} == {None, frozenset()}


def test_the_planner_and_the_compiler_see_the_same_combinations() -> None:
    names = ["A", "B", "C", "D"]
    for number in range(24):
        chosen = [name for bit, name in enumerate(names) if number >> bit & 1]
        reader(f"r{number}", *chosen, *(["Elsewhere"] if number > 15 else []))
    of, home, now = scope("A", "B", "C"), factories.newsletter(), timezone.now()
    compiled = {each.topics for each in audience.combinations(home, now=now, scope=of)}
    planned = {
        of.wanted(each.followed)
        for each in audience.page(home.pk, Slice(0, 10**9, 100), now=now, scope=of)
        if not each.excluded
    }
    assert compiled == planned
    assert len(planned) == 7  # all, and each choice but none and all
