"""The sender's configuration: one file for each subject; `file.load_config` reads a file of a person."""
