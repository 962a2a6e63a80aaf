"""The tables: one file for the first version, and for what later ones add one file for each subject.

Hot tables are narrow: what changes with every message is in `messages` (one row a message) and `parts` (one row a
segment, written from the first submit on); what is written once and read once is elsewhere. Every index that the
sending path touches is partial, so that it holds the work in hand and not the history.
"""
