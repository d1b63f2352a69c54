"""The form on other people's pages: framed there and nowhere else, or plain and posted to ours."""

import html
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.test import Client
from django.urls import reverse

from subscribers.models import SignupRequest, Topic
from tests.accessibility import assert_accessible
from tests.chromium import Visit
from tests.subscribers import making
from tests.subscribers.test_signup_journey import fill_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _newsletters() -> None:
    making.newsletter()
    making.newsletter("robots-at-sea", name="Robots at Sea")
    making.newsletter("closed", name="Closed", open_to_signup=False)
    making.notice()
    Topic.objects.create(slug="china", name="China")


@pytest.fixture
def elsewhere() -> Iterator[Callable[[str], str]]:
    """Put a page of somebody else's on a server of its own; return its address."""
    pages: list[bytes] = []

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(pages[0])

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def show(code: str) -> str:
        pages.append(f"<!doctype html><link rel=icon href=data:,><title>-</title>{code}".encode())
        return f"http://127.0.0.1:{server.server_port}/"

    yield show
    server.shutdown()
    server.server_close()


def test_only_the_embedded_form_may_be_framed(client: Client) -> None:
    framed = client.get(reverse("embed"))
    assert "frame-ancestors *" in framed["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed

    for name in ("signup", "signup-done", "embed-instructions"):
        page = client.get(reverse(name))
        assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
        assert page["X-Frame-Options"] == "DENY"


def test_the_embedded_form_needs_no_cookie_and_opens_its_answer_outside_the_frame(
    client: Client,
) -> None:
    page = client.get(reverse("embed"), {"newsletter": "robots-at-sea", "topics": "china"})

    content = page.content.decode()
    assert not page.cookies
    assert "public" in page["Cache-Control"]
    assert '<base target="_blank">' in content
    assert 'name="newsletter" value="robots-at-sea"' in content
    assert 'name="topics" value="china"' in content
    assert "The signup wording." in content


@pytest.mark.parametrize("slug", ["closed", "unknown"])
def test_what_takes_no_readers_has_no_form(client: Client, slug: str) -> None:
    for name in ("embed", "embed-instructions"):
        assert client.get(reverse(name), {"newsletter": slug}).status_code == 404


def test_a_signup_from_a_frame_is_told_apart(client: Client) -> None:
    client.post(
        reverse("signup"),
        fill_in(newsletter="robots-at-sea", topics=["china"], form="embed"),
        headers={"Referer": "http://testserver/embed/?utm_source=partner"},
    )

    asked = SignupRequest.objects.get()
    assert (asked.form, asked.page, asked.source) == ("embed", "/embed/", {"utm_source": "partner"})
    assert asked.topics == ["china"]


def test_the_plain_form_leads_to_ours_which_asks_for_the_press(client: Client) -> None:
    page = client.get(reverse("embed-instructions"), {"newsletter": "robots-at-sea"})
    areas = re.findall(r"<textarea[^>]*>(.*?)</textarea>", page.content.decode(), re.DOTALL)
    frame, plain = map(html.unescape, areas)
    assert "/embed/?newsletter=robots-at-sea" in frame
    assert 'action="http://testserver/signup/"' in plain
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', plain))

    shown = client.post(
        reverse("signup"),
        {**fields, "email": "anna@example.com"},
        headers={
            "Origin": "https://elsewhere.example",
            "Sec-Fetch-Site": "cross-site",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
            "Sec-Fetch-User": "?1",
        },
    )

    assert shown.status_code == 200
    assert b"Please press the button once more." in shown.content
    assert b'value="anna@example.com"' in shown.content
    assert not SignupRequest.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_person_signs_up_in_somebody_elses_page(
    visit: Visit, site: str, elsewhere: Callable[[str], str]
) -> None:
    page = visit(viewport=(320, 900))
    page.goto(reverse("embed-instructions"))
    assert_accessible(page)
    code = page.get_by_label("Code of the frame").input_value()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320

    page.goto(elsewhere(code))
    box = page.frame_locator("iframe")
    box.get_by_label("Your email address").fill("anna@example.com")
    page.wait_for_timeout(2100)
    with page.expect_popup() as opened:
        box.get_by_role("button", name="Sign up").click()
    opened.value.get_by_role("heading", name="Look into your mailbox").wait_for()

    assert SignupRequest.objects.get().form == "embed"


@pytest.mark.django_db(transaction=True)
def test_a_person_without_javascript_signs_up_by_the_plain_form_elsewhere(
    visit: Visit, site: str, elsewhere: Callable[[str], str]
) -> None:
    page = visit(javascript=False, viewport=(1440, 900))
    page.goto(reverse("embed-instructions"))
    code = page.get_by_label("Code of the form").input_value()

    page.goto(elsewhere(code))
    page.get_by_label("Your email address").fill("anna@example.com")
    page.get_by_role("button", name="Sign up").click()
    page.get_by_text("Please press the button once more.").wait_for()
    assert not SignupRequest.objects.exists()
    page.wait_for_timeout(2100)
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    page.get_by_role("heading", name="Look into your mailbox").wait_for()

    assert SignupRequest.objects.get().form == "elsewhere"
