"""What the command lines of the programs share."""
