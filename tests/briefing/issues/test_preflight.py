"""The gate: each rule has an issue that fails it, and says how to mend that."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from briefing.archive import linkcheck
from briefing.issues import compiling, preflight, seconding
from briefing.models import Article, AuditEntry, Issue, Source, User
from tests import factories
from tests.factories import article, issue, newsletter, subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def sound() -> Issue:
    """Compose an issue that nothing is wrong with, and send a test of it."""
    factories.noise()
    subscription("reader@example.org")
    made = issue(newsletter(), [article()], preheader="And what comes next")
    tried(made)
    return made


def tried(made: Issue) -> None:
    AuditEntry.objects.create(
        at=timezone.now() + timedelta(minutes=1),
        act="issue.test",
        subject="briefing.issue",
        subject_id=str(made.pk),
    )


def found(made: Issue) -> dict[str, bool]:
    """Return rule -> whether it blocks, of everything found."""
    made = Issue.objects.select_related("newsletter").get(pk=made.pk)
    return {each.name: each.blocks for each in preflight.findings(made, now=timezone.now())}


def without_articles(made: Issue) -> None:
    made.items.all().delete()


def with_a_draft(_made: Issue) -> None:
    Article.objects.update(status=Article.Status.WITHDRAWN)


def with_tomorrows_article(_made: Issue) -> None:
    Article.objects.update(published_at=timezone.now() + timedelta(days=1))


def with_an_undescribed_picture(_made: Issue) -> None:
    Article.objects.update(image="articles/a-1f2e3d4c-1600x900.png", image_credit="Mina Ito")


def with_an_uncredited_picture(_made: Issue) -> None:
    Article.objects.update(image="articles/a-1f2e3d4c-1600x900.png", image_alt="A crane.")


def with_an_unknown_expression(made: Issue) -> None:
    Issue.objects.filter(pk=made.pk).update(intro="Hello {{ surname }}.")


def without_a_subject(made: Issue) -> None:
    Issue.objects.filter(pk=made.pk).update(subject=" ")


def without_a_postal_address(made: Issue) -> None:
    type(made.newsletter).objects.update(postal_address="")


def that_is_too_long(made: Issue) -> None:
    # It sends the whole text of the introduction and of no article.
    Issue.objects.filter(pk=made.pk).update(intro="A plant in Nagoya. " * 6000)


def with_a_dead_source(_made: Issue) -> None:
    Source.objects.update(check_result=linkcheck.GONE, checked_at=timezone.now())


def without_a_preheader(made: Issue) -> None:
    Issue.objects.filter(pk=made.pk).update(preheader="")


def with_an_article_sent_before(made: Issue) -> None:
    earlier = issue(made.newsletter, list(made.articles.all()))
    Issue.objects.filter(pk=earlier.pk).update(status=Issue.Status.PUBLISHED)


def changed_since_its_test(made: Issue) -> None:
    changed = Issue.objects.get(pk=made.pk)
    changed.history.update(history_date=timezone.now() + timedelta(hours=1))


BAD: list[tuple[Callable[[Issue], None], str, bool]] = [
    (without_articles, "articles", True),
    (with_a_draft, "unpublished", True),
    (with_tomorrows_article, "embargo", True),
    (with_an_undescribed_picture, "picture", True),
    (with_an_uncredited_picture, "picture", True),
    (with_an_unknown_expression, "expression", True),
    (without_a_subject, "subject", True),
    (without_a_postal_address, "postal address", True),
    (that_is_too_long, "size", False),
    (with_a_dead_source, "dead links", False),
    (without_a_preheader, "preheader", False),
    (with_an_article_sent_before, "again", False),
    (changed_since_its_test, "test", False),
]


def test_a_sound_issue_passes(sound: Issue) -> None:
    assert found(sound) == {}


@pytest.mark.parametrize(("spoil", "name", "blocks"), BAD, ids=[case[0].__name__ for case in BAD])
def test_what_is_wrong_is_found_and_said(
    sound: Issue, spoil: Callable[[Issue], None], name: str, *, blocks: bool
) -> None:
    spoil(sound)
    assert found(sound)[name] == blocks
    made = Issue.objects.select_related("newsletter").get(pk=sound.pk)
    for each in preflight.findings(made, now=timezone.now()):
        assert str(each.what).endswith(".")
        assert str(each.mend).endswith(".")


def test_an_article_that_is_public_when_the_issue_goes_out_is_public_enough(sound: Issue) -> None:
    with_tomorrows_article(sound)
    Issue.objects.update(send_at=timezone.now() + timedelta(days=2))
    assert "embargo" not in found(sound)


def test_what_goes_out_by_itself_is_what_the_second_person_approved(
    sound: Issue, settings: Settings
) -> None:
    subscription("second@example.org")
    settings.SECOND_PERSON_ABOVE = 1
    Issue.objects.update(send_at=timezone.now() + timedelta(days=2), scheduled_by="olivia")
    assert "second person" in found(sound)
    made = Issue.objects.get()
    for name in ("olivia", "paul"):
        AuditEntry.objects.create(
            at=timezone.now(),
            act=seconding.ACT,
            actor=User.objects.create_user(name),
            subject="briefing.issue",
            subject_id=str(made.pk),
            detail={"content": seconding.fingerprint(made, "main")},
        )
        assert ("second person" in found(sound)) is (name == "olivia")
    Article.objects.update(body="A comma, mended.")
    assert "second person" not in found(sound)
    Article.objects.update(headline="Something nobody has seen")
    assert "second person" in found(sound)


def test_a_test_of_another_issue_is_no_test_of_this_one(sound: Issue) -> None:
    other = issue(sound.newsletter, [article("Another one")], preheader="And so on")
    assert "test" in found(other)


def test_too_many_variants_block(sound: Issue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "MAX_VARIANTS", 0)
    assert found(sound)["variants"]


def test_what_blocks_comes_first(sound: Issue) -> None:
    without_a_preheader(sound)
    without_a_subject(sound)
    assert list(found(sound).values()) == sorted(found(sound).values(), reverse=True)
