"""Orders that wait for a price: the algo service."""
