"""Whether large mailboxes can tell that an issue is from its sender: SPF, DKIM and DMARC in DNS.

Before it: a newsletter's address, and a task that looks up. After it: the gate, which reads what was
kept. Gmail, Yahoo and Outlook refuse bulk mail that lacks any of the three.
Source: Google, "Email sender guidelines"; RFC 7208, 6376 and 9989.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from briefing.models import SenderRecords
from briefing.nameserver import Asker, SilentError
from subscribers.models import Newsletter

Verdict = SenderRecords.Verdict
# Keys lie under a name that only the sender knows; where DKIM_SELECTORS names none, these are tried.
USUAL_SELECTORS = (
    *("default", "dkim", "mail", "mx", "smtp", "k1", "k2", "k3", "s1", "s2", "pm", "google"),
    *("selector1", "selector2", "mailjet", "resend", "mandrill", "mte1", "brevo1", "mlsend2"),
)
_EVERY = timedelta(days=1)
# A changed record is noticed within a day; older answers than this mean that nobody looks any more.
_STALE = timedelta(days=7)
# The task is given this long before an editor is told that nobody answers.
_PATIENCE = timedelta(minutes=2)
_TAG = re.compile(r"\s*([A-Za-z0-9_]+)\s*=\s*([^;]*?)\s*(?:;|$)")


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that is wrong, and the way to mend it; `blocks` when the mail would be refused."""

    what: str | Promise
    mend: str | Promise
    blocks: bool = False


def domain_of(newsletter: Newsletter) -> str:
    """Return the domain that readers see issues come from."""
    return newsletter.from_address.rpartition("@")[2].strip().rstrip(".").lower()


def records_of(newsletter: Newsletter) -> SenderRecords:
    """Return what is known of a newsletter's domain; of one that nobody asked for, nothing."""
    domain = domain_of(newsletter)
    return SenderRecords.objects.filter(pk=domain).first() or SenderRecords(domain=domain)


def ask_for(newsletter: Newsletter, *, now: datetime) -> None:
    """Note that somebody wants to know; the task finds it."""
    SenderRecords.objects.update_or_create(domain=domain_of(newsletter), defaults={"asked_at": now})


def is_awaited(records: SenderRecords, *, now: datetime) -> bool:
    """Whether an answer that was asked for is still to come, and may be."""
    return _is_open(records) and now - (records.asked_at or now) < _PATIENCE


def _is_open(records: SenderRecords) -> bool:
    last = max(filter(None, (records.looked_up_at, records.silent_at)), default=None)
    return records.asked_at is not None and (last is None or last < records.asked_at)


def due(*, now: datetime) -> list[str]:
    """Return the domains to look up: those asked for, and each newsletter's once a day."""
    if not settings.LOOK_UP_SENDERS:
        return []
    domains = {domain_of(each) for each in Newsletter.objects.all()}
    fresh: QuerySet[SenderRecords] = SenderRecords.objects.filter(
        Q(looked_up_at__gt=now - _EVERY) | Q(silent_at__gt=now - _EVERY / 24)
    )
    answered = (
        Q(asked_at=None) | Q(looked_up_at__gte=F("asked_at")) | Q(silent_at__gte=F("asked_at"))
    )
    return sorted(domains - set(fresh.filter(answered).values_list("domain", flat=True)))


def look_up(domain: str, asker: Asker, *, now: datetime) -> SenderRecords:
    """Ask DNS for all three and keep the answers. Its silence replaces nothing that is known."""
    envelope = envelope_domain(domain)
    try:
        exists = asker.is_there(domain)
        found = {
            "exists": exists,
            "envelope_domain": envelope,
            "spf": _spf(asker.texts(envelope)) if envelope else Verdict.ELSEWHERE,
            "dkim": _dkim(domain, asker) if exists else Verdict.MISSING,
            "dmarc": _dmarc(domain, asker),
            "looked_up_at": now,
        }
    except SilentError:
        found = {"silent_at": now}
    return SenderRecords.objects.update_or_create(domain=domain, defaults=found)[0]


def envelope_domain(domain: str) -> str:
    """Return the domain that receiving servers ask SPF of; empty where the provider has its own."""
    if urlsplit(settings.MAIL_ACCOUNTS["bulk"]).scheme == "anymail":
        return ""
    return settings.BOUNCE_ADDRESS.rpartition("@")[2].lower() or domain


def _spf(texts: Sequence[str]) -> Verdict:
    """Judge what may send in a domain's name. Two records count as none (RFC 7208, 4.5)."""
    records = [
        each.lower().split() for each in texts if re.match(r"v=spf1(\s|$)", each, re.IGNORECASE)
    ]
    if len(records) != 1:
        return Verdict.SEVERAL if records else Verdict.MISSING
    return Verdict.OPEN if {"all", "+all"} & set(records[0]) else Verdict.SOUND


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


