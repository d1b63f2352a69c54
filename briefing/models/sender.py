"""What DNS says of the domain that a newsletter's issues come from, as it was when last asked."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SenderRecords(models.Model):
    """SPF, DKIM and DMARC of one domain. A gate must not wait for DNS, so the answers are kept."""

    class Verdict(models.TextChoices):
        """What stands there, or what is wrong with it."""

        UNKNOWN = "", _("not known yet")
        SOUND = "sound", _("in order")
        ELSEWHERE = "elsewhere", _("the provider’s own")
        MISSING = "missing", _("missing")
        SEVERAL = "several", _("more than one")
        OPEN = "open", _("allows everybody")
        OTHERS = "others", _("names others")
        UNALIGNED = "unaligned", _("proves another domain")
        REVOKED = "revoked", _("withdrawn")
        BROKEN = "broken", _("cannot be read")

    domain = models.CharField(_("domain"), max_length=253, primary_key=True)
    envelope_domain = models.CharField(
        _("domain of the envelope"),
        max_length=253,
        blank=True,
        help_text=_("SPF is asked for here. Empty where a provider uses an envelope of its own."),
    )
    relay = models.CharField(
        _("mail server left out"),
        max_length=253,
        blank=True,
        help_text=_("The one of ours that SPF does not let through."),
    )
    exists = models.BooleanField(_("exists"), default=True)
    spf = models.CharField(_("SPF"), max_length=9, choices=Verdict, blank=True)
    dkim = models.CharField(_("DKIM"), max_length=9, choices=Verdict, blank=True)
    dmarc = models.CharField(_("DMARC"), max_length=9, choices=Verdict, blank=True)
    asked_at = models.DateTimeField(
        _("asked at"), null=True, help_text=_("When somebody or the clock last wanted to know.")
    )
    looked_up_at = models.DateTimeField(_("looked up at"), null=True)
    silent_at = models.DateTimeField(
        _("silent at"), null=True, help_text=_("When DNS last gave no answer.")
    )

    class Meta:
        verbose_name = _("sender’s records")
        verbose_name_plural = _("sender’s records")

    def __str__(self) -> str:
        return self.domain
