"""The endpoints of conditional orders (USDⓈ-M Futures, Trade, Algo Orders), typed; part of `BinanceRest`."""

from __future__ import annotations

from collections.abc import Mapping

from user_stream.core.algo_rows import AlgoRow
from user_stream.errors import RequestRejectedError
from user_stream.runtime.answers import read_answer, read_rows
from user_stream.runtime.signed_http import SignedHttp

__all__ = ["AlgoRest"]

_ALGO_ORDER = "/fapi/v1/algoOrder"
_NOT_FOUND = frozenset({-2011, -2013})
"""Query and cancel share a database, and threads report either code for an order that is not there."""


class AlgoRest:
    """One account's conditional orders. Every method raises the errors of `user_stream.errors`."""

    def __init__(self, http: SignedHttp) -> None:
        self._http = http

    async def place(self, params: Mapping[str, str | int]) -> None:
        """POST algoOrder. What it answers is a claim that the stream confirms, so nothing is returned."""
        await self._http.request("POST", _ALGO_ORDER, params, security="TRADE")

    async def cancel(self, client_algo_id: str, *, algo_id: int = 0) -> None:
        """DELETE algoOrder, by its `algo_id` where that is known."""
        await self._http.request("DELETE", _ALGO_ORDER, _named(client_algo_id, algo_id), security="TRADE")

    async def cancel_open(self, symbol: str) -> None:
        """DELETE algoOpenOrders: every conditional order of the symbol, whoever sent it."""
        await self._http.request("DELETE", "/fapi/v1/algoOpenOrders", {"symbol": symbol}, security="TRADE")

    async def order(self, client_algo_id: str, *, algo_id: int = 0) -> AlgoRow | None:
        """GET algoOrder; None when the exchange does not find it."""
        try:
            body = await self._http.request("GET", _ALGO_ORDER, _named(client_algo_id, algo_id), security="USER_DATA")
        except RequestRejectedError as refusal:
            if refusal.code in _NOT_FOUND:
                return None
            raise
        return read_answer(body, AlgoRow)

    async def open_orders(self) -> list[AlgoRow]:
        """GET openAlgoOrders, of all symbols."""
        return read_rows(await self._http.request("GET", "/fapi/v1/openAlgoOrders", security="USER_DATA"), AlgoRow)


def _named(client_algo_id: str, algo_id: int) -> dict[str, str | int]:
    return {"algoId": algo_id} if algo_id else {"clientAlgoId": client_algo_id}
