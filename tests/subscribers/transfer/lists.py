"""Lists as five services write them, and how a test brings one over."""

from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from subscribers.models import Subscription
from tests.subscribers import making

# First lines as these services write them, each with somebody who reads, and others.
MAILCHIMP = """\
"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,\
CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS
Ada@example.org,Ada,Lovelace,2,"2021-03-04 05:06:07",192.0.2.1,"2021-03-04 06:00:00",192.0.2.1\
,,,,,,,,"2022-01-01 00:00:00",1,a,,
"""
MAILCHIMP_LEFT = MAILCHIMP.replace(",NOTES", ",UNSUB_TIME").replace(",a,,", ',a,"2023-01-01",')
MAILCHIMP_CLEANED = MAILCHIMP.replace(",NOTES", ",CLEAN_TIME").replace(",a,,", ',a,"2023-01-01",')
GHOST = """\
id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels
1,ada@example.org,Ada Lovelace,,true,,,2021-03-04T06:00:00.000Z,,
2,left@example.org,,,false,,,2021-03-04T06:00:00.000Z,,
"""
SUBSTACK = """\
email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at
ada@example.org,false,,other,false,2021-03-04T06:00:00.000Z,
left@example.org,true,,other,true,2021-03-04T06:00:00.000Z,
"""
LISTMONK = """\
uuid,email,name,attributes,status,created_at,updated_at
u1,ada@example.org,Ada Lovelace,{},enabled,2021-03-04 07:00:00 +0100 CET,2021-03-04 07:00:00 +0100 CET
u2,left@example.org,Left,{},disabled,2021-03-04 06:00:00.1234 +0000 +0000,
u3,barred@example.org,Barred,{},blocklisted,2021-03-04 06:00:00.12 +0000 UTC,
"""
BUTTONDOWN = """\
email,creation_date,type,tags,notes
ada@example.org,2021-03-04T06:00:00Z,regular,,
left@example.org,2021-03-04T06:00:00Z,unsubscribed,,
waits@example.org,2021-03-04T06:00:00Z,unactivated,,
"""


def bring(
    tmp_path: Path, text: str | bytes, *more: str, newsletter: str = "", name: str = "list.csv"
) -> str:
    """Import a list by its command; return what was said, with the exit code at its end."""
    file = tmp_path / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    slug = newsletter or making.newsletter().slug
    told, wrong = StringIO(), StringIO()
    usual = ["--newsletter", slug, "--basis", "Signed up at the fair", "--agreed-on", "2020-05-06"]
    code: Any = 0
    try:
        call_command("import_subscribers", str(file), *usual, *more, stdout=told, stderr=wrong)
    except SystemExit as ended:
        code = ended.code
    return f"{told.getvalue()}{wrong.getvalue()}{code}"


def readers() -> list[str]:
    """Return who reads the newsletter."""
    active = Subscription.objects.filter(
        newsletter=making.newsletter(), state="active", withheld=""
    )
    return sorted(map(str, active.values_list("subscriber__address_key", flat=True)))
