"""provenv: one manifest in; for every target an exact lock, the environment, and a proof that it trains."""

__version__ = "0.1.0"
