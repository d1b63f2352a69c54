"""Turns a mail's templates and a context into its three parts: subject, text and HTML.

Before it: whoever knows what a mail has to say (subscribers.emails, briefing.issues). After it: a
transport, or the compiler that cuts an issue into segments. It knows no reader and no newsletter.
"""

import html
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from xml.parsers import expat

from css_inline import CSSInliner
from django.conf import settings
from django.template import Context, Engine, TemplateDoesNotExist
from django.utils.translation import override
from mjml import mjml2html

# Plain text is read in windows of any width; this one can still be quoted in a reply.
_TEXT_COLUMNS = 72
# Neither XML nor a header may hold them, and none of them says anything to a reader.
_CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(127, 160), 0xFFFE, 0xFFFF])
_VOID_TAG = re.compile(r"<(br|hr|img|wbr)\b([^<>]*?)\s*/?>")
_NAMED_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z][A-Za-z0-9]*;")
_LINE_START = re.compile(r"[ \t]*\n\s*")
_UNKNOWN_TAG = re.compile(r"</?(mj-[\w-]+)")
_LEAD = re.compile(r"^\s*(?:[-*•>] |\d+\. )?")


@dataclass(frozen=True, slots=True)
class Rendered:
    """One mail, ready for a message: a one-line subject and both alternatives."""

    subject: str
    text: str
    html: str


class BrokenMailError(Exception):
    """A mail cannot be made from its template. `line` is 0 where no line can be named."""

    def __init__(self, template: str, line: int, reason: str) -> None:
        super().__init__(f"{template}, line {line}: {reason}" if line else f"{template}: {reason}")
        self.template = template
        self.line = line
        self.reason = reason


class MissingValueError(LookupError):
    """A template asks for something that its context does not hold."""


class _RefusedBlank(str):
    """What Django would print for a missing value: a mail with a hole is worse than no mail."""

    __slots__ = ()

    def __mod__(self, name: object) -> str:
        raise MissingValueError(f"“{name}” is not in the context")


def render(name: str, context: Mapping[str, Any], *, locale: str) -> Rendered:
    """Render `templates/emails/<name>/{subject.txt,body.txt,body.mjml}` in one language.

    Templates may also use `site_url`, the public address without a slash at its end.
    Raises: BrokenMailError, which names the template and the line.
    """
    values = {"site_url": settings.PUBLIC_BASE_URL, **context}
    folders = tuple(str(folder) for folder in Engine.get_default().dirs)
    plain, markup = _engine(folders, autoescape=False), _engine(folders, autoescape=True)
    with override(locale):
        subject = _fill(plain, f"emails/{name}/subject.txt", values)
        text = _fill(plain, f"emails/{name}/body.txt", values)
        source = _fill(markup, f"emails/{name}/body.mjml", values)
    return Rendered(
        subject=" ".join(subject.split()),
        text=_wrapped(text),
        html=_compiled(source, template=f"emails/{name}/body.mjml"),
    )


@cache
def _engine(folders: tuple[str, ...], *, autoescape: bool) -> Engine:
    """Return an engine of our own: the site's shows blanks for what is missing, and hides lines."""
    return Engine(
        dirs=list(folders),
        autoescape=autoescape,
        debug=True,
        string_if_invalid=_RefusedBlank("%s"),
        libraries={"i18n": "django.templatetags.i18n"},
    )


def _fill(engine: Engine, template: str, values: Mapping[str, Any]) -> str:
    """Render one template, and say where when it fails."""
    try:
        # A copy: a tag that sets a name must not set it for the mail's other parts.
        context = Context(dict(values), autoescape=engine.autoescape)
        filled = engine.get_template(template).render(context)
    except TemplateDoesNotExist as error:
        raise BrokenMailError(str(error), 0, "there is no such template") from error
    except Exception as error:
        where = getattr(error, "template_debug", {})
        raise BrokenMailError(
            _relative(engine, where.get("name", template)), where.get("line", 0), str(error)
        ) from error
    return filled.translate(_CONTROLS)


def _relative(engine: Engine, path: str) -> str:
    """Return a template's path as it is written in `{% include %}`."""
    for folder in engine.dirs:
        if Path(path).is_relative_to(folder):
            return str(Path(path).relative_to(folder))
    return path


def _wrapped(text: str) -> str:
    """Fold long lines, keep links whole, and leave at most one empty line between paragraphs."""
    lines: list[str] = []
    for line in text.strip("\n").splitlines():
        words = _LEAD.sub("", line, count=1)
        start = line[: len(line) - len(words)]
        folded = textwrap.wrap(
            words,
            _TEXT_COLUMNS,
            initial_indent=start,
            subsequent_indent=" " * len(start),
            break_long_words=False,
            break_on_hyphens=False,
        )
        if folded or (lines and lines[-1]):
            lines.extend(folded or [""])
    return "\n".join(lines).rstrip("\n") + "\n"


def _compiled(source: str, *, template: str) -> str:
    """Turn MJML into HTML that needs nothing but itself."""
    source = _strict(source)
    _check(source, template)
    # fonts={} keeps web fonts, and with them a request to somebody else's server, out of the mail.
    try:
        page = mjml2html(source, fonts={})
    except ValueError as error:
        raise BrokenMailError(template, _line_of(error, source), str(error)) from error
    unknown = _UNKNOWN_TAG.search(page)
    if unknown:
        line = source.count("\n", 0, source.index(unknown[1])) + 1
        raise BrokenMailError(template, line, f"MJML knows no <{unknown[1]}>")
    return _without_indents(_inliner().inline(page))


def _strict(source: str) -> str:
    """Make XML of the HTML that articles bring along: `<br>` and `&nbsp;` are not XML."""
    source = _NAMED_ENTITY.sub(lambda found: html.escape(html.unescape(found[0])), source)
    return _VOID_TAG.sub(r"<\1\2/>", source)


def _check(source: str, template: str) -> None:
    """Parse the filled MJML strictly: the compiler itself is lenient and names no lines.

    Raises: BrokenMailError, with the line of the filled template.
    """
    parser = expat.ParserCreate()
    try:
        parser.Parse(source, True)  # noqa: FBT003  expat takes its flag by position
    except expat.ExpatError as error:
        # The line itself is not shown: it may hold somebody's address or link, and errors are logged.
        reason = f"{expat.ErrorString(error.code)} (lines counted after filling)"
        raise BrokenMailError(template, error.lineno, reason) from error


@cache
def _inliner() -> CSSInliner:
    # Dark mode lives in at-rules, which are dropped unless asked for; loading style sheets would
    # reach into the network and into local files.
    return CSSInliner(keep_at_rules=True, load_remote_stylesheets=False, minify_css=True)


def _line_of(error: ValueError, source: str) -> int:
    """Return the line of the byte that MJML's own message points at."""
    position = re.search(r"position (\d+)", str(error))
    return source.encode().count(b"\n", 0, int(position[1])) + 1 if position else 0


def _without_indents(page: str) -> str:
    """Drop what only indents: Gmail cuts a mail off at 102 KB. Preformatted text keeps its own."""
    parts = re.split(r"(<pre\b.*?</pre>)", page, flags=re.DOTALL)
    return "".join(
        part if index % 2 else _LINE_START.sub("\n", part) for index, part in enumerate(parts)
    )
