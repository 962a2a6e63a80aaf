"""The control API: what an emulator has seen and does, how it is steered, over HTTP, and the inbox for people."""
