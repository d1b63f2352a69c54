"""What a 2xx says of each copy: one reader of answers for each provider, none believed blindly.

A list that is too short, an answer that cannot be read: whoever is not named in it is unknown.
Anymail's own reading raises for a whole batch when one of its messages is refused; the others were
taken all the same, so batches are read here, line by line. A single message is read by Anymail.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from anymail.exceptions import AnymailError

from briefing.dispatch.outcome import ACCEPTED, REJECTED, UNKNOWN
from briefing.transports.anymail import verdicts
from briefing.transports.anymail.calling import Reply
from briefing.transports.anymail.composer import CallForm
from briefing.transports.anymail.verdicts import Answer, Verdict
from briefing.transports.capabilities import Capability

Lines = list[Verdict]
_UNREADABLE = Verdict(UNKNOWN, "an answer that cannot be read")
_NOT_NAMED = Verdict(UNKNOWN, "the answer does not say")
_MISREAD = (KeyError, TypeError, ValueError, IndexError, AttributeError)
# Anymail's words for what the provider will not deliver, and for what it took.
_REFUSALS = frozenset({"invalid", "rejected", "failed"})
_TAKEN = frozenset({"sent", "queued"})
# As much as a delivery's column takes.
_LONGEST_REFERENCE = 120


@dataclass(frozen=True, slots=True)
class Asked:
    """The call that an answer belongs to."""

    provider: str
    capability: Capability
    form: CallForm
    copies: int


def read(reply: Reply, asked: Asked) -> Answer:
    """Return what a reply means for each copy of its call."""
    # Mailjet answers 4xx when one message of many was refused, and still has a line for each.
    by_line = isinstance(reply.data, dict) and isinstance(reply.data.get("Messages"), list)
    if not 200 <= reply.status < 300 and not by_line:
        return verdicts.of_status(reply, asked.capability, asked.copies)
    reader = _READERS.get(asked.provider, _by_anymail)
    try:
        lines = list(reader(reply, asked))
    except (*_MISREAD, AnymailError):
        lines = verdicts.of_all(_UNREADABLE, asked.copies)
    lines = [_kept(line) for line in (lines + verdicts.of_all(_NOT_NAMED, asked.copies))]
    lines = lines[: asked.copies]
    stop = next((line.code or "" for line in lines if line.outcome is None), "")
    clear = any(line.outcome != UNKNOWN for line in lines)
    return Answer(lines, stop=stop, for_good=bool(stop), clear=clear)


def _kept(line: Verdict) -> Verdict:
    """Leave out a reference that no row can hold, whatever a provider put there."""
    given: Any = line.reference
    fits = isinstance(given, str) and given.isprintable() and len(given) <= _LONGEST_REFERENCE
    return line if fits or given is None else replace(line, reference=None)


def _by_anymail(reply: Reply, asked: Asked) -> Lines:
    """Read the answer to one message: refused if anything in it says so, else taken if all does."""
    statuses = list(asked.form.statuses(reply.response).values())
    words = {each.status for each in statuses}
    if refusals := words & _REFUSALS:
        return [Verdict(REJECTED, f"the provider says {', '.join(sorted(refusals))}")]
    if not words or words - _TAKEN:
        return [_NOT_NAMED]
    reference = next((str(each.message_id) for each in statuses if each.message_id), None)
    return [Verdict(ACCEPTED, reference=reference)]


def _each(lines: Any, line_of: Callable[[Any], Verdict]) -> Lines:
    """Read a list line by line; one that cannot be read costs nobody else the answer."""
    if not isinstance(lines, list):
        raise TypeError("not a list")
    return [_one(line, line_of) for line in lines]


def _one(line: Any, line_of: Callable[[Any], Verdict]) -> Verdict:
    try:
        return line_of(line)
    except _MISREAD:
        return _UNREADABLE


def _postmark(reply: Reply, asked: Asked) -> Lines:
    """Lines in the order of the request, each with its own ErrorCode; 0 means taken."""

    def line_of(line: Any) -> Verdict:
        code = str(line.get("ErrorCode", 0))
        if code == "0":
            return Verdict(ACCEPTED, reference=line["MessageID"])
        return verdicts.of_code(code, line["Message"], asked.capability)

    return _each(reply.data, line_of)


def _resend(reply: Reply, asked: Asked) -> Lines:
    """Ids of what was taken, in order; what was not stands in `errors` with its index."""
    refused = {int(each["index"]): str(each["message"]) for each in reply.data.get("errors") or ()}
    taken = iter(_each(reply.data["data"], lambda line: Verdict(ACCEPTED, reference=line["id"])))
    return [
        Verdict(REJECTED, verdicts.tidy(refused[index]))
        if index in refused
        else next(taken, _NOT_NAMED)
        for index in range(asked.copies)
    ]


def _brevo(reply: Reply, asked: Asked) -> Lines:
    """One id for each message version, in order; an answer to one version may hold a single id."""
    ids = reply.data["messageIds"] if "messageIds" in reply.data else [reply.data["messageId"]]
    if len(ids) != asked.copies:
        return [Verdict(UNKNOWN, f"{len(ids)} ids for {asked.copies} copies")] * asked.copies
    return [Verdict(ACCEPTED, reference=each) for each in ids]


def _mailgun(reply: Reply, asked: Asked) -> Lines:
    """One id for all. A wrong address of the API is answered 200 as well, with its slogan."""
    if "Mailgun Magnificent API" in reply.text:
        return verdicts.of_all(Verdict(None, "200 not an address of Mailgun's API"), asked.copies)
    if not reply.data["message"].startswith("Queued"):
        return verdicts.of_all(_UNREADABLE, asked.copies)
    return verdicts.of_all(Verdict(ACCEPTED, reference=reply.data["id"]), asked.copies)


def _sendgrid(reply: Reply, asked: Asked) -> Lines:
    """Nothing but 202, and an id of the call in a header."""
    if reply.status != 202:
        return verdicts.of_all(_UNREADABLE, asked.copies)
    return verdicts.of_all(
        Verdict(ACCEPTED, reference=reply.headers.get("X-Message-Id")), asked.copies
    )


def _sparkpost(reply: Reply, asked: Asked) -> Lines:
    """Two numbers: with some of each it is not said who was refused, and all are unknown."""
    results = reply.data["results"]
    taken, refused = results["total_accepted_recipients"], results["total_rejected_recipients"]
    if (taken, refused) == (asked.copies, 0):
        return verdicts.of_all(Verdict(ACCEPTED, reference=results["id"]), asked.copies)
    if (taken, refused) == (0, asked.copies):
        return verdicts.of_all(Verdict(REJECTED, "refused by SparkPost"), asked.copies)
    text = f"{refused} of {asked.copies} refused, not said which"
    return verdicts.of_all(Verdict(UNKNOWN, text, results["id"]), asked.copies)


def _mailjet(reply: Reply, asked: Asked) -> Lines:
    """Lines in the order of the request: a status, and ids or errors."""

    def line_of(line: Any) -> Verdict:
        if line["Status"] == "success":
            return Verdict(ACCEPTED, reference=str(line["To"][0]["MessageID"]))
        error = line["Errors"][0]
        return verdicts.of_code(error["ErrorCode"], error["ErrorMessage"], asked.capability)

    return _each(reply.data["Messages"], line_of)


def _amazon_ses(reply: Reply, asked: Asked) -> Lines:
    """Lines in the order of the request, each with a status."""

    def line_of(line: Any) -> Verdict:
        if line["Status"] == "SUCCESS":
            return Verdict(ACCEPTED, reference=line["MessageId"])
        return verdicts.of_code(line["Status"], line.get("Error", ""), asked.capability)

    return _each(reply.data["BulkEmailEntryResults"], line_of)


def _postal(reply: Reply, asked: Asked) -> Lines:
    """Read the status in the answer: every answer is a 200."""
    data = reply.data["data"]
    if reply.data["status"] == "success":
        (message,) = data["messages"].values()
        return [Verdict(ACCEPTED, reference=str(message["id"]))]
    return [verdicts.of_code(data.get("code", reply.data["status"]), "", asked.capability)]


_READERS: dict[str, Callable[[Reply, Asked], Lines]] = {
    "amazon_ses": _amazon_ses,
    "brevo": _brevo,
    "mailgun": _mailgun,
    "mailjet": _mailjet,
    "postal": _postal,
    "postmark": _postmark,
    "resend": _resend,
    "sendgrid": _sendgrid,
    "sparkpost": _sparkpost,
}
