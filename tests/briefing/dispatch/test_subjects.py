"""Two subjects on trial: a part of the readers gets each, and the rest the one people clicked on."""

import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from briefing.dispatch import control, deciding, invariants, planner, sampling, sender, trials
from briefing.dispatch.outcome import DEFERRED, REJECTED
from briefing.issues import lifecycle
from briefing.models import (
    Batch,
    Delivery,
    Dispatch,
    Edition,
    EditionVariant,
    Event,
    Issue,
    Link,
    Trial,
)
from briefing.tracking import apply
from briefing.transports.base import Copy
from subscribers.models import Subscriber
from tests import factories
from tests.briefing.dispatch.making import Provider, once, readers, small_trials

pytestmark = pytest.mark.django_db

FIRST, SECOND = "Robots that ask first", "A robot raises its hand"
_PERSON = {"User-Agent": "Mozilla/5.0 (rv:140.0) Firefox/140.0", "Accept-Language": "en"}
_MACHINE = {"User-Agent": "Barracuda Link Checker", "Accept-Language": "en"}


class Mailboxes(Provider):
    """A provider that remembers with which subject, and with which link, each reader got a copy."""

    def __init__(self) -> None:
        super().__init__(before=self._open)
        self.subjects: dict[int, str] = {}
        self.links: dict[int, str] = {}

    def _open(self, copy: Copy) -> None:
        assert isinstance(copy.payload, bytes)
        mail = copy.payload.replace(b"=\r\n", b"")
        subject = mail.partition(b"\r\nSubject: ")[2].partition(b"\r\n")[0].decode()
        counted = re.findall(rb"http://testserver(/c/[\w:.-]+)", mail)
        self.subjects[copy.subscriber_id] = subject
        self.links[copy.subscriber_id] = counted[0].decode()


@pytest.fixture
def draft(monkeypatch: pytest.MonkeyPatch) -> Issue:
    """Compose an issue with two subjects for twelve readers: four, four, and four who wait."""
    small_trials(monkeypatch)
    addresses = readers(12)
    # Their own links name them; everybody else's are everybody's.
    Subscriber.objects.filter(address=addresses[0]).update(tracking_allowed=True)
    issue = factories.issue(subject=FIRST)
    Issue.objects.filter(pk=issue.pk).update(second_subject=SECOND, counts_clicks=True)
    issue.refresh_from_db()
    trials.choose(issue, Issue.FirstWave.SUBJECTS)
    return issue


def begun(draft: Issue, provider: Provider) -> Dispatch:
    """Send it to the first, and begin to wait."""
    dispatch = control.start(draft, now=timezone.now())
    planner.plan(dispatch.pk, ring=lambda _id: None)
    sender.drain(dispatch.pk, provider)
    # A click within seconds of the mail being accepted would be a machine's.
    Delivery.objects.update(at=timezone.now() - timedelta(minutes=1))
    deciding.look(now=timezone.now())
    return dispatch


def click(boxes: Mailboxes, subject: str, times: int, headers: dict[str, str]) -> None:
    """Follow a link of the copies with a subject so many times, and fold."""
    links = [boxes.links[each] for each, got in boxes.subjects.items() if got == subject]
    for number in range(times):
        assert Client().get(links[number % len(links)], headers=headers).status_code == 302
    apply.fold(now=timezone.now() + timedelta(minutes=5))


def decided(dispatch: Dispatch, provider: Provider) -> Trial:
    """Let the time be over, and send to the rest."""
    Trial.objects.update(decide_at=timezone.now())
    deciding.look(now=timezone.now())
    deciding.look(now=timezone.now())
    sender.drain(dispatch.pk, provider)
    return Trial.objects.get()


def test_the_rest_gets_the_subject_that_people_clicked_on(draft: Issue) -> None:
    dispatch = begun(draft, boxes := Mailboxes())
    assert Counter(boxes.subjects.values()) == {FIRST: 4, SECOND: 4}
    click(boxes, SECOND, 3, _PERSON)
    click(boxes, FIRST, 1, _PERSON)
    click(boxes, FIRST, 5, _MACHINE)
    # What another dispatch's copies did tells nothing of these.
    other, batch = Dispatch.objects.get(), Batch.objects.filter(wave=0)[0]
    other.pk, other.kind, other.state = None, Dispatch.Kind.MISSED, Dispatch.State.FINISHED
    other.save(force_insert=True)
    batch.pk, batch.dispatch, batch.accepted = None, other, 50
    batch.save(force_insert=True)
    edition = Edition.objects.get()
    edition.pk = None
    edition.save(force_insert=True)
    for variant in EditionVariant.objects.filter(key__endswith=";subject=b"):
        variant.pk, variant.edition = None, edition
        variant.save(force_insert=True)
    trial = decided(dispatch, boxes)
    batch.delete()
    assert Counter(boxes.subjects.values()) == {FIRST: 4, SECOND: 8}
    told = {name: trial.figures[name] for name in ("copies_a", "clicks_a", "copies_b", "clicks_b")}
    assert told == {"copies_a": 4, "clicks_a": 1, "copies_b": 4, "clicks_b": 3}
    assert (trial.winner, trial.state) == ("b", "passed")
    assert once(boxes.received)
    assert invariants.violations() == []
    # Whose the clicks were stays unknown, and they are told apart by the place of the link alone.
    assert not Event.objects.exclude(subscriber_id=None).exclude(
        subscriber_id=Subscriber.objects.get(tracking_allowed=True).pk
    )
    assert set(Link.objects.values_list("arm", flat=True)) == {"a", "b"}


