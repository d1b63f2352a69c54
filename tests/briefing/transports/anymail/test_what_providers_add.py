"""What single providers say in words of their own, beyond the table that holds for all."""

import pytest

from briefing.dispatch.outcome import ACCEPTED, DEFERRED, REJECTED, UNKNOWN
from tests.briefing.transports.anymail.conftest import RouteTo, all_are, given_back
from tests.briefing.transports.anymail.server import Response


def test_sparkpost_does_not_say_whom_it_refused_and_so_all_are_unknown(route_to: RouteTo) -> None:
    route = route_to("sparkpost")
    route.refuse({1: "any"})
    assert all_are(route.hand_over(route.copies(3)), UNKNOWN)


def test_brevo_saying_that_it_took_the_call_before_is_acceptance(route_to: RouteTo) -> None:
    route = route_to("brevo")
    route.api.script.append(Response(400, {"code": "duplicate_parameter", "message": "again"}))
    assert all_are(route.hand_over(route.copies(3)), ACCEPTED)


def test_brevo_giving_fewer_ids_than_copies_leaves_all_unknown(route_to: RouteTo) -> None:
    route = route_to("brevo")
    route.api.script.append(Response(201, {"messageIds": ["1", "2"]}))
    group = route.hand_over(route.copies(3))
    assert all_are(group, UNKNOWN)
    assert {copy.code for copy in group.copies} == {"2 ids for 3 copies"}


@pytest.mark.parametrize("name", ["resend", "sparkpost"])
def test_a_conflict_of_keys_is_unknown(route_to: RouteTo, name: str) -> None:
    route = route_to(name)
    route.api.script.append(Response(409, {"name": "concurrent_idempotent_requests"}))
    assert all_are(route.hand_over(route.copies(3)), UNKNOWN)


def test_postmarks_maintenance_is_definite_and_passes(route_to: RouteTo) -> None:
    route = route_to("postmark")
    route.api.script.append(Response(503, {"ErrorCode": 100, "Message": "Maintenance"}))
    group = route.hand_over(route.copies(3))
    assert all(given_back(copy) for copy in group.copies)
    assert not route.session.down_for_good


def test_mailguns_slogan_is_a_wrong_address_of_its_api(route_to: RouteTo) -> None:
    route = route_to("mailgun")
    route.api.script.append(Response(200, b"Mailgun Magnificent API"))
    group = route.hand_over(route.copies(3))
    assert all(given_back(copy) for copy in group.copies)
    assert route.session.down_for_good


@pytest.mark.parametrize("code", ["ACCOUNT_THROTTLED", "TRANSIENT_FAILURE"])
def test_amazon_defers_one_reader_of_many(route_to: RouteTo, code: str) -> None:
    route = route_to("amazon_ses")
    route.refuse({1: code})
    group = route.hand_over(route.copies(3))
    assert [copy.outcome for copy in group.copies] == [ACCEPTED, DEFERRED, ACCEPTED]


def test_a_sender_fault_in_a_line_gives_that_copy_back_and_stops(route_to: RouteTo) -> None:
    route = route_to("postmark")
    route.refuse({2: "401"})
    group = route.hand_over(route.copies(3))
    assert [copy.outcome for copy in group.copies] == [ACCEPTED, ACCEPTED, None]
    assert given_back(group.copies[2])
    assert route.session.down_for_good


def test_a_mailbox_that_the_provider_cannot_write_to_spoils_no_call(route_to: RouteTo) -> None:
    route = route_to("postmark")
    copies = route.copies(2)
    copies[0].recipient = "jürgen@mail.example"
    group = route.hand_over(copies)
    assert [copy.outcome for copy in group.copies] == [REJECTED, ACCEPTED]
    assert len(route.mails()) == 1
