"""How django-unfold is dressed for this desk; read by settings.py."""

from django.utils.translation import gettext_lazy as _

UNFOLD = {
    "SITE_TITLE": _("The Robotics Briefing"),
    "SITE_HEADER": _("The Robotics Briefing"),
    "SITE_URL": "/",
}
