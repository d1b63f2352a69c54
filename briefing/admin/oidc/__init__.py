"""Signing in at the publisher's own identity provider, where the settings name one."""
