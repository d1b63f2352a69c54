"""What leaves through a provider, tried against fakes of their APIs made from their documents."""
