"""The provider's double: what was handed over, and the answer it gives."""

import re
from dataclasses import dataclass, field

from subscribers.models import Newsletter
from subscribers.ports import Answer, LatestIssue, Mail
from tests.subscribers import making


@dataclass(slots=True)
class Post:
    """Keeps every mail; `answers` are given in order, then everything is accepted."""

    mails: list[Mail] = field(default_factory=list)
    answers: list[Answer | Exception] = field(default_factory=list)
    latest: LatestIssue | None = None

    def send(self, mail: Mail) -> Answer:
        """Take one mail."""
        self.mails.append(mail)
        answer = self.answers.pop(0) if self.answers else Answer("accepted", "250 ok")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def latest_issue(self, newsletter: Newsletter) -> LatestIssue | None:
        """Return the issue the test gave."""
        return self.latest

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
