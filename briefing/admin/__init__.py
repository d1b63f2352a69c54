"""The desk: one file per screen, on django-unfold."""
