"""Registers the app and answers the ports of the people's side."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class BriefingConfig(AppConfig):
    name = "briefing"
    verbose_name = _("Briefing")

    def ready(self) -> None:
        from briefing.admin import receivers, roles
        from briefing.answers import Answers
        from briefing.archive import search_index
        from subscribers import ports, triggers

        ports.register(Answers())
        triggers.protect("briefing_auditentry")
        receivers.connect()
        # Permissions are made app by app; auth comes after every app that roles speak of.
        post_migrate.connect(roles.grant_after_migrate, sender=apps.get_app_config("auth"))
        post_migrate.connect(search_index.install_after_migrate, sender=self)
