"""Settings of a copy with one more address, `/hello/`; see hello_urls.py."""

from briefing.settings import *  # noqa: F403  a copy's own settings, with other addresses

ROOT_URLCONF = "tests.benchmarks.hello_urls"
