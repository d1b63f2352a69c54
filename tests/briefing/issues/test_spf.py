"""Whether SPF lets our mail server through: asked of a real name server on loopback, as receivers do."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_django import Settings

from briefing.issues import senders, spf
from briefing.models import SenderRecords
from briefing.nameserver import Asker
from tests.factories import NOW, newsletter
from tests.nameserver import NameServer, running

Verdict = SenderRecords.Verdict
DOMAIN, RELAY = "robots.example.org", "out.relay.example"
OURS, OURS6 = "203.0.113.5", "2001:db8:7::25"


@pytest.fixture
def server() -> Iterator[NameServer]:
    with running({f"A {RELAY}": [OURS]}) as server:
        yield server


def permitted(server: NameServer, text: str, host: str = RELAY) -> bool | None:
    server.zone[DOMAIN] = ["unrelated", text]
    return spf.permits(DOMAIN, host, Asker(server.resolver))


@pytest.mark.parametrize(
    ("record", "let_through"),
    [
        ("v=spf1 ip4:203.0.113.5 -all", True),
        ("V=SPF1 IP4:203.0.113.0/24 ~ALL", True),
        ("v=spf1 ip4:203.0.113.0/30 -all", False),
        ("v=spf1 -ip4:203.0.113.5 ip4:203.0.113.0/24 -all", False),
        ("v=spf1 ?all", False),
        ("v=spf1", False),
        ("v=spf1 a -all", False),
        ("v=spf1 a:out.relay.example -all", True),
        ("v=spf1 a:near.example/24 -all", True),
        ("v=spf1 mx -all", True),
        ("v=spf1 mx:near.example/24//64 -all", False),
        ("v=spf1 include:both.example -all", True),
        ("v=spf1 include:refuses.example -all", False),
        ("v=spf1 redirect=both.example", True),
        ("v=spf1 redirect=both.example -all", False),
        ("v=spf1 unknown=words exp=why.example exists:both.example -all", False),
        ("v=spf1 exists:near.example -all", True),
        # What only a mail could tell is held against nobody.
        ("v=spf1 exists:%{i}.list.example -all", None),
        ("v=spf1 ptr -all", None),
        ("v=spf1 include:%{d}.list.example ip4:203.0.113.5 -all", True),
    ],
)
def test_what_a_record_means_for_our_server(
    server: NameServer, record: str, *, let_through: bool | None
) -> None:
    server.zone |= {
        "A near.example": ["203.0.113.77"],
        f"MX {DOMAIN}": [f"10 {RELAY}."],
        "MX near.example": ["10 elsewhere.example."],
        "A elsewhere.example": ["198.51.100.1"],
        "both.example": ["v=spf1 include:deep.example ?all"],
        "deep.example": ["v=spf1 ip6:2001:db8::/32 ip4:203.0.113.5"],
        "refuses.example": ["v=spf1 -ip4:203.0.113.5 +all"],
    }
    assert permitted(server, record) is let_through


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 ip4:203.0.113 -all",
        "v=spf1 ip4 -all",
        "v=spf1 ip4:2001:db8::1 -all",
        "v=spf1 ip6:203.0.113.5 -all",
        "v=spf1 a/33 -all",
        "v=spf1 all:example.org",
        "v=spf1 include: -all",
        "v=spf1 includes:example.org -all",
        "v=spf1 include:nowhere.example -all",
        "v=spf1 include:twice.example -all",
        "v=spf1 include:round.example -all",
        f"v=spf1 {' '.join(f'a:h{each}.example' for each in range(3))} -all",
        f"v=spf1 {' '.join(['a:far.example'] * 11)} ip4:203.0.113.5 -all",
        "v=spf1 mx:many.example -all",
    ],
)
def test_a_record_that_receivers_would_call_broken(server: NameServer, record: str) -> None:
    server.zone |= {
        "twice.example": ["v=spf1 -all", "v=spf1 +all"],
        "round.example": ["v=spf1 include:round.example -all"],
        "A far.example": ["198.51.100.1"],
        "MX many.example": [f"{each} m{each}.example." for each in range(11)],
    }
    with pytest.raises(spf.BrokenError):
        permitted(server, record)
    assert len(server.asked) < 20


def test_ten_questions_are_allowed(server: NameServer) -> None:
    server.zone["A far.example"] = ["198.51.100.1"]
    assert permitted(server, f"v=spf1 {'a:far.example ' * 10}ip4:{OURS} -all")


def test_either_address_of_a_server_may_be_named(server: NameServer) -> None:
    server.zone[f"AAAA {RELAY}"] = [OURS6]
    assert permitted(server, "v=spf1 ip6:2001:db8:7::/48 -all")
    assert permitted(server, f"v=spf1 a:{RELAY}/8//64 -all", "2001:db8:7::26")
    assert permitted(server, f"v=spf1 a:{RELAY}/8 ip4:0.0.0.0/0 -all", "2001:db8:7::26") is False


@pytest.mark.parametrize("host", ["", "mail", "127.0.0.1", "10.1.2.3", "::1", "not-there.example"])
def test_from_where_a_server_of_the_house_sends_nobody_can_tell(
    server: NameServer, host: str
) -> None:
    assert permitted(server, "v=spf1 ip4:198.51.100.9 -all", host) is None


def test_what_is_included_may_be_of_the_servers_provider(server: NameServer) -> None:
    server.zone |= {
        "A smtp.gmail.com": ["198.51.100.20"],
        "_spf.google.com": ["v=spf1 ip4:192.0.2.0/24 -all"],
        "spf.relay.example": ["v=spf1 ip4:192.0.2.0/24 -all"],
    }
    assert permitted(server, "v=spf1 include:_spf.google.com -all", "smtp.gmail.com")
    assert permitted(server, "v=spf1 include:spf.relay.example -all")
    assert permitted(server, "v=spf1 -include:spf.relay.example -all") is False
    assert permitted(server, "v=spf1 include:spf.relay.example -all", "smtp.gmail.com") is False


@pytest.mark.django_db
def test_a_server_that_is_not_named_is_told_to_the_editor_with_the_words_to_add(
    server: NameServer, settings: Settings
) -> None:
    settings.LOOK_UP_SENDERS = True
    made = newsletter(from_address=f"desk@{DOMAIN}")
    server.zone |= {
        DOMAIN: ["v=spf1 mx -all"],
        f"MX {DOMAIN}": ["10 in.example."],
        "A in.example": ["198.51.100.1"],
        f"s1._domainkey.{DOMAIN}": ["v=DKIM1; p=MIGf"],
        f"_dmarc.{DOMAIN}": ["v=DMARC1; p=none"],
    }

    def told(**urls: str) -> list[str]:
        settings.MAIL_ACCOUNTS = settings.MAIL_ACCOUNTS | urls
        senders.look_up(DOMAIN, Asker(server.resolver), now=NOW)
        return [f"{each.what} {each.mend}" for each in senders.said(made, now=NOW + timedelta(1))]

    (said,) = told(bulk=f"submission://us:word@{RELAY}:587")
    assert f"and not {RELAY}" in said
    assert f"Add a:{RELAY} to the TXT record at {DOMAIN}" in said
    server.zone["A smtp.mailgun.org"] = ["192.0.2.9"]
    (said,) = told(bulk="smtp://198.51.100.1", fallback="submission://us:word@smtp.mailgun.org")
    assert "Add include:mailgun.org to" in said
    assert told(bulk="submission://us:word@email-smtp.eu-west-1.amazonaws.com", fallback="") == []
    assert SenderRecords.objects.get().spf == Verdict.ELSEWHERE
    server.zone[DOMAIN] = ["v=spf1 mx al"]
    (said,) = told(bulk=f"smtp://{RELAY}")
    assert "cannot be read to its end" in said


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("policy", "at", "envelope", "verdict"),
    [
        ("v=DMARC1; p=none", "example.org", "back.example.org", Verdict.SOUND),
        ("v=DMARC1; p=none; aspf=s", "example.org", "back.example.org", Verdict.UNALIGNED),
        ("v=DMARC1; p=none; aspf=s", "example.org", DOMAIN, Verdict.SOUND),
        ("v=DMARC1; p=none", DOMAIN, f"back.{DOMAIN}", Verdict.SOUND),
        ("v=DMARC1; p=none", "example.org", "back.example.net", Verdict.UNALIGNED),
        ("v=DMARC1; p=none", "example.org", "notexample.org", Verdict.UNALIGNED),
    ],
)
def test_without_a_key_the_envelope_has_to_be_of_the_senders_domain(
    server: NameServer,
    settings: Settings,
    *,
    policy: str,
    at: str,
    envelope: str,
    verdict: Verdict,
) -> None:
    settings.LOOK_UP_SENDERS = True
    settings.BOUNCE_ADDRESS = f"bounces@{envelope}"
    server.zone |= {DOMAIN: ["v=spf1 +mx -all"], f"_dmarc.{at}": [policy]}
    server.zone[envelope] = ["v=spf1 mx -all"]
    records = senders.look_up(DOMAIN, Asker(server.resolver), now=NOW)
    assert records.dmarc == verdict
    told = [
        str(each.what) for each in senders.said(newsletter(from_address=f"a@{DOMAIN}"), now=NOW)
    ]
    assert any("calls it forged" in each for each in told) == (verdict == Verdict.UNALIGNED)
    server.zone[f"s1._domainkey.{DOMAIN}"] = ["v=DKIM1; p=MIGf"]
    assert senders.look_up(DOMAIN, Asker(server.resolver), now=NOW).dmarc == Verdict.SOUND
