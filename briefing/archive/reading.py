"""Asks the archive for what a page shows. Everything here is what any visitor may read.

After it come the views of `briefing.web`. A page of a list begins behind a named article and never
at a number: while somebody reads, new articles push nothing onto the next page.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncMonth
from django.utils import timezone

from briefing.archive.freshness import remembered
from briefing.models import Article, ArticleAuthor, ArticleQuerySet, Author, Issue, Trial, WatchItem
from subscribers.models import ConsentNotice, Newsletter, Topic

PAGE_SIZE = 20
FEED_LENGTH = 30
_FRONT_LATEST = 5
_FRONT_SECTION = 3
_FRONT_READ = 80
_RELATED = 4

_BYLINES = Prefetch("bylines", ArticleAuthor.objects.select_related("author"))


@dataclass(frozen=True, slots=True)
class Section:
    """A topic on the front page with its newest articles that stand nowhere else there."""

    topic: Topic
    articles: list[Article]


@dataclass(frozen=True, slots=True)
class Front:
    """What the front page shows."""

    lead: Article | None
    issue: Issue | None
    latest: list[Article]
    sections: list[Section]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `older` is the slug behind which the next one begins, if there is one."""

    articles: list[Article]
    older: str


@dataclass(frozen=True, slots=True)
class Month:
    """A month in which something was published."""

    start: datetime
    articles: int


def public() -> ArticleQuerySet:
    """Return what any visitor may read now, newest first."""
    return Article.objects.published().filter(published_at__lte=timezone.now())


def is_embargoed(article: Article) -> bool:
    """Whether a published article waits for its moment; until then no visitor sees it anywhere."""
    return article.published_at is not None and article.published_at > timezone.now()


def listed() -> ArticleQuerySet:
    """Return published articles as lists show them: with topic and bylines, without the body."""
    return public().select_related("topic").prefetch_related(_BYLINES).defer("body")


@remembered
def front() -> Front:
    """Return the front page: the newest article with a picture leads."""
    articles = list(listed()[:_FRONT_READ])
    lead = next((each for each in articles[:5] if each.image), articles[0] if articles else None)
    rest = [each for each in articles if each is not lead]
    latest, rest = rest[:_FRONT_LATEST], rest[_FRONT_LATEST:]
    by_topic: defaultdict[Topic, list[Article]] = defaultdict(list)
    for each in rest:
        if each.topic is not None and len(by_topic[each.topic]) < _FRONT_SECTION:
            by_topic[each.topic].append(each)
    ordered = sorted(by_topic, key=lambda topic: (topic.position, topic.name))
    sections = [Section(topic, by_topic[topic]) for topic in ordered]
    return Front(lead=lead, issue=issues().first(), latest=latest, sections=sections)


def page_of(articles: ArticleQuerySet, *, behind: str = "") -> Page:
    """Return the next articles of a list, behind the one whose slug is given.

    Raises: Article.DoesNotExist when that never was public.
    """
    if behind:
        mark = Article.objects.exclude(published_at=None).get(slug=behind)
        articles = articles.filter(_before(mark))
    found = list(articles[: PAGE_SIZE + 1])
    older = found[PAGE_SIZE - 1].slug if len(found) > PAGE_SIZE else ""
    return Page(found[:PAGE_SIZE], older)


@remembered
def article(slug: str) -> Article:
    """Return one article with everything that its page shows.

    Raises: Article.DoesNotExist when there is none that visitors may read.
    """
    return in_full().get(slug=slug)


def in_full() -> ArticleQuerySet:
    """Return published articles with everything that belongs to them."""
    return with_everything(public())


def with_everything(articles: ArticleQuerySet) -> ArticleQuerySet:
    """Fetch what an article's page shows together with it."""
    # A follow-up that visitors may not read yet is none: even its headline would tell.
    watched = WatchItem.objects.prefetch_related(Prefetch("followed_up_in", public()))
    return articles.select_related("topic").prefetch_related(
        _BYLINES, "sources", "corrections", Prefetch("watch_items", watched)
    )


