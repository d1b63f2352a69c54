"""Proof of work: asked for under pressure alone, good once, and nobody needs it to get in."""

import base64
import json
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import altcha
import pytest
from django.test import Client
from django.urls import reverse
from limits import parse_many
from pytest_django.fixtures import Settings
from redis import Redis

from subscribers import proof, signup, throttle
from subscribers.models import Outbox, SignupRequest
from tests.chromium import Visit
from tests.subscribers import making
from tests.subscribers.test_signup_journey import fill_in

Payload = dict[str, Any]


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the work short: how hard it is belongs to the challenge."""
    monkeypatch.setattr(proof, "_ROUNDS", 2)


@pytest.fixture
def _pressure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the site over its ceiling."""
    monkeypatch.setattr(throttle, "PER_SITE", parse_many("1/hour"))
    throttle.delay("somebody.example")


def _solved(challenge: Payload) -> Payload:
    solution = altcha.solve_challenge(altcha.Challenge.from_dict(challenge))
    assert solution
    return {"challenge": challenge, "solution": solution.to_dict()}


def _coded(payload: object) -> str:
    return base64.b64encode(json.dumps(payload).encode()).decode()


@pytest.mark.usefixtures("_quick")
def test_a_proof_is_good_once() -> None:
    worked = _coded(_solved(proof.make()))

    assert proof.spend(worked)
    assert not proof.spend(worked)
    assert proof.spend(_coded(_solved(proof.make())))


@pytest.mark.usefixtures("_quick")
def test_a_replayed_proof_is_known_in_every_process(valkey: Redis) -> None:
    payload = _solved(proof.make())
    assert proof.spend(_coded(payload))
    throttle.forget()

    # The same proof in another spelling.
    assert not proof.spend(_coded({"solution": payload["solution"]} | payload | {"more": 1}))
    (key,) = valkey.keys("*once*")
    assert valkey.ttl(key) > proof.LIVES_FOR.total_seconds()


@pytest.mark.usefixtures("_quick")
def test_a_proof_that_comes_too_late_is_none() -> None:
    late = proof.make(lives_for=timedelta(seconds=-1))

    assert not proof.spend(_coded(_solved(late)))


def _other(name: str, value: object) -> Callable[[Payload], None]:
    def change(payload: Payload) -> None:
        payload["challenge"]["parameters"][name] = value

    return change


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize(
    "forge",
    [
        _other("expiresAt", int(time.time()) + 9_999_999),
        _other("expiresAt", None),
        _other("cost", 1),
        _other("keyPrefix", ""),
        _other("algorithm", "SHA-256"),
        _other("nonce", "00"),
        lambda payload: payload["challenge"].update(signature="0" * 64),
        lambda payload: payload["challenge"].pop("signature"),
        lambda payload: payload["solution"].update(counter=payload["solution"]["counter"] + 1),
        lambda payload: payload["solution"].update(derivedKey="00" * 32),
        lambda payload: payload["solution"].update(counter="1"),
        lambda payload: payload["solution"].pop("counter"),
        lambda payload: payload.pop("solution"),
    ],
)
def test_a_forged_proof_is_none_and_does_not_use_the_true_one_up(
    forge: Callable[[Payload], None],
) -> None:
    true = _solved(proof.make())
    forged = json.loads(json.dumps(true))
    forge(forged)

    assert not proof.spend(_coded(forged))
    assert proof.spend(_coded(true))


def test_somebody_elses_challenge_is_none() -> None:
    theirs = altcha.create_challenge("PBKDF2/SHA-256", 1, hmac_secret="theirs").to_dict()
    assert not proof.spend(_coded(_solved(theirs)))


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "é", "=" * 9, "bnVsbA==", "W10=", "A" * 100_000),
        _coded({"challenge": 1, "solution": 2}),
        _coded({"challenge": {"parameters": []}, "solution": {}}),
        base64.b64encode(b"[" * 1400).decode(),
        base64.b64encode(b"\xff\xfe").decode(),
    ],
)
def test_nonsense_is_no_proof(text: str) -> None:
    assert not proof.spend(text)


def test_without_pressure_there_is_nothing_to_prove(client: Client) -> None:
    throttle.delay("somebody.example")

    answer = client.get(reverse("signup-challenge"))

    assert (answer.status_code, answer.content) == (204, b"")
    assert "no-store" in answer["Cache-Control"]


def test_a_tenth_below_the_ceiling_the_pressure_begins_and_looking_does_not_add_to_it(
    client: Client, monkeypatch: pytest.MonkeyPatch, valkey: Redis
) -> None:
    monkeypatch.setattr(throttle, "PER_SITE", parse_many("20/hour"))
    seen = []
    for _ in range(20):
        seen.append([client.get(reverse("signup-challenge")).status_code for _ in range(3)])
        throttle.delay("somebody.example")

    assert seen == [[204] * 3] * 19 + [[200] * 3]


