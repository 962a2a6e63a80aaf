"""One emulated operator on the network: listener, door, connections."""
