"""Mooring hosts OCP-style integration apps written in Python."""

__version__ = "0.1.0"
