"""Durable state of campaigns and messages."""
