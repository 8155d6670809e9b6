"""Manifests: pyproject.toml and requirements files, read as their authors meant them or refused."""
