"""The endpoints of what the exchange grants an account: leverage and its brackets, commissions, and its standing.

The trading rules' indicators are counted over the orders of the last ten minutes: UFR, the part that was not filled;
GCR, the part of the GTC orders that was cancelled unfilled; IFER, the part of the IOC and FOK orders that expired
unfilled. Nobody is ever locked here. DR, for orders of dust, is always 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from simulator.core.accounts.account import Account
from simulator.core.accounts.asset_index import asset_index
from simulator.core.accounts.brackets import Bracket, brackets_of, max_notional
from simulator.core.accounts.commission import RPI_RATE, rate
from simulator.core.accounts.margin import available_margin
from simulator.core.amounts import ZERO, eight, trimmed
from simulator.core.domain import CANCELED, EXPIRED, FOK, GTC, IOC, SymbolSpec
from simulator.core.rest.params import text
from simulator.core.risk.adl import quantiles
from simulator.core.trading.orders import Order
from simulator.core.trading.validation import known_symbol
from simulator.core.venue import Answer, Call, Route, Venue

__all__ = ["ROUTES"]

_COUNTED_MS: Final = 600_000
_TRIGGERS: Final = {"UFR": 0.995, "IFER": 0.99, "GCR": 0.99, "DR": 0.99}


def account_config(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/accountConfig."""
    account = venue.account(call)
    body = {
        "feeTier": account.fee_tier,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "dualSidePosition": account.dual_side_position,
        "updateTime": 0,
        "multiAssetsMargin": account.multi_assets_margin,
        "tradeGroupId": -1,
    }
    return Answer(body)


def symbol_config(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/symbolConfig, of one symbol or of all."""
    account = venue.account(call)
    return Answer([_symbol_config(account, spec) for spec in _chosen(venue, call)])


def commission_rate(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/commissionRate."""
    account, spec = venue.account(call), known_symbol(call.params, venue.exchange.symbols)
    body = {
        "symbol": spec.symbol,
        "makerCommissionRate": trimmed(rate(account, spec, is_maker=True)),
        "takerCommissionRate": trimmed(rate(account, spec, is_maker=False)),
        "rpiCommissionRate": trimmed(RPI_RATE),
    }
    return Answer(body)


def leverage_bracket(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/leverageBracket, of one symbol or of all."""
    rows = [
        {"symbol": spec.symbol, "notionalCoef": 1.0, "brackets": [_bracket(bracket) for bracket in brackets_of(spec)]}
        for spec in _chosen(venue, call)
    ]
    is_object = call.params.get("symbol") and venue.profile.leverage_bracket_of_symbol == "object"
    return Answer(rows[0] if is_object else rows)


def adl_quantile(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/adlQuantile: of the symbols that the account holds, or of one."""
    account = venue.account(call)
    held = {symbol for symbol, _ in account.held}
    rows = [
        {"symbol": spec.symbol, "adlQuantile": quantiles(venue.exchange, account, spec.symbol)}
        for spec in _chosen(venue, call)
        if call.params.get("symbol") or spec.symbol in held
    ]
    return Answer(rows)


def trading_status(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/apiTradingStatus: of the symbols with orders in the last ten minutes, or of one."""
    counted: dict[str, list[Order]] = {}
    for order in reversed(venue.account(call).orders.values()):
        if call.now_ms - order.time_ms > _COUNTED_MS:
            break
        counted.setdefault(order.symbol, []).append(order)
    chosen = {spec.symbol for spec in _chosen(venue, call)}
    indicators = {symbol: _indicators(counted[symbol]) for symbol in sorted(counted) if symbol in chosen}
    return Answer({"indicators": indicators, "updateTime": call.now_ms})


def portfolio_margin(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/pmAccountInfo: what could be taken out of an asset."""
    account, asset = venue.account(call), text(call.params, "asset")
    exchange = venue.exchange
    free = max(ZERO, available_margin(account, asset, exchange.symbols, exchange.marks))
    most = min(free, max(ZERO, account.wallets.get(asset, ZERO)))
    worth = most * asset_index(asset, exchange.marks).index
    return Answer({"maxWithdrawAmountUSD": eight(worth), "asset": asset, "maxWithdrawAmount": eight(most)})


def _chosen(venue: Venue, call: Call) -> list[SymbolSpec]:
    symbols = venue.exchange.symbols
    return [known_symbol(call.params, symbols)] if call.params.get("symbol") else list(symbols.values())


def _symbol_config(account: Account, spec: SymbolSpec) -> dict[str, Any]:
    leverage = account.leverage(spec.symbol, spec.max_leverage)
    return {
        "symbol": spec.symbol,
        "marginType": "ISOLATED" if account.is_isolated(spec.symbol) else "CROSSED",
        "isAutoAddMargin": False,
        "leverage": leverage,
        "maxNotionalValue": trimmed(max_notional(spec, leverage)),
    }


def _bracket(bracket: Bracket) -> dict[str, Any]:
    """Return the bracket as Binance writes it: with numbers, not texts."""
    return {
        "bracket": bracket.number,
        "initialLeverage": bracket.leverage,
        "notionalCap": int(bracket.cap),
        "notionalFloor": int(bracket.floor),
        "maintMarginRatio": float(bracket.ratio),
        "cum": float(bracket.cum),
    }


def _indicators(orders: list[Order]) -> list[dict[str, Any]]:
    kept = [order for order in orders if order.time_in_force == GTC]
    hasty = [order for order in orders if order.time_in_force in {IOC, FOK}]
    values = {
        "UFR": _part(orders, lambda order: not order.executed),
        "IFER": _part(hasty, lambda order: order.status == EXPIRED and not order.executed),
        "GCR": _part(kept, lambda order: order.status == CANCELED and not order.executed),
        "DR": ZERO,
    }
    return [
        {
            "isLocked": False,
            "plannedRecoverTime": 0,
            "indicator": name,
            "value": float(value),
            "triggerValue": _TRIGGERS[name],
        }
        for name, value in values.items()
    ]


def _part(orders: Iterable[Order], is_counted: Callable[[Order], bool]) -> Decimal:
    found = [is_counted(order) for order in orders]
    return (Decimal(sum(found)) / len(found)).quantize(Decimal("0.0001")) if found else ZERO


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("GET", "/fapi/v1/accountConfig"): Route(account_config, "signed", 5),
    ("GET", "/fapi/v1/symbolConfig"): Route(symbol_config, "signed", 5),
    ("GET", "/fapi/v1/commissionRate"): Route(commission_rate, "signed", 20),
    ("GET", "/fapi/v1/leverageBracket"): Route(leverage_bracket, "signed"),
    ("GET", "/fapi/v1/adlQuantile"): Route(adl_quantile, "signed", 5, reads="account"),
    ("GET", "/fapi/v1/apiTradingStatus"): Route(trading_status, "signed", 1, 10, reads="orders"),
    ("GET", "/fapi/v1/pmAccountInfo"): Route(portfolio_margin, "signed", 5, reads="account"),
}
