"""What each provider documents to answer when it takes a call, or refuses some of its readers."""

from collections.abc import Sequence
from typing import Any

from tests.briefing.transports.anymail.reading import Mail
from tests.briefing.transports.anymail.server import Response

# The code with which a reader is refused, by the reader's index in the call.
Refused = dict[int, str]


def postmark(mails: Sequence[Mail], refused: Refused) -> Response:
    return Response(
        200,
        [
            {"ErrorCode": int(refused[index]), "Message": f"Inactive: {mail.address}"}
            if index in refused
            else {
                "ErrorCode": 0,
                "Message": "OK",
                "MessageID": f"id-{mail.address}",
                "SubmittedAt": "2026-11-24T12:00:00.1234567-05:00",
                "To": mail.address,
            }
            for index, mail in enumerate(mails)
        ],
    )


def resend(mails: Sequence[Mail], refused: Refused) -> Response:
    kept = [mail for index, mail in enumerate(mails) if index not in refused]
    errors = [
        {"index": index, "message": f"Invalid `to`: {code}"} for index, code in refused.items()
    ]
    answer: dict[str, Any] = {"data": [{"id": f"id-{mail.address}"} for mail in kept]}
    return Response(200, answer | ({"errors": errors} if errors else {}))


def brevo(mails: Sequence[Mail], refused: Refused) -> Response:
    return Response(201, {"messageIds": [f"id-{mail.address}" for mail in mails]})


def mailgun(mails: Sequence[Mail], refused: Refused) -> Response:
    return Response(200, {"id": "<call@briefing.example>", "message": "Queued. Thank you."})


def sendgrid(mails: Sequence[Mail], refused: Refused) -> Response:
    return Response(202, b"", {"X-Message-Id": "call"})


def sparkpost(mails: Sequence[Mail], refused: Refused) -> Response:
    results = {
        "total_rejected_recipients": len(refused),
        "total_accepted_recipients": len(mails) - len(refused),
        "id": "11668787484950529",
    }
    return Response(200, {"results": results})


def mailjet(mails: Sequence[Mail], refused: Refused) -> Response:
    error = {"ErrorIdentifier": "88b5ca9f", "StatusCode": 400, "ErrorMessage": "is invalid"}
    lines = [
        {"Status": "error", "Errors": [error | {"ErrorCode": refused[index]}]}
        if index in refused
        else {
            "Status": "success",
            "To": [{"Email": mail.address, "MessageID": f"id-{mail.address}"}],
        }
        for index, mail in enumerate(mails)
    ]
    return Response(400 if refused else 200, {"Messages": lines})


def amazon_ses(mails: Sequence[Mail], refused: Refused) -> Response:
    lines = [
        {"Status": refused[index], "Error": "no"}
        if index in refused
        else {"Status": "SUCCESS", "MessageId": f"id-{mail.address}"}
        for index, mail in enumerate(mails)
    ]
    return Response(200, {"BulkEmailEntryResults": lines})


def mailersend(mails: Sequence[Mail], refused: Refused) -> Response:
    if not refused:
        return Response(202, b"", {"X-Message-Id": f"id-{mails[0].address}"})
    recipients = [{"email": mails[0].address, "reasons": ["hard_bounced"]}]
    warning = {"type": "ALL_SUPPRESSED", "recipients": recipients}
    return Response(202, {"message": "", "warnings": [warning]})


def mailtrap(mails: Sequence[Mail], refused: Refused) -> Response:
    return Response(200, {"success": True, "message_ids": [f"id-{mails[0].address}"]})


def mandrill(mails: Sequence[Mail], refused: Refused) -> Response:
    line = {"email": mails[0].address, "status": "sent", "_id": f"id-{mails[0].address}"}
    return Response(200, [line | ({"status": "rejected", "_id": None} if refused else {})])


def postal(mails: Sequence[Mail], refused: Refused) -> Response:
    if refused:
        return Response(200, {"status": "error", "data": {"code": refused[0], "message": "no"}})
    messages = {mails[0].address: {"id": f"id-{mails[0].address}", "token": "abc"}}
    return Response(200, {"status": "success", "data": {"messages": messages}})


def scaleway(mails: Sequence[Mail], refused: Refused) -> Response:
    email = {"id": f"id-{mails[0].address}", "mail_rcpt": mails[0].address, "status": "sending"}
    return Response(200, {"emails": [email]})


def unisender_go(mails: Sequence[Mail], refused: Refused) -> Response:
    address = mails[0].address
    answer: dict[str, Any] = {"status": "success", "job_id": f"id-{address}", "emails": [address]}
    if refused:
        answer |= {"emails": [], "failed_emails": {address: "unsubscribed"}}
    return Response(200, answer)
