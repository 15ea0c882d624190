"""The market at the start: contracts as they are on Binance in 2026, and any number of synthetic ones.

Filters are realistic: tick and step, fewest and most, smallest notional. Prices are round numbers near the real ones.
Among the contracts are the ones that clients stumble over: a name that is not ASCII, a base asset of a thousand coins,
a quantity of whole coins, a stock, a commodity, an index, contracts that do not trade (yet, or any more), and the
quarterly ones, which are named after the day of their delivery, so that they depend on when the market opens.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypedDict, Unpack

from msgspec.structs import replace

from simulator.core.domain import (
    CURRENT_QUARTER,
    NEXT_QUARTER,
    PENDING_TRADING,
    SETTLING,
    TRADIFI_PERPETUAL,
    SymbolSpec,
)

__all__ = [
    "DEFAULT_SYMBOLS",
    "Listing",
    "deliveries",
    "delivery",
    "market_at",
    "perpetual",
    "quarterlies",
    "synthetic_symbols",
]

_DELIVERY_HOUR: Final = 8
_FRIDAY: Final = 4


class Listing(TypedDict, total=False):
    """What else may be said of a contract; see `SymbolSpec`. Of the quote asset's amounts, decimal strings.

    `price_band` (a share, "0.05") is how far an order's price may be from the mark price, and what a MARKET order may
    take. `market_max_quantity` is an eighth of `max_quantity` unless given.
    """

    quote_asset: str
    min_notional: str
    min_price: str
    max_price: str
    max_quantity: str
    market_max_quantity: str
    max_leverage: int
    price_band: str
    liquidation_fee: str
    contract_type: str
    status: str
    onboard_ms: int
    underlying_type: str
    underlying_sub_type: tuple[str, ...]


def perpetual(symbol: str, price: str, tick_size: str, step_size: str, **listing: Unpack[Listing]) -> SymbolSpec:
    """Return a perpetual contract whose other filters follow from these.

    The precisions are the decimals written in `tick_size` ("0.10": 2) and `step_size`. Raises `ValueError` when the
    symbol does not end with its quote asset, USDT unless `quote_asset` says otherwise.
    """
    quote_asset = listing.get("quote_asset", "USDT")
    if not symbol.endswith(quote_asset):
        message = f"symbol {symbol} does not end with its quote asset {quote_asset}"
        raise ValueError(message)
    tick, step = Decimal(tick_size), Decimal(step_size)
    most = Decimal(listing.get("max_quantity", "1000000"))
    return SymbolSpec(
        symbol=symbol,
        base_asset=symbol.removesuffix(quote_asset),
        quote_asset=quote_asset,
        price=Decimal(price),
        tick_size=tick,
        step_size=step,
        price_precision=_decimals(tick_size),
        quantity_precision=_decimals(step_size),
        min_price=Decimal(listing.get("min_price", tick)),
        max_price=Decimal(listing.get("max_price", Decimal(price).quantize(tick) * 1000)),
        min_quantity=step,
        max_quantity=most,
        market_max_quantity=Decimal(listing.get("market_max_quantity", (most / 8 // step) * step)),
        min_notional=Decimal(listing.get("min_notional", "5")),
        max_leverage=listing.get("max_leverage", 75),
        liquidation_fee=Decimal(listing.get("liquidation_fee", "0.012500")),
        **_band(Decimal(listing.get("price_band", "0.05"))),
        **_words(listing),
    )


def delivery(
    pair: str, delivery_ms: int, price: str, tick_size: str, step_size: str, **listing: Unpack[Listing]
) -> SymbolSpec:
    """Return a contract on a pair that is delivered at a time in ms: BTCUSDT_261225.

    A CURRENT_QUARTER one, unless `contract_type` says otherwise. Raises as `perpetual` does.
    """
    listing.setdefault("contract_type", CURRENT_QUARTER)
    spec = perpetual(pair, price, tick_size, step_size, **listing)
    day = datetime.fromtimestamp(delivery_ms / 1000, UTC)
    return replace(spec, symbol=f"{pair}_{day:%y%m%d}", pair=pair, delivery_ms=delivery_ms)


def quarterlies(now_ms: int) -> tuple[SymbolSpec, ...]:
    """Return the quarterly contracts on bitcoin and ether that trade at a time in ms: of this quarter and of the next.

    They are delivered on the last Friday of March, June, September and December, at 08:00 UTC.
    """
    this, following = _quarter_ends(now_ms)
    return (
        _quarterly(_BITCOIN, this, CURRENT_QUARTER, "65300"),
        _quarterly(_ETHER, this, CURRENT_QUARTER, "3515"),
        _quarterly(_BITCOIN, following, NEXT_QUARTER, "66300"),
        _quarterly(_ETHER, following, NEXT_QUARTER, "3570"),
    )


def deliveries(first_ms: int, last_ms: int) -> list[int]:
    """Return when quarterly contracts were, or will be, delivered between two times, in ms, oldest first."""
    first, last = (datetime.fromtimestamp(time_ms / 1000, UTC).year for time_ms in (first_ms, last_ms))
    ends = (_delivery_ms(year, month) for year in range(first, last + 1) for month in (3, 6, 9, 12))
    return [end for end in ends if first_ms <= end <= last_ms]


def market_at(now_ms: int) -> tuple[SymbolSpec, ...]:
    """Return the whole market as it is at a time in ms: `DEFAULT_SYMBOLS`, and the quarterly contracts of that day."""
    return (*DEFAULT_SYMBOLS, *quarterlies(now_ms))


def synthetic_symbols(count: int) -> tuple[SymbolSpec, ...]:
    """Return `count` symbols SIM0001USDT, SIM0002USDT, ..., with prices from 10 to 109 USDT."""
    return tuple(perpetual(f"SIM{n:04}USDT", str(10 + (n - 1) % 100), "0.0100", "0.01") for n in range(1, count + 1))


def _words(listing: Listing) -> dict[str, Any]:
    """Return what is taken over as it is."""
    names = ("contract_type", "status", "onboard_ms", "underlying_type", "underlying_sub_type")
    return {name: value for name, value in listing.items() if name in names}


def _band(share: Decimal) -> dict[str, Any]:
    """Return the bounds of an order's price, each with the decimals that `exchangeInfo` gives it."""
    four = Decimal("0.0001")
    return {
        "multiplier_up": (1 + share).quantize(four),
        "multiplier_down": (1 - share).quantize(four),
        "trigger_protect": share.quantize(four),
        "market_take_bound": share.quantize(Decimal("0.01")),
    }


