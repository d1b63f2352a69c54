"""What allauth reports of people's accounts: written down, and sessions ended where they must be."""

from typing import Any

from allauth.account import signals as account
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.http import HttpRequest

from briefing.admin import audit
from briefing.models import User


def connect() -> None:
    """Listen. Called once, when Django is ready."""
    account.user_logged_in.connect(_logged_in)
    user_logged_out.connect(_logged_out)
    user_login_failed.connect(_refused)
    mfa.authenticator_added.connect(_shown_while_setting_up)
    for signal, act in (
        (account.password_changed, "password.change"),
        (account.password_reset, "password.reset"),
        (account.email_changed, "email.change"),
        (mfa.authenticator_added, "second_factor.add"),
        (mfa.authenticator_removed, "second_factor.remove"),
        (mfa.authenticator_reset, "second_factor.renew"),
    ):
        signal.connect(_changed_a_key(act), weak=False)


def _logged_in(request: HttpRequest, user: User, sociallogin: Any = None, **_: Any) -> None:
    by = {"by": sociallogin.provider.name} if sociallogin else {}
    audit.record(request, "account.login", user, actor=user, **by)


def _logged_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        audit.record(request, "account.logout", user, actor=user)


def _refused(request: HttpRequest | None = None, **_: Any) -> None:
    """Write that somebody was refused, not which name was tried: people type passwords there."""
    if request is not None:
        audit.record(request, "account.refused")


def _shown_while_setting_up(
    request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    """Count the code or touch that set a second factor up as having shown it in this session."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record_authentication(request, user, method="mfa", type=authenticator.type)


def _changed_a_key(act: str) -> Any:
    """Return a receiver: whoever changed a key of their account keeps this session and no other."""

    def receive(request: HttpRequest, user: User, **_: Any) -> None:
        audit.record(request, act, user, actor=user)
        end_other_sessions(request, user)

    return receive
