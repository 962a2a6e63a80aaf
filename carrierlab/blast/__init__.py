"""A load generator for the limit of a server: one process, ready octets, batches, and a word on what it measured.

``plan`` is what is asked for, ``submits`` the octets, ``esme`` one connection, ``pacing`` when a message is due,
``book`` what came back, ``player`` the run, ``report`` what is said of it.
"""