def _dmarc(domain: str, asker: Asker) -> Verdict:
    """Judge the word on what to do with mail that proves nothing, of the domain or one above it.

    Source: RFC 9989 section 4.10, the walk up the tree.
    """
    labels = domain.split(".")
    for begin in range(max(len(labels) - 1, 1)):
        texts = asker.texts(f"_dmarc.{'.'.join(labels[begin:])}")
        records = [_tags(each) for each in texts if re.match(r"v\s*=\s*DMARC1\s*(;|$)", each)]
        if len(records) > 1:
            return Verdict.SEVERAL
        if records:
            known = records[0].get("p", "").lower() in {"none", "quarantine", "reject"}
            return Verdict.SOUND if known else Verdict.BROKEN
    return Verdict.MISSING


def _tags(text: str) -> dict[str, str]:
    """Read `name=value; name=value`, in which keys and policies are written (RFC 6376, 3.2)."""
    return {name.lower(): "".join(value.split()) for name, value in _TAG.findall(text)}


def said(newsletter: Newsletter, *, now: datetime) -> Iterator[Said]:
    """Yield what an editor should know of a newsletter's domain before an issue goes out."""
    if not settings.LOOK_UP_SENDERS:
        return
    records = records_of(newsletter)
    if records.looked_up_at is None:
        yield _unheard(records, now=now)
        return
    if not records.exists:
        yield Said(
            _("The sender’s domain %s does not exist: its mail is refused, and answers are lost.")
            % records.domain,
            _("Have the domain set up, or write from another: see the newsletter’s page."),
            blocks=True,
        )
        return
    if now - records.looked_up_at > _STALE:
        yield Said(
            _("What DNS says of %(domain)s is known from %(day)s and may have changed.")
            % {"domain": records.domain, "day": f"{records.looked_up_at:%Y-%m-%d}"},
            _("Have it looked up again on the page of checks."),
        )
    yield from _wrong(records)


def _unheard(records: SenderRecords, *, now: datetime) -> Said:
    names = {"domain": records.domain}
    if records.silent_at is not None and not is_awaited(records, now=now):
        return Said(
            _("DNS gave no answer about the sender’s domain %(domain)s.") % names,
            _("Have it looked up again in a while, on the page of checks."),
        )
    return Said(
        _("It is not known yet whether large mailboxes can tell mail from %(domain)s from forgery.")
        % names,
        _("Have it looked up on the page of checks; it takes a few seconds."),
    )


def _wrong(records: SenderRecords) -> Iterator[Said]:
    """Yield a sentence for each record that is not sound. Without SPF and DKIM both, mail is refused."""
    proves_nothing = {Verdict.MISSING, Verdict.SEVERAL, Verdict.REVOKED}
    blocks = records.spf in proves_nothing and records.dkim in proves_nothing
    for wrong, domain in (
        (SPF.get(records.spf), records.envelope_domain),
        (DKIM.get(records.dkim), records.domain),
        (DMARC.get(records.dmarc), records.domain),
    ):
        if wrong:
            what, mend = (text % {"domain": domain} for text in wrong)
            yield Said(what, mend, blocks=blocks and wrong not in DMARC.values())


_Sentences = dict[str, tuple[str | Promise, str | Promise]]
SPF: _Sentences = {
    Verdict.MISSING: (
        _("%(domain)s does not say who may send in its name (SPF)."),
        _(
            "Publish a TXT record at %(domain)s that begins with v=spf1 and names your mail "
            "server or provider, which has the words for it."
        ),
    ),
    Verdict.SEVERAL: (
        _("%(domain)s says twice who may send in its name (SPF), which counts as not at all."),
        _("Make one TXT record of those at %(domain)s that begin with v=spf1."),
    ),
    Verdict.OPEN: (
        _("%(domain)s allows everybody to send in its name (SPF with +all)."),
        _("Let the record at %(domain)s end in ~all or -all."),
    ),
}
DKIM: _Sentences = {
    Verdict.MISSING: (
        _("%(domain)s has no key that proves its signature (DKIM)."),
        _(
            "Publish the key that your mail server or provider shows you, below "
            "_domainkey.%(domain)s."
        ),
    ),
    Verdict.REVOKED: (
        _("The key of %(domain)s is withdrawn: its signatures (DKIM) prove nothing."),
        _("Publish the key that is in use now, below _domainkey.%(domain)s."),
    ),
    Verdict.UNKNOWN: (
        _("The key of %(domain)s (DKIM) lies under none of the usual names."),
        _("Ask whoever runs the copy to name it in DKIM_SELECTORS; then it is looked up."),
    ),
}
DMARC: _Sentences = {
    Verdict.MISSING: (
        _("%(domain)s does not say what to do with forged mail (DMARC)."),
        _("Publish a TXT record at _dmarc.%(domain)s: v=DMARC1; p=none is enough to begin with."),
    ),
    Verdict.SEVERAL: (
        _("%(domain)s says twice what to do with forged mail (DMARC), which counts as not at all."),
        _("Leave one TXT record at _dmarc.%(domain)s."),
    ),
    Verdict.BROKEN: (
        _("What %(domain)s says of forged mail (DMARC) cannot be read."),
        _("Give the record at _dmarc.%(domain)s a p= of none, quarantine or reject."),
    ),
}
