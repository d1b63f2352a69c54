"""`manage.py doctor` names what a new copy lacks before its first visitor finds out."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests import factories

pytestmark = pytest.mark.django_db


def asked() -> str:
    said = StringIO()
    try:
        call_command("doctor", "--only", "newsletters", stdout=said)
    except CommandError as error:
        said.write(str(error))
    return said.getvalue()


def test_a_copy_without_wordings_is_told_that_nobody_can_sign_up() -> None:
    assert "There is no newsletter." in asked()
    factories.newsletter()
    factories.notice("privacy")
    assert "No “signup” wording is published, so nobody can sign up." in asked()
    assert "No “privacy”" not in asked()
    assert "1 things to mend" in asked()
    factories.notice("signup")
    assert asked().startswith(" ok  ")
