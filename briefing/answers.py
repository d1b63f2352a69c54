"""Publishing's answers to the people's side: what subscribers.ports asks for."""

from briefing.issues import lifecycle
from briefing.transports import single
from subscribers.models import Newsletter
from subscribers.ports import Answer, LatestIssue, Mail


class Answers:
    """Registered by briefing.apps when Django is ready."""

    def send(self, mail: Mail) -> Answer:
        """Hand one transactional mail over."""
        return single.send(mail)

    def latest_issue(self, newsletter: Newsletter) -> LatestIssue | None:
        """Return the newest public issue."""
        return lifecycle.latest_issue(newsletter)
