"""Issues over SMTP: an account opens a session, whose lanes hand the copies over."""

from briefing.transports.smtp.account import SmtpTransport

__all__ = ["SmtpTransport"]
