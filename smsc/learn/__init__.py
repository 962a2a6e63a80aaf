"""Habits of an operator, fitted to a recording of it."""
