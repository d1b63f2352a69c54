"""Keeps a part of a page under the archive's version, so that pages made afresh need not make it again.

    {% remember "signup-box" newsletter.pk %} ... {% endremember %}

The language counts by itself; what else the part depends on stands behind its name. A part of which
one of these is empty is made each time: a draft has no address, and must not be remembered.
"""

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from briefing.archive.freshness import Memory

register = template.Library()
_memory = Memory()


class RememberNode(template.Node):
    """A part of a template between the two tags."""

    def __init__(self, parts: list[FilterExpression], nodelist: NodeList) -> None:
        self.parts = parts
        self.nodelist = nodelist

    def render(self, context: template.Context) -> SafeString:
        """Return the part, from memory when it is there."""
        key = tuple(part.resolve(context) for part in self.parts)
        if not all(key):
            return self.nodelist.render(context)
        return _memory.recall((get_language(), *key), lambda: self.nodelist.render(context))


@register.tag
def remember(parser: Parser, token: Token) -> RememberNode:
    """Begin a part that is remembered by its name and whatever else it depends on."""
    parts = [parser.compile_filter(part) for part in token.split_contents()[1:]]
    nodelist = parser.parse(("endremember",))
    parser.delete_first_token()
    return RememberNode(parts, nodelist)
