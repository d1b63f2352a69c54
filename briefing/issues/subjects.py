"""The two subjects of an issue on trial: what each is called, and how its variants are told. Pure."""

from typing import Protocol

A, B = "a", "b"
# At the end of a variant's key.
_SECOND = ";subject=b"


class HasSubjects(Protocol):
    """What has a subject, and perhaps a second one."""

    subject: str
    second_subject: str


def of(issue: HasSubjects, arm: str) -> str:
    """Return the subject that an arm gets."""
    return issue.second_subject if arm == B else issue.subject


def arms(issue: HasSubjects) -> tuple[str, ...]:
    """Return the arms of an issue: one, or two where a second subject is given."""
    return (A, B) if issue.second_subject else (A,)


def key(variant: str, arm: str) -> str:
    """Return the key of an arm's variant, given the first subject's."""
    return f"{variant}{_SECOND}" if arm == B else variant


def arm_of(variant: str) -> str:
    """Return for which arm the variant with a key is."""
    return B if variant.endswith(_SECOND) else A
