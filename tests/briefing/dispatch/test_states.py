"""What may follow what: a step that the table does not have is refused in words for a person."""

import pytest

from briefing.dispatch import states
from briefing.dispatch.states import ForbiddenStepError


@pytest.mark.parametrize(
    ("wanted", "before"),
    [
        ("running", ["canary", "finished", "holding", "paused", "planned"]),
        ("paused", ["canary", "holding", "running"]),
        ("cancelled", ["canary", "holding", "paused", "planned", "running"]),
        ("finished", ["running"]),
        ("planned", []),
    ],
)
def test_a_dispatch_comes_to_a_state_from_these_alone(wanted: str, before: list[str]) -> None:
    assert states.sources(wanted) == before


def test_a_trial_has_a_table_of_its_own() -> None:
    assert states.sources("overruled", table=states.TRIAL_STEPS) == ["going", "halted", "waiting"]


def test_a_refused_step_says_what_stands_and_what_was_wanted() -> None:
    error = ForbiddenStepError("finished", "paused")

    assert str(error) == "A dispatch that is finished cannot become paused."
    assert (error.current, error.wanted) == ("finished", "paused")
