"""People who sign up at the web server while things are broken, and how long each of them waits."""

import http.client
import statistics
import time
from urllib.parse import urlencode

from subscribers import links
from tests.factories import newsletter

_PATH = "/signup/"


def post(port: int, *, first: int, number: int) -> list[float]:
    """Sign up so many people, each from a network of their own; returns each one's seconds.

    Raises: AssertionError when somebody is not told what happens next.
    """
    stamp = links.make("stamp", links.now() - 60)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    waited: list[float] = []
    for each in range(first, first + number):
        body = urlencode(
            {
                "newsletter": newsletter().slug,
                "email": f"visitor{each}@mail.example",
                "stamp": stamp,
            }
        )
        headers = {
            "Host": "localhost",
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Forwarded-For": f"10.{each >> 16 & 255}.{each >> 8 & 255}.{each & 255}",
        }
        began = time.perf_counter()
        connection.request("POST", _PATH, body, headers)
        answer = connection.getresponse()
        answer.read()
        waited.append(time.perf_counter() - began)
        assert answer.status == 302, f"{answer.status} for a signup"
    connection.close()
    return waited


def p99_ms(seconds: list[float]) -> float:
    """Return what 99 of 100 people waited no longer than, in milliseconds."""
    return statistics.quantiles(seconds, n=100)[98] * 1000
