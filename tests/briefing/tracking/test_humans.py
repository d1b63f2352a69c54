"""People and machines are told apart as well as the report page says."""

from typing import Any

import pytest

from briefing.tracking import humans
from briefing.tracking.humans import Visit
from tests.briefing.tracking.telling import corpus, measure, visit

CHROME = {
    "user-agent": "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36",
    "accept-language": "en",
    "sec-fetch-mode": "navigate",
}

# As it asks for a picture when somebody reads; for a link it asks before it opens the browser.
OUTLOOK = (
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Trident/7.0; .NET4.0C; .NET4.0E; "
    "Microsoft Outlook 16.0.9029; ms-office; MSOffice 16)"
)


def test_precision_and_recall_over_the_labelled_requests(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = measure()
    with capsys.disabled():
        print(  # noqa: T201  the figures are what is asked for
            f"\npeople told from machines, {told.requests} requests: precision "
            f"{told.precision:.3f}, recall {told.recall:.3f}, "
            f"machines caught {told.machines_caught:.3f}"
        )
    assert told.requests >= 150
    assert told.precision >= 0.95
    assert told.recall >= 0.93
    assert told.machines_caught >= 0.95


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        ("method", {"method": "HEAD"}),
        ("prefetch", {"headers": {**CHROME, "sec-purpose": "prefetch"}}),
        ("nameless", {"headers": {**CHROME, "user-agent": ""}}),
        ("proxy", {"what": "open", "headers": {"user-agent": "Mozilla/5.0"}}),
        ("scanner", {"headers": {**CHROME, "user-agent": "BarracudaCentral/1.0"}}),
        ("", {"what": "open", "headers": {"user-agent": OUTLOOK}}),
        ("scanner", {"headers": {**CHROME, "user-agent": OUTLOOK}}),
        ("scanner", {"what": "open", "headers": {"user-agent": "Mozilla/4.0 (MSOffice 16)"}}),
        ("program", {"headers": {**CHROME, "user-agent": "curl/8.5.0"}}),
        ("soon", {"seconds": 4.9}),
        ("burst", {"links": 3}),
        ("languages", {"headers": {**CHROME, "accept-language": ""}}),
        ("pretends", {"headers": {**CHROME, "sec-fetch-mode": ""}}),
        ("", {}),
        ("", {"seconds": 5.0, "links": 2}),
    ],
)
def test_each_rule_has_its_sign_and_its_edge(rule: str, changed: dict[str, Any]) -> None:
    about: dict[str, Any] = {"what": "click", "headers": CHROME, "seconds": 60.0} | changed
    assert humans.sign_of_machine(Visit(**about)) == rule


def test_every_rule_is_tried() -> None:
    signs = {humans.sign_of_machine(visit(request)) for request in corpus()}
    assert {rule.name for rule in humans.RULES} <= signs
