"""What became of an issue, from counters kept while it went out and while reports were folded.

Before it: batches' and events' counters. After it: the desk's report and its CSV. Nothing here
counts rows of deliveries or events: a report of a million readers opens as fast as one of ten.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from django.db.models import Sum

from briefing.dispatch import fate
from briefing.dispatch.progress import measure
from briefing.models import Batch, Dispatch, EventCount, Issue, LateCount, Link

# So many domains are told by name; the others come together.
MOST_DOMAINS = 20
_WITHOUT_LINK = -1


@dataclass(frozen=True, slots=True)
class Domain:
    """One recipient domain's share. An empty name stands for all the small ones together."""

    name: str
    accepted: int
    heard: dict[int, int]

    @property
    def delivered(self) -> int:
        """Copies that the receiving servers say they have."""
        return self.heard.get(fate.DELIVERED, 0)

    @property
    def bounced(self) -> int:
        """Copies that came back for good, or for once; whichever came back both ways once."""
        return self.heard.get(fate.BOUNCED, 0)

    @property
    def complained(self) -> int:
        """Copies that somebody called unwanted."""
        return self.heard.get(fate.COMPLAINED, 0)


@dataclass(frozen=True, slots=True)
class LinkClicks:
    """One link of the edition, in the order of the mail, and the clicks of people on it."""

    place: int
    url: str
    clicks: int


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of an issue, or of one dispatch. `heard` is by bit of dispatch.fate.

    `planned` are readers, each once. `again` are those of them whom a second dispatch tried again:
    they have two deliveries, so once everybody has a row the outcomes add up to planned + again.
    """

    planned: int = 0
    again: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    excluded: dict[str, int] = field(default_factory=dict)
    candidates: int = 0
    heard: dict[int, int] = field(default_factory=dict)
    domains: list[Domain] = field(default_factory=list)
    links: list[LinkClicks] = field(default_factory=list)


def of_issue(issue: Issue) -> Report:
    """Return the report of the issue itself, and of who got it by a second dispatch.

    Corrections are mails of their own, to readers who have been counted: each has its own report.
    """
    rows = Dispatch.objects.filter(issue=issue).exclude(kind=Dispatch.Kind.CORRECTION)
    return _of(list(rows.order_by("pk")))


def of_dispatch(dispatch: Dispatch) -> Report:
    """Return the report of one dispatch."""
    return _of([dispatch])


def _of(dispatches: list[Dispatch]) -> Report:
    """Add dispatches up; who was left out is what the first one says."""
    progresses = [measure(dispatch.pk) for dispatch in dispatches]
    outcomes: Counter[str] = Counter()
    for progress in progresses:
        outcomes.update(progress.by_outcome)
    # Of the first, readers who had been planned before belong to no report but an earlier one.
    again = sum(progress.again for progress in progresses[1:])
    return Report(
        planned=sum(progress.planned for progress in progresses) - again,
        again=again,
        outcomes=dict(outcomes),
        excluded=progresses[0].excluded if progresses else {},
        candidates=progresses[0].candidates if progresses else 0,
        heard=heard(dispatches),
        domains=_domains(dispatches),
        links=_links(dispatches),
    )


def heard(dispatches: list[Dispatch]) -> dict[int, int]:
    """Return on how many deliveries each kind of report came, by bit of dispatch.fate."""
    counts = EventCount.objects.filter(dispatch__in=dispatches, link=_WITHOUT_LINK)
    sums = counts.order_by().values("kind").annotate(all=Sum("number"))
    return dict(sums.values_list("kind", "all"))


def _domains(dispatches: list[Dispatch]) -> list[Domain]:
    accepted = _accepted_by_lane(dispatches)
    heard: defaultdict[str, Counter[int]] = defaultdict(Counter)
    rows = EventCount.objects.filter(dispatch__in=dispatches, link=_WITHOUT_LINK)
    sums = rows.values("domain", "kind").annotate(all=Sum("number"))
    for domain, kind, number in sums.values_list("domain", "kind", "all"):
        heard[domain][kind] = number
    found = [Domain(name, accepted[name], dict(heard[name])) for name in {*accepted, *heard}]
    named = sorted(
        (each for each in found if each.name), key=lambda each: (-each.accepted, each.name)
    )
    others = [each for each in found if not each.name]
    if len(found) > MOST_DOMAINS:
        named, others = named[: MOST_DOMAINS - 1], [*others, *named[MOST_DOMAINS - 1 :]]
    return [*named, _together(others)] if others else named


def _together(domains: list[Domain]) -> Domain:
    """Return the domains that are not told by name as one."""
    heard: Counter[int] = Counter()
    for domain in domains:
        heard.update(domain.heard)
    return Domain("", sum(domain.accepted for domain in domains), dict(heard))


def _accepted_by_lane(dispatches: list[Dispatch]) -> Counter[str]:
    """Return accepted copies by lane: by their batches, and by whatever settled them later."""
    accepted: Counter[str] = Counter()
    for rows, number in (
        (Batch.objects.filter(dispatch__in=dispatches), "accepted"),
        (LateCount.objects.filter(dispatch__in=dispatches), "number"),
    ):
        sums = rows.values("lane").annotate(all=Sum(number))
        accepted.update(dict(sums.values_list("lane", "all")))
    return accepted


def _links(dispatches: list[Dispatch]) -> list[LinkClicks]:
    sums = (
        EventCount.objects.filter(dispatch__in=dispatches, kind=fate.CLICKED)
        .exclude(link=_WITHOUT_LINK)
        .values("dispatch__edition", "link")
        .annotate(all=Sum("number"))
    )
    clicks = {
        (edition, place): number
        for edition, place, number in sums.values_list("dispatch__edition", "link", "all")
    }
    editions = {dispatch.edition_id for dispatch in dispatches}
    by_url: dict[str, LinkClicks] = {}
    for link in Link.objects.filter(edition__in=editions).order_by("edition", "position"):
        number = clicks.get((link.edition_id, link.position), 0)
        known = by_url.get(link.url)
        place = known.place if known else link.position
        by_url[link.url] = LinkClicks(place, link.url, number + (known.clicks if known else 0))
    return sorted(by_url.values(), key=lambda each: each.place)
