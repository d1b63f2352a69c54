"""The archive and public pages, clicks, webhooks and health: every public door."""
