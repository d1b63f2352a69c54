"""Pages of a long list: counts that stop at a limit, so that a million rows open like ten."""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db import connections
from django.db.models import Max, QuerySet


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # the desk pages every model with it
    """Counts rows up to `limit`; beyond it the list says about how many there are.

    An exact count reads the whole table, and pages far down are read from the first row on: both
    take longer the better the newsletter does.
    """

    limit = 10_000
    template_name = "desk/_pagination.html"

    @cached_property
    def count(self) -> int:
        """Return the number of rows, or the limit when there are more."""
        return min(self._counted, self.limit)

    @cached_property
    def exceeded(self) -> bool:
        """Whether there are more rows than can be paged through."""
        return self._counted > self.limit

    @cached_property
    def about(self) -> int | None:
        """Return roughly how many rows there are beyond the limit, where that can be told cheaply."""
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]  # the admin pages a queryset
        if not self.exceeded or rows.query.where:
            return None
        connection = connections[rows.db]
        if connection.vendor != "postgresql":
            return int(rows.order_by().aggregate(highest=Max("pk"))["highest"])
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass",
                [connection.ops.quote_name(rows.model._meta.db_table)],
            )
            estimate: int = cursor.fetchone()[0]
        # A table that was never analysed says -1.
        return estimate if estimate > self.limit else None

    @cached_property
    def _counted(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]  # the admin pages a queryset
        return rows.order_by()[: self.limit + 1].count()
