"""Readers, newsletters and texts as they must never trip a message, and what Django makes of them."""

from collections.abc import Iterable
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from html import escape

from django.core.mail import EmailMultiAlternatives
from hypothesis import strategies as st

from briefing.transports.base import Sender, Slots, VariantContent
from briefing.transports.headers import clean
from briefing.transports.wire import WireComposer

SENDER = Sender(
    newsletter_name="The Robotics Briefing",
    newsletter_slug="robotics-briefing",
    from_name="The Robotics Briefing",
    from_address="desk@briefing.example",
    reply_to="editors@briefing.example",
    unsubscribe_address="unsubscribe@briefing.example",
)
TOKEN = "AQAAAAAAAAAHAAAAAdn2S5_wV-qQk5x0yqLr7H7oyq3uQkPzQ0Y8sK1tGm2bXw"
# What has broken somebody's mail before: line ends, dots, codes, quotes, other directions, halves
# of pairs, headers and boundaries out of place, words without an end.
NASTY = (
    *("\r\n", "\n", "\r", "\t", " ", "  ", "\x00", "\x0b", "\x1c", "\x7f", "\x85", "\xa0"),
    *(".", "..", "\n.\n", "\r\n.\r\n", "From ", "\nFrom here", "--=_", "--", "x" * 77, "y" * 1200),
    *("\u2028", "\u2029", "\u202e", "\u2066", "\u200f", "\u200d", "\ufeff", "\ud800", "\udfff"),
    *("=", "=\r\n", "=20", "=?utf-8?q?x?=", "=?utf-8?b?", "?=", "%0a", "&amp;", "<script>"),
    *tuple("\"\\'<>&@,;:()[]"),
    *("\r\nBcc: victim@mail.example", "\nSubject: other\n\nbody"),
    *(
        "🤖",
        "👩‍👩‍👧",
        "🇫🇷",
        "e\u0301",
        "Zoë",
        "日本語",
        "שלום",
        "العربية",
        "Ünïcödé",
        "ß",
        "é" * 300,
    ),
    *("word", "https://briefing.example/a?b=c&d=e", "a b c " * 20),
)
# What a signed link's token has at most: it stands on one line of a part.
LONGEST_TOKEN = 68
BODY_SLOTS = (
    *("address", "unsubscribe_url", "preferences_url", "view_url", "name|there"),
    *("view_token", "view_token"),
)


def variant(
    *,
    subject: list[str] | None = None,
    html: list[str] | None = None,
    text: list[str] | None = None,
) -> VariantContent:
    """Make a variant; short unless told otherwise."""
    words = ["Hello ", "name|there", ", read on: ", "view_url", "\n"]
    return VariantContent(1, subject or ["Robots that ask first"], html, text or words, "en")


def reader(
    *, name: str = "Ada Noor", address: str = "ada@mail.example", token: str = TOKEN
) -> Slots:
    """Give one reader's values, as briefing.dispatch.copies gives them."""
    base = "https://briefing.example"
    values = {
        "reference": token,
        "one_click_url": f"{base}/one-click/{token}/",
        "unsubscribe_token": token,
        "feedback_id": "7:robotics-briefing:issue:briefing",
        "address": address,
        "unsubscribe_url": f"{base}/unsubscribe/{token}/",
        "preferences_url": f"{base}/preferences/{token}/",
        "view_url": f"{base}/view/{token}/",
        "view_token": token[:LONGEST_TOKEN],
        "name|there": name or "there",
    }
    return Slots(7, address, name, values)


texts = st.lists(st.sampled_from(NASTY) | st.text(max_size=12), max_size=8).map("".join)
# A lone CR is no line end to Python's parser; compiled texts never hold one.
constants = texts.map(lambda text: text.replace("\r\n", "\n").replace("\r", ""))
addresses = st.builds(
    "{}@{}".format,
    st.from_regex(r"[a-z0-9!#$&'*+/=?^_`{|}~-]{1,40}(\.[a-z0-9+]{1,20})?", fullmatch=True),
    st.sampled_from(["mail.example", "xn--bcher-kva.example", "a." * 60 + "example"]),
)
readers = st.builds(
    reader,
    name=texts,
    address=addresses,
    token=st.text("ABCXYZabcxyz0189-_", min_size=1, max_size=120),
)


