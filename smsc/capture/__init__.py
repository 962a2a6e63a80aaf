"""Recordings of real traffic: made, redacted, read, and brought to and from packet captures."""
