"""Merkle trees as in RFC 9162, section 2.1: one root over many leaves, and a short proof for each.

Leaves and inner nodes are hashed with different prefixes, so that a node can never pass for a leaf.
Pure: bytes in, bytes out.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

EMPTY_ROOT = hashlib.sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a proof: the sibling's hash, and the side on which it stands."""

    sibling: bytes
    side: str  # "left" | "right"


def root(values: Sequence[bytes]) -> bytes:
    """Return the root over `values`, in their order."""
    level = [_leaf(value) for value in values]
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        level = _up(level)
    return level[0]


def proof(values: Sequence[bytes], position: int) -> list[Step]:
    """Return the steps that lead from the value at `position` to the root."""
    level = [_leaf(value) for value in values]
    steps = []
    while len(level) > 1:
        sibling = position ^ 1
        if sibling < len(level):
            steps.append(Step(level[sibling], "left" if sibling < position else "right"))
        level = _up(level)
        position //= 2
    return steps


def climb(value: bytes, steps: Sequence[Step]) -> bytes:
    """Return the root that `value` and its proof lead to."""
    node = _leaf(value)
    for step in steps:
        pair = (step.sibling, node) if step.side == "left" else (node, step.sibling)
        node = _node(*pair)
    return node


def _leaf(value: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + value).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _up(level: list[bytes]) -> list[bytes]:
    """Pair neighbours; one left over goes up as it is, which gives RFC 9162's tree."""
    pairs = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return pairs + level[-1:] if len(level) % 2 else pairs
