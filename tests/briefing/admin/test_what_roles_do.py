"""What a role does with what it may open: drafts stay drafts, and nobody lifts themselves up."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.models import Group
from django.core.management import call_command

from briefing.admin import roles
from briefing.models import Article, AuditEntry, User
from tests.briefing.admin.conftest import PASSWORD, holder_of, log_in
from tests.briefing.admin.test_second_factor import log_in_by_password
from tests.factories import article


def test_the_groups_hold_what_the_table_says_whatever_was_done_to_them(db: None) -> None:
    author = Group.objects.get(name=roles.AUTHOR)
    author.permissions.set(Group.objects.get(name=roles.OWNER).permissions.all())

    call_command("migrate", verbosity=0)

    held = {f"{each.content_type.app_label}.{each.codename}" for each in author.permissions.all()}
    assert held == set(roles.ROLES[roles.AUTHOR])


def test_a_permission_that_does_not_exist_is_noticed(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(roles.ROLES, roles.AUTHOR, ("briefing.fly_article",))

    with pytest.raises(LookupError, match="fly_article"):
        roles.grant()


def test_an_author_writes_drafts_and_cannot_publish_or_touch_what_is_published(
    db: None,
) -> None:
    client = log_in(holder_of(roles.AUTHOR))
    public = article()
    inlines: dict[str, str] = {}
    for name in ("bylines", "sources", "watch_items"):
        inlines |= {f"{name}-TOTAL_FORMS": "0", f"{name}-INITIAL_FORMS": "0"}
    form = {"headline": "Mine", "slug": "mine", "locale": "en", "status": "published", **inlines}

    client.post("/admin/briefing/article/add/", form)
    refused = client.post(f"/admin/briefing/article/{public.pk}/change/", form)

    assert Article.objects.get(slug="mine").status == Article.Status.DRAFT
    assert refused.status_code == 403


def test_an_owner_cannot_take_over_an_account_that_may_do_more(db: None) -> None:
    root = User.objects.create_superuser("root")
    client = log_in(holder_of(roles.OWNER))

    assert client.post(f"/admin/briefing/user/{root.pk}/change/", {}).status_code == 403
    assert client.post(f"/admin/briefing/user/{root.pk}/password/", {}).status_code == 403


def test_an_owner_removes_a_lost_second_factor_and_nobody_their_own(db: None) -> None:
    boss, person = holder_of(roles.OWNER), holder_of(roles.EDITOR)
    client, theirs = log_in(boss), log_in_by_password("editor")
    TOTP.activate(person, generate_totp_secret())
    page = f"/admin/briefing/user/{person.pk}/change/"
    assert "Remove the second factor" in client.get(page).text
    own = f"/admin/briefing/user/{boss.pk}/change/"
    assert "Remove the second factor" not in client.get(own).text
    assert theirs.get("/admin/").status_code == 200

    assert client.post(f"/admin/staff/{boss.pk}/second-factor/").status_code == 403
    assert theirs.post(f"/admin/staff/{boss.pk}/second-factor/").status_code == 403
    client.post(f"/admin/staff/{person.pk}/second-factor/")

    assert not is_mfa_enabled(person)
    assert is_mfa_enabled(boss)
    assert theirs.get("/admin/").status_code == 302
    entry = AuditEntry.objects.get(act="second_factor.take_away")
    assert (entry.actor, entry.subject_id) == (boss, str(person.pk))


@pytest.mark.parametrize("loses", ["is_active", "groups"])
def test_an_owner_cannot_shut_the_house_behind_themselves(db: None, loses: str) -> None:
    boss = holder_of(roles.OWNER)
    form = {"username": "owner", "is_active": "on", "groups": [boss.groups.get().pk]}
    del form[loses]

    answer = log_in(boss).post(f"/admin/briefing/user/{boss.pk}/change/", form)

    assert loses in answer.context["adminform"].form.errors
    boss.refresh_from_db()
    assert boss.is_active
    assert boss.groups.exists()


def test_an_owner_adds_a_colleague_with_a_name_a_role_and_a_password(db: None) -> None:
    client = log_in(holder_of(roles.OWNER))
    address, editor = "/admin/briefing/user/add/", Group.objects.get(name=roles.EDITOR)
    page = client.get(address).text
    form = {
        "username": "nina",
        "first_name": "Nina",
        "last_name": "Berg",
        "groups": [editor.pk],
        "email": "nina@desk.example",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }

    answer = client.post(address, form)

    assert all(f'name="{name}"' in page for name in form)
    assert answer.status_code == 302
    assert log_in_by_password("nina").get("/admin/briefing/issue/").status_code == 200
    assert "Nina Berg" in client.get("/admin/briefing/user/").text


def test_lists_name_things_as_people_do(db: None) -> None:
    article()
    client = log_in(holder_of(roles.OWNER))

    assert "briefing.Article" not in client.get("/admin/briefing/author/").text
    assert "full name" not in client.get("/admin/briefing/user/").text
    refused = log_in(holder_of(roles.AUTHOR)).get("/admin/issues/compose/")
    assert 'href="/admin/"' in refused.text


def test_an_owner_gives_a_role_and_cannot_make_a_superuser(db: None) -> None:
    client = log_in(holder_of(roles.OWNER))
    person = User.objects.create_user("somebody", is_staff=True)
    editor = Group.objects.get(name=roles.EDITOR)

    client.post(
        f"/admin/briefing/user/{person.pk}/change/",
        {"username": "somebody", "is_active": "on", "is_superuser": "on", "groups": [editor.pk]},
    )

    person.refresh_from_db()
    assert list(person.groups.all()) == [editor]
    assert person.is_staff
    assert not person.is_superuser
