"""Who may ask, and how often: keys, signatures, limits."""
