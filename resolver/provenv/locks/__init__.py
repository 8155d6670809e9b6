"""Resolutions as standard files, written whole or not at all."""
