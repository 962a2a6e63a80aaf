"""Events on their way to those who want them: signed, sent, tried again for days."""
