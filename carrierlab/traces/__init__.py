"""Traces as files: written by a run in virtual time, listed, stepped through and compared."""
