"""The states of a dispatch, a trial and a batch, and the only steps allowed between them. Pure."""

# dispatch: from -> to. The database holds the words; docs/guarantees.md draws the table.
DISPATCH_STEPS: dict[str, frozenset[str]] = {
    "planned": frozenset({"holding", "canary", "running", "cancelled"}),
    "holding": frozenset({"canary", "running", "paused", "cancelled"}),
    "canary": frozenset({"running", "paused", "holding", "cancelled"}),
    "running": frozenset({"paused", "holding", "cancelled", "finished"}),
    "paused": frozenset({"running", "canary", "cancelled"}),
    "cancelled": frozenset(),
    # A person sends again to those whose copy is unknown.
    "finished": frozenset({"running"}),
}
# States in which an intent may be committed.
SENDING = frozenset({"canary", "running"})
ENDED = frozenset({"cancelled", "finished"})

# trial: the gate behind a dispatch's first readers. Only passed and overruled open it.
TRIAL_STEPS: dict[str, frozenset[str]] = {
    "going": frozenset({"waiting", "halted", "overruled"}),
    "waiting": frozenset({"passed", "halted", "overruled"}),
    "passed": frozenset(),
    # A person looks at the figures and lets it go on all the same, or cancels the dispatch.
    "halted": frozenset({"overruled"}),
    "overruled": frozenset(),
}
UNDECIDED = frozenset({"going", "waiting"})
LET_GO = frozenset({"passed", "overruled"})

BATCH_STEPS: dict[str, frozenset[str]] = {
    "pending": frozenset({"claimed", "done"}),
    "claimed": frozenset({"claimed", "pending", "done"}),
    "done": frozenset(),
}


class ForbiddenStepError(ValueError):
    """A step that the table does not allow."""

    def __init__(self, current: str, wanted: str) -> None:
        super().__init__(f"A dispatch that is {current} cannot become {wanted}.")
        self.current = current
        self.wanted = wanted


def sources(wanted: str, *, table: dict[str, frozenset[str]] = DISPATCH_STEPS) -> list[str]:
    """Return the states of a table from which `wanted` can be reached in one step."""
    return sorted(state for state, steps in table.items() if wanted in steps)
