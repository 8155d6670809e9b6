"""Fast paths of the packaging standards (PEP 425, 427, 440, 503, 508, 625), tested against `packaging`."""
