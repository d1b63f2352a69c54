"""The states of a dispatch and a batch, and the only steps allowed between them. Pure."""

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


def sources(wanted: str) -> list[str]:
    """Return the dispatch states from which `wanted` can be reached in one step."""
    return sorted(state for state, steps in DISPATCH_STEPS.items() if wanted in steps)
