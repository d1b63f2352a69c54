"""The least that rows can cost: a dispatch's own deliveries, written at once into a bare table.

No claims, no intents, no locks, nobody asked whether they withdrew: what the engine costs a row is
read as a ratio to this, on any machine.
"""

from typing import Any

from django.db import connection

from briefing.dispatch.sql.rows import RESULT_COLUMNS
from briefing.models import Delivery, Dispatch
from tests.benchmarks import bare


def floor(_number: int) -> dict[str, Any]:
    """Return what each of the latest dispatch's rows costs in a table with the same indexes.

    Earlier dispatches' rows stay there, as they do in the real one.
    """
    table = Delivery._meta.db_table
    made = bare.make(table)
    latest = Dispatch.objects.latest("pk").pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {RESULT_COLUMNS} FROM {table} WHERE dispatch_id = %s ORDER BY subscriber_id",
            [latest],
        )
        rows = cursor.fetchall()
    return {"us_each": bare.write(made, RESULT_COLUMNS, rows) / len(rows) * 1e6}
