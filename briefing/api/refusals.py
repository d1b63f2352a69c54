"""How a program is told no: always in the same form, whoever found the fault."""

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from briefing.api.schemas import Problem, RefusedOut

_UNPROCESSABLE = 422


class RefusalError(Exception):
    """What was asked for is not done. `wait_seconds` says after how long it may be tried again."""

    def __init__(self, status: int, *problems: Problem, wait_seconds: int = 0) -> None:
        super().__init__(problems)
        self.status = status
        self.problems = list(problems)
        self.wait_seconds = wait_seconds


def handle(api: NinjaAPI) -> None:
    """Have an API tell every refusal in this form."""

    @api.exception_handler(RefusalError)
    def by_a_rule(request: HttpRequest, error: RefusalError) -> HttpResponse:
        answer = _answer(api, request, error.problems, error.status)
        if error.wait_seconds:
            answer.headers["Retry-After"] = str(error.wait_seconds)
        return answer

    @api.exception_handler(ValidationError)
    def by_the_schema(request: HttpRequest, error: ValidationError) -> HttpResponse:
        # The first two say where it stood: in the body, under the parameter's name.
        problems = [
            Problem(field=".".join(map(str, each["loc"][2:])), message=each["msg"])
            for each in error.errors
        ]
        return _answer(api, request, problems, _UNPROCESSABLE)

    @api.exception_handler(HttpError)
    def unread(request: HttpRequest, error: HttpError) -> HttpResponse:
        return _answer(api, request, [Problem(message=str(error))], error.status_code)


def _answer(
    api: NinjaAPI, request: HttpRequest, problems: list[Problem], status: int
) -> HttpResponse:
    told = RefusedOut(problems=problems)
    return api.create_response(request, told.dict(), status=status)
