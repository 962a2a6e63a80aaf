"""Faults between a session and its transport."""
