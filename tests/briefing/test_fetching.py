"""Other people's servers are asked; our own network never is."""

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme

from briefing import fetching
from briefing.fetching import Answer, FetchError, Rules, fetch
from tests.briefing.transports.tls import trusting, with_certificate

AGENT = "Tests"


class Handler(BaseHTTPRequestHandler):
    """Answers by the path that is asked for."""

    def do_GET(self) -> None:
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
        elif self.path == "/slow":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            for _ in range(50):
                self.wfile.write(b"X: x\r\n")
                time.sleep(0.1)  # a server that drips
        elif self.path == "/nonsense":
            self.wfile.write(b"no http\r\n\r\n")
        else:
            body = b"x" * 100_000 if self.path == "/large" else b"hello"
            self.send_response(404 if self.path == "/gone" else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(302 if self.path == "/moved" else 202)
        self.send_header("Location", "/hello")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A server on the internet, as the rules of these tests see it."""

    url: str
    rules: Rules


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    authority = trustme.CA()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = with_certificate(authority).wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    tls = trusting(authority)
    rules = Rules(allows=lambda _: True, ports=frozenset({port}), tls=tls, seconds=2.0)
    yield Elsewhere(f"https://localhost:{port}", rules)
    server.shutdown()
    server.server_close()


def reason(url: str, rules: Rules | None = None) -> str:
    with pytest.raises(FetchError) as caught:
        fetch(url, agent=AGENT, rules=rules)
    return caught.value.reason


def test_an_answer_has_its_status_place_and_beginning(elsewhere: Elsewhere) -> None:
    url = elsewhere.url
    assert fetch(f"{url}/a", agent=AGENT, rules=elsewhere.rules) == Answer(
        200, f"{url}/a", b"hello"
    )
    assert fetch(f"{url}/gone", agent=AGENT, rules=elsewhere.rules).status == 404
    large = fetch(f"{url}/large", agent=AGENT, rules=elsewhere.rules)
    assert len(large.body) == elsewhere.rules.max_bytes
    head = fetch(f"{url}/a", method="HEAD", agent=AGENT, rules=elsewhere.rules)
    assert head == Answer(200, f"{url}/a", b"")


def test_a_redirect_is_followed_and_looked_at(elsewhere: Elsewhere) -> None:
    url = elsewhere.url
    assert fetch(f"{url}/to//a", agent=AGENT, rules=elsewhere.rules).url == f"{url}/a"
    for bad in ("http://localhost/", "https://localhost:1/", "file:///etc/passwd", "gopher://x/"):
        assert reason(f"{url}/to/{bad}", elsewhere.rules) == "address"
    assert reason(f"{url}/to//to//to//to//to//to//to//a", elsewhere.rules) == "answer"


def test_a_form_is_posted_once_and_follows_no_redirect(elsewhere: Elsewhere) -> None:
    for path, status in (("/", 202), ("/moved", 302)):
        url = f"{elsewhere.url}{path}"
        answer = fetch(url, agent=AGENT, form={"hub.url": "a b&c"}, rules=elsewhere.rules)
        assert answer == Answer(status, url, b"hub.url=a+b%26c")


def test_a_redirect_into_our_own_network_is_not_followed(elsewhere: Elsewhere) -> None:
    inner = ipaddress.ip_address("10.0.0.1")
    rules = replace(elsewhere.rules, allows=lambda address: address != inner)
    port = elsewhere.url.rpartition(":")[2]
    assert reason(f"{elsewhere.url}/to/https://10.0.0.1:{port}/", rules) == "address"


def test_what_goes_wrong_is_told_apart(elsewhere: Elsewhere) -> None:
    rules = elsewhere.rules
    assert reason(f"{elsewhere.url}/nonsense", rules) == "answer"
    assert reason(elsewhere.url, replace(rules, tls=None)) == "tls"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert reason(f"https://localhost:{port}/", replace(rules, ports=frozenset({port}))) in {
        "connection",
        "time",
    }
    assert reason("https://nowhere.invalid/") == "name"


def test_a_server_that_drips_is_cut_off(elsewhere: Elsewhere) -> None:
    began = time.monotonic()
    with pytest.raises(FetchError):
        fetch(f"{elsewhere.url}/slow", agent=AGENT, rules=replace(elsewhere.rules, seconds=0.5))
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://example.org:8443/",
        "https://user@example.org/",
        "https:///path",
        "https://[::1",
        "ftp://example.org/",
        "javascript:alert(1)",
        "",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://127.1/",
        "https://0/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://10.1.2.3/",
        "https://192.168.0.1/",
        "https://172.16.0.1/",
        "https://[fe80::1%25eth0]/",
        "https://[fd00::1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
    ],
)
def test_our_own_network_is_never_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket, "create_connection", connect)
    assert reason(url) in {"address", "name"}


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(2, 1, 6, "", (ip, 443)) for ip in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    assert reason("https://example.org/") == "address"


def test_the_address_that_was_looked_at_is_the_one_that_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[object] = []

    def answers() -> Iterator[str]:
        yield "93.184.216.34"
        while True:
            yield "127.0.0.1"

    rebinding = answers()
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", (next(rebinding), 443))]
    )

    def connect(address: tuple[str, int], *_: object) -> None:
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    assert reason("https://example.org/") == "connection"
    assert asked == [("93.184.216.34", 443)]


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_public_addresses_may_be_asked(address: str) -> None:
    allows: Callable[[fetching.IpAddress], bool] = Rules().allows
    assert allows(ipaddress.ip_address(address))
