"""Every REST path that the simulator answers: its endpoint, security and weight. And the public market endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from simulator.core import account_endpoints as account
from simulator.core import algo_endpoints as algo
from simulator.core import history_endpoints as history
from simulator.core import setting_endpoints as setting
from simulator.core import trading_endpoints as trading
from simulator.core.amounts import padded
from simulator.core.exchange_info import exchange_info
from simulator.core.validation import known_symbol
from simulator.core.venue import Answer, Call, Route, Venue

__all__ = ["ROUTES"]


def ping(_venue: Venue, _call: Call) -> Answer:
    """GET /fapi/v1/ping."""
    return Answer({})


def server_time(_venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/time."""
    return Answer({"serverTime": call.now_ms})


def market(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/exchangeInfo."""
    return Answer(exchange_info(venue.exchange.symbols.values(), call.now_ms))


def ticker_price(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/ticker/price and /fapi/v2/ticker/price, of one symbol or of all."""
    if call.params.get("symbol"):
        return Answer(_ticker(venue, known_symbol(call.params, venue.exchange.symbols).symbol, call.now_ms))
    return Answer([_ticker(venue, symbol, call.now_ms) for symbol in venue.exchange.symbols])


def _ticker(venue: Venue, symbol: str, now_ms: int) -> dict[str, Any]:
    spec = venue.exchange.symbols[symbol]
    price = padded(venue.exchange.prices[symbol], spec.price_precision)
    return {"symbol": symbol, "price": price, "time": now_ms}


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("GET", "/fapi/v1/ping"): Route(ping, "none"),
    ("GET", "/fapi/v1/time"): Route(server_time, "none"),
    ("GET", "/fapi/v1/exchangeInfo"): Route(market, "none"),
    ("GET", "/fapi/v1/ticker/price"): Route(ticker_price, "none", 1, 2),
    ("GET", "/fapi/v2/ticker/price"): Route(ticker_price, "none", 1, 2),
    ("POST", "/fapi/v1/listenKey"): Route(account.issue_listen_key, "key"),
    ("PUT", "/fapi/v1/listenKey"): Route(account.extend_listen_key, "key"),
    ("DELETE", "/fapi/v1/listenKey"): Route(account.delete_listen_key, "key"),
    ("POST", "/fapi/v1/order"): Route(trading.new_order, "signed", 0),
    ("PUT", "/fapi/v1/order"): Route(trading.amend_order, "signed", 0),
    ("DELETE", "/fapi/v1/order"): Route(trading.cancel_order, "signed"),
    ("GET", "/fapi/v1/order"): Route(trading.query_order, "signed", reads="orders"),
    ("GET", "/fapi/v1/openOrder"): Route(trading.open_order, "signed", reads="orders"),
    ("GET", "/fapi/v1/openOrders"): Route(trading.open_orders, "signed", 1, 40, reads="orders"),
    ("GET", "/fapi/v1/allOrders"): Route(trading.all_orders, "signed", 5, reads="orders"),
    ("DELETE", "/fapi/v1/allOpenOrders"): Route(trading.cancel_all_orders, "signed"),
    ("GET", "/fapi/v1/userTrades"): Route(trading.user_trades, "signed", 5, reads="orders"),
    ("POST", "/fapi/v1/algoOrder"): Route(algo.new_algo_order, "signed", 0),
    ("DELETE", "/fapi/v1/algoOrder"): Route(algo.cancel_algo_order, "signed"),
    ("GET", "/fapi/v1/algoOrder"): Route(algo.query_algo_order, "signed", reads="orders"),
    ("GET", "/fapi/v1/openAlgoOrders"): Route(algo.open_algo_orders, "signed", 1, 40, reads="orders"),
    ("GET", "/fapi/v1/allAlgoOrders"): Route(algo.all_algo_orders, "signed", 5, reads="orders"),
    ("DELETE", "/fapi/v1/algoOpenOrders"): Route(algo.cancel_all_algo_orders, "signed"),
    ("GET", "/fapi/v2/account"): Route(account.account_v2, "signed", 5, reads="account"),
    ("GET", "/fapi/v3/account"): Route(account.account_v3, "signed", 5, reads="account"),
    ("GET", "/fapi/v2/balance"): Route(account.balances, "signed", 5, reads="account"),
    ("GET", "/fapi/v3/balance"): Route(account.balances, "signed", 5, reads="account"),
    ("GET", "/fapi/v2/positionRisk"): Route(account.positions_v2, "signed", 5, reads="account"),
    ("GET", "/fapi/v3/positionRisk"): Route(account.positions_v3, "signed", 5, reads="account"),
    ("GET", "/fapi/v1/accountConfig"): Route(setting.account_config, "signed", 5),
    ("GET", "/fapi/v1/symbolConfig"): Route(setting.symbol_config, "signed", 5),
    ("GET", "/fapi/v1/commissionRate"): Route(setting.commission_rate, "signed", 20),
    ("GET", "/fapi/v1/income"): Route(history.income, "signed", 30, reads="orders"),
    ("GET", "/fapi/v1/forceOrders"): Route(history.force_orders, "signed", 20, 50, reads="orders"),
    ("POST", "/fapi/v1/marginType"): Route(setting.change_type_of_margin, "signed"),
    ("POST", "/fapi/v1/positionMargin"): Route(setting.change_isolated_margin, "signed"),
    ("GET", "/fapi/v1/multiAssetsMargin"): Route(setting.multi_assets_mode, "signed", 30),
    ("POST", "/fapi/v1/multiAssetsMargin"): Route(setting.change_multi_assets_mode, "signed"),
    ("POST", "/fapi/v1/leverage"): Route(setting.change_leverage, "signed"),
    ("GET", "/fapi/v1/positionSide/dual"): Route(setting.position_mode, "signed", 30),
    ("POST", "/fapi/v1/positionSide/dual"): Route(setting.change_position_mode, "signed"),
}
