"""What a 2xx says of each copy, provider by provider, and what stands in a delivery's code then."""

from typing import Any

import pytest
from anymail.exceptions import AnymailAPIError
from anymail.message import AnymailRecipientStatus

from briefing.dispatch.outcome import ACCEPTED, DEFERRED, REJECTED, UNKNOWN
from briefing.transports.anymail import answers
from briefing.transports.anymail.answers import Asked
from briefing.transports.anymail.calling import Reply
from briefing.transports.anymail.composer import CallForm
from briefing.transports.anymail.form import Layout
from briefing.transports.anymail.verdicts import Answer, Verdict
from briefing.transports.capabilities import CAPABILITIES

UNREADABLE = Verdict(UNKNOWN, "an answer that cannot be read")
NOT_NAMED = Verdict(UNKNOWN, "the answer does not say")


def read(
    provider: str, data: Any, copies: int, *, status: int = 200, text: str = "", **headers: str
) -> Answer:
    """Read an answer to a call of so many copies; Anymail finds the statuses in `data` itself."""

    def statuses(found: Any) -> dict[str, Any]:
        if isinstance(found, AnymailAPIError):
            raise found
        return dict(found)

    reply = Reply(status, {"X-Message-Id": "from-header", **headers}, data, text, data)
    form = CallForm(Layout((), ()), {}, b"", statuses)
    return answers.read(reply, Asked(provider, CAPABILITIES[provider], form, copies))


def taken(*references: str | None) -> list[Verdict]:
    return [Verdict(ACCEPTED, reference=each) for each in references]


def mailjet(*lines: Any) -> dict[str, Any]:
    return {"Messages": list(lines)}


def sparkpost(accepted: int, rejected: int) -> dict[str, Any]:
    numbers = {"total_accepted_recipients": accepted, "total_rejected_recipients": rejected}
    return {"results": {"id": "t", **numbers}}


def ses(*lines: Any) -> dict[str, Any]:
    return {"BulkEmailEntryResults": list(lines)}


@pytest.mark.parametrize(
    ("provider", "data", "verdicts"),
    [
        (
            "postmark",
            [
                {"ErrorCode": 0, "Message": "OK", "MessageID": "a"},
                {"Message": "OK", "MessageID": "b"},
                {"ErrorCode": 406, "Message": "Inactive: ada@mail.example"},
                {"ErrorCode": 429, "Message": "slow"},
                {"ErrorCode": 0},
                "x",
            ],
            [
                *taken("a", "b"),
                Verdict(REJECTED, "406 Inactive: <...>"),
                Verdict(DEFERRED, "429 slow"),
                UNREADABLE,
                UNREADABLE,
            ],
        ),
        (
            "resend",
            {
                "data": [{"id": "a"}, {"id": "b"}],
                "errors": [{"index": 1, "message": "No <ada@mail.example>"}],
            },
            [*taken("a"), Verdict(REJECTED, "No <...>"), *taken("b"), NOT_NAMED],
        ),
        ("resend", {"data": [{"id": "a"}]}, taken("a")),
        ("resend", {"data": {"id": "a"}}, [UNREADABLE]),
        ("brevo", {"messageIds": ["a", "b"]}, taken("a", "b")),
        ("brevo", {"messageId": "a"}, taken("a")),
        ("brevo", {"messageId": "a"}, [Verdict(UNKNOWN, "1 ids for 3 copies")] * 3),
        ("mailgun", {"id": "a", "message": "Queued. Thank you."}, taken("a", "a")),
        ("mailgun", {"id": "a", "message": "Not Queued"}, [UNREADABLE] * 2),
        ("sparkpost", sparkpost(2, 0), taken("t", "t")),
        ("sparkpost", sparkpost(0, 2), [Verdict(REJECTED, "refused by SparkPost")] * 2),
        (
            "sparkpost",
            sparkpost(1, 1),
            [Verdict(UNKNOWN, "1 of 2 refused, not said which", "t")] * 2,
        ),
        (
            "mailjet",
            mailjet(
                {"Status": "success", "To": [{"MessageID": 7}, {"MessageID": 8}]},
                {"Status": "error", "Errors": [{"ErrorCode": "x-1", "ErrorMessage": "bad"}]},
                {"Status": "error", "Errors": []},
            ),
            [*taken("7"), Verdict(REJECTED, "x-1 bad"), UNREADABLE],
        ),
        (
            "amazon_ses",
            ses(
                {"Status": "SUCCESS", "MessageId": "a"},
                {"Status": "TRANSIENT_FAILURE", "Error": "later"},
                {"Status": "MESSAGE_REJECTED"},
            ),
            [
                *taken("a"),
                Verdict(DEFERRED, "TRANSIENT_FAILURE later"),
                Verdict(REJECTED, "MESSAGE_REJECTED"),
            ],
        ),
        ("postal", {"status": "success", "data": {"messages": {"x": {"id": 5}}}}, taken("5")),
        (
            "postal",
            {"status": "parameter-error", "data": {}},
            [Verdict(REJECTED, "parameter-error")],
        ),
        (
            "postal",
            {"status": "error", "data": {"code": "NoRecipients"}},
            [Verdict(REJECTED, "NoRecipients")],
        ),
        ("mailtrap", {"x": AnymailRecipientStatus("a", "queued")}, taken("a")),
        ("mailtrap", {"x": AnymailRecipientStatus(None, "sent")}, taken(None)),
        ("mailtrap", {"x": AnymailRecipientStatus("a", "unknown")}, [NOT_NAMED]),
        ("mailtrap", {}, [NOT_NAMED]),
        (
            "mailtrap",
            {
                "x": AnymailRecipientStatus("a", "sent"),
                "y": AnymailRecipientStatus("b", "rejected"),
                "z": AnymailRecipientStatus("c", "invalid"),
            },
            [Verdict(REJECTED, "the provider says invalid, rejected")],
        ),
        ("mailtrap", AnymailAPIError("no such field"), [UNREADABLE]),
    ],
)
def test_each_line_is_read_as_its_provider_means_it(
    provider: str, data: Any, verdicts: list[Verdict]
) -> None:
    answer = read(provider, data, len(verdicts))

    assert answer.verdicts == verdicts
    assert answer.clear == any(each.outcome != UNKNOWN for each in verdicts)
    assert (answer.stop, answer.for_good) == ("", False)


