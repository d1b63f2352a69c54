"""Fakes of the providers that know a call by its key: they take each key once."""

from tests.briefing.transports.anymail.conftest import Route
from tests.briefing.transports.anymail.server import Request, Response

KEYED = ["brevo", "resend", "sparkpost"]
_REPLAYED = Response(400, {"code": "duplicate_parameter", "message": "seen before"})


def remembering(route: Route) -> Route:
    """Have the fake answer a key it has seen as its provider documents."""
    taken: dict[str, Response] = {}
    route.taken = taken

    def answer(request: Request) -> Response:
        key = key_of(request)
        if key in taken:
            return _REPLAYED if route.provider.name == "brevo" else taken[key]
        taken[key] = route.provider.taking(route.provider.read(request), {})
        return taken[key]

    route.api.answer = answer
    return route


def key_of(request: Request) -> str:
    """Return a call's key, wherever the provider wants it."""
    return request.headers.get("idempotency-key") or str(request.json["headers"]["idempotencyKey"])
