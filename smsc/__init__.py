"""Emulated operators: an SMPP server whose behaviour a scenario file decides."""
