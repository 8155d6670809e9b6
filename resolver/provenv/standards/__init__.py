"""Fast paths of the packaging standards (PEP 440, 425, 503, 508, 427, 625), tested against `packaging` as the reference."""
