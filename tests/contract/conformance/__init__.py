"""Is the simulator like Binance, as far as anybody outside has seen it? Sample by sample, endpoint by endpoint."""
