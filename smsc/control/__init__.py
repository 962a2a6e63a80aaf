"""The control API: what an emulator has seen and does, over HTTP, and the inbox for people."""
