"""YAML files as typed models, with errors written for people."""
