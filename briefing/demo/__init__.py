"""The demo copy: its supervisor, mail sink and inbox."""
