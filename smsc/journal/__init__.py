"""Every message and every PDU in SQLite: written before anything is acknowledged, read by commands."""
