"""SMPP without I/O: codec, session, text, segments, receipts."""
