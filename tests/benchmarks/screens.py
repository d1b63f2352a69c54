"""What reports and lists of the desk cost at 1,000,000 deliveries and 3,000,000 events, in this copy.

Rows and counters are made by SQL, the counters from the rows; then each screen is asked for as a
browser does, template and all.
"""

import time
from typing import Any

from django.db import connection
from django.test import Client

from briefing.dispatch import fate
from briefing.models import Delivery, Dispatch, Link, User
from subscribers.models import Newsletter
from tests.benchmarks import world

_REPEATS = 7
_LINKS = 24
_LANES = 8
_BATCH = 500
# Tallies that nobody has put together yet: as after an issue that many readers left by.
_LOOSE = 15_000

_BATCHES = f"""
INSERT INTO briefing_batch
    (dispatch_id, variant_id, account, lane, wave, not_before, readers, size, state, fence, claims,
     deaths, suspect_deaths, intent_upto, done_upto, accepted, deferred, rejected, skipped, unknown,
     quarantined, cancelled, counted_at)
SELECT %(dispatch)s, %(variant)s, 'bulk', 'large' || i %% {_LANES} || '.example', 0, now(), ''::bytea,
       {_BATCH}, 'done', i, 1, 0, 0, {_BATCH}, {_BATCH}, {_BATCH}, 0, 0, 0, 0, 0, 0,
       now() + i * interval '1 second'
FROM generate_series(1, %(readers)s / {_BATCH}) AS i
"""
_DELIVERIES = """
INSERT INTO briefing_delivery (dispatch_id, subscriber_id, at, outcome, fate, attempts)
SELECT %(dispatch)s, i, now(), 1,
       1 + CASE WHEN i %% 3 = 0 THEN 128 ELSE 0 END + CASE WHEN i %% 9 = 0 THEN 256 ELSE 0 END, 1
FROM generate_series(1, %(readers)s) AS i
"""
# One delivered and one opened for each reader, and as many clicks, over four weeks.
_EVENTS = f"""
INSERT INTO briefing_event
    (provider, digest, kind, dispatch_id, subscriber_id, at, code, link, by_person, payload,
     received_at)
SELECT 'bench', i, (ARRAY['delivered', 'opened', 'clicked'])[1 + i %% 3], %(dispatch)s,
       1 + i %% %(readers)s, now() + (i %% 672) * interval '1 hour', '',
       CASE WHEN i %% 3 = 2 THEN i %% {_LINKS} END, true, '{{}}', now()
FROM generate_series(1, 3 * %(readers)s) AS i
"""
_COUNTS = f"""
INSERT INTO briefing_eventcount (dispatch_id, domain, kind, link, number)
SELECT dispatch_id, 'large' || subscriber_id %% {_LANES} || '.example', {fate.CLICKED}, link, COUNT(*)
FROM briefing_event WHERE kind = 'clicked' GROUP BY 1, 2, 3, 4
UNION ALL
SELECT dispatch_id, 'large' || subscriber_id %% {_LANES} || '.example', bit, -1, COUNT(*)
FROM briefing_delivery, (VALUES (1), (128), (256)) AS bits (bit)
WHERE fate & bit <> 0 GROUP BY 1, 2, 3
"""
_HOURS = f"""
INSERT INTO briefing_hourcount (dispatch_id, kind, hour, number)
SELECT dispatch_id, CASE kind WHEN 'clicked' THEN {fate.CLICKED} WHEN 'opened' THEN 128 ELSE 1 END,
       floor(extract(epoch FROM at - now()) / 3600) + 1, COUNT(*)
FROM briefing_event GROUP BY 1, 2, 3
"""
# Five years of readers, of whom every twentieth has left some month since.
_TALLIES = """
INSERT INTO subscribers_tally (newsletter_id, about, kind, at, joined, source, number)
SELECT %(newsletter)s, 'day', kind, current_date - i, NULL, '', 500
FROM generate_series(0, 1825) AS i, unnest(ARRAY['signup', 'joined', 'left', 'withheld']) AS kind
UNION ALL
SELECT %(newsletter)s, 'cohort', kind, (month + gone * interval '1 month')::date, month::date, '',
       CASE kind WHEN 'joined' THEN 16000 ELSE 60 END
FROM generate_series(date_trunc('month', now()) - interval '5 years', now(), '1 month') AS month,
     generate_series(0, 60) AS gone, unnest(ARRAY['joined', 'left', 'clicked']) AS kind
WHERE month + gone * interval '1 month' <= now() AND (kind <> 'joined' OR gone = 0)
UNION ALL
SELECT %(newsletter)s, 'source', kind, month::date, NULL, 'source ' || i, 100
FROM generate_series(date_trunc('month', now()) - interval '5 years', now(), '1 month') AS month,
     generate_series(1, 200) AS i, unnest(ARRAY['signup', 'joined', 'left']) AS kind
UNION ALL
SELECT %(newsletter)s, about, 'left', current_date, CASE about WHEN 'cohort' THEN current_date END, '', 1
FROM generate_series(1, %(loose)s / 3) AS i, unnest(ARRAY['day', 'cohort', 'source']) AS about
"""


