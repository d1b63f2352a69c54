"""Each provider gets what it documents, for each reader what is that reader's own, in few calls."""

from briefing.dispatch.outcome import ACCEPTED
from briefing.transports.capabilities import CAPABILITIES
from tests.briefing.transports.anymail.conftest import Route
from tests.briefing.transports.anymail.fakes import PROVIDERS
from tests.briefing.transports.messages import SENDER, reader, variant


def test_every_provider_of_the_table_is_tried() -> None:
    assert set(PROVIDERS) == set(CAPABILITIES)


def test_each_reader_gets_their_own_subject_bodies_and_links(route: Route) -> None:
    route.hand_over(route.copies(3))
    mails = sorted(route.mails(), key=lambda mail: mail.address)
    assert [(mail.name, mail.address) for mail in mails] == [
        (f"Reader {each}", f"r{each}@mail.example") for each in range(3)
    ]
    for each, mail in enumerate(mails):
        link = f"https://briefing.example/unsubscribe/TOKEN-{each}-/"
        view = f"https://briefing.example/view/TOKEN-{each}-/"
        assert mail.subject == f"For Reader {each}"
        assert mail.text == f"Hello Reader {each}, leave by {link} or read on: {view}\n"
        assert mail.html == (
            f"<p>Hello Reader {each}</p><a href='{link}'>leave</a> r{each}@mail.example"
        )
        assert mail.reference == f"TOKEN-{each}-"


def test_each_mail_carries_the_headers_of_a_list(route: Route) -> None:
    route.hand_over(route.copies(2))
    for mail in route.mails():
        own = mail.reference
        list_id = "The Robotics Briefing <robotics-briefing.briefing.example>"
        assert mail.headers["list-id"] == list_id
        assert mail.headers["list-unsubscribe"] == (
            f"<https://briefing.example/one-click/{own}/>, "
            f"<mailto:unsubscribe@briefing.example?subject={own}>"
        )
        assert mail.headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
        assert mail.headers["feedback-id"] == "7:robotics-briefing:issue:briefing"
        assert "editors@briefing.example" in mail.headers["reply-to"]


def test_no_mail_holds_anything_of_another_reader(route: Route) -> None:
    route.hand_over(route.copies(5))
    for mail in route.mails():
        own = mail.reference.split("-")[1]
        whole = f"{mail}"
        for other in {"0", "1", "2", "3", "4"} - {own}:
            assert f"TOKEN-{other}-" not in whole
            assert f"Reader {other}" not in whole
            assert f"r{other}@" not in whole


def test_nobody_is_tracked_where_the_provider_leaves_a_choice(route: Route) -> None:
    route.hand_over(route.copies(1))
    chooses = CAPABILITIES[route.provider.name].switches_tracking
    assert [mail.tracked for mail in route.mails()] == [False if chooses else None]


def test_an_accepted_copy_has_the_providers_id(route: Route) -> None:
    group = route.hand_over(route.copies(3))
    assert [copy.outcome for copy in group.copies] == [ACCEPTED] * 3
    references = [copy.reference for copy in group.copies]
    if route.provider.refs_differ:
        assert references == [f"id-r{each}@mail.example" for each in range(3)]
    else:
        assert len(set(references)) == 1
        assert references[0]


def test_a_batch_is_one_call_over_one_connection_and_the_next_uses_it_again(
    batch_route: Route,
) -> None:
    for first in (0, 10, 20):
        batch_route.hand_over(batch_route.copies(10, first=first))
    assert len(batch_route.api.requests) == 3
    assert batch_route.api.connections == 1


def test_single_messages_share_a_few_connections(route: Route) -> None:
    route.hand_over(route.copies(40))
    assert len(route.mails()) == 40
    assert route.api.connections <= 8


def test_each_copy_is_noted_before_it_leaves_and_when_it_is_answered(route: Route) -> None:
    route.hand_over(route.copies(3))
    for position in range(3):
        mine = [note for note, at in route.watcher.notes if at == position]
        assert mine == ["started", "answered"]


def test_a_reader_without_a_name_is_addressed_by_the_address_alone(route: Route) -> None:
    composer_copies = route.copies(1)
    slots = reader(name="", address="anonymous@mail.example", token="TOKEN-9-")
    composer = route.transport.composer(variant(html=["<p>", "name|there", "</p>"]), SENDER)
    composer_copies[0].payload = composer.build(slots)
    route.hand_over(composer_copies)
    (mail,) = route.mails()
    assert (mail.name, mail.address) == ("", "anonymous@mail.example")
    assert mail.html == "<p>there</p>"


def test_a_text_only_variant_brings_no_html_of_its_own(route: Route) -> None:
    route.hand_over(route.copies(1, content=variant(text=["Dear ", "name|there", " & all"])))
    (mail,) = route.mails()
    assert mail.text == "Dear Reader 0 & all"
    if CAPABILITIES[route.provider.name].needs_html:
        assert mail.html == '<pre style="white-space: pre-wrap">Dear Reader 0 &amp; all</pre>'
    else:
        assert mail.html is None
