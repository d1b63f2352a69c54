"""Whatever readers are called and editors write, each provider reads back exactly that."""

import json
import re
import subprocess
import sys
from html import escape

import pytest
import requests
from django.test import override_settings
from hypothesis import example, given
from hypothesis import strategies as st

from briefing.transports.anymail.encoding import (
    carriable,
    constant,
    display_name,
    encoder,
    inert,
)
from briefing.transports.anymail.message import MARKED_DOMAIN
from briefing.transports.anymail.transport import AnymailTransport
from briefing.transports.base import Slots, VariantContent
from briefing.transports.capabilities import CAPABILITIES, Capability
from briefing.transports.headers import clean
from tests.briefing.transports.anymail.conftest import Route, RouteTo
from tests.briefing.transports.anymail.server import Request, Response
from tests.briefing.transports.messages import (
    BODY_SLOTS,
    SENDER,
    addresses,
    reader,
    segments,
    texts,
    variant,
)

tokens = st.text("ABCXYZabcxyz0189-_", min_size=1, max_size=120)


def _carried(text: str, capability: Capability) -> str:
    """What a provider must read where an editor wrote this."""
    return inert(text, re.compile(capability.templating)) if capability.templating else text


def _call(route: Route, content: VariantContent, *readers: Slots) -> Request:
    """Return the request of a call, without sending it."""
    composer = route.transport.composer(content, SENDER)
    copies = [composer.build(each) for each in readers]
    form = copies[0].form
    body = b"".join(form.layout.body([each.parts for each in copies]))
    if route.provider.name == "amazon_ses":
        signed = {"authorization": "Credential=key/"}
        return Request("/v2/email/outbound-bulk-emails", signed, body, 1)
    prepared = requests.Request(**form.request).prepare()
    headers = {name.lower(): str(value) for name, value in prepared.headers.items()}
    return Request(prepared.path_url, headers, body, 1)


def _filled(parts: list[str], slots: Slots, capability: Capability, *, html: bool) -> str:
    words = [_carried(part, capability) for part in parts]
    for index in range(1, len(parts), 2):
        value = _carried(clean(slots.values[parts[index]]), capability)
        words[index] = escape(value) if html else value
    return "".join(words)


def _storable(content: VariantContent) -> bool:
    """Halves of surrogate pairs cannot come out of a database."""
    parts = [*content.subject, *(content.html or []), *content.text]
    return not any("\ud800" <= char <= "\udfff" for part in parts for char in part)


contents = st.builds(
    variant,
    subject=segments(BODY_SLOTS, "Robots"),
    html=segments(BODY_SLOTS, "Hello"),
    text=segments(BODY_SLOTS, "Hello"),
).filter(_storable)


@given(content=contents, name=texts, address=addresses, token=tokens)
@example(
    content=variant(html=["Dear ", "name|there", "!"]), name="{{{", address="a@b.example", token="T"
)
@example(content=variant(html=["{", "name|there", "%"]), name="{", address="a@b.example", token="T")
def test_every_provider_reads_back_what_was_written(
    routes: list[Route], content: VariantContent, name: str, address: str, token: str
) -> None:
    """The same examples for all of them: to think them up takes longer than to try them."""
    slots = reader(name=name, address=address, token=token)
    for route in routes:
        _assert_read_back(route, content, slots)


def _assert_read_back(route: Route, content: VariantContent, slots: Slots) -> None:
    capability = CAPABILITIES[route.provider.name]
    other = reader(name="Somebody Else", address="somebody@else.example", token="OTHER")
    both = (slots,) if route.provider.single else (slots, other)
    mail = route.provider.read(_call(route, content, *both))[0]
    subject = [" ".join(clean(part.replace("\n", " ")).split(" ")) for part in content.subject]
    subject[1::2] = content.subject[1::2]
    name = route.provider.name
    assert mail.subject == _filled(subject, slots, capability, html=False), name
    assert mail.text == _filled(content.text, slots, capability, html=False), name
    assert mail.html == _filled(content.html or [], slots, capability, html=True), name
    shown = display_name(slots.name, ascii_only=capability.ascii_names)
    assert mail.name.strip() == _carried(shown, capability).strip(), name
    assert mail.reference == slots.values["reference"], name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ada Noor", "Ada Noor"),
        ('Zoë "Z" Müller, PhD', "Zoë Z Müller PhD"),
        ("a@b.example", "a b example"),
        ("=?utf-8?q?boss?=", "utf-8?q?boss?="),
        ("Ada\r\nBcc: victim@mail.example", "AdaBcc victim mail example"),
        ("  , ;  ", ""),
        ("x" * 200, "x" * 70),
    ],
)
def test_a_display_name_needs_no_quoting(name: str, shown: str) -> None:
    assert display_name(name, ascii_only=False) == shown


def test_a_name_in_other_letters_is_left_out_where_the_provider_wants_ascii() -> None:
    assert display_name("Zoë", ascii_only=True) == ""
    assert display_name("Zoe", ascii_only=True) == "Zoe"


