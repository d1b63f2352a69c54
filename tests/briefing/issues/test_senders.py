"""What DNS says of the sender's domain: asked of a real server on loopback, judged, kept."""

import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from briefing import nameserver
from briefing.issues import preflight, rules, senders
from briefing.management.commands import doctor
from briefing.models import Issue, SenderRecords
from briefing.nameserver import Asker
from tests.factories import NOW, issue, newsletter
from tests.nameserver import NameServer, running

pytestmark = pytest.mark.django_db
Verdict = SenderRecords.Verdict

DOMAIN = "robots.example.org"
KEY = f"v=DKIM1; k=rsa; p={'MIGf' * 98}"
SOUND = {
    DOMAIN: ["v=spf1 include:_spf.provider.example -all", "something else"],
    f"s1._domainkey.{DOMAIN}": [KEY],
    f"_dmarc.{DOMAIN}": ["v=DMARC1; p=none; rua=mailto:dmarc@robots.example.org"],
}


@pytest.fixture
def server(settings: Settings) -> Iterator[NameServer]:
    settings.LOOK_UP_SENDERS = True
    with running(SOUND) as server:
        yield server


@pytest.fixture
def made(server: NameServer) -> Issue:
    return issue(newsletter(from_address=f"desk@{DOMAIN}"))


def looked_up(server: NameServer) -> SenderRecords:
    return senders.look_up(DOMAIN, Asker(server.resolver), now=NOW)


def found(made: Issue, *, days: int = 0) -> list[rules.Finding]:
    now = NOW + timedelta(days=days, minutes=1)
    return [each for each in preflight.findings(made, now=now) if each.name == "sender"]


def test_sound_records_are_found_and_nothing_is_said(made: Issue, server: NameServer) -> None:
    records = looked_up(server)
    assert {records.spf, records.dkim, records.dmarc} == {Verdict.SOUND}
    assert found(made) == []


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [
        ([], Verdict.MISSING),
        (["v=spf10 -all"], Verdict.MISSING),
        (["v=spf1 a -all", "V=SPF1 mx -all"], Verdict.SEVERAL),
        (["v=spf1 +all"], Verdict.OPEN),
        (["v=spf1 mx all"], Verdict.OPEN),
        (["v=spf1"], Verdict.SOUND),
    ],
)
def test_spf_is_judged(made: Issue, server: NameServer, texts: list[str], verdict: Verdict) -> None:
    server.zone[DOMAIN] = texts
    assert looked_up(server).spf == verdict
    assert bool(found(made)) == (verdict != Verdict.SOUND)


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [
        ([], Verdict.MISSING),
        (["v=DMARC1"], Verdict.BROKEN),
        (["v=DMARC1; p=nine"], Verdict.BROKEN),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], Verdict.SEVERAL),
        (["v=spf1 -all"], Verdict.MISSING),
        (["v=DMARC1 ; p=Reject"], Verdict.SOUND),
    ],
)
def test_dmarc_is_judged(
    made: Issue, server: NameServer, texts: list[str], verdict: Verdict
) -> None:
    server.zone[f"_dmarc.{DOMAIN}"] = texts
    assert looked_up(server).dmarc == verdict
    assert bool(found(made)) == (verdict != Verdict.SOUND)


def test_the_domain_above_may_speak_for_the_one_below(made: Issue, server: NameServer) -> None:
    del server.zone[f"_dmarc.{DOMAIN}"]
    server.zone["_dmarc.example.org"] = ["v=DMARC1; p=reject"]
    assert looked_up(server).dmarc == Verdict.SOUND


def test_a_key_is_found_under_the_name_it_was_given(
    made: Issue, server: NameServer, settings: Settings
) -> None:
    server.zone[f"x7q._domainkey.{DOMAIN}"] = server.zone.pop(f"s1._domainkey.{DOMAIN}")
    assert looked_up(server).dkim == Verdict.UNKNOWN
    assert "DKIM_SELECTORS" in str(found(made)[0].mend)
    settings.DKIM_SELECTORS = ["x7q"]
    assert looked_up(server).dkim == Verdict.SOUND
    settings.DKIM_SELECTORS = ["other"]
    assert looked_up(server).dkim == Verdict.MISSING


