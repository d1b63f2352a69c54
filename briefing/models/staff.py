"""The people who work at the desk."""

from django.contrib.auth.models import AbstractUser
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A member of staff. Readers never have an account here."""

    class Meta(AbstractUser.Meta):
        verbose_name = _("member of staff")  # type: ignore[assignment]  # the stubs know str only
        verbose_name_plural = _("staff")  # type: ignore[assignment]  # as above
