"""From claimed messages to recorded outcomes."""
