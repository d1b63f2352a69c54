"""Whether large mailboxes can tell that an issue is from its sender: SPF, DKIM and DMARC in DNS.

Before it: a newsletter's address, and a task that looks up what `dns_records` then judges. After it: the
gate, which reads what was kept. Gmail, Yahoo and Outlook refuse bulk mail that lacks any of the three.
Source: Google, "Email sender guidelines".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from briefing.issues import dns_records, spf
from briefing.models import SenderRecords
from briefing.nameserver import Asker, SilentError
from subscribers.models import Newsletter

Verdict = SenderRecords.Verdict
_EVERY = timedelta(days=1)
# A changed record is noticed within a day; older answers than this mean that nobody looks any more.
_STALE = timedelta(days=7)
# The task is given this long before an editor is told that nobody answers.
_PATIENCE = timedelta(minutes=2)
_PROVES_NOTHING = frozenset({Verdict.MISSING, Verdict.SEVERAL, Verdict.REVOKED, Verdict.BROKEN})


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
    try:
        found: dict[str, Any] = {**dns_records.judge(domain, asker), "looked_up_at": now}
    except SilentError:
        found = {"silent_at": now}
    return SenderRecords.objects.update_or_create(domain=domain, defaults=found)[0]


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
    blocks = records.spf in _PROVES_NOTHING and records.dkim in _PROVES_NOTHING
    words = spf.words_for(records.relay)
    of_envelope = {"domain": records.envelope_domain, "relay": records.relay, "words": words}
    of_sender = {"domain": records.domain, "envelope": records.envelope_domain}
    for wrong, names in (
        (SPF.get(records.spf), of_envelope),
        (DKIM.get(records.dkim), of_sender),
        (DMARC.get(records.dmarc), of_sender),
    ):
        if wrong:
            what, mend = (text % names for text in wrong)
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
    Verdict.OTHERS: (
        _("%(domain)s names others who may send in its name (SPF), and not %(relay)s."),
        _("Add %(words)s to the TXT record at %(domain)s that begins with v=spf1."),
    ),
    Verdict.BROKEN: (
        _("What %(domain)s says of who may send in its name (SPF) cannot be read to its end."),
        _(
            "Correct the record at %(domain)s that begins with v=spf1: it may lead to ten other "
            "names at most, and each of them has to be there."
        ),
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
    Verdict.UNALIGNED: (
        _(
            "All that proves mail from %(domain)s is an envelope of %(envelope)s: DMARC calls it forged."
        ),
        _(
            "Have it signed with a key of %(domain)s (DKIM), or let BOUNCE_ADDRESS be at %(domain)s."
        ),
    ),
}
