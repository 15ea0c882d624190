"""What users of python-binance read from its sockets: user data, and the market."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.strangers.clients import async_python_binance, sockets_of
from tests.strangers.venue import PATIENCE_S, Venue, eventually, provoked

BTC = "BTCUSDT"


@pytest.fixture
async def trader(venue: Venue) -> AsyncIterator[Any]:
    client = async_python_binance(venue)
    yield client
    await client.close_connection()


@pytest.fixture
async def other(venue: Venue) -> AsyncIterator[Any]:
    client = async_python_binance(venue, venue.maker)
    yield client
    await client.close_connection()


@pytest.fixture
def sockets(trader: Any, venue: Venue) -> Any:
    return sockets_of(trader, venue)


async def heard(socket: Any, wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Read until what is wanted has been read."""
    async with asyncio.timeout(PATIENCE_S):
        while not wanted(message := await socket.recv()):
            pass
        found: dict[str, Any] = message
        return found


async def buy(trader: Any) -> None:
    await trader.futures_create_order(symbol=BTC, side="BUY", type="MARKET", quantity="0.001")


async def orders(socket: Any, count: int) -> list[tuple[str, str, str]]:
    """Read so many order updates: execution type, status, and quantity filled."""
    told: list[tuple[str, str, str]] = []
    while len(told) < count:
        message = await heard(socket, lambda message: message["e"] == "ORDER_TRADE_UPDATE")
        told.append((message["o"]["x"], message["o"]["X"], message["o"]["z"]))
    return told


