"""How messages leave: one module per kind of channel."""
