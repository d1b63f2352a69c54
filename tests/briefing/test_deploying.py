"""What the files for a production copy name is there: programs, commands, settings, files, addresses."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from briefing.celery import app
from briefing.schedule import ROUTES

_ROOT = Path(__file__).parents[2]
_DEPLOY = _ROOT / "docs" / "deploy"
_UNITS = sorted((_DEPLOY / "systemd").iterdir())
_COMPOSE = yaml.safe_load((_ROOT / "compose.yaml").read_text("utf-8"))
_SERVICES = _COMPOSE["services"]
_DOCKERFILE = (_ROOT / "Dockerfile").read_text("utf-8")
_GUIDES = [*sorted(_DEPLOY.glob("*.md")), _ROOT / "docs" / "guarantees.md", _ROOT / "README.md"]
_QUEUES = {route["queue"] for route in ROUTES.values()} | {app.conf.task_default_queue}
_SETTING = re.compile(r"^[A-Z][A-Z0-9_]+$")


def _lines() -> list[tuple[str, list[str]]]:
    """Return every command line of compose.yaml, the Dockerfile and the units, with where it stands."""
    found = [
        (name, [str(word) for word in service["command"]])
        for name, service in _SERVICES.items()
        if service.get("build")  # what runs our image
        if "command" in service
    ]
    found.append(("Dockerfile", yaml.safe_load(_DOCKERFILE.rpartition("CMD ")[2])))
    for unit in _UNITS:
        lines = re.findall(r"^Exec\w+=(.+)$", unit.read_text("utf-8"), re.MULTILINE)
        found += [(unit.name, shlex.split(line)) for line in lines]
    return found


def _option(line: list[str], name: str) -> str:
    return line[line.index(name) + 1]


@pytest.mark.parametrize(("where", "line"), _lines(), ids=lambda part: str(part)[:40])
def test_what_is_started_is_there(where: str, line: list[str]) -> None:
    program = line[0].rpartition("/")[2]
    if program == "celery":
        assert _option(line, "--app") == app.main
        if "worker" in line:
            assert _option(line, "--queues").replace("%i", "dispatch") in _QUEUES, where
    elif program == "granian":
        module, name = line[-1].split(":")
        assert f"{name} =" in (_ROOT / (module.replace(".", "/") + ".py")).read_text("utf-8")
    else:
        named = re.findall(r"manage\.py (\w+)", " ".join(line))
        assert named, where
        assert set(named) <= set(get_commands())


def test_both_ways_start_the_same_processes() -> None:
    own = {name for name, service in _SERVICES.items() if service.get("build")}
    assert own == {"setup", "web", "transactional", "dispatch", "beat"}
    target = (_DEPLOY / "systemd" / "briefing.target").read_text("utf-8")
    wanted = set(re.findall(r"briefing-[\w@]+(?=\.service)", target))
    assert wanted == {
        "briefing-web",
        "briefing-worker@transactional",
        "briefing-worker@dispatch",
        "briefing-beat",
    }
    files = {unit.name for unit in _UNITS}
    for name in wanted:
        assert re.sub(r"@.*", "@", name) + ".service" in files


def test_every_setting_that_compose_gives_is_explained() -> None:
    explained = (_ROOT / "docs" / "configuration.md").read_text("utf-8")
    for name in _SERVICES["web"]["environment"]:
        assert f"`{name}`" in explained
    asked = re.findall(r"\$\{(\w+)", (_ROOT / "compose.yaml").read_text("utf-8"))
    offered = (_ROOT / ".env.example").read_text("utf-8")
    assert {name for name in asked if f"{name}=" not in offered} == set()


def test_what_a_container_takes_from_this_folder_is_there() -> None:
    for service in _SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            exists = (_ROOT / source).exists() if source.startswith(".") else True
            assert exists or source in _COMPOSE["volumes"], volume
            assert source.startswith(".") or source in _COMPOSE["volumes"], volume
        assert set(service.get("depends_on", [])) <= set(_SERVICES)
    let_in = (_ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for line in re.findall(r"^COPY (?!--from)(.+)$", _DOCKERFILE, re.MULTILINE):
        for name in line.split()[:-1]:
            assert (_ROOT / name).exists(), name
            assert f"!{name}" in let_in or f"!{name}/" in let_in, name


def test_the_image_has_the_python_that_the_project_asks_for() -> None:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    least = project["requires-python"].removeprefix(">=").split(",")[0]
    for version in re.findall(r"^FROM python:(3\.\d+)", _DOCKERFILE, re.MULTILINE):
        assert [int(part) for part in version.split(".")] >= [int(n) for n in least.split(".")]


def test_the_health_check_is_a_program_that_asks_for_a_page_there_is() -> None:
    program = _SERVICES["web"]["healthcheck"]["test"][-1]
    compile(program, "healthcheck", "exec")
    path = re.search(r"127\.0\.0\.1:8000(/\w+)", program)
    assert path is not None
    assert resolve(path[1]).url_name == "healthz"


@pytest.mark.parametrize("guide", _GUIDES, ids=lambda guide: guide.name)
def test_every_command_of_a_guide_is_there(guide: Path) -> None:
    named = re.findall(r"manage\.py ([a-z_]+)", guide.read_text("utf-8"))
    assert set(named) - set(get_commands()) == set()


def _parts_with_tokens(patterns: list[URLPattern | URLResolver], before: str = "") -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found |= _parts_with_tokens(pattern.url_patterns, path)
        elif ":token>" in path:
            found.add(path.split("/")[0])
    return found


def test_the_proxys_log_leaves_out_every_address_that_carries_a_token() -> None:
    written = (_DEPLOY / "nginx.conf").read_text("utf-8")
    left_out = re.search(r"location ~ \^/\(([^)]+)\)/ \{\n\s+access_log off;", written)
    assert left_out is not None
    parts = _parts_with_tokens(get_resolver().url_patterns)
    assert {"confirm", "unsubscribe", "c", "o"} <= parts
    assert parts - set(left_out[1].split("|")) == set()
