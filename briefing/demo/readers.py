"""Who the demo's readers are: drawn from seeds/readers.toml, the same ones every time. Pure."""

import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, TypeVar

_SEED = "The Robotics Briefing"
_PREFER_TEXT = 0.05


@dataclass(frozen=True, slots=True)
class DemoReader:
    """One invented person. `address` is at a domain that no mail can reach (RFC 2606)."""

    name: str
    address: str
    language: str
    time_zone: str
    # html or text: a few read mail as plain text.
    format: str


class _Weighted(TypedDict):
    weight: int


_Choice = TypeVar("_Choice", bound=_Weighted)


class _Domain(_Weighted):
    name: str


class _Form(_Weighted):
    form: str


class _Origin(_Weighted):
    language: str
    time_zone: str
    family_first: bool
    # As it is written, and as it is spelled in an address.
    given: list[tuple[str, str]]
    family: list[tuple[str, str]]


class _Pools(TypedDict):
    domains: list[_Domain]
    address_forms: list[_Form]
    origins: list[_Origin]


def draw(path: Path, number: int) -> list[DemoReader]:
    """Return the first `number` readers; a longer list begins with the shorter one."""
    pools: _Pools = tomllib.loads(path.read_text("utf-8"))  # type: ignore[assignment]  # our own file
    source = random.Random(_SEED)  # noqa: S311  no secret: the point is that it can be foretold
    return [_reader(pools, source, position) for position in range(1, number + 1)]


def _reader(pools: _Pools, source: random.Random, number: int) -> DemoReader:
    origin = _pick(pools["origins"], source)
    given, given_spelled = source.choice(origin["given"])
    family, family_spelled = source.choice(origin["family"])
    local_part = _pick(pools["address_forms"], source)["form"].format(
        given=given_spelled, family=family_spelled, initial=given_spelled[0], number=number
    )
    names = (family, given) if origin["family_first"] else (given, family)
    return DemoReader(
        name=" ".join(names),
        address=f"{local_part}@{_pick(pools['domains'], source)['name']}",
        language=origin["language"],
        time_zone=origin["time_zone"],
        format="text" if source.random() < _PREFER_TEXT else "html",
    )


def _pick(choices: Sequence[_Choice], source: random.Random) -> _Choice:
    return source.choices(choices, [choice["weight"] for choice in choices])[0]