def segments(slots: Iterable[str], first: str = "") -> st.SearchStrategy[list[str]]:
    """Cut texts at up to five of these slots: [segment, slot, segment, ..., segment]."""
    pair = st.tuples(st.sampled_from(list(slots)), constants)
    return st.builds(
        lambda begins, rest: [first + begins, *(piece for each in rest for piece in each)],
        constants,
        st.lists(pair, max_size=5),
    )


variants = st.builds(
    variant,
    subject=segments(["name|there"]),
    html=st.none() | segments(BODY_SLOTS),
    # Django leaves an empty text out.
    text=segments(BODY_SLOTS, "Hello"),
)


def subject_of(content: VariantContent, slots: Slots) -> str:
    """Return the subject that a reader should see."""
    whole = [*content.subject]
    whole[1::2] = [slots.values[each] for each in whole[1::2]]
    return clean("".join(whole))


def spliced(content: VariantContent, slots: Slots, sender: Sender = SENDER) -> bytes:
    """Return one reader's copy as it leaves."""
    return all_spliced(content, [slots], sender)[0]


def all_spliced(
    content: VariantContent, readers: Iterable[Slots], sender: Sender = SENDER
) -> list[bytes]:
    """Return several readers' copies; the variant's own form is derived once, as it really is."""
    composer = WireComposer(content, sender)
    payloads = []
    for slots in readers:
        if len(content.subject) > 1:
            slots.values["subject"] = subject_of(content, slots)
        payloads.append(composer.build(slots))
    return payloads


def received(payload: bytes) -> bytes:
    """Undo what belongs to the wire: the final dot and the stuffed ones (RFC 5321, 4.5.2)."""
    assert payload.endswith(b"\r\n.\r\n")
    lines = payload[: -len(b".\r\n")].split(b"\r\n")
    assert b"." not in lines, "a dot by itself would have ended the message"
    return b"\r\n".join(line.removeprefix(b".") for line in lines)


def parsed(raw: bytes) -> EmailMessage:
    """Parse with the standard library."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def parts(message: EmailMessage) -> dict[str, str]:
    """Return content type -> decoded text of each part, line ends made one."""
    return {
        part.get_content_type(): part.get_content().replace("\r\n", "\n")
        for part in message.walk()
        if not part.is_multipart()
    }


def person(message: EmailMessage, header: str) -> tuple[str, str]:
    """Return display name and address of a header that holds one mailbox.

    Decoded by the older of the library's two parsers: before Python 3.13 the newer one puts a space
    between two encoded words of a name, against RFC 2047, section 6.2.
    """
    ((name, address),) = getaddresses([raw(message, header)])
    return str(make_header(decode_header(name))), address


def raw(message: EmailMessage, header: str) -> str:
    """Return a header as it stands in the message, encoded, but on one line."""
    (value,) = (value for name, value in message.raw_items() if name == header)
    return "".join(str(value).splitlines())


def filled(pieces: list[str], slots: Slots, *, html: bool = False) -> str:
    """Put a reader's values in, as a reader should see them."""
    shown = [clean(slots.values[each]) for each in pieces[1::2]]
    constant = [each.encode("utf-8", "replace").decode() for each in pieces[0::2]]
    whole = [*pieces]
    whole[0::2] = constant
    whole[1::2] = [escape(each) for each in shown] if html else shown
    return "".join(whole)


def by_django(content: VariantContent, slots: Slots, sender: Sender = SENDER) -> EmailMessage:
    """Return what Django's own message says to the same reader."""
    quoted = clean(slots.name).strip().replace("\\", "\\\\").replace('"', '\\"')
    message = EmailMultiAlternatives(
        subject=subject_of(content, slots),
        body=filled(content.text, slots),
        from_email=f'"{sender.from_name}" <{sender.from_address}>',
        to=[f'"{quoted}" <{slots.recipient}>' if quoted else slots.recipient],
        reply_to=[sender.reply_to],
    )
    if content.html is not None:
        message.attach_alternative(filled(content.html, slots, html=True), "text/html")
    whole = message.message().as_bytes().replace(b"\n", b"\r\n")
    # As smtplib does on the way.
    return parsed(whole if whole.endswith(b"\r\n") else whole + b"\r\n")
