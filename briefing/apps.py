"""Registers the app and answers the ports of the people's side."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class BriefingConfig(AppConfig):
    name = "briefing"
    verbose_name = _("Briefing")

    def ready(self) -> None:
        from briefing.answers import Answers
        from briefing.archive import search_index
        from subscribers import ports

        ports.register(Answers())
        post_migrate.connect(search_index.install_after_migrate, sender=self)
