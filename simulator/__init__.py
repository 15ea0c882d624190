"""A Binance USDⓈ-M futures exchange on this machine."""
