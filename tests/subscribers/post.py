"""The provider's double: what was handed over, and the answer it gives."""

import re
from dataclasses import dataclass, field
from typing import Any

from subscribers.models import Newsletter
from subscribers.ports import Answer, LatestIssue, Mail, Prose
from tests.subscribers import making


@dataclass(slots=True)
class Post:
    """Keeps every mail; `answers` are given in order, then everything is accepted."""

    mails: list[Mail] = field(default_factory=list)
    answers: list[Answer | Exception] = field(default_factory=list)
    latest: LatestIssue | None = None
    forgotten: list[int] = field(default_factory=list)
    holds: str = ""

    def send(self, mail: Mail) -> Answer:
        """Take one mail."""
        self.mails.append(mail)
        answer = self.answers.pop(0) if self.answers else Answer("accepted", "250 ok")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def held(self) -> str:
        """Return why nothing leaves."""
        return self.holds

    def prose(self, written: str, *, name: str, locale: str) -> Prose:
        """Return the text as it stands."""
        return Prose(html=f"<p>{written}</p>", text=written)

    def line(self, written: str, *, name: str) -> str:
        """Return the line as it stands."""
        return written

    def latest_issue(self, newsletter: Newsletter) -> LatestIssue | None:
        """Return the issue the test gave."""
        return self.latest

    def deliveries(self, subscriber_id: int) -> list[dict[str, Any]]:
        """Return what a reader was handed."""
        return [{"issue": 3, "reader": subscriber_id}]

    def forget(self, subscriber_id: int) -> None:
        """Note who is to be forgotten."""
        self.forgotten.append(subscriber_id)

    def link(self, view: str, *, mail: int = -1) -> str:
        """Return the path of a link in a mail's text, found by its first path segment."""
        found = re.search(rf"http://testserver(/{view}/\S+)", self.mails[mail].text)
        assert found, f"no {view} link in the mail"
        return found[1]


ISSUE = LatestIssue(
    number=3,
    subject="Robots at sea",
    url="http://testserver/issues/the-robotics-briefing/3/",
    headlines=("A first headline", "A second one"),
    published_at=making.NOW,
)