@pytest.mark.parametrize(
    ("provider", "data", "text", "stop"),
    [
        ("postmark", [{"ErrorCode": 10, "Message": "bad token"}], "", "10 bad token"),
        ("mailgun", {}, "Mailgun Magnificent API", "200 not an address of Mailgun's API"),
        ("postal", {"status": "error", "data": {"code": "AccessDenied"}}, "", "AccessDenied"),
        (
            "mailjet",
            mailjet({"Status": "e", "Errors": [{"ErrorCode": "send-0008", "ErrorMessage": "m"}]}),
            "",
            "send-0008 m",
        ),
    ],
)
def test_what_is_ours_to_mend_gives_back_and_stops_for_good(
    provider: str, data: Any, text: str, stop: str
) -> None:
    answer = read(provider, data, 1, text=text)

    assert answer == Answer([Verdict(None, stop)], stop=stop, for_good=True)


def test_sendgrid_says_202_and_its_id_in_a_header() -> None:
    assert read("sendgrid", None, 2, status=202).verdicts == taken("from-header", "from-header")
    assert read("sendgrid", None, 2, status=200).verdicts == [UNREADABLE] * 2


def test_only_mailjet_has_lines_in_a_refusal() -> None:
    line = {"Status": "error", "Errors": [{"ErrorCode": "x-1", "ErrorMessage": "bad"}]}
    assert read("mailjet", mailjet(line), 1, status=400).verdicts == [Verdict(REJECTED, "x-1 bad")]
    assert read("mailjet", {"Messages": "none"}, 1, status=400).verdicts == [
        Verdict(REJECTED, "400")
    ]
    assert read("postmark", [], 1, status=199).for_good
    assert read("postmark", [], 1, status=300).for_good


def test_lines_beyond_the_copies_are_nobodys() -> None:
    lines = [{"ErrorCode": 0, "MessageID": "a"}, {"ErrorCode": 0, "MessageID": "b"}]
    assert read("postmark", lines, 1).verdicts == taken("a")
    assert read("postmark", lines, 3).verdicts == [*taken("a", "b"), NOT_NAMED]


@pytest.mark.parametrize("odd", [7, None, {"id": 1}, "x" * 121, "nul\0", "half \ud83d", ["a"]])
def test_a_reference_that_no_row_can_hold_is_left_out_and_the_copy_is_taken(odd: Any) -> None:
    lines = [{"ErrorCode": 0, "MessageID": each} for each in ("a", odd)]
    assert read("postmark", lines, 2).verdicts == taken("a", None)


def test_a_refusal_in_odd_words_is_kept_in_those_that_a_row_can_hold() -> None:
    lines = [{"ErrorCode": 300, "Message": "no\0 \ud83d\u202esuch\nmailbox"}]
    assert read("postmark", lines, 1).verdicts == [Verdict(REJECTED, "300 no such mailbox")]
    refused = read("postmark", {"ErrorCode": 300, "Message": "no\0"}, 1, status=422)
    assert refused.verdicts == [Verdict(REJECTED, "422 300 no")]