def test_a_crowd_at_one_domain_is_pressure_too(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "PER_DOMAIN", parse_many("20/hour"))
    seen = []
    for number in range(20):
        throttle.delay("large.example")
        throttle.delay(f"small{number}.example")
        seen.append(client.get(reverse("signup-challenge")).status_code)

    assert seen == [204] * 18 + [200] * 2
    assert throttle.delay("large.example") == throttle.PRESSURE_DELAY
    assert throttle.delay("small.example") == timedelta(0)


@pytest.mark.usefixtures("_pressure")
def test_a_challenge_is_made_for_each_who_asks_and_kept_by_nobody(client: Client) -> None:
    first, second = (client.get(reverse("signup-challenge")) for _ in range(2))

    assert first.json()["signature"] != second.json()["signature"]
    assert "no-store" in first["Cache-Control"]
    assert not first.cookies


@pytest.mark.django_db
@pytest.mark.usefixtures("_pressure", "_quick")
def test_under_pressure_who_has_worked_does_not_wait_and_who_has_not_is_not_lost(
    client: Client,
) -> None:
    making.newsletter()
    making.notice()
    worked = _coded(_solved(client.get(reverse("signup-challenge")).json()))
    answers = [
        client.post(reverse("signup"), fill_in(email="anna@example.com", proof=worked)),
        client.post(reverse("signup"), fill_in(email="bert@example.com")),
        client.post(reverse("signup"), fill_in(email="carl@example.com", proof=worked)),
    ]
    for asked in SignupRequest.objects.all():
        signup.work(asked.pk, now=making.NOW)

    # The answer does not say who waits: whoever sends a proof again must not learn from it.
    assert len({(answer.status_code, answer["Location"]) for answer in answers}) == 1
    waits = {row.signup.address: row.next_at - making.NOW for row in Outbox.objects.all()}  # type: ignore[union-attr]  # all have one
    assert waits == {
        "anna@example.com": timedelta(0),
        "bert@example.com": throttle.PRESSURE_DELAY,
        "carl@example.com": throttle.PRESSURE_DELAY,
    }
    assert "a quarter of an hour" in client.get(answers[0]["Location"]).content.decode()


@pytest.mark.django_db
@pytest.mark.usefixtures("_pressure", "_quick")
def test_a_proof_outlives_a_slip_in_the_address(client: Client) -> None:
    making.newsletter()
    making.notice()
    worked = _coded(_solved(client.get(reverse("signup-challenge")).json()))

    page = client.post(reverse("signup"), fill_in(email="anna@gmial.com", proof=worked))

    assert f'name="proof" value="{worked}"' in page.content.decode()
    client.post(reverse("signup"), fill_in(email="anna@gmail.com", proof=worked))
    assert SignupRequest.objects.get().proven


@pytest.mark.django_db
def test_a_link_that_is_asked_for_anew_has_proven_nothing() -> None:
    asked = making.pending("anna@example.com", proven=True)

    renewed = signup.renew(asked.pk, now=making.NOW + timedelta(days=4))

    assert renewed
    assert not SignupRequest.objects.get(pk=renewed.pk).proven


@pytest.mark.usefixtures("_quick")
def test_without_valkey_a_proof_is_still_good_once_here(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        settings.REDIS_URL = f"redis://127.0.0.1:{nobody.getsockname()[1]}/0"
    worked = _coded(_solved(proof.make()))

    assert [proof.spend(worked) for _ in range(2)] == [True, False]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_pressure", "_quick")
@pytest.mark.parametrize(("javascript", "waits"), [(True, False), (False, True)])
def test_a_person_under_pressure_waits_only_without_javascript(
    visit: Visit, site: str, *, javascript: bool, waits: bool
) -> None:
    making.newsletter()
    making.notice()
    page = visit(javascript=javascript, viewport=(320, 640))
    page.goto(reverse("signup"))
    page.get_by_label("Your email address").fill("anna@example.com")
    # A form that is filled in within two seconds looks like a machine's.
    page.wait_for_timeout(2100)
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    page.get_by_role("heading", name="Look into your mailbox").wait_for()

    asked = SignupRequest.objects.get()
    assert asked.proven is not waits
    signup.work(asked.pk, now=making.NOW)
    assert (Outbox.objects.get().next_at > making.NOW) is waits


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_pressure", "_quick")
def test_a_person_who_presses_at_once_is_sent_on_when_the_work_is_done(
    visit: Visit, site: str
) -> None:
    making.newsletter()
    making.notice()
    page = visit()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(reverse("signup"))
    page.wait_for_timeout(2100)
    field = page.get_by_label("Your email address")
    # Filled in by the browser itself: nobody was in the form before the press.
    field.evaluate("field => { field.value = 'anna@example.com'; }")
    page.evaluate("document.querySelector('main form').requestSubmit()")
    page.get_by_role("heading", name="Look into your mailbox").wait_for()

    assert SignupRequest.objects.get().proven
    assert all(url.startswith(site) for url in asked)
