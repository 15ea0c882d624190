"""Everything that the protocol reference lists: endpoints with what they weigh, user events, methods. Written by hand.

A weight is what one request costs its address; `of_all` when no symbol is named. Orders count against the account, in
10 seconds and in a minute. Where the weight follows from a limit, `limits` has examples of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

__all__ = ["ENDPOINTS", "METHODS", "USER_EVENTS", "Endpoint"]


class Endpoint(NamedTuple):
    """A REST endpoint as documented. `path` is below /fapi/v1 unless it begins with a slash."""

    method: str
    path: str
    weight: int
    of_all: int | None = None
    orders: tuple[int, int] = (0, 0)
    limits: Mapping[int, int] = {}
    is_funding: bool = False
    """It has a bucket of its own, and weighs nothing."""

    @property
    def route(self) -> tuple[str, str]:
        """Its method and whole path."""
        return self.method, self.path if self.path.startswith("/") else f"/fapi/v1/{self.path}"


_CANDLES: Final = {99: 1, 100: 2, 499: 2, 500: 5, 1000: 5, 1001: 10}
_BOOK: Final = {5: 2, 10: 2, 20: 2, 50: 2, 100: 5, 500: 10, 1000: 20}

_KEYS: Final = (
    Endpoint("POST", "listenKey", 1),
    Endpoint("PUT", "listenKey", 1),
    Endpoint("DELETE", "listenKey", 1),
)
_ORDERS: Final = (
    Endpoint("POST", "order", 0, orders=(1, 1)),
    Endpoint("POST", "order/test", 0, orders=(1, 1)),
    Endpoint("PUT", "order", 0, orders=(1, 1)),
    Endpoint("DELETE", "order", 1),
    Endpoint("GET", "order", 1),
    Endpoint("POST", "batchOrders", 5, orders=(5, 1)),
    Endpoint("PUT", "batchOrders", 5, orders=(5, 1)),
    Endpoint("DELETE", "batchOrders", 1),
    Endpoint("DELETE", "allOpenOrders", 1),
    Endpoint("POST", "countdownCancelAll", 10),
    Endpoint("GET", "openOrder", 1),
    Endpoint("GET", "openOrders", 1, 40),
    Endpoint("GET", "allOrders", 5),
    Endpoint("GET", "userTrades", 5),
    Endpoint("GET", "forceOrders", 20, 50),
    Endpoint("GET", "orderAmendment", 1),
    Endpoint("POST", "algoOrder", 0, orders=(1, 1)),
    Endpoint("DELETE", "algoOrder", 1),
    Endpoint("DELETE", "algoOpenOrders", 1),
    Endpoint("GET", "algoOrder", 1),
    Endpoint("GET", "openAlgoOrders", 1, 40),
    Endpoint("GET", "allAlgoOrders", 5),
)
_ACCOUNT: Final = (
    Endpoint("GET", "/fapi/v2/account", 5),
    Endpoint("GET", "/fapi/v3/account", 5),
    Endpoint("GET", "/fapi/v2/balance", 5),
    Endpoint("GET", "/fapi/v3/balance", 5),
    Endpoint("GET", "/fapi/v2/positionRisk", 5),
    Endpoint("GET", "/fapi/v3/positionRisk", 5),
    Endpoint("GET", "accountConfig", 5),
    Endpoint("GET", "symbolConfig", 5),
    Endpoint("GET", "positionSide/dual", 30),
    Endpoint("POST", "positionSide/dual", 1),
    Endpoint("GET", "multiAssetsMargin", 30),
    Endpoint("POST", "multiAssetsMargin", 1),
    Endpoint("POST", "leverage", 1),
    Endpoint("POST", "marginType", 1),
    Endpoint("POST", "positionMargin", 1),
    Endpoint("GET", "positionMargin/history", 1),
    Endpoint("GET", "commissionRate", 20),
    Endpoint("GET", "leverageBracket", 1),
    Endpoint("GET", "income", 30),
    Endpoint("GET", "apiTradingStatus", 1, 10),
    Endpoint("GET", "rateLimit/order", 1),
    Endpoint("GET", "adlQuantile", 5),
    Endpoint("GET", "feeBurn", 30),
    Endpoint("POST", "feeBurn", 1),
)
_MARKET: Final = (
    Endpoint("GET", "ping", 1),
    Endpoint("GET", "time", 1),
    Endpoint("GET", "exchangeInfo", 1),
    Endpoint("GET", "depth", 10, limits=_BOOK),
    Endpoint("GET", "rpiDepth", 20),
    Endpoint("GET", "trades", 5),
    Endpoint("GET", "historicalTrades", 200),
    Endpoint("GET", "aggTrades", 20),
    Endpoint("GET", "klines", 5, limits=_CANDLES),
    Endpoint("GET", "continuousKlines", 5, limits=_CANDLES),
    Endpoint("GET", "indexPriceKlines", 5, limits=_CANDLES),
    Endpoint("GET", "markPriceKlines", 5, limits=_CANDLES),
    Endpoint("GET", "premiumIndexKlines", 5, limits=_CANDLES),
    Endpoint("GET", "premiumIndex", 1, 10),
    Endpoint("GET", "ticker/price", 1, 2),
    Endpoint("GET", "/fapi/v2/ticker/price", 1, 2),
    Endpoint("GET", "ticker/bookTicker", 2, 5),
    Endpoint("GET", "ticker/24hr", 1, 40),
    Endpoint("GET", "fundingRate", 0, is_funding=True),
    Endpoint("GET", "fundingInfo", 0, is_funding=True),
    Endpoint("GET", "openInterest", 1),
)
_SAMPLED: Final = (
    Endpoint("GET", "convert/exchangeInfo", 20),
    Endpoint("POST", "convert/getQuote", 50),
    Endpoint("POST", "convert/acceptQuote", 200),
    Endpoint("GET", "convert/orderStatus", 50),
    Endpoint("POST", "stock/contract", 50),
)
"""The reference has but samples of them. What they weigh is from Binance's own pages and other people's clients."""

_MARKET_WITHOUT_WEIGHTS: Final = ("tradingSchedule", "symbolAdlRisk", "constituents", "insuranceBalance")
"""The reference names them, and says nothing of what they weigh."""

ENDPOINTS: Final = (*_KEYS, *_ORDERS, *_ACCOUNT, *_MARKET, *_SAMPLED)
UNWEIGHED: Final = tuple(("GET", f"/fapi/v1/{name}") for name in _MARKET_WITHOUT_WEIGHTS)

RETIRED: Final = tuple(("GET", f"/fapi/v1/{name}") for name in ("account", "balance", "positionRisk"))
"""What answers 404 today."""

USER_EVENTS: Final = (
    "ORDER_TRADE_UPDATE",
    "ACCOUNT_UPDATE",
    "TRADE_LITE",
    "ACCOUNT_CONFIG_UPDATE",
    "MARGIN_CALL",
    "listenKeyExpired",
    "ALGO_UPDATE",
    "STRATEGY_UPDATE",
    "GRID_UPDATE",
    "CONDITIONAL_ORDER_TRIGGER_REJECT",
)
"""The events of §4. The last three come only when a test wants them."""

METHODS: Final[Mapping[str, tuple[str, str] | None]] = {
    "session.logon": None,
    "session.status": None,
    "session.logout": None,
    "order.place": ("POST", "/fapi/v1/order"),
    "order.modify": ("PUT", "/fapi/v1/order"),
    "order.cancel": ("DELETE", "/fapi/v1/order"),
    "order.status": ("GET", "/fapi/v1/order"),
    "algoOrder.place": ("POST", "/fapi/v1/algoOrder"),
    "algoOrder.cancel": ("DELETE", "/fapi/v1/algoOrder"),
    "account.position": ("GET", "/fapi/v2/positionRisk"),
    "v2/account.position": ("GET", "/fapi/v3/positionRisk"),
    "account.balance": ("GET", "/fapi/v2/balance"),
    "v2/account.balance": ("GET", "/fapi/v3/balance"),
    "account.status": ("GET", "/fapi/v2/account"),
    "v2/account.status": ("GET", "/fapi/v3/account"),
    "depth": ("GET", "/fapi/v1/depth"),
    "ticker.price": ("GET", "/fapi/v1/ticker/price"),
    "ticker.book": ("GET", "/fapi/v1/ticker/bookTicker"),
    "userDataStream.start": ("POST", "/fapi/v1/listenKey"),
    "userDataStream.ping": ("PUT", "/fapi/v1/listenKey"),
    "userDataStream.stop": ("DELETE", "/fapi/v1/listenKey"),
}
"""Every method of the WebSocket API, and the REST endpoint that it is the twin of; None for those of the session."""
