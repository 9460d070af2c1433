"""Decisions of the host as functions of values and ports: no I/O of its own."""
