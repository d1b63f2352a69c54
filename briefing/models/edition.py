"""The frozen, compiled form of an issue: what was really sent, for ever."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from briefing.models.issue import Issue


class Edition(models.Model):
    """An issue compiled once. Immutable; its checksum covers every variant."""

    issue = models.ForeignKey(
        Issue, on_delete=models.PROTECT, related_name="editions", verbose_name=_("issue")
    )
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    compiled_at = models.DateTimeField(_("compiled at"))

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")

    def __str__(self) -> str:
        return f"{self.issue} · {self.sha256[:8]}"


class EditionVariant(models.Model):
    """One combination of what differs between readers.

    `subject`, `html` and `text` are lists of alternating segments and slot names:
    [text, slot, text, slot, ..., text], always of odd length.
    """

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="variants")
    key = models.CharField(
        max_length=120, help_text=_("locale=en;format=html;tracked=0 and so on, in that order.")
    )
    locale = models.CharField(_("language"), max_length=10)
    subject = models.JSONField()
    html = models.JSONField(null=True)
    text = models.JSONField()
    sha256 = models.CharField(_("SHA-256"), max_length=64)

    class Meta:
        verbose_name = _("edition variant")
        verbose_name_plural = _("edition variants")
        constraints = [
            models.UniqueConstraint(fields=["edition", "key"], name="edition_variant_unique"),
        ]

    def __str__(self) -> str:
        return self.key


class Link(models.Model):
    """One address that an edition points at; a click may lead here and nowhere else."""

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="links")
    position = models.PositiveSmallIntegerField()
    url = models.URLField(_("address"), max_length=1000)
    arm = models.CharField(
        max_length=1,
        default="a",
        help_text=_("Of which subject on trial the variants are that this stands in: a or b."),
    )

    class Meta:
        ordering = ("position",)
        verbose_name = _("link")
        verbose_name_plural = _("links")
        constraints = [
            models.UniqueConstraint(fields=["edition", "position"], name="edition_link_unique"),
        ]

    def __str__(self) -> str:
        return self.url
