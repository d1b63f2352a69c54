"""Readers who follow topics get a variant of the issue with what they follow."""

import pytest
from django.utils import timezone

from briefing.dispatch import control, planner, sender
from briefing.dispatch.outcome import DEFERRED
from briefing.issues.copies import public
from briefing.models import Delivery, Dispatch, Issue
from subscribers import audience
from subscribers.models import Subscription
from tests import factories
from tests.briefing.dispatch.making import Provider

pytestmark = pytest.mark.django_db


def reader(name: str, *topics: str) -> Subscription:
    made = factories.subscription(f"{name}@mail.example")
    made.topics.set([factories.topic(each) for each in topics])
    return made


def issue(*topics: str | None) -> Issue:
    """Compose an issue with an article on each of these topics."""
    articles = [
        factories.article(
            f"On {topic or 'everything'} {number}", topic=factories.topic(topic) if topic else None
        )
        for number, topic in enumerate(topics)
    ]
    return factories.issue(
        articles=articles, subject=articles[0].headline, preheader="As the editor said"
    )


def planned(made: Issue) -> Dispatch:
    dispatch = control.start(made, now=timezone.now())
    planner.plan(dispatch.pk, ring=lambda _id: None)
    dispatch.count.refresh_from_db()
    return dispatch


def subjects(dispatch: Dispatch) -> dict[str, list[str]]:
    """Return reader -> subject and headlines of the variant that was planned."""
    names = dict(Subscription.objects.values_list("subscriber_id", "subscriber__address"))
    found = {}
    for batch in dispatch.batches.all():
        copy = public(batch.variant, dispatch.issue)
        headlines = [line for line in copy.text.splitlines() if line.startswith("On ")]
        for number in memoryview(batch.readers).cast("q"):
            found[names[number].partition("@")[0]] = [copy.subject, *headlines]
    return found


def test_each_reader_gets_the_articles_on_what_they_follow() -> None:
    reader("ada")
    reader("policy", "Policy")
    reader("both", "Policy", "Chips", "Elsewhere")
    reader("none", "Elsewhere")
    dispatch = planned(issue("Chips", "Policy"))
    assert subjects(dispatch) == {
        "ada": ["On Chips 0", "On Chips 0", "On Policy 1"],
        # The editor's subject speaks of a lead that is not in it.
        "policy": ["On Policy 1", "On Policy 1"],
        "both": ["On Chips 0", "On Chips 0", "On Policy 1"],
    }
    assert dispatch.count.excluded == {"topics": 1}
    assert (dispatch.count.candidates, dispatch.count.planned) == (4, 3)


def test_what_has_no_topic_is_for_everybody() -> None:
    reader("none", "Elsewhere")
    dispatch = planned(issue("Chips", None))
    assert subjects(dispatch) == {"none": ["On everything 1", "On everything 1"]}


def test_a_copy_that_leaves_something_out_says_so_and_where_it_is() -> None:
    reader("policy", "Policy")
    dispatch = planned(issue("Chips", "Policy", "Chips"))
    copy = public(dispatch.batches.get().variant, dispatch.issue)
    for part in (copy.text, copy.html):
        assert "The whole issue has 2 more articles" in " ".join(part.split())
        assert dispatch.issue.get_absolute_url() in part


def test_only_combinations_that_the_audience_has_are_compiled_beside_the_whole_issue() -> None:
    reader("policy", "Policy")
    dispatch = planned(issue("Chips", "Policy"))
    policy = factories.topic("Policy").pk
    keys = set(dispatch.edition.variants.values_list("key", flat=True))
    assert keys == {"locale=en;format=html", f"locale=en;format=html;topics={policy}"}


def test_more_than_64_variants_are_refused_with_a_sentence() -> None:
    names = [f"T{number}" for number in range(7)]
    for number in range(1, 66):
        reader(f"r{number}", *(name for bit, name in enumerate(names) if number >> bit & 1))
    with pytest.raises(control.DispatchRefusedError, match=r"66 variants; 64 is the most\."):
        control.start(issue(*names), now=timezone.now())
    assert not Dispatch.objects.exists()


def test_a_deferred_reader_gets_the_same_variant_again() -> None:
    reader("policy", "Policy")
    reader("ada")
    dispatch = planned(issue("Chips", "Policy"))
    subjects_seen: list[bytes] = []

    def note(copy: object) -> None:
        payload = copy.payload  # type: ignore[attr-defined]  # what the provider is handed
        subjects_seen.append(payload.partition(b"Subject: ")[2].partition(b"\r\n")[0])

    sender.drain(dispatch.pk, Provider(answer=lambda _copy: (DEFERRED, "450 later"), before=note))
    Delivery.objects.update(next_at=timezone.now())
    sender.drain(dispatch.pk, Provider(before=note))
    assert sorted(subjects_seen) == [b"On Chips 0"] * 2 + [b"On Policy 1"] * 2


def test_who_changed_their_topics_after_the_plan_gets_what_was_frozen() -> None:
    mine = reader("policy", "Policy")
    dispatch = planned(issue("Chips", "Policy"))
    mine.topics.set([factories.topic("Chips")])
    provider = Provider()
    sender.drain(dispatch.pk, provider)
    assert provider.received == ["policy@mail.example"]
    followed = audience.followed(dispatch.issue.newsletter_id, [mine.subscriber_id])
    # Nobody follows only chips in this edition: the nearest is the whole issue.
    chosen = planner.variants_of(dispatch).choose("en", "html", followed[mine.subscriber_id])
    assert dispatch.edition.variants.get(pk=chosen).key == "locale=en;format=html"