def _decimals(size: str) -> int:
    return len(size.partition(".")[2])


def _quarter_ends(now_ms: int) -> tuple[int, int]:
    """Return when the quarterly contracts of now are delivered, in ms."""
    year = datetime.fromtimestamp(now_ms / 1000, UTC).year
    ends = (_delivery_ms(y, month) for y in (year, year + 1) for month in (3, 6, 9, 12))
    this, following, *_ = (end for end in ends if end > now_ms)
    return this, following


def _delivery_ms(year: int, month: int) -> int:
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    friday = last - timedelta(days=(last.weekday() - _FRIDAY) % 7)
    return int(datetime(friday.year, friday.month, friday.day, _DELIVERY_HOUR, tzinfo=UTC).timestamp()) * 1000


def _coin(symbol: str, price: str, tick_size: str, step_size: str, kind: str, **listing: Unpack[Listing]) -> SymbolSpec:
    """Return a perpetual on a coin but bitcoin and ether: it may move further, and its liquidation is dearer."""
    listing.setdefault("price_band", "0.10")
    listing.setdefault("liquidation_fee", "0.015000")
    listing["underlying_sub_type"] = (kind,)
    return perpetual(symbol, price, tick_size, step_size, **listing)


def _tradifi(spec: SymbolSpec, kind: str) -> SymbolSpec:
    """Return the same on something that is traded elsewhere: a stock, a metal."""
    return replace(
        spec, contract_type=TRADIFI_PERPETUAL, underlying_type=kind, underlying_sub_type=("TradFi",), max_leverage=20
    )


def _quarterly(spec: SymbolSpec, delivery_ms: int, contract_type: str, price: str) -> SymbolSpec:
    contract = delivery(
        spec.symbol,
        delivery_ms,
        price,
        str(spec.tick_size.normalize()),
        "0.001",
        contract_type=contract_type,
        max_quantity="500",
        max_leverage=50,
    )
    return replace(contract, underlying_sub_type=spec.underlying_sub_type)


