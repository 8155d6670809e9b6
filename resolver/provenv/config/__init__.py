"""Network settings of this machine and user: pip's configuration, and provenv's own config.toml."""
