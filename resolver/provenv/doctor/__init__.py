"""What stands in the way of a training run: one module for each theme, functions from a probe to findings.

What a plugin knows of its own system or devices is said by that plugin (`diagnose`, `inspect`); here is what
is general. Every code is listed in docs/findings.md.
"""
