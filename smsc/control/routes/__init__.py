"""The routes, a file for each topic: thin, what they do is done by what they are given."""
