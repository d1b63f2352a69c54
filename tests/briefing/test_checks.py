"""A copy in production starts only when readers can be reached, found and protected."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from briefing import checks
from briefing.oidc import IdentityProvider
from tests import factories
from tests.checks import tools

ROOT = Path(__file__).resolve().parents[2]
SMTP = "submission://user:password@smtp.example:587"


@pytest.fixture
def production(settings: Settings) -> Settings:
    """Set everything as a copy in production should have it."""
    settings.MODE = "production"
    settings.SECRET_KEY = "kJ8vQ2" * 10
    settings.PUBLIC_BASE_URL = "https://briefing.example"
    settings.ALLOWED_HOSTS = ["briefing.example"]
    settings.MAIL_ACCOUNTS = {
        "bulk": SMTP,
        "fallback": "",
        "transactional": "anymail://postmark",
    }
    return settings


@pytest.mark.django_db
def test_a_copy_that_has_everything_may_start(production: Settings) -> None:
    factories.newsletter()
    assert checks.unfit() == checks.unfit_to_send() == ""


@pytest.mark.parametrize(
    ("setting", "value", "identity"),
    [
        ("SECRET_KEY", "short-0123456789", "E001"),
        ("SECRET_KEY", "ab" * 40, "E001"),
        ("SECRET_KEY", "django-insecure-" + "kJ8vQ2" * 10, "E001"),
        ("SECRET_KEY", "change-me-" + "kJ8vQ2" * 10, "E001"),
        ("PUBLIC_BASE_URL", "", "E002"),
        ("PUBLIC_BASE_URL", "http://briefing.example", "E002"),
        ("PUBLIC_BASE_URL", "https://", "E002"),
        ("PUBLIC_BASE_URL", "https://briefing.example/news", "E002"),
        ("ALLOWED_HOSTS", ["*"], "E003"),
        ("ALLOWED_HOSTS", ["briefing.example", "*"], "E003"),
        ("ALLOWED_HOSTS", [], "E004"),
        ("ALLOWED_HOSTS", ["www.briefing.example"], "E004"),
        ("MAIL_ACCOUNTS", {"bulk": SMTP, "transactional": ""}, "E005"),
        ("MAIL_ACCOUNTS", {"fallback": "smtp.example"}, "E005"),
        ("MAIL_ACCOUNTS", {"bulk": "smtps://smtp.example"}, "E005"),
        ("MAIL_ACCOUNTS", {"bulk": "null://"}, "E005"),
        ("MAIL_ACCOUNTS", {"bulk": "anymail://"}, "E005"),
        ("MAIL_ACCOUNTS", {"bulk": "anymail://nobody"}, "E005"),
        ("OIDC", IdentityProvider(server="https://login.example", client_id="desk"), "E007"),
        ("OIDC", IdentityProvider(client_secret="alone"), "E007"),
        ("OIDC", IdentityProvider("http://login.example", "desk", "secret"), "E008"),
        ("OIDC", IdentityProvider("login.example", "desk", "secret"), "E008"),
    ],
)
def test_one_thing_missing_keeps_production_from_starting(
    production: Settings, setting: str, value: Any, identity: str
) -> None:
    setattr(production, setting, value)
    assert [message.id for message in checks.of_settings()] == [f"briefing.{identity}"]


def test_an_identity_provider_that_is_set_as_a_whole_may_start(production: Settings) -> None:
    production.OIDC = IdentityProvider("https://login.example", "desk", "secret")
    assert checks.of_settings() == []


def test_a_host_under_an_allowed_domain_may_start(production: Settings) -> None:
    production.ALLOWED_HOSTS = [".example"]
    assert checks.of_settings() == []


@pytest.mark.django_db
def test_without_a_postal_address_nothing_is_sent_and_the_desk_starts_where_it_is_written(
    production: Settings,
) -> None:
    factories.newsletter()
    factories.newsletter("nowhere", postal_address="")
    assert "“nowhere”" in checks.unfit_to_send()
    assert checks.unfit() == ""
    # What `manage.py migrate` asks before it begins.
    told = run_checks(databases=["default"])
    assert [each.id for each in told if each.is_serious()] == []
    assert "briefing.W006" in {each.id for each in told}


@pytest.mark.django_db
def test_a_demo_may_start_with_invented_addresses(settings: Settings) -> None:
    settings.MODE, settings.ALLOWED_HOSTS, settings.MAIL_ACCOUNTS = "demo", ["*"], {"bulk": ""}
    factories.newsletter("nowhere", postal_address="")
    assert checks.unfit() == checks.unfit_to_send() == ""


@pytest.mark.django_db
def test_django_asks_the_same_questions(production: Settings) -> None:
    production.PUBLIC_BASE_URL = ""
    assert "briefing.E002" in {message.id for message in run_checks()}


def start(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the project as production would, in a process of its own."""
    program = Path(sys.executable).with_name(command[0])
    return subprocess.run(
        [program, *command[1:]],
        cwd=ROOT,
        env=tools.production() | {"LOCAL_DIR": os.environ["LOCAL_DIR"]} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# Each in a process of its own, forked once the code is read: that would take most of the time.
_PROGRAMS = """
import json, os, runpy, signal, sys, tempfile, traceback
import django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "briefing.settings")
django.setup()
told = []
for module, *sys.argv[1:] in json.loads(sys.argv[1]):
    with tempfile.TemporaryFile() as said:
        if not (pid := os.fork()):
            signal.alarm(50)
            os.dup2(said.fileno(), sys.stdout.fileno())
            os.dup2(said.fileno(), sys.stderr.fileno())
            try:
                runpy.run_module(module, run_name="__main__", alter_sys=True)
            except SystemExit as end:
                print(end, file=sys.stderr, flush=True)
                os._exit(1 if end.code else 0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        said.seek(0)
        told.append([code, said.read().decode()])
print(json.dumps(told))
"""


def test_every_process_of_an_unfit_copy_ends_and_says_why() -> None:
    programs = (
        ("manage", "migrate"),
        ("briefing.wsgi",),
        ("celery", "-A", "briefing", "worker", "--pool", "solo"),
        ("celery", "-A", "briefing", "beat"),
    )
    done = start(
        *("python", "-c", _PROGRAMS, json.dumps(programs)),
        PUBLIC_BASE_URL="http://briefing.example",
    )
    told = json.loads(done.stdout)
    assert len(told) == len(programs), done.stderr
    for program, (code, said) in zip(programs, told, strict=True):
        assert code != 0, program
        assert "briefing.E002" in said, program
        assert "PUBLIC_BASE_URL is not the site's https address." in said, program


_FIT = """
import briefing.wsgi
from django.urls import Resolver404, resolve
for path in ("/", "/inbox/", "/inbox/1/html/"):
    try:
        print(resolve(path).view_name)
    except Resolver404:
        print("nothing")
"""


def test_the_web_server_of_a_fit_copy_starts_and_has_no_inbox() -> None:
    done = start("python", "-W", "ignore", "-c", _FIT)
    assert (done.stdout.split(), done.returncode) == (["home", "nothing", "nothing"], 0), (
        done.stderr
    )


def test_production_without_keys_says_which_are_missing() -> None:
    done = start("python", "manage.py", "check", LINK_KEYS="")
    assert done.returncode != 0
    assert "Production needs LINK_KEYS" in done.stderr
