"""Writes a new plugin: a small distribution that installs, does something, and tests itself."""
