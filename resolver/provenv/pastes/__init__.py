"""What people paste of their machines, made into a probe: decoding, cleaning, asking the plugins' readers."""
