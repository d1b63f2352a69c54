"""What every form asks for is remembered for a second, and nothing that failed is."""

from collections import OrderedDict

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from subscribers import consent, lately
from subscribers.consent import NoticeMissingError
from subscribers.forms import SignupForm
from tests.subscribers import making

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _remembering(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PAGE_CACHE_SECONDS = 60
    monkeypatch.setattr(lately, "_kept", OrderedDict())


def test_a_second_signup_asks_for_nothing_that_the_first_has_found(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    typed = {
        "newsletter": making.newsletter().slug,
        "notice": making.notice().pk,
        "email": "a@b.example",
    }
    assert SignupForm(typed).is_valid()
    with django_assert_num_queries(0):
        filled = SignupForm(typed | {"email": "c@d.example"})
        assert filled.is_valid()
    assert filled.cleaned_data["newsletter"] == making.newsletter()
    assert not SignupForm(typed | {"newsletter": "made-up"}).is_valid()


def test_a_new_wording_counts_when_the_old_one_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(NoticeMissingError):
        consent.current_notice("signup", locale="en")
    first = making.notice()
    assert consent.current_notice("signup", locale="en") == first
    second = making.notice(version=2, text="Another wording.")
    assert consent.current_notice("signup", locale="en") == first
    monkeypatch.setattr(lately, "_kept", OrderedDict())
    assert consent.current_notice("signup", locale="en") == second


def test_what_visitors_send_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: OrderedDict[object, object] = OrderedDict()
    monkeypatch.setattr(lately, "_kept", kept)
    for number in range(1000):
        lately.recall(number, lambda: "found")
    assert len(kept) <= 100
