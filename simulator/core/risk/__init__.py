"""What the exchange does to accounts by itself: funding, liquidation, ADL, settlement."""
