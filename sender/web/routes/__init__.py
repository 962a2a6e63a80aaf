"""One file for each subject; `HANDLERS` of each are the routes."""
