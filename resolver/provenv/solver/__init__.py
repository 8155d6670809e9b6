"""PubGrub over bitsets: a pure solver behind a provider; it knows nothing of PyPI, conda, files or networks."""
