"""Person or machine: what a request for a link or a picture in a mail tells of who made it. Pure.

Before it: web.tracking, which drops the request once this has spoken. After it: an event's
`by_person`. The rules in order; the first that holds is the verdict, and the desk shows them all.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Nobody has read a mail so soon after a server took it; a gateway has.
SOONEST_SECONDS = 5.0
# So many different links of one copy within so many seconds: a scanner walks, a reader reads.
MANY_LINKS = 3
BURST_SECONDS = 10.0
# Chromium tells of every navigation what it is since this version. Source: W3C, Fetch Metadata.
_FETCH_METADATA_SINCE = 80

_PREFETCH = re.compile(r"\b(?:prefetch|prerender|preview)\b", re.IGNORECASE)
_PROXY = re.compile(
    r"GoogleImageProxy|YahooMailProxy|DuckDuckGo-Email|ProtonMail|CloudFlare-AlwaysOnline",
    re.IGNORECASE,
)
_SCANNER = re.compile(
    r"barracuda|proofpoint|mimecast|safelinks|microsoft (?:office|url|defender|exchange)|ms-?office|"
    r"f-secure|"
    r"cisco|ironport|trendmicro|sophos|symantec|messagelabs|forcepoint|fireeye|trellix|zscaler|"
    r"fortinet|fortimail|vade|hornet|bitdefender|kaspersky|urlscan|virustotal|checkpoint|avanan",
    re.IGNORECASE,
)
_PROGRAM = re.compile(
    r"\b(?:bot|crawler|spider|slurp)\b|(?:bot|crawler|spider)[/;)]|facebookexternalhit|whatsapp|"
    r"skypeuripreview|curl|wget|python|aiohttp|httpx|go-http-client|java/|okhttp|libwww|node-fetch|"
    r"axios|undici|ruby|php|guzzle|postman|headless|phantomjs|puppeteer|playwright|selenium|scrapy",
    re.IGNORECASE,
)
_CHROMIUM = re.compile(r"\b(?:Chrome|CriOS)/(\d+)")


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, as far as it tells who made it. Header names are in lower case.

    `seconds` are since the copy was accepted, where the copy is known; `links` are the different
    links of that copy asked for within the last moments, this one among them.
    """

    what: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None
    links: int = 1

    @property
    def agent(self) -> str:
        """What the client calls itself."""
        return self.headers.get("user-agent", "").strip()


@dataclass(frozen=True, slots=True)
class Rule:
    """One sign of a machine, in words that an editor can judge."""

    name: str
    sentence: str | Promise
    holds: Callable[[Visit], bool]


def _announces_prefetch(visit: Visit) -> bool:
    names = ("purpose", "sec-purpose", "x-purpose", "x-moz")
    return any(_PREFETCH.search(visit.headers.get(name, "")) for name in names)


def _is_apple_proxy(visit: Visit) -> bool:
    """Apple's proxy fetches every picture, opened or not, and calls itself this and no more."""
    return visit.what == "open" and visit.agent == "Mozilla/5.0"


def _is_scanner(visit: Visit) -> bool:
    """Outlook names Office too: of its own accord it looks at links, and with its reader at pictures."""
    shown = visit.what == "open" and "Microsoft Outlook" in visit.agent
    return not shown and bool(_SCANNER.search(visit.agent))


def _lacks_languages(visit: Visit) -> bool:
    """Every browser says which languages its person reads; mail programs do so for links only."""
    return visit.what == "click" and not visit.headers.get("accept-language")


def _pretends(visit: Visit) -> bool:
    """Say whether it calls itself a Chromium but does not speak like one. Pictures are left alone."""
    found = _CHROMIUM.search(visit.agent)
    return (
        visit.what == "click"
        and found is not None
        # On iOS the engine is Apple's.
        and "CriOS" not in visit.agent
        and int(found[1]) >= _FETCH_METADATA_SINCE
        and visit.headers.get("sec-fetch-mode") != "navigate"
    )


RULES = (
    Rule("method", _("It asks with HEAD: a check, not a visit."), lambda v: v.method != "GET"),
    Rule("prefetch", _("It says itself that it only fetches in advance."), _announces_prefetch),
    Rule("nameless", _("It does not say what it is."), lambda v: not v.agent),
    Rule(
        "proxy",
        _("A mail provider’s proxy fetched the picture; whether anybody saw it cannot be told."),
        lambda v: bool(_PROXY.search(v.agent)) or _is_apple_proxy(v),
    ),
    Rule(
        "scanner",
        _("It calls itself by the name of a mail gateway that checks links."),
        _is_scanner,
    ),
    Rule(
        "program",
        _("It calls itself a program, a robot or a browser without a window."),
        lambda v: bool(_PROGRAM.search(v.agent)),
    ),
    Rule(
        "soon",
        _("It comes within 5 seconds of the mail being accepted."),
        lambda v: v.seconds is not None and v.seconds < SOONEST_SECONDS,
    ),
    Rule(
        "burst",
        _("It asks for 3 or more different links of one copy within 10 seconds."),
        lambda v: v.links >= MANY_LINKS,
    ),
    Rule(
        "languages", _("A click that names no language, as every browser does."), _lacks_languages
    ),
    Rule(
        "pretends",
        _("A click that calls itself Chrome and leaves out what Chrome always says."),
        _pretends,
    ),
)

_BY_NAME = frozenset({"proxy", "scanner", "program"})


def sign_of_machine(visit: Visit) -> str:
    """Return the name of the first rule that holds, or nothing when it looks like a person."""
    return next((rule.name for rule in RULES if rule.holds(visit)), "")


def is_called_machine(what: str, agent: str) -> bool:
    """Whether a client's name alone tells a machine: of a visit to a provider nothing else is told."""
    visit = Visit(what, headers={"user-agent": agent})
    return any(rule.holds(visit) for rule in RULES if rule.name in _BY_NAME)


def is_person(visit: Visit) -> bool:
    """Whether nothing about a request tells that a machine made it."""
    return not sign_of_machine(visit)
