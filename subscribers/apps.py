"""Registers the app and keeps the ledger's triggers in place."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class SubscribersConfig(AppConfig):
    name = "subscribers"
    verbose_name = _("Readers")

    def ready(self) -> None:
        from subscribers import triggers

        # SQLite rebuilds a table when a field changes and silently drops its triggers with it.
        post_migrate.connect(triggers.install_after_migrate, sender=self)
