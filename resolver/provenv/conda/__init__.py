"""Conda targets: channels, virtual packages, the solve by py-rattler, conda names and PyPI names."""
