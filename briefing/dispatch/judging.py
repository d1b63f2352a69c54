"""What the first readers' copies tell: figures, the limits they are held against, the verdict. Pure.

Before it: counters. After it: trials.look, which halts a dispatch or lets the rest go.
"""

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from briefing.issues.subjects import A, B

# Each limit is a share and a number: one bounce among fifty is two in a hundred, and tells nothing.
# Amazon SES asks for less than 2 % of bounces, reviews an account at 5 % and stops it at 10 %.
FAILED_SHARE, FAILED_LEAST = 0.03, 3
# Gmail and Yahoo ask senders to stay below 0.1 % and never to reach 0.3 %.
# Source: Google, Email sender guidelines, "Spam rate".
COMPLAINED_SHARE, COMPLAINED_LEAST = 0.003, 2
# With fewer clicks of people on both subjects together, which is ahead is chance.
FEWEST_CLICKS = 20
# With fewer accepted there is nothing to judge by.
ACCEPTED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of the first readers. `why` is what they were halted for, once they were.

    `rejected` were refused when they were handed over, `bounced` by a report since.
    """

    readers: int = 0
    accepted: int = 0
    rejected: int = 0
    bounced: int = 0
    complained: int = 0
    why: str = ""
    # Of two subjects: accepted copies and clicks of people, anonymous ones among them.
    copies_a: int = 0
    clicks_a: int = 0
    copies_b: int = 0
    clicks_b: int = 0

    @property
    def failed(self) -> int:
        """Copies that will never arrive."""
        return self.rejected + self.bounced

    @property
    def failed_share(self) -> float:
        """Failed copies among those that were answered for."""
        return _share(self.failed, self.accepted + self.rejected)

    @property
    def complained_share(self) -> float:
        """Complaints among accepted copies."""
        return _share(self.complained, self.accepted)

    @property
    def rate_a(self) -> float:
        """Clicks of people for each copy with the first subject."""
        return _share(self.clicks_a, self.copies_a)

    @property
    def rate_b(self) -> float:
        """Clicks of people for each copy with the second subject."""
        return _share(self.clicks_b, self.copies_b)


def winner(figures: Figures) -> str:
    """Return which of two subjects more people clicked on. A tie or too few clicks: the first."""
    enough = figures.clicks_a + figures.clicks_b >= FEWEST_CLICKS
    return B if enough and figures.rate_b > figures.rate_a else A


def judged(figures: Figures, *, all_in: bool) -> Figures:
    """Return the figures with what is too bad about them in `why`; empty is good enough.

    Only once all answers are in can too few of them have been accepted.
    """
    return replace(figures, why=_why(figures, all_in=all_in))


def reason(figures: Figures) -> str:
    """Say in a sentence what was too bad about figures that were judged so."""
    sentences = {
        "failed": _(
            "%(failed)d of %(answered)d copies were refused or came back; the limit is %(limit)s %%."
        ),
        "complained": _("%(complained)d of %(accepted)d first readers complained."),
        "unanswered": _("Only %(accepted)d of %(readers)d first copies were accepted."),
    }
    return sentences[figures.why] % {
        "failed": figures.failed,
        "answered": figures.accepted + figures.rejected,
        "limit": f"{100 * FAILED_SHARE:g}",
        "complained": figures.complained,
        "accepted": figures.accepted,
        "readers": figures.readers,
    }


def _why(figures: Figures, *, all_in: bool) -> str:
    if figures.failed >= FAILED_LEAST and figures.failed_share > FAILED_SHARE:
        return "failed"
    if figures.complained >= COMPLAINED_LEAST and figures.complained_share > COMPLAINED_SHARE:
        return "complained"
    if all_in and figures.accepted < figures.readers * ACCEPTED_SHARE:
        return "unanswered"
    return ""


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
