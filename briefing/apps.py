"""Registers the app and answers the ports of the people's side."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BriefingConfig(AppConfig):
    name = "briefing"
    verbose_name = _("Briefing")

    def ready(self) -> None:
        from briefing.answers import Answers
        from subscribers import ports

        ports.register(Answers())
