"""How well people and machines are told apart, over the labelled requests of tests/payloads/agents."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from briefing.tracking import humans
from briefing.tracking.humans import Visit

_REQUESTS = Path(__file__).parents[2] / "payloads" / "agents" / "requests.jsonl"


@dataclass(frozen=True, slots=True)
class Told:
    """Of those called people: how many were (precision). Of people: how many were called so (recall)."""

    requests: int
    precision: float
    recall: float
    machines_caught: float


@cache
def corpus() -> list[dict[str, Any]]:
    """Return the labelled requests."""
    return [json.loads(line) for line in _REQUESTS.read_text("utf-8").split("\n") if line]


def visit(request: dict[str, Any]) -> Visit:
    """Return a request as the door hands it on."""
    return Visit(
        **{name: request[name] for name in ("what", "method", "headers", "seconds", "links")}
    )


def measure() -> Told:
    """Judge every request and compare with its label."""
    told = [
        (request["label"] == "person", humans.is_person(visit(request))) for request in corpus()
    ]
    right = told.count((True, True))
    return Told(
        requests=len(told),
        precision=right / (right + told.count((False, True))),
        recall=right / (right + told.count((True, False))),
        machines_caught=told.count((False, False)) / sum(not person for person, _said in told),
    )
