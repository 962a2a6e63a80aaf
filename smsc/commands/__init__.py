"""The commands of ``smsc``, one file for each group of them; imported when they are called."""