def limit_buy(price: object = 60000, quantity: object = "0.010", **more: object) -> dict[str, object]:
    order = {"symbol": BTC, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    return {**order, "quantity": quantity, "price": price, **more}


async def test_order_is_heard_of_from_its_rest_to_its_fills(trader: Any, other: Any, sockets: Any) -> None:
    price = (await trader.futures_order_book(symbol=BTC, limit=5))["bids"][0][0]
    async with sockets.futures_user_socket() as socket:
        await trader.futures_create_order(**limit_buy(price))
        for quantity in ("0.004", "0.006"):
            await other.futures_create_order(**limit_buy(price, quantity, side="SELL"))
        assert await orders(socket, 3) == [
            ("NEW", "NEW", "0"), ("TRADE", "PARTIALLY_FILLED", "0.004"), ("TRADE", "FILLED", "0.01"),
        ]  # fmt: skip


async def test_one_match_tells_trade_order_and_account_with_one_time(trader: Any, sockets: Any) -> None:
    async with sockets.futures_user_socket() as socket:
        await trader.futures_create_order(symbol=BTC, side="BUY", type="MARKET", quantity="0.010")
        told = [await asyncio.wait_for(socket.recv(), PATIENCE_S) for _ in range(4)]
    kinds = [message["e"] for message in told]
    assert kinds == ["TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]
    assert len({message["T"] for message in told}) == 1
    assert told[0]["t"] == told[3]["o"]["t"]
    assert told[2]["a"]["P"][0]["pa"] == "0.01"


async def test_amendment_and_cancellation_are_heard_of(trader: Any, sockets: Any) -> None:
    async with sockets.futures_user_socket() as socket:
        placed = await trader.futures_create_order(**limit_buy())
        which = {"symbol": BTC, "orderId": placed["orderId"]}
        await trader.futures_modify_order(**which, side="BUY", quantity="0.020", price="60100")
        await trader.futures_cancel_order(**which)
        assert await orders(socket, 3) == [
            ("NEW", "NEW", "0"), ("AMENDMENT", "NEW", "0"), ("CANCELED", "CANCELED", "0"),
        ]  # fmt: skip


async def test_stop_loss_is_heard_of_until_it_has_finished(trader: Any, sockets: Any, venue: Venue) -> None:
    await trader.futures_create_order(symbol=BTC, side="BUY", type="MARKET", quantity="0.010")
    async with sockets.futures_user_socket() as socket:
        await trader.futures_create_order(
            symbol=BTC, side="SELL", type="STOP_MARKET", stopPrice="64000", quantity="0.010"
        )
        venue.set_price(BTC, 63900)
        told: list[str] = []
        while told[-1:] != ["FINISHED"]:
            message = await heard(socket, lambda message: message["e"] == "ALGO_UPDATE")
            told.append(message["o"]["X"])
    assert told == ["NEW", "TRIGGERING", "TRIGGERED", "FINISHED"]


async def test_leverage_and_margin_type_are_heard_of(trader: Any, sockets: Any) -> None:
    async with sockets.futures_user_socket() as socket:
        await trader.futures_change_leverage(symbol=BTC, leverage=7)
        message = await heard(socket, lambda message: message["e"] == "ACCOUNT_CONFIG_UPDATE")
    assert message["ac"] == {"s": BTC, "l": 7}


async def test_socket_that_was_cut_says_so_and_connects_again(trader: Any, sockets: Any, venue: Venue) -> None:
    async with sockets.futures_user_socket() as socket:
        venue.act("cut_connections")
        error = await heard(socket, lambda message: message["e"] == "error")
        assert error["type"] == "ConnectionClosedError"
        await eventually(venue.streams)
        await trader.futures_create_order(**limit_buy())
        assert await orders(socket, 1) == [("NEW", "NEW", "0")]


async def test_expired_listen_key_is_announced_and_a_new_socket_has_a_new_one(
    trader: Any, sockets: Any, venue: Venue
) -> None:
    async with sockets.futures_user_socket() as socket:
        expired = await trader.futures_stream_get_listen_key()
        venue.act("expire_listen_key")
        message = await heard(socket, lambda message: message["e"] == "listenKeyExpired")
        assert message["listenKey"] == expired
    async with sockets.futures_user_socket() as socket:
        assert await trader.futures_stream_get_listen_key() != expired
        await trader.futures_create_order(**limit_buy())
        assert await orders(socket, 1) == [("NEW", "NEW", "0")]


SOCKETS: dict[str, Callable[[Any], Any]] = {
    "aggTrade": lambda sockets: sockets.aggtrade_futures_socket(BTC),
    "bookTicker": lambda sockets: sockets.symbol_ticker_futures_socket(BTC),
    "depthUpdate": lambda sockets: sockets.futures_depth_socket(BTC, depth="10"),
    "continuous_kline": lambda sockets: sockets.kline_futures_socket(BTC),
    "markPriceUpdate": lambda sockets: sockets.symbol_mark_price_socket(BTC),
    "24hrTicker": lambda sockets: sockets.individual_symbol_ticker_futures_socket(BTC),
}


@pytest.mark.parametrize("event", SOCKETS)
async def test_market_is_heard(trader: Any, sockets: Any, event: str) -> None:
    async with SOCKETS[event](sockets) as socket:
        message = await provoked(socket.recv(), lambda: buy(trader))
    data = message.get("data", message)
    assert data["e"] == event
    assert data.get("s", data.get("ps")) == BTC


@pytest.mark.parametrize(
    ("opening", "event"), [("all_mark_price_socket", "markPriceUpdate"), ("futures_ticker_socket", "24hrTicker")]
)
async def test_all_markets_are_heard_together(trader: Any, sockets: Any, opening: str, event: str) -> None:
    async with getattr(sockets, opening)() as socket:
        message = await provoked(socket.recv(), lambda: buy(trader))
    assert BTC in [entry["s"] for entry in message["data"] if entry["e"] == event]


async def test_several_streams_share_a_socket(trader: Any, sockets: Any) -> None:
    streams = ["btcusdt@aggTrade", "btcusdt@kline_1m"]
    heard_of: set[str] = set()
    async with sockets.futures_multiplex_socket(streams) as socket, asyncio.timeout(PATIENCE_S):
        while heard_of != set(streams):
            heard_of.add((await provoked(socket.recv(), lambda: buy(trader)))["stream"])
