"""How many asked, joined and left: numbers kept by each act, so that no report counts readers."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Tally(models.Model):
    """So many, on a day, of a month's cohort or from a source. It names nobody.

    Each act adds rows, which wait for no lock; later those of one kind are put together. The sum
    over them is true at any time.
    """

    class About(models.TextChoices):
        """What a row is for. Each act has one of each; none is derived from another."""

        DAY = "day", _("day")
        COHORT = "cohort", _("cohort")
        SOURCE = "source", _("source")

    class Kind(models.TextChoices):
        """What happened to a subscription, or that somebody asked for one."""

        SIGNUP = "signup", _("asked")
        JOINED = "joined", _("joined")
        LEFT = "left", _("left")
        RETURNED = "returned", _("took an unsubscribe back")
        WITHHELD = "withheld", _("must not be written to")
        RELEASED = "released", _("may be written to again")
        CLICKED = "clicked", _("clicked")

    newsletter_id = models.BigIntegerField(_("newsletter"))
    about = models.CharField(max_length=6, choices=About)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    at = models.DateField(_("at"), help_text=_("The day; of a cohort or source, its month."))
    joined = models.DateField(_("month of joining"), null=True)
    source = models.CharField(_("source"), max_length=320, blank=True, default="")
    number = models.IntegerField(_("number"))

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")
        indexes = [models.Index(fields=["newsletter_id", "about", "at"], name="tally_idx")]

    def __str__(self) -> str:
        return f"{self.newsletter_id} {self.about} {self.at} {self.kind}: {self.number}"
