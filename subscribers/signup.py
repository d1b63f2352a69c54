"""Double opt-in: a request that anybody can make, then proof of the mailbox.

Before it: a form, the API, an embed. After it: a confirmation in the outbox, a subscriber once the
mailbox's owner confirmed, and an entry in the consent ledger for each of the two.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet

from subscribers import consent, domains, joining, outbox, suppression, tally, throttle
from subscribers.address import Address
from subscribers.consent import Entry, Origin
from subscribers.joining import Joined
from subscribers.models import (
    ConsentRecord,
    Newsletter,
    Outbox,
    SignupRequest,
    Subscriber,
)

State = SignupRequest.State

PENDING_FOR = timedelta(days=7)
# “This was not me” keeps an address from further questions as long as a complaint does.
DISOWNED_FOR = timedelta(days=30)
_SLICE = 1000


class SignupGoneError(LookupError):
    """The request was pruned, disowned or never led to a confirmation: there is nothing to confirm."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked for in the name of an address.

    `suspicion` names why the form looks filled in by a machine; such a wish is written down and
    goes no further. `proven` is that its sender's computer has worked for it.
    """

    address: Address
    newsletter: Newsletter
    origin: Origin
    topics: tuple[str, ...] = ()
    source: dict[str, str] = field(default_factory=dict)
    suspicion: str = ""
    proven: bool = False


def request(wish: Wish, *, now: datetime) -> SignupRequest:
    """Write down one request: exactly one row, whatever the address's past.

    Nothing is looked up here, so neither the answer nor its time can tell anything.
    """
    origin = wish.origin
    notice = origin.notice or consent.current_notice("signup", locale=origin.locale)
    return SignupRequest.objects.create(
        address=wish.address.text,
        address_key=wish.address.key,
        address_hash=throttle.mailbox_hash(wish.address.key),
        newsletter=wish.newsletter,
        topics=list(wish.topics),
        locale=origin.locale or wish.newsletter.locale,
        notice=notice,
        page=origin.page[:300],
        form=origin.form[:40],
        source=wish.source,
        ip=origin.ip,
        user_agent=origin.user_agent[:300],
        state=State.DROPPED if wish.suspicion else State.RECEIVED,
        reason=wish.suspicion[:40],
        proven=wish.proven,
        created_at=now,
    )


def work(signup_id: int, *, now: datetime) -> int | None:
    """Decide what follows from a request; return the id of the mail owed, if one is.

    Safe to run twice: only one run can move the row out of "received", in the same transaction as
    everything that follows from it.
    """
    signup = _received(signup_id).select_related("newsletter", "notice").first()
    if signup is None:
        return None
    suppression.rehash(signup.address_key)
    # Read before the limits: a confirmation that is decided in between then takes this very key.
    dedupe_key = _after_the_last(signup)
    reason = _why_not(signup, now=now)
    with transaction.atomic():
        decided = State.DROPPED if reason else State.MAILED
        if not _received(signup_id).update(state=decided, reason=reason) or reason:
            return None
        return _owe_confirmation(signup, dedupe_key, now=now)


def confirm(signup_id: int, *, origin: Origin, now: datetime) -> Joined:
    """Make the mailbox's owner a subscriber; a second click finds everything done.

    Raises: SignupGoneError.
    """
    with transaction.atomic():
        claimed = SignupRequest.objects.filter(pk=signup_id, state=State.MAILED).update(
            state=State.CONFIRMED
        )
        signup = (
            SignupRequest.objects.select_related("newsletter", "notice")
            .filter(pk=signup_id, state=State.CONFIRMED)
            .first()
        )
        if signup is None:
            raise SignupGoneError(signup_id)
        found = joining.join(signup, origin, now=now) if claimed else joining.joined(signup)
    if found is None:
        # Confirmed once, and since then erased or moved to another address.
        raise SignupGoneError(signup_id)
    return found


def renew(signup_id: int, *, now: datetime) -> SignupRequest | None:
    """Ask again for somebody whose link expired; the usual limits then apply to the new request."""
    old = SignupRequest.objects.filter(pk=signup_id, state=State.MAILED).first()
    if old is None:
        return None
    old.pk = None
    old._state.adding = True
    old.state, old.reason, old.proven, old.created_at = State.RECEIVED, "", False, now
    old.save(force_insert=True)
    return old


def made_needless(asked: SignupRequest) -> Joined | None:
    """Return what another confirmation of the same address led to, as long as issues come of it."""
    found = joining.joined(asked)
    return found if found and found.subscription.is_there else None


def disown(signup_id: int, *, now: datetime) -> bool:
    """Take “this was not me”: forget the pending requests of that mailbox and ask it no more.

    False when the address has confirmed, or the request is gone: then there is nothing to disown.
    """
    with transaction.atomic():
        asked = SignupRequest.objects.filter(pk=signup_id).first()
        if asked is None or asked.state == State.CONFIRMED:
            return False
        hashes = throttle.mailbox_hashes(asked.address_key)
        same = SignupRequest.objects.filter(
            address_hash__in=[asked.address_hash, *hashes],
            state__in=(State.RECEIVED, State.MAILED),
        )
        outbox.drop(Outbox.objects.filter(signup__in=same.values("pk")), now=now)
        people = set(same.values_list("person", flat=True))
        readers = Subscriber.objects.filter(person__in=people)
        consent.forget_contexts(people - set(readers.values_list("person", flat=True)))
        # The hash stays for its month, to recognise the mailbox by; what is personal goes at once.
        same.update(
            state=State.DISOWNED,
            address="",
            address_key="",
            ip="",
            user_agent="",
            source={},
            created_at=now,
        )
    return True


def waiting(*, now: datetime, older_than: timedelta, limit: int) -> list[int]:
    """Return requests that no worker has looked at, because nobody rang or the worker died."""
    rows = SignupRequest.objects.filter(state=State.RECEIVED, created_at__lte=now - older_than)
    return list(rows.order_by("created_at").values_list("pk", flat=True)[:limit])


def expire(*, now: datetime) -> dict[str, int]:
    """Delete requests whose time is over, with their mails; return how many of which."""
    disowned = Q(state=State.DISOWNED)
    return {
        "signups": _delete(Q(created_at__lte=now - PENDING_FOR) & ~disowned),
        "disowned_signups": _delete(Q(created_at__lte=now - DISOWNED_FOR) & disowned),
    }


def _delete(over: Q) -> int:
    """Work in slices: a flood of requests must not be one long transaction."""
    total = 0
    while ids := list(SignupRequest.objects.filter(over).values_list("pk", flat=True)[:_SLICE]):
        SignupRequest.objects.filter(pk__in=ids).delete()
        total += len(ids)
    return total


def _received(signup_id: int) -> QuerySet[SignupRequest]:
    return SignupRequest.objects.filter(pk=signup_id, state=State.RECEIVED)


def _why_not(signup: SignupRequest, *, now: datetime) -> str:
    """Return why no confirmation may be written, or nothing.

    A reader who is subscribed already gets one like everybody else: traffic to a mailbox must not
    tell either, and its owner sees that somebody asked.
    """
    if not signup.newsletter.open_to_signup:
        return "newsletter closed"
    if domains.refuses(signup.address_key.rpartition("@")[2]):
        return "domain refused"
    if not suppression.allows_confirmation(signup.address_key, now=now):
        return "suppressed"
    if SignupRequest.objects.filter(
        address_hash__in=throttle.mailbox_hashes(signup.address_key),
        state=State.DISOWNED,
        created_at__gt=now - DISOWNED_FOR,
    ).exists():
        return "disowned"
    bounced = suppression.Reason.HARD_BOUNCE in suppression.reasons(signup.address_key)
    if not throttle.admits_address(signup.address_key, bounced=bounced, now=now):
        return "address limit"
    return ""


def _owe_confirmation(signup: SignupRequest, dedupe_key: str, *, now: datetime) -> int | None:
    reader = Subscriber.objects.filter(address_key=signup.address_key).only("person").first()
    if reader:
        # A reader who comes back keeps one name in the ledger.
        signup.person = reader.person
        signup.save(update_fields=["person"])
    # Counted for everybody; who has proven work does not wait behind those who have not.
    delay = throttle.delay(signup.address_key.rpartition("@")[2])
    row = outbox.owe(
        Outbox(
            purpose=Outbox.Purpose.CONFIRM,
            dedupe_key=dedupe_key,
            signup=signup,
            newsletter=signup.newsletter,
        ),
        now=now,
        delay=timedelta(0) if signup.proven else delay,
    )
    if row is None:
        SignupRequest.objects.filter(pk=signup.pk).update(
            state=State.DROPPED, reason="address limit"
        )
        return None
    consent.record(
        Entry(
            person=signup.person,
            act=ConsentRecord.Act.REQUESTED,
            at=now,
            newsletter_id=signup.newsletter_id,
            origin=_origin(signup),
        )
    )
    tally.asked(signup, now=now)
    return row.pk


def _after_the_last(signup: SignupRequest) -> str:
    """Return a key that only one confirmation after the mailbox's previous ones can have.

    Two workers may decide about two requests for one mailbox at the same moment, and neither count
    the other; both would follow the same predecessors, and the unique key lets one of them.
    """
    before = (
        SignupRequest.objects.filter(address_hash=signup.address_hash)
        .exclude(pk=signup.pk)
        .exclude(state__in=(State.RECEIVED, State.DROPPED))
        .aggregate(last=Max("pk"), number=Count("pk"))
    )
    digest = bytes(signup.address_hash).hex()
    return f"confirm:{digest}:{before['last'] or 0}:{before['number']}"


def _origin(signup: SignupRequest) -> Origin:
    return Origin(
        notice=signup.notice,
        page=signup.page,
        form=signup.form,
        locale=signup.locale,
        ip=signup.ip,
        user_agent=signup.user_agent,
    )
