"""What programs send and are told; OpenAPI shows these words to whoever writes one."""

from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field


class TopicOut(Schema):
    """What a reader can follow."""

    slug: str
    name: str


class NoticeOut(Schema):
    """The wording to show beside the form: what whoever signs up agrees to."""

    id: int = Field(description="Send it back with the signup: it is kept as what was shown.")
    version: int
    locale: str
    markdown: str
    html: str
    sha256: str = Field(description="Of the Markdown, as it stands in the ledger.")


class NewsletterOut(Schema):
    """A newsletter that takes new readers."""

    slug: str
    name: str
    tagline: str
    promise: str
    cadence: str
    locale: str


class OfferOut(Schema):
    """What can be signed up for just now, and what is agreed to by it."""

    newsletters: list[NewsletterOut]
    topics: list[TopicOut]
    notice: NoticeOut


class SignupIn(Schema):
    """One person's wish to be written to."""

    email: str = Field(max_length=400, examples=["ada@example.org"])
    newsletter: str = Field(max_length=60, examples=["the-robotics-briefing"])
    notice: int = Field(description="The `id` of the wording that the person has seen.")
    agreed: Literal[True] = Field(description="The person has agreed to that wording.")
    topics: list[str] = Field([], max_length=100, description="Slugs; none means everything.")
    locale: str = Field("", max_length=10, description="Of the mails; else by Accept-Language.")
    page: str = Field(
        "",
        max_length=4096,
        description="Where the form stood. Its `utm_` values say how the person came there.",
    )
    certain: bool = Field(
        default=False, description="The address is meant as it stands, though it looks like a slip."
    )
    proof: str = Field(
        "",
        max_length=4000,
        description="While confirmations wait: the worked out challenge of /signup/challenge.json.",
    )


class ReceivedOut(Schema):
    """The same for every address, also for one that is subscribed already."""

    state: Literal["received"] = "received"
    next: str


class Problem(Schema):
    """One thing that is wrong. `field` is empty where it is about the whole."""

    field: str = ""
    message: str
    suggestion: Annotated[str | None, Field(description="The address that was probably meant.")] = (
        None
    )


class RefusedOut(Schema):
    """Nothing was stored."""

    problems: list[Problem]
