"""PubGrub over bitsets: a pure solver behind a provider.

It knows nothing of PyPI, conda, files or networks.
"""
