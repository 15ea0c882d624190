"""/fapi/v1/exchangeInfo: the market as clients read it at their start, filters as strings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from simulator.core.amounts import padded, trimmed
from simulator.core.domain import SymbolSpec

__all__ = ["exchange_info"]

RATE_LIMITS: Final = (
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400},
    {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
    {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300},
)
_ORDER_TYPES: Final = (
    "LIMIT",
    "MARKET",
    "STOP",
    "STOP_MARKET",
    "TAKE_PROFIT",
    "TAKE_PROFIT_MARKET",
    "TRAILING_STOP_MARKET",
)
_TIMES_IN_FORCE: Final = ("GTC", "IOC", "FOK", "GTX", "GTD", "RPI")


def exchange_info(symbols: Iterable[SymbolSpec], now_ms: int) -> dict[str, Any]:
    """Return the body of exchangeInfo."""
    specs = list(symbols)
    assets = dict.fromkeys(spec.quote_asset for spec in specs)
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "futuresType": "U_MARGINED",
        "rateLimits": list(RATE_LIMITS),
        "exchangeFilters": [],
        "assets": [{"asset": asset, "marginAvailable": True, "autoAssetExchange": "-10000"} for asset in assets],
        "symbols": [_symbol(spec) for spec in specs],
    }


def _symbol(spec: SymbolSpec) -> dict[str, Any]:
    return {
        "symbol": spec.symbol,
        "pair": spec.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": 4133404800000,
        "onboardDate": 1569398400000,
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": spec.base_asset,
        "quoteAsset": spec.quote_asset,
        "marginAsset": spec.quote_asset,
        "pricePrecision": spec.price_precision,
        "quantityPrecision": spec.quantity_precision,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10000,
        "filters": _filters(spec),
        "orderTypes": list(_ORDER_TYPES),
        "timeInForce": list(_TIMES_IN_FORCE),
        "permissionSets": ["GRID", "COPY", "DCA"],
    }


def _filters(spec: SymbolSpec) -> list[dict[str, Any]]:
    tick = padded(spec.tick_size, spec.price_precision)
    step = padded(spec.step_size, spec.quantity_precision)
    least = padded(spec.min_quantity, spec.quantity_precision)
    return [
        {
            "filterType": "PRICE_FILTER",
            "tickSize": tick,
            "minPrice": padded(spec.min_price, spec.price_precision),
            "maxPrice": trimmed(spec.max_price),
        },
        {"filterType": "LOT_SIZE", "stepSize": step, "maxQty": trimmed(spec.max_quantity), "minQty": least},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": least,
            "stepSize": step,
            "maxQty": trimmed(spec.market_max_quantity),
        },
        {"filterType": "MAX_NUM_ORDERS", "limit": spec.max_orders},
        {"filterType": "MIN_NOTIONAL", "notional": trimmed(spec.min_notional)},
        {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": str(spec.multiplier_up),
            "multiplierDown": str(spec.multiplier_down),
            "multiplierDecimal": "4",
        },
        {"filterType": "POSITION_RISK_CONTROL", "positionControlSide": "NONE"},
    ]
