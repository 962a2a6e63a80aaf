"""The receipt gauntlet: a client is sent every kind of receipt there is, and is scored."""
