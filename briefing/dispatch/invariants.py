"""The promise as SQL: each query returns what breaks it, so an empty answer means that it holds.

Run after every fault test and by `manage.py doctor`. What rows cannot tell is asked elsewhere:

- I2, I3 across dispatches, I4 and I9 of the receiving side's log, by each fault's verdict;
- I5 and I8 in the midst of a dispatch of every group that leaves, by the sequences in any order;
- I10 of events folded in every order, by tracking's tests;
- I11 on a host without its journals, by the recovery's tests.
"""

from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True, slots=True)
class Invariant:
    """One promise. `query` lists its violations as (dispatch, detail)."""

    name: str
    means: str
    query: str


@dataclass(frozen=True, slots=True)
class Violation:
    """One row that breaks a promise."""

    invariant: str
    dispatch_id: int
    detail: str


_COUNTED = "accepted + deferred + rejected + skipped + unknown + quarantined + cancelled"

INVARIANTS = (
    Invariant(
        # Whom a lost worker leaves deferred in a cancelled dispatch the next sweep cancels; in a
        # finished one nobody may be left so, which is I8.
        "I1",
        "after a dispatch is over and settled every planned reader has exactly one final row",
        """
        SELECT d.id, 'planned ' || c.planned || ', rows ' || COUNT(r.subscriber_id)
        FROM briefing_dispatch d
        JOIN briefing_dispatchcount c ON c.dispatch_id = d.id
        LEFT JOIN briefing_delivery r ON r.dispatch_id = d.id
        WHERE d.state IN ('finished', 'cancelled') AND d.planned_at IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM briefing_batch b
                          WHERE b.dispatch_id = d.id AND b.state <> 'done')
          AND NOT EXISTS (SELECT 1 FROM briefing_delivery w
                          WHERE w.dispatch_id = d.id AND w.outcome = 2)
        GROUP BY d.id, c.planned
        HAVING COUNT(r.subscriber_id) <> c.planned
        """,
    ),
    Invariant(
        "I3",
        "one address has one copy of a dispatch",
        """
        SELECT dispatch_id, 'address ' || address FROM briefing_delivery
        WHERE address IS NOT NULL GROUP BY dispatch_id, address HAVING COUNT(*) > 1
        """,
    ),
    Invariant(
        "I5",
        "nobody is accepted whose withdrawal was committed before the dispatch began",
        """
        SELECT r.dispatch_id, 'reader ' || r.subscriber_id
        FROM briefing_delivery r
        JOIN briefing_dispatch d ON d.id = r.dispatch_id
        JOIN briefing_issue i ON i.id = d.issue_id
        JOIN subscribers_subscription s
          ON s.subscriber_id = r.subscriber_id AND s.newsletter_id = i.newsletter_id
        WHERE r.outcome = 1 AND s.state = 'unsubscribed' AND s.unsubscribed_at < d.started_at
        """,
    ),
    Invariant(
        "I6",
        "one edition for each dispatch, and every batch of it carries a variant of that edition",
        """
        SELECT d.id, 'batch ' || b.id
        FROM briefing_batch b
        JOIN briefing_dispatch d ON d.id = b.dispatch_id
        JOIN briefing_editionvariant v ON v.id = b.variant_id
        WHERE v.edition_id <> d.edition_id
        """,
    ),
    Invariant(
        "I7",
        "planned = accepted + rejected + skipped + unknown + deferred + quarantined + cancelled",
        f"""
        SELECT d.id, 'planned ' || c.planned || ', counted ' || SUM({_COUNTED})
        FROM briefing_dispatch d
        JOIN briefing_dispatchcount c ON c.dispatch_id = d.id
        JOIN briefing_batch b ON b.dispatch_id = d.id
        WHERE d.planned_at IS NOT NULL
        GROUP BY d.id, c.planned
        HAVING COUNT(CASE WHEN b.state <> 'done' THEN 1 END) = 0
           AND SUM({_COUNTED}) <> c.planned
        """,  # noqa: S608  constant column names
    ),
    Invariant(
        "I7b",
        "what the batches counted is what the rows say",
        f"""
        SELECT x.dispatch_id, 'counted ' || x.counted || ', rows ' || COALESCE(y.number, 0)
        FROM (SELECT dispatch_id, SUM({_COUNTED}) AS counted
              FROM briefing_batch GROUP BY dispatch_id) x
        LEFT JOIN (SELECT dispatch_id, COUNT(*) AS number
                   FROM briefing_delivery GROUP BY dispatch_id) y
          ON y.dispatch_id = x.dispatch_id
        WHERE x.counted <> COALESCE(y.number, 0)
        """,  # noqa: S608  constant column names
    ),
    Invariant(
        "I8",
        "nothing is left to be sent of a dispatch that is over",
        """
        SELECT d.id, 'reader ' || r.subscriber_id
        FROM briefing_dispatch d
        JOIN briefing_delivery r ON r.dispatch_id = d.id AND r.outcome = 2
        WHERE d.state = 'finished'
        """,
    ),
    Invariant(
        "I11",
        "a copy that kills whoever builds it killed three workers at most",
        """
        SELECT dispatch_id, 'batch ' || id || ', position ' || suspect
        FROM briefing_batch WHERE suspect_deaths > 3
        """,
    ),
    Invariant(
        "I12",
        "whoever was accepted has a consent record older than the dispatch",
        """
        SELECT r.dispatch_id, 'reader ' || r.subscriber_id
        FROM briefing_delivery r
        JOIN briefing_dispatch d ON d.id = r.dispatch_id
        JOIN briefing_issue i ON i.id = d.issue_id
        JOIN subscribers_subscriber p ON p.id = r.subscriber_id
        WHERE r.outcome = 1 AND NOT EXISTS (
            SELECT 1 FROM subscribers_consentrecord c
            WHERE c.person = p.person AND c.newsletter_id = i.newsletter_id
              AND c.act IN ('confirmed', 'imported') AND c.at <= r.at)
        """,
    ),
)


def violations(*, at_most: int = 20) -> list[Violation]:
    """Run every query; return at most so many violations of each."""
    found: list[Violation] = []
    with connection.cursor() as cursor:
        for invariant in INVARIANTS:
            cursor.execute(invariant.query)
            found.extend(
                Violation(invariant.name, int(dispatch_id), str(detail))
                for dispatch_id, detail in cursor.fetchmany(at_most)
            )
    return found
