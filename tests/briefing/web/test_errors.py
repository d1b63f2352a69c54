"""Pages for when something is wrong: they say what to do next, and need nothing that may be broken."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.views.defaults import permission_denied, server_error
from pytest_django import DjangoAssertNumQueries

from tests import factories

pytestmark = pytest.mark.django_db


def test_a_broken_page_asks_the_database_for_nothing(
    rf: RequestFactory, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = server_error(rf.get("/"))
    text = response.content.decode()
    assert response.status_code == 500
    assert "Something broke on our side" in text
    assert 'href="/"' in text


def test_an_address_that_is_not_there_offers_ways_on(client: Client) -> None:
    factories.article()
    response = client.get("/nothing/of/this/kind/")
    assert response.status_code == 404
    text = response.content.decode()
    assert "Nothing is published at this address" in text
    assert 'href="/topics/automation/"' in text


def test_a_refusal_says_what_it_means(rf: RequestFactory) -> None:
    response = permission_denied(rf.get("/"), PermissionDenied())
    assert response.status_code == 403
    assert "You may not open this page" in response.content.decode()
