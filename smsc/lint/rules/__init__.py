"""The rules: one file each, found by smsc.lint.registry."""
