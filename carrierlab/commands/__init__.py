"""The commands of ``carrierlab``, one file for each, imported when it is called."""
