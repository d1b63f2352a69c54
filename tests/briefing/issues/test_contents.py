"""What a mail says of an article."""

import pytest

from briefing.issues import contents
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_mail_shows_the_size_that_every_client_can_show() -> None:
    taken = factories.article("Taken", image="articles/a-1f2e3d4c-1600x900.png")
    bare = factories.article("Bare")
    shown = contents.read(factories.issue(articles=[taken, bare])).entries()
    assert [entry.image_url for entry in shown] == [
        "http://testserver/media/articles/a-1f2e3d4c-1600x900.w1200.jpg",
        "",
    ]
