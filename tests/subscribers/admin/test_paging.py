"""Long lists are counted up to a limit."""

import pytest

from subscribers.admin.paging import BoundedPaginator
from subscribers.models import Topic


class Short(BoundedPaginator):
    limit = 3


@pytest.fixture
def topics(db: None) -> None:
    Topic.objects.bulk_create(Topic(slug=f"t{number}", name=f"T{number}") for number in range(5))


def test_a_short_list_is_counted_exactly(topics: None) -> None:
    paginator = BoundedPaginator(Topic.objects.order_by("pk"), 2)

    assert paginator.count == 5
    assert not paginator.exceeded
    assert paginator.about is None


def test_a_long_list_ends_at_the_limit_and_says_about_how_long_it_is(topics: None) -> None:
    paginator = Short(Topic.objects.order_by("pk"), 2)

    assert paginator.count == 3
    assert paginator.num_pages == 2
    assert paginator.exceeded


@pytest.mark.parametrize("limit_reached_by", ["slug__startswith", "name__startswith"])
def test_a_filtered_list_is_never_estimated(topics: None, limit_reached_by: str) -> None:
    rows = Topic.objects.filter(**{limit_reached_by: "t"}).order_by("pk")

    assert Short(rows, 2).about is None
