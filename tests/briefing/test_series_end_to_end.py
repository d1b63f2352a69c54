"""A welcome series by the real answers of publishing: Markdown, the great switch, a restored backup."""

from datetime import timedelta

import pytest
from django.utils import timezone

from briefing.dispatch import highwater, holding
from briefing.models import Fence
from briefing.transports import single
from subscribers import sending, series, steps
from subscribers.models import SeriesMail, Subscriber
from subscribers.ports import Answer, Mail
from subscribers.steps import Written
from tests.factories import newsletter
from tests.subscribers.making import confirmed

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> list[Mail]:
    """Take what is handed to the provider."""
    taken: list[Mail] = []

    def take(mail: Mail) -> Answer:
        taken.append(mail)
        return Answer("accepted")

    monkeypatch.setattr(single, "send", take)
    return taken


def _due() -> None:
    """Lay a series out whose first mail is due for one reader by now."""
    text = "Dear {{ name|reader }},\n\n- *first*\n- [second](https://example.org/)"
    steps.add(newsletter(), Written(1, "For {{ name|you }}", "", text), now=timezone.now())
    steps.switch_on(newsletter())
    confirmed("ada@example.org", now=timezone.now() - timedelta(days=1, minutes=1))


def _go_on() -> None:
    series.owe_due(now=timezone.now(), limit=10)
    sending.send_due()


def test_a_step_is_an_editors_markdown_with_the_readers_name_in_it(post: list[Mail]) -> None:
    _due()
    Subscriber.objects.update(name="Ada <b>*O*</b>")

    _go_on()

    (mail,) = (each for each in post if each.purpose == "step")
    assert mail.subject == "For Ada <b>*O*</b>"
    assert "Dear Ada &lt;b&gt;*O*&lt;/b&gt;," in mail.html
    assert "Dear Ada <b>*O*</b>," in mail.text
    assert "<em>first</em>" in mail.html
    assert "https://example.org/" in mail.text


def test_while_everything_is_held_nothing_is_given_and_afterwards_it_is(post: list[Mail]) -> None:
    _due()
    holding.hold("a person said so", now=timezone.now())

    _go_on()
    assert not SeriesMail.objects.exists()
    holding.let_go(now=timezone.now())
    _go_on()

    assert [each.purpose for each in post].count("step") == 1


def test_a_backup_brought_back_does_not_give_what_the_lost_copy_may_have_given(
    post: list[Mail],
) -> None:
    _due()
    Fence.objects.get_or_create(pk=1)
    highwater.raise_to(500, timezone.now())

    assert "backup" in holding.guard(now=timezone.now())
    holding.let_go(now=timezone.now())
    _go_on()

    assert "step" not in {each.purpose for each in post}
    assert SeriesMail.objects.get().outcome == "unknown"
    assert steps.of(newsletter())[0].unknown == 1
