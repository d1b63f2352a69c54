"""What a mutant is. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one function: `removed` and `added` are its lines, without their indent."""

    name: str
    file: str
    function: str
    removed: str
    added: str
