"""The conformance suite that a plugin must pass (`provenv plugin check`), the built-in ones too."""
