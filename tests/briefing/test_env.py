"""What the environment says reaches the settings typed, from the right place, or is refused."""

import os
import stat
from collections.abc import Iterator
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from briefing import env

SECRETS = {name: f"{name.lower()}-given-by-the-test" for name in env.GENERATED}


@pytest.fixture(autouse=True)
def _empty_environment() -> Iterator[None]:
    """Begin with nothing set, and give everything back afterwards."""
    before = dict(os.environ)
    os.environ.clear()
    yield
    os.environ.clear()
    os.environ |= before


def given() -> dict[str, str]:
    """Return what is set now, without the name that pytest sets during a test."""
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


def folders(tmp_path: Path) -> tuple[Path, Path]:
    root, local = tmp_path / "project", tmp_path / "project" / ".local"
    local.mkdir(parents=True)
    return root, local


def test_what_is_set_already_is_never_written_over(tmp_path: Path) -> None:
    root, local = folders(tmp_path)
    os.environ["REDIS_URL"] = "redis://given/0"
    (root / ".env").write_text("REDIS_URL=redis://file/0\nGROUP_SIZE=7\n", "utf-8")
    env.load(root, local)
    assert os.environ["REDIS_URL"] == "redis://given/0"
    assert os.environ["GROUP_SIZE"] == "7"


def test_a_demo_reads_its_instance_and_makes_its_keys(tmp_path: Path) -> None:
    root, local = folders(tmp_path)
    (local / "instance.env").write_text("PUBLIC_BASE_URL=http://localhost:8123\n", "utf-8")
    env.load(root, local)
    assert os.environ["PUBLIC_BASE_URL"] == "http://localhost:8123"
    assert len(os.environ["SECRET_KEY"]) >= 50
    assert list(env.keyring("LINK_KEYS", os.environ["LINK_KEYS"])) == [1]


def test_a_test_run_reads_no_file_of_a_real_copy(tmp_path: Path) -> None:
    root, local = folders(tmp_path)
    (root / ".env").write_text("DATABASE_URL=postgresql://real/copy\n", "utf-8")
    (local / "instance.env").write_text("EMAIL_URL=smtp://real\n", "utf-8")
    os.environ |= SECRETS | {"MODE": "test"}
    env.load(root, local)
    assert given() == SECRETS | {"MODE": "test"}


def test_production_reads_nothing_of_a_local_copy(tmp_path: Path) -> None:
    root, local = folders(tmp_path)
    (root / ".env").write_text("MODE=production\n", "utf-8")
    (local / "instance.env").write_text("EMAIL_URL=smtp://127.0.0.1:8025\n", "utf-8")
    os.environ |= SECRETS
    env.load(root, local)
    assert "EMAIL_URL" not in os.environ
    assert not (local / "keys.env").exists()


def test_production_without_its_secrets_is_told_all_that_is_missing(tmp_path: Path) -> None:
    os.environ |= {"MODE": "production", "SECRET_KEY": "x" * 50}
    with pytest.raises(ImproperlyConfigured, match="needs LINK_KEYS, SUPPRESSION_KEYS:"):
        env.load(*folders(tmp_path))


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "ANYMAIL_POSTMARK_SERVER_TOKEN"])
def test_a_secret_may_lie_in_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("from the file\n", "utf-8")
    os.environ[f"{name}_FILE"] = str(tmp_path / "secret")
    env.read_secrets()
    assert os.environ[name] == "from the file"


def test_a_secret_that_is_set_outranks_its_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file", "utf-8")
    os.environ |= {"SECRET_KEY": "given", "SECRET_KEY_FILE": str(tmp_path / "secret")}
    env.read_secrets()
    assert os.environ["SECRET_KEY"] == "given"


def test_other_programs_files_are_left_alone(tmp_path: Path) -> None:
    os.environ["SSL_CERT_FILE"] = str(tmp_path / "not-there")
    env.read_secrets()
    assert "SSL_CERT" not in os.environ


def test_a_secret_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    os.environ["SECRET_KEY_FILE"] = str(tmp_path / "not-there")
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY_FILE cannot be read"):
        env.read_secrets()


def test_a_file_of_settings_may_have_comments_quotes_and_spaces(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# NO=1\n\n A = 1 \nB='two words'\nC=\"x=y\"\nnonsense\nD=\n", "utf-8")
    env.read_file(path)
    assert given() == {"A": "1", "B": "two words", "C": "x=y", "D": ""}


def test_keys_are_made_once_and_for_nobody_else_to_read(tmp_path: Path) -> None:
    first = env.local_keys(tmp_path / "new").read_text("utf-8")
    path = env.local_keys(tmp_path / "new")
    assert path.read_text("utf-8") == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [other.name for other in path.parent.iterdir()] == ["keys.env"]


def test_commands_that_start_at_once_agree_on_the_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter(range(100))
    monkeypatch.setattr(os, "getpid", lambda: next(numbers))
    with ThreadPool(8) as pool:
        read = pool.map(lambda _: env.local_keys(tmp_path).read_text("utf-8"), range(16))
    assert len(set(read)) == 1


def test_a_keyring_keeps_its_order_because_the_first_key_signs() -> None:
    ring = env.keyring("LINK_KEYS", f"12:{'b' * 32}, 3:{'a' * 40}")
    assert list(ring.items()) == [(12, b"b" * 32), (3, b"a" * 40)]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a" * 40,
        f"0:{'a' * 32}",
        f"256:{'a' * 32}",
        f"x:{'a' * 32}",
        f"-1:{'a' * 32}",
        f"1:{'a' * 31}",
        f"1:{'a' * 32},",
        f"1:{'a' * 32},1:{'b' * 32}",
    ],
)
def test_a_keyring_that_is_not_one_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="LINK_KEYS") as refused:
        env.keyring("LINK_KEYS", value)
    assert "a" * 31 not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "port", "security"),
    [
        ("smtp://mail.example", 25, "none"),
        ("smtp://mail.example:2525", 2525, "none"),
        ("submission://mail.example", 587, "starttls"),
        ("submission://mail.example:2587/", 2587, "starttls"),
        ("smtp://mail.example/?ssl=True", 465, "tls"),
        ("submission://mail.example:1465?ssl=True", 1465, "tls"),
    ],
)
def test_a_mail_server_is_reached_as_its_address_says(url: str, port: int, security: str) -> None:
    found = env.smtp_address("EMAIL_URL", url)
    assert (found.host, found.port, found.security) == ("mail.example", port, security)


def test_a_mail_servers_login_may_have_any_characters() -> None:
    found = env.smtp_address("EMAIL_URL", "submission://ada%40x:p%2Fa%3As@mail.example")
    assert (found.username, found.password) == ("ada@x", "p/a:s")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "smtp://",
        "smtps://mail.example",
        "smtp+tls://mail.example",
        "smtp+ssl://mail.example",
        "mail.example:587",
        "http://mail.example",
        "smtp://mail.example?ssl=true",
        "smtp://mail.example?ssl=False",
        "smtp://mail.example?tls=True",
        "smtp://mail.example?ssl=True&ssl=True",
        "smtp://mail.example?ssl",
    ],
)
def test_a_misspelt_mail_address_is_refused_and_never_means_mail_without_tls(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        env.smtp_address("EMAIL_URL", url)
