"""What the masthead of every page needs, asked for by the template and not by every view."""

from django import template

from subscribers.models import Topic

register = template.Library()


@register.simple_tag
def masthead_topics() -> list[Topic]:
    """Return the topics that published articles carry, in the newsroom's order."""
    return list(Topic.objects.filter(articles__status="published").distinct())
