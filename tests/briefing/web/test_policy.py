"""Public pages may do little and know nobody; the desk may do what its screens need."""

from collections.abc import Callable

import pytest
from csp.constants import NONE
from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory

from briefing.web import policy, staff
from tests import factories

PUBLIC = ["/", "/privacy/", "/issues/", "/nothing/here/"]
EVERYWHERE = [*PUBLIC, "/admin/", "/accounts/login/"]

View = Callable[[HttpRequest], HttpResponse]


def directives(response: HttpResponseBase) -> dict[str, set[str]]:
    """Read a response's content policy as a browser does."""
    parts = (part.split() for part in response["Content-Security-Policy"].split(";"))
    return {name: set(sources) for name, *sources in parts}


@pytest.fixture(autouse=True)
def _site(db: None) -> None:
    factories.notice()
    factories.notice("privacy")
    factories.article()


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_loads_only_from_its_own_site(client: Client, path: str) -> None:
    found = directives(client.get(path))
    assert found["default-src"] == {NONE}
    assert found["script-src"] == found["style-src"] == {"'self'"}
    assert not {source for sources in found.values() for source in sources} - {"'self'", NONE}


@pytest.mark.parametrize("path", EVERYWHERE)
def test_no_page_can_be_framed_or_change_what_its_links_mean(client: Client, path: str) -> None:
    response = client.get(path)
    assert directives(response)["frame-ancestors"] == directives(response)["base-uri"] == {NONE}
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "path",
    [
        "/authors/%00/",
        "/topics/automation/?before=%00",
        "/signup/done/?newsletter=%00",
        "/embed/?a=%00",
    ],
)
def test_an_address_with_a_nul_is_no_page_and_breaks_nothing(client: Client, path: str) -> None:
    response = client.get(path, headers={"accept-language": "de"})
    assert response.status_code == 404
    assert 'lang="de"' in response.content.decode()
    assert directives(response)["default-src"] == {NONE}


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_sets_no_cookie_and_does_not_vary_by_one(client: Client, path: str) -> None:
    response = client.get(path)
    assert not response.cookies
    assert "cookie" not in response.get("Vary", "").lower()


def test_a_public_page_is_the_same_for_a_member_of_staff(
    client: Client, admin_client: Client
) -> None:
    assert admin_client.get("/").content == client.get("/").content
    assert not admin_client.get("/").cookies


def test_the_desks_pages_know_who_is_logged_in(admin_client: Client) -> None:
    assert admin_client.get("/admin/").status_code == 200


def test_the_desk_may_evaluate_and_the_login_may_not(client: Client) -> None:
    desk = directives(client.get("/admin/"))
    login = directives(client.get("/accounts/login/"))
    assert "'unsafe-eval'" in desk["script-src"]
    assert "'unsafe-inline'" not in desk["script-src"] | desk["style-src"]
    assert login["script-src"] == {"'self'"}


@pytest.mark.parametrize("path", ["/administration/", "/accounts", "/articles/admin/", "//admin/"])
def test_only_the_desks_own_paths_are_the_desks(path: str) -> None:
    assert not staff.is_staff_path(path)


def test_a_view_that_has_a_policy_of_its_own_keeps_it(rf: RequestFactory) -> None:
    def preview(request: HttpRequest) -> HttpResponse:
        response = HttpResponse()
        response._csp_replace = {"default-src": ["'self'"]}  # type: ignore[attr-defined]  # csp reads it
        return response

    response = policy.ContentPolicyMiddleware(preview)(rf.get("/admin/preview/"))
    assert isinstance(response, HttpResponse)
    assert directives(response)["default-src"] == {"'self'"}


def test_a_sessions_cookie_is_not_even_read_on_public_pages(
    rf: RequestFactory, admin_client: Client
) -> None:
    cookie = admin_client.cookies[django_settings.SESSION_COOKIE_NAME].value

    def knows(path: str) -> bool:
        request = rf.get(path)
        request.COOKIES[django_settings.SESSION_COOKIE_NAME] = cookie
        view = staff.StaffAuthenticationMiddleware(lambda _: HttpResponse())
        staff.StaffSessionMiddleware(view)(request)
        return hasattr(request, "session") and request.user.is_authenticated

    assert knows("/admin/")
    assert not knows("/")
