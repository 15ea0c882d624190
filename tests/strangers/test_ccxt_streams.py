"""What users of ccxt pro see while they watch: orders, trades, balances and positions of their own, and the market."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import ccxt
import pytest

from tests.strangers.clients import BTC, async_ccxt, pro_ccxt
from tests.strangers.venue import PATIENCE_S, Venue, eventually, provoked


@pytest.fixture
async def trader(venue: Venue) -> AsyncIterator[Any]:
    client = pro_ccxt(venue)
    await client.load_markets()
    yield client
    await client.close()


@pytest.fixture
async def other(venue: Venue) -> AsyncIterator[Any]:
    client = async_ccxt(venue, venue.maker)
    yield client
    await client.close()


async def best_bid(client: Any) -> float:
    return float((await client.fetch_order_book(BTC, 5))["bids"][0][0])


async def opened(venue: Venue) -> None:
    """Wait until a user stream is open: what happens earlier is not told."""
    await eventually(venue.streams)


async def watched_while(watching: Coroutine[Any, Any, Any], deed: Callable[[], Awaitable[object]]) -> Any:
    """Watch, do something, and return what was seen: what comes while nobody watches is not told later."""
    task = asyncio.create_task(watching)
    await asyncio.sleep(0)
    await deed()
    return await watched(task)


async def watched(watching: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(watching, PATIENCE_S)


async def seen(watch: Callable[[], Awaitable[Any]], wanted: Callable[[Any], object]) -> Any:
    """Watch until what is wanted has been seen."""
    async with asyncio.timeout(PATIENCE_S):
        while not wanted(told := await watch()):
            pass
        return told


async def test_order_is_watched_from_its_rest_to_its_fills(trader: Any, other: Any, venue: Venue) -> None:
    watching = asyncio.create_task(trader.watch_orders(BTC))
    await opened(venue)
    price = await best_bid(trader)
    placed = await trader.create_order(BTC, "limit", "buy", 0.01, price)
    (new,) = await watched(watching)
    assert (new["id"], new["status"], new["filled"], new["price"]) == (placed["id"], "open", 0.0, price)

    (half,) = await watched_while(
        trader.watch_orders(BTC), lambda: other.create_order(BTC, "limit", "sell", 0.004, price)
    )
    assert (half["status"], half["filled"], half["remaining"], half["average"]) == ("open", 0.004, 0.006, price)

    (whole,) = await watched_while(
        trader.watch_orders(BTC), lambda: other.create_order(BTC, "limit", "sell", 0.006, price)
    )
    assert (whole["id"], whole["status"], whole["filled"]) == (placed["id"], "closed", 0.01)
    assert whole["fee"]["currency"] == "USDT"


async def test_edit_and_cancellation_are_watched(trader: Any, venue: Venue) -> None:
    watching = asyncio.create_task(trader.watch_orders(BTC))
    await opened(venue)
    placed = await trader.create_order(BTC, "limit", "buy", 0.01, 60000)
    await watched(watching)

    (edited,) = await watched_while(
        trader.watch_orders(BTC), lambda: trader.edit_order(placed["id"], BTC, "limit", "buy", 0.02, 60100)
    )
    assert (edited["id"], edited["status"], edited["amount"], edited["price"]) == (placed["id"], "open", 0.02, 60100.0)

    (cancelled,) = await watched_while(trader.watch_orders(BTC), lambda: trader.cancel_order(placed["id"], BTC))
    assert (cancelled["id"], cancelled["status"]) == (placed["id"], "canceled")


async def test_own_trades_are_watched(trader: Any, venue: Venue) -> None:
    watching = asyncio.create_task(trader.watch_my_trades(BTC))
    await opened(venue)
    await trader.create_order(BTC, "market", "buy", 0.01)
    (trade,) = await watched(watching)
    (known,) = await trader.fetch_my_trades(BTC)
    same = ("id", "order", "side", "price", "amount", "cost", "takerOrMaker", "timestamp")
    assert {name: trade[name] for name in same} == {name: known[name] for name in same}
    assert trade["fee"] == known["fee"]


async def test_balance_is_watched(trader: Any, venue: Venue) -> None:
    watching = asyncio.create_task(trader.watch_balance())
    await opened(venue)
    await trader.create_order(BTC, "market", "buy", 0.01)
    balance = await watched(watching)
    assert balance["USDT"]["total"] == float((await trader.fetch_balance())["info"]["totalWalletBalance"]) < 10000


async def test_positions_are_watched_until_they_are_closed(trader: Any, venue: Venue) -> None:
    assert await watched(trader.watch_positions([BTC])) == []  # what is there is asked for, before the stream is opened
    watching = asyncio.create_task(trader.watch_positions([BTC]))
    await opened(venue)
    await trader.create_order(BTC, "market", "sell", 0.01)
    (position,) = await watched(watching)
    assert (position["symbol"], position["side"], position["contracts"]) == (BTC, "short", 0.01)

    (position,) = await watched_while(
        trader.watch_positions([BTC]),
        lambda: trader.create_order(BTC, "market", "buy", 0.01, None, {"reduceOnly": True}),
    )
    assert position["contracts"] == 0


async def test_stop_loss_is_watched_until_its_child_has_filled(trader: Any, venue: Venue) -> None:
    await trader.create_order(BTC, "market", "buy", 0.01)
    watching = asyncio.create_task(trader.watch_orders(BTC))
    await opened(venue)
    stop = await trader.create_order(BTC, "market", "sell", 0.01, None, {"stopLossPrice": 64000})
    (waiting,) = await watched(watching)
    assert (waiting["id"], waiting["status"], waiting["triggerPrice"]) == (stop["id"], "open", 64000.0)

    venue.set_price("BTCUSDT", 63900)
    told: dict[str, str] = {}
    async with asyncio.timeout(PATIENCE_S):
        while told.get(stop["id"]) != "closed":
            told |= {order["id"]: order["status"] for order in await trader.watch_orders(BTC)}
    assert set(told.values()) == {"closed"}
    assert len(told) == 2  # the stop, and the order that it sent
    assert await trader.fetch_positions([BTC]) == []


async def test_watching_goes_on_after_the_connection_was_cut(trader: Any, venue: Venue) -> None:
    watching = asyncio.create_task(trader.watch_orders(BTC))
    await opened(venue)
    venue.act("cut_connections")
    with pytest.raises(ccxt.NetworkError):
        await watched(watching)

    watching = asyncio.create_task(trader.watch_orders(BTC))
    await opened(venue)
    placed = await trader.create_order(BTC, "limit", "buy", 0.01, 60000)
    assert (await watched(watching))[0]["id"] == placed["id"]


async def test_expired_listen_key_is_replaced_by_the_next_watching(trader: Any, venue: Venue) -> None:
    watching = asyncio.create_task(trader.watch_orders(BTC))
    await opened(venue)
    venue.act("expire_listen_key", "cut_connections")
    with pytest.raises(ccxt.NetworkError):
        await watched(watching)
    await trader.keep_alive_listen_key()  # as every 20 minutes: it is refused, and the key forgotten
    assert trader.options["linear"]["listenKey"] is None

    watching = asyncio.create_task(trader.watch_orders(BTC))
    await opened(venue)
    placed = await trader.create_order(BTC, "limit", "buy", 0.01, 60000)
    assert (await watched(watching))[0]["id"] == placed["id"]


async def test_order_book_that_is_watched_is_the_one_that_is_fetched(trader: Any, venue: Venue) -> None:
    await watched(trader.watch_order_book(BTC))
    venue.set_price("BTCUSDT", 65100)
    if trader.orderbooks[BTC]["bids"][0][0] < 65050:
        await seen(lambda: trader.watch_order_book(BTC), lambda book: book["bids"][0][0] > 65050)
    book = trader.orderbooks[BTC]
    fetched = await trader.fetch_order_book(BTC, 1000)
    assert [tuple(level) for level in book["bids"][:10]] == [tuple(level) for level in fetched["bids"][:10]]
    assert [tuple(level) for level in book["asks"][:10]] == [tuple(level) for level in fetched["asks"][:10]]


async def test_own_order_is_seen_in_the_watched_book(trader: Any) -> None:
    book = await watched(trader.watch_order_book(BTC))
    price = book["bids"][0][0] - 0.1
    before = dict(map(tuple, book["bids"])).get(price, 0.0)
    await trader.create_order(BTC, "limit", "buy", 0.05, price)
    await seen(
        lambda: trader.watch_order_book(BTC),
        lambda book: dict(map(tuple, book["bids"])).get(price) == pytest.approx(before + 0.05),
    )


async def test_ticker_is_watched(trader: Any) -> None:
    ticker = await provoked(trader.watch_ticker(BTC), lambda: trader.create_order(BTC, "market", "buy", 0.001))
    assert (ticker["symbol"], ticker["last"]) == (BTC, (await trader.fetch_ticker(BTC))["last"])


async def test_best_prices_are_watched(trader: Any, venue: Venue) -> None:
    prices = iter(range(65100, 66000))

    async def move() -> None:
        venue.set_price("BTCUSDT", next(prices))

    moved = seen(lambda: trader.watch_bids_asks([BTC]), lambda told: told[BTC]["bid"] > 65050)
    sides = (await provoked(moved, move))[BTC]
    assert 65050 < sides["bid"] < sides["ask"]


async def test_mark_price_is_watched(trader: Any) -> None:
    ticker = await watched(trader.watch_mark_price(BTC))
    assert ticker["markPrice"] == pytest.approx((await trader.fetch_mark_price(BTC))["markPrice"], rel=0.01)


async def test_public_trades_are_watched(trader: Any) -> None:
    trades = await provoked(trader.watch_trades(BTC), lambda: trader.create_order(BTC, "market", "sell", 0.001))
    assert {(trade["symbol"], trade["side"]) for trade in trades} == {(BTC, "sell")}


async def test_candles_are_watched(trader: Any) -> None:
    candles = await provoked(trader.watch_ohlcv(BTC, "1m"), lambda: trader.create_order(BTC, "market", "buy", 0.001))
    _, first, high, low, last, _ = candles[-1]
    assert low <= min(first, last) <= max(first, last) <= high


async def test_liquidations_are_watched(trader: Any, venue: Venue) -> None:
    async def liquidate() -> None:
        await trader.create_order(BTC, "market", "buy", 0.01)
        venue.act({"liquidate": {"symbol": "BTCUSDT"}})

    (liquidation,) = await provoked(trader.watch_liquidations(BTC), liquidate)
    assert (liquidation["symbol"], liquidation["contracts"]) == (BTC, 0.01)


async def test_orders_are_placed_edited_and_cancelled_over_the_websocket_api(trader: Any) -> None:
    placed = await watched(trader.create_order_ws(BTC, "limit", "buy", 0.01, 60000))
    assert placed["status"] == "open"
    assert (await watched(trader.fetch_order_ws(placed["id"], BTC)))["price"] == 60000.0
    edited = await watched(trader.edit_order_ws(placed["id"], BTC, "limit", "buy", 0.02, 60100))
    assert (edited["id"], edited["amount"]) == (placed["id"], 0.02)
    assert (await watched(trader.cancel_order_ws(placed["id"], BTC)))["status"] == "canceled"
    with pytest.raises(ccxt.OrderNotFound):
        await watched(trader.cancel_order_ws(placed["id"], BTC))


async def test_account_and_market_are_asked_over_the_websocket_api(trader: Any) -> None:
    await trader.create_order(BTC, "market", "buy", 0.01)
    (position,) = await watched(trader.fetch_positions_ws([BTC]))
    assert position["contracts"] == 0.01
    assert (await watched(trader.fetch_balance_ws()))["USDT"]["total"] < 10000
    assert (await watched(trader.fetch_ticker_ws(BTC)))["symbol"] == BTC
    assert len((await watched(trader.fetch_order_book_ws(BTC, 20)))["bids"]) == 20
