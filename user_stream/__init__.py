"""Every fill of a Binance USDⓈ-M account, delivered exactly once and in order."""
