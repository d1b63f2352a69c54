"""Over TLS the same holds: nothing leaves before the server is trusted, and what left may be taken."""

import ssl
from pathlib import Path

import pytest
import trustme

from briefing.dispatch.outcome import ACCEPTED, UNKNOWN
from briefing.transports.base import Group
from tests.briefing.transports.anymail.conftest import RouteTo
from tests.briefing.transports.anymail.server import Garbled


def outcomes(group: Group) -> list[int | None]:
    """Return the outcomes of a group, in order."""
    return [copy.outcome for copy in group.copies]


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    """An authority of this test's own."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    return made


def _server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_over_tls_the_same_holds(
    route_to: RouteTo, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    route = route_to("postmark", tls=_server_context(authority))
    for first in (0, 200):
        group = route.hand_over(route.copies(200, first=first))
        assert outcomes(group) == [ACCEPTED] * 200
    assert route.api.connections == 1


@pytest.mark.parametrize("name", ["amazon_ses", "postmark"])
def test_a_certificate_that_is_not_trusted_gives_the_group_back(
    route_to: RouteTo, authority: trustme.CA, name: str
) -> None:
    route = route_to(name, tls=_server_context(authority))
    group = route.hand_over(route.copies(2))
    assert outcomes(group) == [None, None]
    assert not any(copy.started for copy in group.copies)
    assert "cert" in (group.copies[0].code or "").lower()
    # boto3 tells of a departure before it connects; that is taken back.
    assert route.watcher.notes == ([] if name == "postmark" else [("started", 0), ("started", 1)])


@pytest.mark.parametrize("name", ["amazon_ses", "postmark"])
def test_when_tls_breaks_behind_a_call_nobody_knows_what_became_of_it(
    route_to: RouteTo,
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    for variable in ("REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE"):
        monkeypatch.setenv(variable, str(tmp_path / "authority.pem"))
    route = route_to(name, tls=_server_context(authority))
    route.api.script.append(Garbled())
    group = route.hand_over(route.copies(2))
    assert outcomes(group) == [UNKNOWN, UNKNOWN]
    assert all(copy.started for copy in group.copies)
    assert len(route.api.requests) == 1
