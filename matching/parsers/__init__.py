"""Reads exported files into the values of the core."""