def test_an_empty_key_is_a_withdrawn_one(made: Issue, server: NameServer) -> None:
    server.zone[f"s1._domainkey.{DOMAIN}"] = ["v=DKIM1; p="]
    assert looked_up(server).dkim == Verdict.REVOKED


def test_where_no_key_can_be_nobody_guesses_names(made: Issue, server: NameServer) -> None:
    del server.zone[f"s1._domainkey.{DOMAIN}"]
    assert looked_up(server).dkim == Verdict.MISSING
    assert len(server.asked) < 8


def test_mail_that_proves_nothing_at_all_is_stopped(made: Issue, server: NameServer) -> None:
    server.zone |= {DOMAIN: ["nothing"]}
    looked_up(server)
    assert [each.blocks for each in found(made)] == [False]
    del server.zone[f"s1._domainkey.{DOMAIN}"]
    looked_up(server)
    assert [each.blocks for each in found(made)] == [True, True]


def test_a_domain_that_is_not_there_stops_it(made: Issue, server: NameServer) -> None:
    server.zone.clear()
    assert not looked_up(server).exists
    assert [each.blocks for each in found(made)] == [True]


def test_a_providers_own_envelope_is_the_providers_to_look_after(
    made: Issue, server: NameServer, settings: Settings
) -> None:
    settings.MAIL_ACCOUNTS = settings.MAIL_ACCOUNTS | {"bulk": "anymail://postmark"}
    server.zone[DOMAIN] = ["nothing"]
    assert looked_up(server).spf == Verdict.ELSEWHERE
    assert found(made) == []


def test_spf_is_asked_of_the_domain_that_bounces_go_to(
    made: Issue, server: NameServer, settings: Settings
) -> None:
    settings.BOUNCE_ADDRESS = "bounces@back.example.org"
    assert looked_up(server).spf == Verdict.MISSING
    assert "back.example.org" in str(found(made)[0].what)


def test_silence_replaces_nothing_that_is_known(
    made: Issue, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nameserver, "_SECONDS_EACH", 0.2)
    server.is_silent = True
    assert looked_up(server).looked_up_at is None
    assert "no answer" in str(found(made)[0].what)
    server.is_silent = False
    looked_up(server)
    server.is_silent = True
    assert looked_up(server).dmarc == Verdict.SOUND
    assert found(made) == []
    assert "2026-03-02" in str(found(made, days=8)[0].what)


def test_a_machine_without_name_servers_is_silent() -> None:
    asker = Asker()
    asker._ends_at = 0.0  # noqa: SLF001  the time is over
    with pytest.raises(nameserver.SilentError):
        asker.texts(DOMAIN)


def test_nobody_has_asked_yet_is_said_and_does_not_stop_it(made: Issue) -> None:
    assert [each.blocks for each in found(made)] == [False]


def test_each_domain_is_looked_up_once_a_day_and_when_somebody_asks(
    made: Issue, server: NameServer, settings: Settings
) -> None:
    assert senders.due(now=NOW) == [DOMAIN]
    looked_up(server)
    assert senders.due(now=NOW + timedelta(hours=23)) == []
    assert senders.due(now=NOW + timedelta(hours=25)) == [DOMAIN]
    senders.ask_for(made.newsletter, now=NOW + timedelta(minutes=5))
    assert senders.due(now=NOW + timedelta(minutes=5)) == [DOMAIN]
    settings.LOOK_UP_SENDERS = False
    assert senders.due(now=NOW + timedelta(days=9)) == []
    assert found(made, days=9) == []


def test_every_verdict_that_is_bad_has_a_sentence_and_the_way_to_mend_it() -> None:
    for sentences in (senders.SPF, senders.DKIM, senders.DMARC):
        for what, mend in sentences.values():
            assert f"{what} {mend}".count("%(domain)s") >= 1
            assert str(what).endswith(".")
            assert str(mend).endswith(".")


def test_the_doctor_asks_at_once_and_says_how_to_mend_it(
    made: Issue, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "Asker", lambda: Asker(server.resolver))
    del server.zone[f"_dmarc.{DOMAIN}"]
    said = io.StringIO()
    call_command("doctor", "--only", "sender", stdout=said)
    assert "(DMARC). Publish a TXT record at _dmarc.robots.example.org" in said.getvalue()
    server.zone.clear()
    with pytest.raises(CommandError, match="1 things to mend"):
        call_command("doctor", "--only", "sender", stdout=said)