def test_the_web_and_new_readers_are_told_the_subject_that_most_got(
    client: Client, draft: Issue
) -> None:
    def told() -> list[bool]:
        latest = lifecycle.latest_issue(draft.newsletter)
        assert latest is not None
        pages = [client.get(path).content.decode() for path in (draft.get_absolute_url(), "/")]
        pages += [client.get("/issues/").content.decode(), latest.subject]
        return [SECOND in each and FIRST not in each for each in pages]

    dispatch = begun(draft, boxes := Mailboxes())
    assert not any(told())
    click(boxes, SECOND, 5, _PERSON)
    decided(dispatch, boxes)
    assert all(told())


@pytest.mark.parametrize(("first", "second"), [(2, 2), (0, 2), (3, 0)])
def test_a_tie_and_too_few_clicks_are_for_the_first(draft: Issue, first: int, second: int) -> None:
    dispatch = begun(draft, boxes := Mailboxes())
    click(boxes, FIRST, first, _PERSON)
    click(boxes, SECOND, second, _PERSON)
    assert decided(dispatch, boxes).winner == "a"
    assert Counter(boxes.subjects.values()) == {FIRST: 8, SECOND: 4}


def test_whoever_is_tried_again_or_was_missed_gets_what_is_theirs(draft: Issue) -> None:
    later = Mailboxes()
    later.answer = lambda copy: (DEFERRED, "450 later") if copy.subscriber_id % 4 else 1
    dispatch = begun(draft, later)
    before = dict(later.subjects)
    Delivery.objects.filter(outcome=DEFERRED).update(next_at=timezone.now())
    again = Mailboxes()
    sender.drain(dispatch.pk, again)
    assert again.subjects
    assert all(before[reader] == subject for reader, subject in again.subjects.items())
    click(again, SECOND, 3, _PERSON)
    refusing = Mailboxes()
    refusing.answer = lambda _copy: (REJECTED, "550 no")
    assert decided(dispatch, refusing).winner == "b"
    assert set(refusing.subjects.values()) == {SECOND}
    Dispatch.objects.update(state=Dispatch.State.FINISHED)
    for start in (control.start_missed, control.start_correction):
        follows = start(draft, now=timezone.now())
        planner.plan(follows.pk, ring=lambda _id: None)
        sender.drain(follows.pk, boxes := Mailboxes())
        assert set(boxes.subjects.values()) == {SECOND}
        Dispatch.objects.update(state=Dispatch.State.FINISHED)


def test_two_subjects_are_guarded_like_a_canary(draft: Issue) -> None:
    refusing = Mailboxes()
    refusing.answer = lambda _copy: (REJECTED, "550 no")
    begun(draft, refusing)
    trial = Trial.objects.select_related("dispatch").get()
    assert (trial.state, trial.dispatch.state, trial.winner) == ("halted", "paused", "")
    deciding.overrule(trial, by="olivia", now=timezone.now())
    assert Trial.objects.get().winner == "a"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"second_subject": ""}, "no two subjects"),
        ({"second_subject": FIRST}, "no two subjects"),
        ({"counts_clicks": False}, "does not count them"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_sentence(
    draft: Issue, change: dict[str, str | bool], sentence: str
) -> None:
    Issue.objects.filter(pk=draft.pk).update(**change)
    draft.refresh_from_db()
    with pytest.raises(control.DispatchRefusedError, match=sentence):
        control.start(draft, now=timezone.now())
    assert not Dispatch.objects.exists()


def test_sent_to_everybody_at_once_the_second_subject_is_nobodys(draft: Issue) -> None:
    trials.choose(draft, Issue.FirstWave.NOBODY)
    dispatch = begun(draft, boxes := Mailboxes())
    assert Counter(boxes.subjects.values()) == {FIRST: 12}
    assert not dispatch.edition.variants.filter(key__contains="subject")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"second_subject": ""}, "^There are no two subjects to try. Write a second one"),
        ({"second_subject": FIRST}, "^There are no two subjects to try. Write a second one"),
        (
            {"counts_clicks": False},
            "^Two subjects are compared by clicks, .*count clicks, or send it to everybody",
        ),
    ],
)
def test_what_cannot_be_compared_is_not_tried_and_it_is_said_why(
    draft: Issue, values: dict[str, Any], said: str
) -> None:
    Issue.objects.update(**values)
    draft.refresh_from_db()

    with pytest.raises(control.DispatchRefusedError, match=said):
        control.start(draft, now=timezone.now())


def test_two_subjects_have_a_share_and_a_time_of_their_own(
    draft: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "subject_share", lambda readers: readers / 100)

    trial = trials.wanted(draft, now=timezone.now())

    assert trial
    assert (trial.kind, trial.share, trial.minutes) == (Issue.FirstWave.SUBJECTS, 0.12, 240)
