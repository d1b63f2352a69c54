"""Ways to hand a message over: SMTP, a provider's API, a sink."""
