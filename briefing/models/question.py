"""Calls whose fate nobody knows, at providers that know a call by its key."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from briefing.models.dispatch import Dispatch
from briefing.models.edition import EditionVariant


class Question(models.Model):
    """One call to be asked about: made again, to the byte, it is taken once and no more.

    `readers` are those of the call in its order, packed like a batch's. `way` stands for the account
    it was made through. A row is gone once it has its answer, or when there is none to be had.
    """

    dispatch = models.ForeignKey(Dispatch, on_delete=models.CASCADE, related_name="questions")
    variant = models.ForeignKey(EditionVariant, on_delete=models.CASCADE, related_name="+")
    key = models.UUIDField(unique=True)
    way = models.CharField(max_length=32)
    readers = models.BinaryField()
    asked = models.SmallIntegerField(default=0)
    next_at = models.DateTimeField(_("asked again at"))
    until = models.DateTimeField(help_text=_("Later the provider may have forgotten the key."))

    class Meta:
        verbose_name = _("question to a provider")
        verbose_name_plural = _("questions to providers")

    def __str__(self) -> str:
        return f"question {self.key} of dispatch {self.dispatch_id}"