def screens(readers: int) -> dict[str, Any]:
    """Fill the copy, then open every screen and file of the reports, and the lists, several times.

    Returns: the seconds of each opening by kind and name, and how long the largest file took.
    """
    dispatch = _fill(readers)
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.create_superuser("bench", "bench@news.example", "bench"))
    kinds = {"reports": _reports(dispatch), "lists": _lists(readers)}
    opened = {
        kind: {name: _open(client, address) for name, address in addresses.items()}
        for kind, addresses in kinds.items()
    }
    return {**opened, "csv_seconds": _download(client, "/admin/deliveries/?format=csv", readers)}


def _reports(dispatch: Dispatch) -> dict[str, str]:
    report = f"/admin/issues/{dispatch.issue_id}/report/"
    return {
        "report": report,
        "report as CSV": f"{report}?format=csv",
        "over time": f"{report}course/",
        "clicks on the mail": f"{report}clicks/",
        "the mail": f"{report}clicks/mail/",
        "growth by week": "/admin/numbers/growth/",
        "growth by month": "/admin/numbers/growth/?by=month",
        "cohorts": "/admin/numbers/cohorts/",
        "sources": "/admin/numbers/sources/",
        "dispatch": f"/admin/briefing/dispatch/{dispatch.pk}/change/",
    }


def _lists(readers: int) -> dict[str, str]:
    """Return the lists as they open, as they are searched, and where a search finds nobody."""
    people, subscriptions = "/admin/subscribers/subscriber/", "/admin/subscribers/subscription/"
    deliveries, somebody = "/admin/deliveries/", f"reader{readers // 2}@mail.example"
    return {
        "readers": people,
        "one address": f"{people}?q={somebody}",
        "its beginning": f"{people}?q=reader77",
        "a domain": f"{people}?q=@mail.example",
        "nobody": f"{people}?q=nobody@mail.example",
        "subscriptions": subscriptions,
        "active": f"{subscriptions}?state__exact=active",
        "unsubscribed": f"{subscriptions}?state__exact=unsubscribed",
        "one subscription": f"{subscriptions}?q={somebody}",
        "deliveries": deliveries,
        "to one address": f"{deliveries}?address={somebody}",
        "unknown": f"{deliveries}?outcome={Delivery.Outcome.UNKNOWN}",
        "rejected": f"{deliveries}?outcome={Delivery.Outcome.REJECTED}",
    }


def _fill(readers: int) -> Dispatch:
    newsletter = Newsletter.objects.get()
    dispatch = world.dispatch(newsletter)
    Link.objects.bulk_create(
        Link(edition=dispatch.edition, position=place, url=f"https://news.example/{place}/")
        for place in range(_LINKS)
    )
    parameters = {
        "dispatch": dispatch.pk,
        "variant": dispatch.edition.variants.get().pk,
        "newsletter": newsletter.pk,
        "readers": readers,
        "loose": _LOOSE,
    }
    with connection.cursor() as cursor:
        for statement in (_BATCHES, _DELIVERIES, _EVENTS, _COUNTS, _HOURS, _TALLIES, "ANALYZE"):
            cursor.execute(statement, parameters)
    type(dispatch.count).objects.update(planned=readers, candidates=readers)
    return dispatch


def _open(client: Client, address: str) -> list[float]:
    """Return how long each opening took, in seconds, but the first, which compiles templates."""
    times = []
    for _time in range(_REPEATS + 1):
        began = time.monotonic()
        answer = client.get(address)
        times.append(time.monotonic() - began)
        assert answer.status_code == 200, (address, answer.status_code)
    return times[1:]


def _download(client: Client, address: str, rows: int) -> float:
    """Return how long it takes until the last of so many lines has left, in seconds."""
    began = time.monotonic()
    answer: Any = client.get(address)
    lines = sum(bytes(part).count(b"\n") for part in answer.streaming_content)
    assert lines == rows + 1, lines
    return time.monotonic() - began
