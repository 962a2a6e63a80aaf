"""The control API: what people and tests see of a running emulator, and how they steer it."""
