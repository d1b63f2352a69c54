"""An editor's Markdown as one person's mail shows it, in both forms, with their name in it.

Before it: a step of a welcome series. After it: subscribers.emails, through subscribers.ports.
"""

from html import escape

from briefing.archive import markdown, plaintext
from briefing.issues import slots
from subscribers.ports import Prose


def fill(written: str, *, name: str, locale: str) -> Prose:
    """Render Markdown, then put the name in: nobody's name is read as Markdown.

    Raises: UnknownVariableError.
    """
    markers = slots.Markers()
    resolved = markers.resolve(written)
    page = markers.split(markdown.to_html(resolved, locale))
    plain = markers.split(plaintext.to_text(resolved, locale=locale))
    said = slots.named(page, name)
    return Prose(
        html=slots.join(page, {slot: escape(value) for slot, value in said.items()}),
        text=slots.join(plain, slots.named(plain, name)),
    )
