"""Microsoft's own Python clients, unmodified, with nothing but their documented settings."""
