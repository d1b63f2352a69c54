"""What a server's answers and lost connections say of it, whatever comes behind them."""

from briefing.transports.smtp.health import Health


def test_a_server_that_refused_us_is_left_for_a_person_also_when_it_cannot_be_reached_then() -> (
    None
):
    health = Health()
    health.lost("550 not you", refused="550 not you", sockets=2)

    health.unreachable("TimeoutError", permanent=False)

    assert (health.trouble, health.for_good) == ("550 not you", True)


def test_a_login_that_is_refused_is_a_persons_to_mend_whatever_was_wrong_before() -> None:
    health = Health()
    for _connection in range(3):
        health.lost("connection closed by the server", refused="", sockets=2)
    assert (health.trouble, health.for_good) == ("connection closed by the server", False)

    health.unreachable("535 no", permanent=True)

    assert (health.trouble, health.for_good) == ("535 no", True)
