"""How staff log in: allauth, with public registration closed."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class StaffAccountAdapter(DefaultAccountAdapter):
    """Accounts are made by an owner or `manage.py createsuperuser`, never by a visitor."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Readers have no accounts, so nobody can open one from outside."""
        return False
