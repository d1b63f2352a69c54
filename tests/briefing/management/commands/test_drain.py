"""Sending without a broker, by hand."""

import signal

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.django_db


def test_whoever_calls_it_has_the_signals_back() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]

    call_command("drain")

    assert [signal.getsignal(number) for number in numbers] == before
