"""What it means that Anymail raised while handing over one finished mail."""

from typing import Any

import requests
from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from briefing.dispatch.outcome import REJECTED, UNKNOWN
from briefing.transports.anymail import ses, verdicts
from briefing.transports.anymail.backends import capability_of
from briefing.transports.anymail.calling import Reply, read_json
from subscribers.ports import Answer


def answer_to(error: AnymailError, provider: str) -> Answer:
    """Return what became of the mail: a definite refusal, or something that may pass.

    The table is the same as for an issue's copies; what is unknown there is a deferral here that is
    not certain, since a second confirmation does less harm than none.
    """
    if isinstance(error, AnymailRecipientsRefused):
        return Answer("rejected", "refused by the provider")
    if error.response is not None:
        answer = verdicts.of_status(_reply(error.response), capability_of(provider), 1)
        (verdict,) = answer.verdicts
        outcome = "rejected" if verdict.outcome == REJECTED else "deferred"
        return Answer(outcome, verdict.code or "", certain=verdict.outcome != UNKNOWN)
    # Without an answer it is the way there that failed, or a mail that this provider cannot carry.
    outcome = "rejected" if isinstance(error, ValueError) else "deferred"
    return Answer(outcome, type(error).__name__, certain=not _was_under_way(error))


def _was_under_way(error: AnymailError) -> bool:
    """Whether a call without an answer may have arrived: a connection stood, and was trusted."""
    cause = error.__cause__
    if not isinstance(cause, requests.RequestException):
        return ses.may_have_left(cause)
    within = cause.args[0] if cause.args else None
    reason = getattr(within, "reason", within)
    never = isinstance(reason, NewConnectionError | ConnectTimeoutError)
    return not never and not ses.is_untrusted(cause)


def _reply(response: Any) -> Reply:
    if isinstance(response, requests.Response):
        return Reply(response.status_code, response.headers, read_json(response))
    return ses.refusal(response)
