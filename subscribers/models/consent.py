"""The consent ledger's tables: what was shown, each act, its context, and the seals over them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ConsentNotice(models.Model):
    """One version of a wording, kept for ever exactly as it was shown."""

    class Kind(models.TextChoices):
        SIGNUP = "signup", _("wording at signup")
        PRIVACY = "privacy", _("privacy policy")
        TRACKING = "tracking", _("wording for tracking")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    version = models.PositiveIntegerField(_("version"))
    locale = models.CharField(_("language"), max_length=10, default="en")
    text = models.TextField(_("text"), help_text=_("Markdown."))
    sha256 = models.CharField(_("SHA-256"), max_length=64, editable=False)
    published_at = models.DateTimeField(_("published at"))

    class Meta:
        verbose_name = _("consent notice")
        verbose_name_plural = _("consent notices")
        ordering = ("kind", "-version", "locale")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "version", "locale"], name="consent_notice_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.version} ({self.locale})"


class ConsentRecord(models.Model):
    """One act of one person. Append-only: triggers refuse UPDATE, DELETE and TRUNCATE.

    It names the person by a bare id and nothing else, so it can stay after an erasure.
    """

    class Act(models.TextChoices):
        REQUESTED = "requested", _("requested")
        CONFIRMED = "confirmed", _("confirmed")
        WITHDRAWN = "withdrawn", _("withdrawn")
        TRACKING_GRANTED = "tracking+", _("tracking granted")
        TRACKING_WITHDRAWN = "tracking-", _("tracking withdrawn")
        IMPORTED = "imported", _("imported")
        ERASED = "erased", _("erased")

    person = models.UUIDField(_("person"))
    newsletter_id = models.BigIntegerField(_("newsletter"), null=True)
    act = models.CharField(_("act"), max_length=10, choices=Act)
    notice = models.ForeignKey(
        ConsentNotice,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="records",
        verbose_name=_("wording shown"),
    )
    page = models.CharField(_("page"), max_length=300, blank=True)
    form = models.CharField(_("form"), max_length=40, blank=True)
    locale = models.CharField(_("language"), max_length=10, blank=True)
    basis = models.CharField(
        _("basis"), max_length=300, blank=True, help_text=_("What an import gave as its ground.")
    )
    at = models.DateTimeField(_("at"))
    context_mac = models.BinaryField(
        max_length=32, help_text=_("Salted HMAC of the context; proves it while it is kept.")
    )
    sha256 = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = _("consent record")
        verbose_name_plural = _("consent records")
        indexes = [models.Index(fields=["person", "id"], name="consent_person_idx")]

    def __str__(self) -> str:
        return f"{self.get_act_display()} {self.pk}"


class ConsentContext(models.Model):
    """Where an act came from. Personal, so it is deleted after its time; the record still verifies."""

    record = models.OneToOneField(
        ConsentRecord, on_delete=models.DO_NOTHING, primary_key=True, related_name="context"
    )
    ip = models.CharField(_("shortened IP address"), max_length=45, blank=True)
    user_agent = models.CharField(_("user agent"), max_length=300, blank=True)
    salt = models.BinaryField(max_length=16)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("consent context")
        verbose_name_plural = _("consent contexts")
        indexes = [models.Index(fields=["created_at"], name="consent_context_age_idx")]


class ConsentSeal(models.Model):
    """A Merkle root over records, chained to the seal before it."""

    root = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)
    sha256 = models.BinaryField(max_length=32)
    records = models.PositiveIntegerField(_("records"))
    sealed_at = models.DateTimeField(_("sealed at"))

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        constraints = [
            # Two sealers at once would both extend the same seal; one of them must fail.
            models.UniqueConstraint(fields=["previous"], name="consent_seal_chain"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class ConsentLeaf(models.Model):
    """Which seal holds a record, and at which leaf.

    A table of its own because records are never updated, and because ids may commit out of order:
    a range of ids would miss the record that committed late.
    """

    record = models.OneToOneField(
        ConsentRecord, on_delete=models.DO_NOTHING, primary_key=True, related_name="leaf"
    )
    seal = models.ForeignKey(ConsentSeal, on_delete=models.DO_NOTHING, related_name="leaves")
    position = models.PositiveIntegerField()
