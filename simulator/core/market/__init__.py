"""What is traded and how its price went: contracts, prices, tape, candles."""