def _in_usdc(spec: SymbolSpec) -> SymbolSpec:
    symbol = f"{spec.base_asset}USDC"
    return replace(spec, symbol=symbol, pair=symbol, quote_asset="USDC")


_BITCOIN: Final = perpetual(
    "BTCUSDT", "65000", "0.10", "0.001", min_notional="50", max_quantity="1000", market_max_quantity="120",
    max_leverage=125, min_price="556.80", max_price="4529764", underlying_sub_type=("PoW",),
)  # fmt: skip
_ETHER: Final = perpetual(
    "ETHUSDT", "3500", "0.01", "0.001", min_notional="20", max_quantity="10000", market_max_quantity="2000",
    max_leverage=125, min_price="39.86", max_price="306177", underlying_sub_type=("Layer-1",),
)  # fmt: skip
_SOLANA: Final = _coin("SOLUSDT", "150", "0.0100", "0.01", "Layer-1", max_leverage=100)

DEFAULT_SYMBOLS: Final = (
    _BITCOIN,
    _ETHER,
    _coin("BNBUSDT", "600", "0.010", "0.01", "Layer-1", max_quantity="100000"),
    _SOLANA,
    _coin("XRPUSDT", "0.55", "0.0001", "0.1", "Payment", max_quantity="10000000"),
    _coin("DOGEUSDT", "0.14", "0.000010", "1", "Meme", max_quantity="50000000"),
    _coin("ADAUSDT", "0.4", "0.00010", "1", "Layer-1", max_quantity="2000000"),
    _coin("AVAXUSDT", "28", "0.0010", "1", "Layer-1"),
    _coin("LINKUSDT", "14", "0.001", "0.01", "Infrastructure"),
    _coin("DOTUSDT", "6", "0.001", "0.1", "Layer-1"),
    _coin("LTCUSDT", "80", "0.01", "0.001", "PoW"),
    _coin("BCHUSDT", "400", "0.01", "0.001", "PoW"),
    _coin("TRXUSDT", "0.12", "0.00001", "1", "Layer-1", max_quantity="10000000"),
    _coin("UNIUSDT", "8", "0.0010", "1", "DeFi"),
    _coin("ATOMUSDT", "7", "0.001", "0.01", "Layer-1"),
    _coin("NEARUSDT", "5", "0.0010", "1", "Layer-1"),
    _coin("APTUSDT", "8", "0.00010", "0.1", "Layer-1"),
    _coin("ARBUSDT", "0.8", "0.000100", "0.1", "Layer-2"),
    _coin("OPUSDT", "1.8", "0.0001000", "0.1", "Layer-2"),
    _coin("SUIUSDT", "1", "0.000100", "0.1", "Layer-1"),
    _coin("FILUSDT", "4.5", "0.001", "0.1", "Storage"),
    _coin("1000PEPEUSDT", "0.012", "0.0000001", "1", "Meme", max_quantity="90000000", price_band="0.15"),
    _coin("1000SHIBUSDT", "0.018", "0.000001", "1", "Meme", max_quantity="50000000", price_band="0.15"),
    _coin("币安人生USDT", "0.16", "0.0000100", "1", "Meme", max_quantity="5000000", price_band="0.15", max_leverage=40),
    _in_usdc(_BITCOIN),
    _in_usdc(_ETHER),
    _in_usdc(_SOLANA),
    perpetual("BTCDOMUSDT", "5000", "0.1", "0.001", underlying_type="INDEX", underlying_sub_type=("Index",)),
    _tradifi(perpetual("XAUUSDT", "4200", "0.01", "0.001", max_quantity="5000"), "COMMODITY"),
    _tradifi(perpetual("TSLAUSDT", "430", "0.01", "0.01", max_quantity="20000"), "EQUITY"),
    _coin("STORJUSDT", "0.18", "0.0001", "1", "Storage", status=SETTLING, max_leverage=25),
    _coin("SOONERUSDT", "1", "0.0001", "1", "DeFi", status=PENDING_TRADING, max_leverage=5),
)
