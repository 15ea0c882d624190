"""/fapi/v1/exchangeInfo: the market as clients read it at their start, filters as strings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from simulator.core.amounts import padded, trimmed
from simulator.core.domain import SymbolSpec
from simulator.core.profile import Profile
from simulator.core.security.rate_limits import Limits

__all__ = ["exchange_info", "margin_assets"]

_ORDER_TYPES: Final = (
    "LIMIT",
    "MARKET",
    "STOP",
    "STOP_MARKET",
    "TAKE_PROFIT",
    "TAKE_PROFIT_MARKET",
    "TRAILING_STOP_MARKET",
)
_DAY_MS: Final = 86_400_000
_AUTO_EXCHANGE: Final = {
    "USDT": "-10000",
    "BTC": "-0.10",
    "BNB": "-10",
    "ETH": "-5",
    "USDC": "-10000",
    "FDUSD": "-10000",
}
"""Below which wallet balance an asset is bought back by itself, in multi-assets mode."""
_TIMES_IN_FORCE: Final = ("GTC", "IOC", "FOK", "GTX", "GTD")


def exchange_info(symbols: Iterable[SymbolSpec], limits: Limits, profile: Profile, now_ms: int) -> dict[str, Any]:
    """Return the body of exchangeInfo."""
    specs = list(symbols)
    times_in_force = _TIMES_IN_FORCE + (("RPI",) if profile.rpi_time_in_force == "listed" else ())
    return {
        "timezone": "UTC",
        "serverTime": now_ms if profile.exchange_info_time == "now" else _stale(now_ms),
        "futuresType": "U_MARGINED",
        "rateLimits": _rate_limits(limits),
        "exchangeFilters": [],
        "assets": _assets(specs),
        "symbols": [_symbol(spec, times_in_force) for spec in specs],
    }


def _stale(now_ms: int) -> int:
    """Return a time of one to four days ago, which is renewed every three days."""
    return now_ms - now_ms % (3 * _DAY_MS) - _DAY_MS


def _rate_limits(limits: Limits) -> list[dict[str, Any]]:
    weight = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": limits.weight}
    minute = {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": limits.orders_1m}
    return [weight, minute, minute | {"interval": "SECOND", "intervalNum": 10, "limit": limits.orders_10s}]


def margin_assets(specs: Iterable[SymbolSpec]) -> dict[str, str]:
    """Return the assets that may be margin, the usual ones and what the symbols are quoted in, and their thresholds."""
    return _AUTO_EXCHANGE | {spec.quote_asset: "-10000" for spec in specs}


def _assets(specs: Iterable[SymbolSpec]) -> list[dict[str, Any]]:
    return [
        {"asset": asset, "marginAvailable": True, "autoAssetExchange": threshold}
        for asset, threshold in margin_assets(specs).items()
    ]


def _symbol(spec: SymbolSpec, times_in_force: Iterable[str]) -> dict[str, Any]:
    return {
        "symbol": spec.symbol,
        "pair": spec.pair,
        "contractType": spec.contract_type,
        "deliveryDate": spec.delivery_ms,
        "onboardDate": spec.onboard_ms,
        "status": spec.status,
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": spec.base_asset,
        "quoteAsset": spec.quote_asset,
        "marginAsset": spec.quote_asset,
        "pricePrecision": spec.price_precision,
        "quantityPrecision": spec.quantity_precision,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": spec.underlying_type,
        "underlyingSubType": list(spec.underlying_sub_type),
        "triggerProtect": str(spec.trigger_protect),
        "liquidationFee": str(spec.liquidation_fee),
        "marketTakeBound": str(spec.market_take_bound),
        "maxMoveOrderLimit": 10000,
        "filters": _filters(spec),
        "orderTypes": list(_ORDER_TYPES),
        "timeInForce": list(times_in_force),
        "permissionSets": list(spec.permission_sets),
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
