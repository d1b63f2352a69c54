"""What DNS says of a sender's domain, judged: SPF, DKIM, DMARC, and whether they speak of one domain.

Before it: `senders`, which knows the newsletters. After it: what is kept for the gate.
Source: RFC 7208, 6376 and 9989.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from briefing.issues import spf
from briefing.models import SenderRecords
from briefing.nameserver import Asker

Verdict = SenderRecords.Verdict
# Keys lie under a name that only the sender knows; where DKIM_SELECTORS names none, these are tried.
USUAL_SELECTORS = (
    *("default", "dkim", "mail", "mx", "smtp", "k1", "k2", "k3", "s1", "s2", "pm", "google"),
    *("selector1", "selector2", "mailjet", "resend", "mandrill", "mte1", "brevo1", "mlsend2"),
)
_TAG = re.compile(r"\s*([A-Za-z0-9_]+)\s*=\s*([^;]*?)\s*(?:;|$)")
_UNPROVEN = frozenset({Verdict.MISSING, Verdict.REVOKED})


@dataclass(frozen=True, slots=True)
class _Policy:
    """A DMARC record: what it is worth, whose it is, and whether only the very same domain will do."""

    verdict: Verdict
    organisation: str
    is_strict: bool = False

    def covers(self, domain: str, envelope: str) -> bool:
        """Whether an envelope's domain counts as the sender's own (RFC 9989, 4.4)."""
        if self.is_strict:
            return envelope == domain
        above = self.organisation
        return envelope == above or envelope.endswith(f".{above}")


def judge(domain: str, asker: Asker) -> dict[str, str | bool]:
    """Ask for all of it; return the columns in which it is kept. Raises: SilentError."""
    exists = asker.is_there(domain)
    envelope, policy = envelope_domain(domain), _dmarc(domain, asker)
    dkim = _dkim(domain, asker) if exists else Verdict.MISSING
    judged, relay = _spf(envelope, asker) if envelope else (Verdict.ELSEWHERE, "")
    dmarc = policy.verdict
    if envelope and dmarc == Verdict.SOUND and dkim in _UNPROVEN:
        # Then the envelope alone has to prove whose mail it is.
        dmarc = dmarc if policy.covers(domain, envelope) else Verdict.UNALIGNED
    return {
        "exists": exists,
        "envelope_domain": envelope,
        "relay": relay,
        "spf": judged,
        "dkim": dkim,
        "dmarc": dmarc,
    }


def envelope_domain(domain: str) -> str:
    """Return the domain that receiving servers ask SPF of; empty where the provider has its own."""
    if not _relays():
        return ""
    return settings.BOUNCE_ADDRESS.rpartition("@")[2].lower() or domain


def _relays() -> list[str]:
    """Return the hosts through which issues leave under our own envelope; empty for none in between."""
    urls = [settings.MAIL_ACCOUNTS.get(name, "") for name in ("bulk", "fallback")]
    return [urlsplit(url).hostname or "" for url in urls if url and spf.keeps_envelope(url)]


def _spf(domain: str, asker: Asker) -> tuple[Verdict, str]:
    """Judge who may send in a domain's name, and return the server of ours that may not.

    Two records count as none (RFC 7208, 4.5).
    """
    found = spf.record(asker.texts(domain))
    if len(found) != 1:
        return (Verdict.SEVERAL if found else Verdict.MISSING), ""
    try:
        if spf.lets_everybody(found[0]):
            return Verdict.OPEN, ""
        for host in _relays():
            if spf.permits(domain, host, asker) is False:
                return Verdict.OTHERS, host
    except spf.BrokenError:
        return Verdict.BROKEN, ""
    return Verdict.SOUND, ""


def _dkim(domain: str, asker: Asker) -> Verdict:
    """Judge the keys with which copies are signed. An empty key is a withdrawn one (RFC 6376, 3.6.1)."""
    named = settings.DKIM_SELECTORS
    # Where not even the folder of the keys exists, there is none, whatever it would be called.
    if not named and not asker.is_there(f"_domainkey.{domain}"):
        return Verdict.MISSING
    found = Verdict.MISSING if named else Verdict.UNKNOWN
    for selector in named or USUAL_SELECTORS:
        keys = [_tags(each) for each in asker.texts(f"{selector}._domainkey.{domain}")]
        published = [each["p"] for each in keys if "p" in each]
        if any(published):
            return Verdict.SOUND
        if published:
            found = Verdict.REVOKED
    return found


def _dmarc(domain: str, asker: Asker) -> _Policy:
    """Judge the word on what to do with mail that proves nothing, of the domain or one above it.

    Source: RFC 9989 section 4.10, the walk up the tree: the first record is the policy, the last one
    stands at the domain of the whole organisation.
    """
    labels = domain.split(".")
    policy, organisation = None, domain
    for begin in range(max(len(labels) - 1, 1)):
        name = ".".join(labels[begin:])
        texts = asker.texts(f"_dmarc.{name}")
        records = [_tags(each) for each in texts if re.match(r"v\s*=\s*DMARC1\s*(;|$)", each)]
        if len(records) > 1 and policy is None:
            return _Policy(Verdict.SEVERAL, domain)
        if len(records) == 1:
            policy, organisation = policy or records[0], name
    if policy is None:
        return _Policy(Verdict.MISSING, domain)
    known = policy.get("p", "").lower() in {"none", "quarantine", "reject"}
    is_strict = policy.get("aspf", "").lower() == "s"
    return _Policy(Verdict.SOUND if known else Verdict.BROKEN, organisation, is_strict)


def _tags(text: str) -> dict[str, str]:
    """Read `name=value; name=value`, in which keys and policies are written (RFC 6376, 3.2)."""
    return {name.lower(): "".join(value.split()) for name, value in _TAG.findall(text)}
