"""The desk's screens for readers and consent."""
