"""A copy whose issues leave by a provider's fake that can be asked."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pytest_django import Settings

from briefing.reconciling.nightly import Pace
from tests.briefing.providers.fakes import Fake, asked

PACE = Pace(wait=lambda _seconds: None)
Providers = Callable[..., Fake]


@pytest.fixture
def provider(settings: Settings) -> Iterator[Providers]:
    """Let issues leave by a fake from now on; bulk alone unless told otherwise."""
    with ExitStack() as stack:

        def by(name: str = "postmark", *, account: str = "bulk", **values: Any) -> Fake:
            fake = stack.enter_context(asked(name, **values))
            settings.ANYMAIL = {**settings.ANYMAIL, **fake.settings()}
            url = f"anymail://{name.replace('_', '-')}"
            server = {"bulk": url, "fallback": "", "transactional": settings.EMAIL_URL}
            settings.MAIL_ACCOUNTS = (
                server if account == "bulk" else {**settings.MAIL_ACCOUNTS, account: url}
            )
            return fake

        yield by
