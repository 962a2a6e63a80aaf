"""What goes wrong on a connection, and on purpose: one fault, one file; registry.py lists them."""
