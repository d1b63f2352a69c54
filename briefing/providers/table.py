"""Every provider that can be asked. One that is missing here has no documented API for either."""

from briefing.providers import (
    amazon_ses,
    brevo,
    mailgun,
    mailjet,
    postmark,
    resend,
    sendgrid,
    sparkpost,
)
from briefing.providers.base import Desk

DESKS: dict[str, Desk] = {
    "amazon_ses": amazon_ses,
    "brevo": brevo,
    "mailgun": mailgun,
    "mailjet": mailjet,
    "postmark": postmark,
    "resend": resend,
    "sendgrid": sendgrid,
    "sparkpost": sparkpost,
}
