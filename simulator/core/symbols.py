"""The market at the start: perpetuals as they are on Binance in 2026, and any number of synthetic ones.

Filters are realistic: tick and step, fewest and most, smallest notional. Prices are round numbers near the real ones.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from simulator.core.domain import SymbolSpec

__all__ = ["DEFAULT_SYMBOLS", "perpetual", "synthetic_symbols"]


def perpetual(
    symbol: str,
    price: str,
    tick_size: str,
    step_size: str,
    *,
    quote_asset: str = "USDT",
    min_notional: str = "5",
    max_quantity: str = "1000000",
    max_leverage: int = 75,
) -> SymbolSpec:
    """Return a symbol whose other filters follow from these.

    The precisions are the decimals written in `tick_size` ("0.10": 2) and `step_size`. MARKET orders may have an eighth
    of `max_quantity`. Raises `ValueError` when the symbol does not end with its quote asset.
    """
    if not symbol.endswith(quote_asset):
        message = f"symbol {symbol} does not end with its quote asset {quote_asset}"
        raise ValueError(message)
    tick, step = Decimal(tick_size), Decimal(step_size)
    return SymbolSpec(
        symbol=symbol,
        base_asset=symbol.removesuffix(quote_asset),
        quote_asset=quote_asset,
        price=Decimal(price),
        tick_size=tick,
        step_size=step,
        price_precision=_decimals(tick_size),
        quantity_precision=_decimals(step_size),
        min_price=tick,
        max_price=Decimal(price).quantize(tick) * 1000,
        min_quantity=step,
        max_quantity=Decimal(max_quantity),
        market_max_quantity=(Decimal(max_quantity) / 8 // step) * step,
        min_notional=Decimal(min_notional),
        max_leverage=max_leverage,
    )


def synthetic_symbols(count: int) -> tuple[SymbolSpec, ...]:
    """Return `count` symbols SIM0001USDT, SIM0002USDT, ..., with prices from 10 to 109 USDT."""
    return tuple(perpetual(f"SIM{n:04}USDT", str(10 + (n - 1) % 100), "0.0100", "0.01") for n in range(1, count + 1))


def _decimals(size: str) -> int:
    return len(size.partition(".")[2])


DEFAULT_SYMBOLS: Final = (
    perpetual("BTCUSDT", "65000", "0.10", "0.001", min_notional="50", max_quantity="1000", max_leverage=125),
    perpetual("ETHUSDT", "3500", "0.01", "0.001", min_notional="20", max_quantity="10000", max_leverage=125),
    perpetual("BNBUSDT", "600", "0.010", "0.01", max_quantity="100000"),
    perpetual("SOLUSDT", "150", "0.0100", "0.01", max_leverage=100),
    perpetual("XRPUSDT", "0.55", "0.0001", "0.1", max_quantity="10000000"),
    perpetual("DOGEUSDT", "0.14", "0.000010", "1", max_quantity="50000000"),
    perpetual("ADAUSDT", "0.4", "0.00010", "1", max_quantity="2000000"),
    perpetual("AVAXUSDT", "28", "0.0010", "1"),
    perpetual("LINKUSDT", "14", "0.001", "0.01"),
    perpetual("DOTUSDT", "6", "0.001", "0.1"),
    perpetual("LTCUSDT", "80", "0.01", "0.001"),
    perpetual("BCHUSDT", "400", "0.01", "0.001"),
    perpetual("TRXUSDT", "0.12", "0.00001", "1", max_quantity="10000000"),
    perpetual("UNIUSDT", "8", "0.0010", "1"),
    perpetual("ATOMUSDT", "7", "0.001", "0.01"),
    perpetual("NEARUSDT", "5", "0.0010", "1"),
    perpetual("APTUSDT", "8", "0.00010", "0.1"),
    perpetual("ARBUSDT", "0.8", "0.000100", "0.1"),
    perpetual("OPUSDT", "1.8", "0.0001000", "0.1"),
    perpetual("SUIUSDT", "1", "0.000100", "0.1"),
    perpetual("FILUSDT", "4.5", "0.001", "0.1"),
    perpetual("1000PEPEUSDT", "0.012", "0.0000001", "1", max_quantity="90000000"),
    perpetual("1000SHIBUSDT", "0.018", "0.000001", "1", max_quantity="50000000"),
    perpetual("BTCUSDC", "65000", "0.10", "0.001", quote_asset="USDC", min_notional="50", max_quantity="1000"),
)
