"""Names a browser and its system as people do, for whoever looks for a session that is not theirs."""

from django import template

register = template.Library()

# The first that a user agent holds is it: most call themselves Chrome and Safari besides.
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "SamsungBrowser/": "Samsung Internet",
    "Chrome/": "Chrome",
    "CriOS/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


@register.filter
def browser_name(user_agent: str) -> str:
    """Return such as “Firefox, Windows”; what has no name here is shown as it came."""
    found = (_first(user_agent, of) for of in (_BROWSERS, _SYSTEMS))
    return ", ".join(filter(None, found)) or user_agent


def _first(user_agent: str, of: dict[str, str]) -> str:
    return next((name for sign, name in of.items() if sign in user_agent), "")
