"""The endpoints that this library uses (USDⓈ-M Futures: User Data Streams, Trade, Account), typed."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from user_stream.core.rest_rows import BalanceRow, IncomeRow, OrderRow, PositionRow, TradeRow
from user_stream.errors import ListenKeyLostError, RequestRejectedError
from user_stream.runtime import rest_history
from user_stream.runtime.algo_rest import AlgoRest
from user_stream.runtime.answers import read_answer, read_rows
from user_stream.runtime.clock import Clock, LoopClock
from user_stream.runtime.rate_budget import RateLimit
from user_stream.runtime.signed_http import SignedHttp
from user_stream.settings import Environment, Settings

__all__ = ["BinanceRest"]

Row = TypeVar("Row")

_log = logging.getLogger("user_stream")
_LISTEN_KEY = re.compile(r"[A-Za-z0-9]{64}")


class _ListenKey(msgspec.Struct):
    listenKey: str = ""  # noqa: N815  the wire's name


class _AccountConfig(msgspec.Struct):
    dualSidePosition: bool  # noqa: N815  the wire's name
    multiAssetsMargin: bool  # noqa: N815  the wire's name


class BinanceRest:
    """One account's REST API. Every method raises the errors of `user_stream.errors`.

    `rate_limit`: the one of another `BinanceRest` of this address, to share its allowance; default one of its own.
    """

    def __init__(
        self,
        api_key: str,
        api_secret: str,
        *,
        environment: Environment = Environment.MAINNET,
        settings: Settings | None = None,
        clock: Clock | None = None,
        rate_limit: RateLimit | None = None,
    ) -> None:
        self._http = SignedHttp(
            api_key,
            api_secret,
            environment=environment,
            settings=settings or Settings(),
            clock=clock or LoopClock(),
            rate_limit=rate_limit,
        )
        self.algo = AlgoRest(self._http)
        """Conditional orders, which live in a book of their own."""

    @property
    def rate_limit(self) -> RateLimit:
        """What may still be asked; give it to whatever else asks from this address."""
        return self._http.rate_limit

    def share(self, rate_limit: RateLimit) -> None:
        """Ask under another one's rate limit from now on."""
        self._http.rate_limit = rate_limit

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    def exchange_time_ms(self) -> int:
        """Return the exchange's time in ms, as far as we know it."""
        return self._http.exchange_time_ms()

    async def synchronize_clock(self) -> int:
        """Read the exchange's clock and return its offset from ours in ms."""
        return await self._http.synchronize_clock()

    async def ensure_clock(self) -> None:
        """Read the exchange's clock unless that was done before."""
        await self._http.ensure_clock()

    # --- listen key -----------------------------------------------------------------------------------------------

    async def create_listen_key(self) -> str:
        """POST: a new key, or the active one with another 60 minutes."""
        body = await self._http.request("POST", "/fapi/v1/listenKey", security="USER_STREAM")
        listen_key = read_answer(body, _ListenKey).listenKey
        if not _LISTEN_KEY.fullmatch(listen_key):
            cause = (
                f"the exchange answered with a listen key of {len(listen_key)} characters, not of 64 letters and digits"
            )
            raise ListenKeyLostError(cause)
        return listen_key

    async def extend_listen_key(self) -> str:
        """PUT: another 60 minutes. Return the key that was extended, "" when the exchange does not say."""
        body = await self._http.request("PUT", "/fapi/v1/listenKey", security="USER_STREAM")
        return read_answer(body, _ListenKey).listenKey

    async def delete_listen_key(self) -> None:
        """DELETE: the key dies at once, for every process of the account."""
        await self._http.request("DELETE", "/fapi/v1/listenKey", security="USER_STREAM")

    # --- orders ---------------------------------------------------------------------------------------------------

    async def place_order(self, params: Mapping[str, str | int]) -> None:
        """POST order. What it answers is a claim that the stream confirms, so nothing is returned."""
        await self._http.request("POST", "/fapi/v1/order", params, security="TRADE")

    async def cancel_order(self, symbol: str, client_order_id: str, *, order_id: str = "") -> None:
        """DELETE order, by its `order_id` where that is known: client order ids may be used again."""
        name = {"orderId": order_id} if order_id else {"origClientOrderId": client_order_id}
        params = {"symbol": symbol, **name}
        await self._http.request("DELETE", "/fapi/v1/order", params, security="TRADE")

    async def cancel_open_orders(self, symbol: str) -> None:
        """DELETE allOpenOrders: every open order of the symbol, whoever sent it."""
        await self._http.request("DELETE", "/fapi/v1/allOpenOrders", {"symbol": symbol}, security="TRADE")

    async def amend_order(self, params: Mapping[str, str | int]) -> None:
        """PUT order. What it answers is a claim that the stream confirms, so nothing is returned."""
        await self._http.request("PUT", "/fapi/v1/order", params, security="TRADE")

    async def order(self, symbol: str, order_id: str) -> OrderRow | None:
        """GET order by its id; None when the exchange does not find it."""
        return await self._find_order({"symbol": symbol, "orderId": order_id})

    async def order_by_client_id(self, symbol: str, client_order_id: str) -> OrderRow | None:
        """GET order by its client order id; None when the exchange does not find it."""
        return await self._find_order({"symbol": symbol, "origClientOrderId": client_order_id})

    async def _find_order(self, params: Mapping[str, str | int]) -> OrderRow | None:
        try:
            body = await self._http.request("GET", "/fapi/v1/order", params, security="USER_DATA")
        except RequestRejectedError as refusal:
            if refusal.code == -2013:
                return None
            raise
        return read_answer(body, OrderRow)

    async def open_orders(self) -> list[OrderRow]:
        """GET openOrders, of all symbols."""
        return read_rows(await self._http.request("GET", "/fapi/v1/openOrders", security="USER_DATA"), OrderRow)

    async def orders_since(self, since: int, *, until: int, symbol: str = "") -> list[OrderRow]:
        """GET allOrders made from `since` to `until` (exchange ms), of one symbol or of all, as far as kept."""
        return await rest_history.orders_since(self._http, since, until=until, symbol=symbol)

    async def trades_of_order(self, row: OrderRow) -> list[TradeRow]:
        """GET userTrades of one order, all of them that are kept, by trade id."""
        return await rest_history.trades_of_order(self._http, row)

    async def trades_since(self, symbol: str, since: int, *, until: int) -> list[TradeRow]:
        """GET userTrades of a symbol from `since` to `until` (exchange ms), and maybe later ones, by trade id."""
        return await rest_history.trades_since(self._http, symbol, since, until=until)

    # --- account --------------------------------------------------------------------------------------------------

    async def positions(self, symbol: str = "") -> list[PositionRow]:
        """GET positionRisk v3: positions that are open or have open orders."""
        params = {"symbol": symbol} if symbol else {}
        return read_rows(
            await self._http.request("GET", "/fapi/v3/positionRisk", params, security="USER_DATA"), PositionRow
        )

    async def balances(self) -> list[BalanceRow]:
        """GET balance v3, one row an asset."""
        return read_rows(await self._http.request("GET", "/fapi/v3/balance", security="USER_DATA"), BalanceRow)

    async def income_since(self, since: int, *, until: int) -> list[IncomeRow]:
        """GET income booked from `since` to `until` (exchange ms), of all symbols, as far as it is kept."""
        return await rest_history.income_since(self._http, since, until=until)

    async def modes(self) -> tuple[bool, bool]:
        """GET accountConfig: whether the account is in hedge mode, where a symbol has a LONG and a SHORT position, and
        whether all its assets together are the margin.
        """
        body = await self._http.request("GET", "/fapi/v1/accountConfig", security="USER_DATA")
        config = read_answer(body, _AccountConfig)
        return config.dualSidePosition, config.multiAssetsMargin
