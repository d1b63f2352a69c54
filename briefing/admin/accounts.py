"""How staff log in: allauth, with the way in from outside closed."""

import secrets
from email.utils import parseaddr
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from subscribers.ports import Mail, publishing
from subscribers.views.visitor import client_ip


class StaffAccountAdapter(DefaultAccountAdapter):
    """Accounts are made by an owner or `manage.py createsuperuser`, never by a visitor."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Readers have no accounts, so nobody can open one from outside."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address by the same rule as at signup: only listed proxies are believed."""
        return client_ip(request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count wrong passwords for a name at each address on the network by itself.

        Wrong codes after the right password allauth counts per person: a stranger does not come so
        far, and whoever guesses from many addresses is stopped.
        """
        of_name: str = super()._get_login_attempts_cache_key(request, **credentials)
        return f"{self.get_client_ip(request)} {of_name}"

    def format_email_subject(self, subject: str) -> str:
        """Leave the site's name to the sender; the subject says what it is about."""
        return subject

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Hand account mail to the same account that readers' confirmations leave by."""
        message = self.render_mail(template_prefix, email, context)
        name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
        publishing().send(
            Mail(
                purpose="staff",
                reference=secrets.token_urlsafe(16),
                recipient=email,
                from_name=name or str(_("The Robotics Briefing")),
                from_address=address,
                subject=message.subject,
                text=str(message.body),
                html="",
            )
        )
