"""Every fault, in the order of the table."""

from tests.faults import ready, registry  # noqa: F401  ready first: the others need Django
from tests.faults.rows import (
    apis,
    brokers,
    crowds,
    databases,
    keys,
    kills,
    marathon,
    orders,
    outages,
    people,
    reports,
    restores,
    sleepers,
    smtp,
)

# Their faults enter themselves; this is their order.
MODULES = (
    kills,
    databases,
    brokers,
    smtp,
    apis,
    keys,
    outages,
    reports,
    sleepers,
    crowds,
    people,
    restores,
    orders,
    marathon,
)
_PLACE = {module.__name__: place for place, module in enumerate(MODULES)}
FAULTS = dict(sorted(registry.FAULTS.items(), key=lambda item: _PLACE[item[1].run.__module__]))
