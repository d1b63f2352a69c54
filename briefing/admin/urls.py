"""The desk's addresses: its own screens first, then what the admin site makes of the models."""

from collections.abc import Callable

from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, path, re_path

from briefing.admin import (
    bursts,
    checking,
    composing,
    deliveries,
    evidence,
    factors,
    following,
    growing,
    heat,
    importing,
    keeping,
    looking,
    previewing,
    privacy,
    proofing,
    repairing,
    reporting,
    resolving,
    retained,
    sending,
    series,
    steps,
    switch,
    timeline,
    trying,
    watching,
)
from briefing.admin.site import desk

View = Callable[..., HttpResponseBase]


def _screen(address: str, view: View, name: str) -> URLPattern:
    pattern: URLPattern = path(address, desk.admin_view(view), name=name)
    return pattern


urlpatterns: list[URLPattern | URLResolver] = [
    _screen("articles/<int:pk>/preview/", proofing.proof, "desk-proof"),
    _screen("articles/<int:pk>/preview/page/", proofing.page, "desk-proof-page"),
    _screen("articles/<int:pk>/keep/", keeping.keep, "desk-keep"),
    _screen("articles/<int:pk>/forget/", keeping.forget, "desk-forget"),
    _screen("articles/<int:pk>/links/", checking.article, "desk-links"),
    _screen("articles/render/", keeping.rendered, "desk-render"),
    _screen("articles/import/", importing.take, "desk-import"),
    _screen("issues/compose/", composing.compose, "desk-compose"),
    _screen("issues/compose/<slug:slug>/look/", looking.new, "desk-look-new"),
    _screen("issues/<int:pk>/look/", looking.draft, "desk-look"),
    _screen("issues/<int:pk>/arrange/", composing.arrange, "desk-arrange"),
    _screen("issues/<int:pk>/duplicate/", composing.duplicate, "desk-duplicate"),
    _screen("issues/<int:pk>/preview/", previewing.preview, "desk-preview"),
    _screen("issues/<int:pk>/preview/mail/", previewing.frame, "desk-preview-mail"),
    _screen("issues/<int:pk>/checks/", checking.issue, "desk-checks"),
    _screen("issues/<int:pk>/test/", trying.send, "desk-test"),
    _screen("issues/<int:pk>/dispatch/", sending.confirm, "desk-dispatch"),
    _screen("issues/<int:pk>/report/", reporting.issue, "desk-report"),
    _screen("issues/<int:pk>/report/clicks/", heat.clicks, "desk-heat"),
    _screen("issues/<int:pk>/report/clicks/mail/", heat.mail, "desk-heat-mail"),
    _screen("issues/<int:pk>/report/course/", reporting.course, "desk-course"),
    _screen("series/", series.series, "desk-series"),
    _screen("series/<slug:slug>/on/", series.switch_on, "desk-series-on"),
    _screen("series/<slug:slug>/off/", series.switch_off, "desk-series-off"),
    _screen("series/<slug:slug>/add/", steps.add, "desk-step-add"),
    _screen("series/mails/<int:pk>/", steps.change, "desk-step"),
    _screen("series/mails/<int:pk>/move/", series.move, "desk-step-move"),
    _screen("series/mails/<int:pk>/remove/", series.remove, "desk-step-remove"),
    _screen("series/mails/<int:pk>/preview/", steps.preview, "desk-step-preview"),
    _screen("series/mails/<int:pk>/preview/mail/", steps.frame, "desk-step-mail"),
    _screen("series/mails/<int:pk>/test/", steps.test, "desk-step-test"),
    _screen("numbers/growth/", growing.growth, "desk-growth"),
    _screen("numbers/cohorts/", growing.cohorts, "desk-cohorts"),
    _screen("numbers/sources/", growing.sources, "desk-sources"),
    _screen("consent/retention/", retained.retained, "desk-retention"),
    re_path(
        r"^dispatches/(?P<pk>\d{1,18})/(?P<act>pause|resume|cancel|undo|go-on)/$",
        desk.admin_view(watching.steer),
        name="desk-steer",
    ),
    re_path(
        r"^issues/(?P<pk>\d{1,18})/(?P<kind>missed|correction)/$",
        desk.admin_view(following.follow),
        name="desk-follow",
    ),
    _screen("deliveries/resolve/", resolving.resolve, "desk-resolve"),
    _screen("repairs/", repairing.repairs, "desk-repairs"),
    _screen("repairs/<int:pk>/decide/", repairing.decide, "desk-believe"),
    _screen("mail/hold/", switch.hold, "desk-hold"),
    _screen("mail/let-go/", switch.let_go, "desk-let-go"),
    _screen("alerts/<int:pk>/seen/", switch.see, "desk-see"),
    _screen("readers/<slug:slug>/list/", privacy.export_list, "desk-export-list"),
    _screen("readers/<int:pk>/export/", privacy.export, "desk-export"),
    _screen("readers/<int:pk>/evidence/", evidence.evidence, "desk-evidence"),
    _screen("readers/<int:pk>/erase/", privacy.erase, "desk-erase"),
    _screen("readers/<int:pk>/timeline/", timeline.timeline, "desk-timeline"),
    _screen("staff/<int:pk>/second-factor/", factors.remove, "desk-factor"),
    _screen("bursts/<int:pk>/", bursts.decide, "desk-burst"),
    _screen("deliveries/", deliveries.ledger, "desk-deliveries"),
    path("", desk.urls),
]