def mapped() -> list[tuple[str, datetime]]:
    """Return every published article's slug and when its text last changed: a correction counts."""
    changed_at = Coalesce(Max("corrections__at"), "published_at")
    return list(public().annotate(changed_at=changed_at).values_list("slug", "changed_at"))


@remembered
def related(to: Article) -> list[Article]:
    """Return what to read next: the same topic first, then whatever is newest."""
    others = listed().exclude(pk=to.pk)
    same = list(others.filter(topic=to.topic_id)[:_RELATED]) if to.topic_id else []
    if len(same) < _RELATED:
        known = [each.pk for each in same]
        same += others.exclude(pk__in=known)[: _RELATED - len(same)]
    return same


@remembered
def neighbours(of: Article) -> tuple[Article | None, Article | None]:
    """Return the articles that were published just before and just after."""
    lean = public().only("slug", "headline", "published_at", "locale")
    later = lean.filter(_after(of)).order_by("published_at", "pk").first()
    return lean.filter(_before(of)).first(), later


def _before(mark: Article) -> Q:
    return Q(published_at__lt=mark.published_at) | Q(published_at=mark.published_at, pk__lt=mark.pk)


def _after(mark: Article) -> Q:
    return Q(published_at__gt=mark.published_at) | Q(published_at=mark.published_at, pk__gt=mark.pk)


def months() -> list[Month]:
    """Return the months in which something was published, newest first."""
    rows = (
        public()
        .order_by()
        .annotate(month=TruncMonth("published_at"))
        .values_list("month")
        .annotate(articles=Count("pk"))
        .order_by("-month")
    )
    return [Month(start, articles) for start, articles in rows]


@remembered
def topics() -> list[Topic]:
    """Return the topics that published articles carry, in the newsroom's order."""
    return list(Topic.objects.filter(articles__in=public()).distinct())


def authors() -> QuerySet[Author]:
    """Return everybody who has published something."""
    return Author.objects.filter(articles__in=public()).distinct()


def author(slug: str) -> Author:
    """Return an author who has published something.

    Raises: Author.DoesNotExist
    """
    return authors().get(slug=slug)


@remembered
def house_newsletter() -> Newsletter | None:
    """Return the newsletter that articles and the front page offer: the first one open to signup."""
    return Newsletter.objects.filter(open_to_signup=True).order_by("pk").first()


def issues() -> QuerySet[Issue]:
    """Return every issue that has begun to go out, newest first; a digest only repeats them."""
    return (
        told_by_winner(Issue.objects.filter(kind=Issue.Kind.ISSUE))
        .exclude(status=Issue.Status.DRAFT)
        .select_related("newsletter")
        .order_by("-published_at", "-pk")
    )


def told_by_winner(issues: QuerySet[Issue]) -> QuerySet[Issue]:
    """Have issues know which of two subjects on trial most of their readers got."""
    decided = Trial.objects.filter(dispatch__issue=OuterRef("pk")).exclude(winner="")
    return issues.annotate(winner=Subquery(decided.values("winner")[:1]))


def subject_of(issue: Issue) -> str:
    """Return the subject under which an issue is known: while two are on trial, the first."""
    is_second = getattr(issue, "winner", "") == "b" and issue.second_subject
    return issue.second_subject if is_second else issue.subject


def issue(newsletter: str, number: int) -> tuple[Issue, list[Article]]:
    """Return an issue or a digest that has begun to go out, and its articles in their order.

    Raises: Issue.DoesNotExist
    """
    out = told_by_winner(Issue.objects.exclude(status=Issue.Status.DRAFT))
    found = out.select_related("newsletter").get(newsletter__slug=newsletter, number=number)
    articles = listed().filter(issue_items__issue=found).order_by("issue_items__position")
    return found, list(articles)


def notices(kind: str) -> list[ConsentNotice]:
    """Return every version of a wording in every language, newest first."""
    published = ConsentNotice.objects.filter(kind=kind, published_at__lte=timezone.now())
    return list(published.order_by("-version", "locale"))