@pytest.mark.parametrize(
    ("form", "writing", "provider", "value", "written"),
    [
        ("plain", "json", "postmark", "Ada: a/b@c", b"Ada: a/b@c"),
        ("plain", "form", "mailgun", "Ada N: a/b@c", b"Ada+N%3A+a%2Fb%40c"),
        ("plain", "json in form", "mailgun", "Ada N: a/b@c", b"Ada+N%3A+a%2Fb%40c"),
        ("plain", "json", "postmark", '<"é\u202e', b'<\\"\\u00e9'),
        ("html", "json", "postmark", '<"é&', b"&lt;&quot;\\u00e9&amp;"),
        ("data html", "json", "sparkpost", "<{{", b"&lt;{ { "),
        ("plain", "form", "mailgun", '"é&', b"%22%C3%A9%26"),
        ("data html", "json in form", "mailgun", '"', b"%26quot%3B"),
        ("data plain", "json in form", "mailgun", '"', b"%5C%22"),
        # Amazon's is JSON in a string of JSON.
        ("data plain", "json", "amazon_ses", '"', b'\\\\\\"'),
        ("plain", "json", "amazon_ses", '"', b'\\"'),
        ("plain", "json", "postmark", "\ud800xé", b"x\\u00e9"),
    ],
)
def test_a_value_is_written_for_the_place_where_it_stands(
    form: str, writing: str, provider: str, value: str, written: bytes
) -> None:
    assert encoder(form, writing, CAPABILITIES[provider])(value) == written


def test_what_stands_between_values_is_percent_encoded_in_a_form_alone() -> None:
    assert constant('"A & B+": 5%', "json") == b'"A & B+": 5%'
    for writing in ("form", "json in form"):
        assert constant('"A & B+": 5%', writing) == b"%22A+%26+B%2B%22%3A+5%25"


@pytest.mark.parametrize(
    "address",
    [
        "ada@mail.example, victim@mail.example",
        "ada@mail.example>, <victim@mail.example",
        "ada @mail.example",
        "ada@mail.example\nBcc: victim@mail.example",
        '"ada"@mail.example',
        "ada",
        "ada@one@two.example",
        "ada;victim@mail.example",
        "",
    ],
)
def test_an_address_that_could_become_two_is_no_message(route_to: RouteTo, address: str) -> None:
    assert not carriable(address)
    composer = route_to("postmark").transport.composer(variant(), SENDER)
    with pytest.raises(ValueError, match="address"):
        composer.build(reader(address=address))


def test_an_ordinary_address_is_carried() -> None:
    assert carriable("o'brien+robots@xn--bcher-kva.example")


def test_the_reader_who_stands_for_all_is_in_no_call(route: Route) -> None:
    route.hand_over(route.copies(2))
    for request in route.api.requests:
        assert MARKED_DOMAIN.encode() not in request.body
        assert b"slot.invalid" not in request.body


def test_an_article_about_templates_stays_words(route: Route) -> None:
    words = "Write {{ name }}, {% if %}, {# no #}, %recipient.name% or *|NAME|*."
    route.hand_over(route.copies(1, content=variant(html=[words], text=[words])))
    (mail,) = route.mails()
    assert mail.text.replace(" ", "") == words.replace(" ", "")
    assert (mail.html or "").replace(" ", "") == words.replace(" ", "")


def test_a_reader_named_like_a_template_is_only_called_so(route: Route) -> None:
    capability = CAPABILITIES[route.provider.name]
    content = variant(html=["<p>", "name|there", "</p>"])
    slots = reader(name="{{ key }}{% if %}{# x #}%recipient.address%*|NAME|*{$key}")
    (mail,) = route.provider.read(_call(route, content, slots))
    for part in (mail.text, mail.html or ""):
        assert "key" in part
        assert not (capability.templating and re.search(capability.templating, part))


def test_a_key_is_the_same_for_the_same_call_and_for_no_other(route_to: RouteTo) -> None:
    keys = []
    for name, where in (("resend", ""), ("sparkpost", ""), ("brevo", "message")):
        route = route_to(name)
        for copies in (route.copies(3), route.copies(3), route.copies(2), route.copies(3, first=1)):
            route.hand_over(copies)
        for request in route.api.requests:
            headers = request.json["headers"] if where else request.headers
            keys.append(headers["idempotencyKey" if where else "idempotency-key"])
        same, again, fewer, others = keys[-4:]
        assert same == again
        assert len({same, fewer, others}) == 3
        assert route.api.requests[0].body == route.api.requests[1].body
    assert all(len(key) == 36 for key in keys)
    assert keys[:4] == keys[4:8] == keys[8:]


def test_a_replayed_call_gets_the_first_answer(route_to: RouteTo) -> None:
    route = route_to("resend")
    remembered: dict[str, Response] = {}
    usual = route.api.answer

    def once(request: Request) -> Response:
        return remembered.setdefault(request.headers["idempotency-key"], usual(request))

    route.api.answer = once
    first = route.hand_over(route.copies(2))
    second = route.hand_over(route.copies(2))
    assert [copy.reference for copy in first.copies] == [copy.reference for copy in second.copies]


_PRINT_BODY = """
import os, sys
import tests.environment
os.environ["DJANGO_SETTINGS_MODULE"] = "briefing.settings"
os.environ["DATABASE_URL"] = "sqlite://"
import django
django.setup()
from tests.briefing.transports.anymail.test_splicing import body_of_a_call
sys.stdout.buffer.write(body_of_a_call())
"""


def body_of_a_call() -> bytes:
    """Return what a call to SparkPost says, whose parts come from dictionaries and sets."""
    content = variant(subject=["For ", "name|there", ""], html=["<p>", "view_url", "</p>"])
    with override_settings(ANYMAIL={"SPARKPOST_API_KEY": "key"}):
        composer = AnymailTransport("sparkpost", timeout_seconds=5).composer(content, SENDER)
        copy = composer.build(reader())
    return b"".join(copy.form.layout.body([copy.parts]))


def test_a_call_is_the_same_bytes_in_another_process() -> None:
    other = subprocess.run(
        [sys.executable, "-c", _PRINT_BODY],
        env={"PYTHONHASHSEED": "1", "PATH": ""},
        capture_output=True,
        check=True,
    ).stdout
    assert json.loads(other)["recipients"]
    assert other == body_of_a_call()
