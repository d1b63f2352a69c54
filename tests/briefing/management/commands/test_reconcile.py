"""`manage.py reconcile`, as an operator calls it."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from subscribers import suppression
from tests.briefing.reconciling.conftest import Providers, provider
from tests.briefing.transports.anymail.server import Response
from tests.subscribers import making

pytestmark = pytest.mark.django_db

__all__ = ["provider"]


def reconcile(**options: Any) -> str:
    out = StringIO()
    call_command("reconcile", stdout=out, **options)
    return out.getvalue()


def test_it_compares_mends_and_says_what_it_found(provider: Providers) -> None:
    making.subscription("anna@list.example")
    provider(listed=[("anna@list.example", "complained"), ("stranger@list.example", "bounced")])
    said = reconcile()
    assert "2 entries read, 1 of nobody we know" in said
    assert suppression.is_suppressed("anna@list.example")
    assert "anna" not in said
    assert reconcile(list=True).splitlines()[0].startswith("postmark")


def test_it_ends_with_1_when_a_comparison_was_given_up(provider: Providers) -> None:
    fake = provider()
    assert fake.api is not None
    fake.api.script.append(Response(401, {}))
    with pytest.raises(CommandError, match="given up"):
        reconcile()


def test_without_a_provider_it_says_which_can_be_asked() -> None:
    with pytest.raises(CommandError, match="postmark"):
        reconcile()
