"""The consent ledger, as it is: a wording can be added, and nothing be changed, by anybody."""

from typing import Any

from django import forms
from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from subscribers import consent
from subscribers.admin.base import ReadOnlyAdmin
from subscribers.admin.finding import matching_person, searched
from subscribers.models import ConsentNotice, ConsentRecord, ConsentSeal, Newsletter


class NewNoticeForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A new wording: its number follows from what is published, and it is kept for ever."""

    locale = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, widget=UnfoldAdminSelectWidget
    )

    class Meta:
        model = ConsentNotice
        fields = ("kind", "locale", "text")

    def clean_text(self) -> str:
        """Keep the wording as the files of notices have it, with one kind of line end."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n").strip() + "\n"


class ConsentNoticeAdmin(ReadOnlyAdmin):
    """Every wording that was ever shown, exactly as it was; a new one is published beside it."""

    form = NewNoticeForm
    warn_unsaved_form = True
    list_display = ("kind", "version", "locale", "published_at", "fingerprint")
    list_filter = ("kind", "locale")

    def get_fields(self, request: HttpRequest, obj: ConsentNotice | None = None) -> Any:
        """Ask for the wording when adding; afterwards all of it is shown."""
        if obj is None:
            return (("kind", "locale"), "text")
        return (("kind", "version", "locale"), "text", ("published_at", "sha256"))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether this person may publish a wording."""
        return request.user.has_perm("subscribers.add_consentnotice")

    def save_model(
        self,
        request: HttpRequest,
        obj: ConsentNotice,
        form: NewNoticeForm,
        change: bool,  # noqa: FBT001  Django calls it so
    ) -> None:
        """Publish by the rule: under the next number, beside what others agreed to."""
        said = form.cleaned_data
        published = consent.publish_next(
            said["kind"], locale=said["locale"], text=said["text"], now=timezone.now()
        )
        obj.pk, obj.version, obj.sha256 = published.pk, published.version, published.sha256

    @display(description=_("SHA-256"))
    def fingerprint(self, notice: ConsentNotice) -> str:
        """Show enough of the checksum to compare by eye."""
        return notice.sha256[:16]


class ConsentRecordAdmin(ReadOnlyAdmin):
    """Who agreed to what, when and by which wording."""

    list_display = ("at", "act_shown", "newsletter", "notice", "form", "person")
    list_filter = ("act",)
    search_fields = ("person",)
    search_help_text = _("A reader’s name in the ledger, as their page shows it")
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        ("at", "act"),
        ("person", "newsletter"),
        "notice",
        ("page", "form", "locale"),
        "basis",
        "fingerprint",
        "sealed",
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ConsentRecord]":
        """Bring wording and seal along, and the newsletter's name, which a record knows by number."""
        rows: QuerySet[ConsentRecord] = super().get_queryset(request)
        name = Newsletter.objects.filter(pk=OuterRef("newsletter_id")).values("name")
        return rows.select_related("notice", "leaf__seal").annotate(newsletter_name=Subquery(name))

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[ConsentRecord]", search_term: str
    ) -> tuple["QuerySet[ConsentRecord]", bool]:
        """Search by person: the ledger knows no address."""
        return searched(queryset, search_term, matching_person), False

    @display(
        description=_("act"),
        label={
            ConsentRecord.Act.REQUESTED: "info",
            ConsentRecord.Act.CONFIRMED: "success",
            ConsentRecord.Act.WITHDRAWN: "warning",
            ConsentRecord.Act.ERASED: "danger",
        },
    )
    def act_shown(self, record: ConsentRecord) -> tuple[str, str]:
        """Show the act as a label."""
        return record.act, record.get_act_display()

    @display(description=_("newsletter"))
    def newsletter(self, record: ConsentRecord) -> str:
        """Name the newsletter, or give the number of one that is no more."""
        name: str | None = record.newsletter_name  # type: ignore[attr-defined]  # the queryset annotates it
        return str(name or record.newsletter_id or _("all"))

    @display(description=_("SHA-256"))
    def fingerprint(self, record: ConsentRecord) -> str:
        """Show the record's checksum."""
        return bytes(record.sha256).hex()

    @display(description=_("sealed"))
    def sealed(self, record: ConsentRecord) -> str:
        """Say which seal holds the record, and since when."""
        leaf = getattr(record, "leaf", None)
        if leaf is None:
            return str(_("Not yet: the next seal takes it in within seconds."))
        return str(
            _("Seal %(number)d, leaf %(position)d, %(at)s")
            % {
                "number": leaf.seal_id,
                "position": leaf.position,
                "at": f"{leaf.seal.sealed_at:%Y-%m-%d %H:%M:%S} UTC",
            }
        )


class ConsentSealAdmin(ReadOnlyAdmin):
    """The chain over the ledger; its head is public."""

    list_display = ("number", "sealed_at", "records", "head")
    ordering = ("-pk",)
    sortable_by = ()
    fields = ("sealed_at", "records", "head", "root_shown", "previous_shown")

    @display(description=_("seal"))
    def number(self, seal: ConsentSeal) -> int:
        """Show the number by which a record's page names it."""
        return int(seal.pk)

    @display(description=_("head"))
    def head(self, seal: ConsentSeal) -> str:
        """Show the seal's own checksum."""
        return bytes(seal.sha256).hex()

    @display(description=_("root of its records"))
    def root_shown(self, seal: ConsentSeal) -> str:
        """Show the Merkle root."""
        return bytes(seal.root).hex()

    @display(description=_("seal before it"))
    def previous_shown(self, seal: ConsentSeal) -> str:
        """Show the checksum that this seal continues."""
        return bytes(seal.previous).hex()
