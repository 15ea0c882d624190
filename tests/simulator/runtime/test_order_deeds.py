"""Two accounts on one book, as both of them see it: answers, streams, and what the market does in between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from simulator import AccountSpec, BadAmountError, MarketTerms, Simulator, UnknownSymbolError
from tests.simulator.runtime.wire import LIMIT_ORDER, MARKET_ORDER, ORDER, Socket, Wire

ANN = AccountSpec(name="ann", api_key="a" * 64)
BOB = AccountSpec(name="bob", api_key="b" * 64)
BID = LIMIT_ORDER | {"price": "65000"}


@asynccontextmanager
async def two_accounts() -> AsyncIterator[tuple[Simulator, Wire, Wire]]:
    """Open a market with a book at 65000."""
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(
            Simulator(accounts=(ANN, BOB), market=MarketTerms(liquidity="book"))
        )
        ann, bob = [await stack.enter_async_context(Wire(simulator, account)) for account in (ANN, BOB)]
        yield simulator, ann, bob


async def frames(stream: Socket, count: int) -> list[dict[str, Any]]:
    return [await stream.read() for _ in range(count)]


def names(told: list[dict[str, Any]]) -> list[str]:
    return [frame["e"] if "o" not in frame else f"{frame['o']['x']}/{frame['o']['X']}" for frame in told]


async def test_both_sides_of_a_trade_hear_of_it_with_one_trade_id_and_one_time() -> None:
    async with two_accounts() as (_, ann, bob):
        await ann.ask("POST", ORDER, **BID)
        anns, bobs = await ann.stream(), await bob.stream()
        answer = await bob.ask("POST", ORDER, **MARKET_ORDER | {"side": "SELL", "newOrderRespType": "RESULT"})
        maker, taker = await frames(anns, 3), await frames(bobs, 4)

        assert names(maker) == ["TRADE_LITE", "ACCOUNT_UPDATE", "TRADE/FILLED"]
        assert names(taker) == ["TRADE_LITE", "NEW/NEW", "ACCOUNT_UPDATE", "TRADE/FILLED"]
        assert maker[-1]["o"]["t"] == taker[-1]["o"]["t"]
        assert len({frame["T"] for frame in maker + taker}) == 1
        assert (maker[-1]["o"]["m"], maker[-1]["o"]["L"], maker[-1]["o"]["n"]) == (True, "65000", "0.13000000")
        assert (taker[-1]["o"]["m"], taker[-1]["o"]["L"], taker[-1]["o"]["n"]) == (False, "65000", "0.26000000")
        assert answer.body["status"] == "FILLED"
        for wire, is_maker in ((ann, True), (bob, False)):
            (trade,) = (await wire.ask("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")).body
            assert (trade["id"], trade["maker"]) == (maker[-1]["o"]["t"], is_maker)


async def test_an_order_with_a_price_match_rests_at_a_price_of_the_book_and_says_so() -> None:
    async with two_accounts() as (_, ann, bob):
        await ann.ask("POST", ORDER, **BID)
        stream = await bob.stream()
        matched = {name: value for name, value in BID.items() if name != "price"} | {"priceMatch": "QUEUE"}
        answer = await bob.ask("POST", ORDER, **matched)
        (new,) = await frames(stream, 1)

        assert (answer.body["price"], answer.body["priceMatch"]) == ("65000.00", "QUEUE")
        assert (new["o"]["p"], new["o"]["pm"]) == ("65000", "QUEUE")


async def test_a_prevented_self_trade_says_which_order_expired_and_why() -> None:
    async with two_accounts() as (_, ann, _bob):
        await ann.ask("POST", ORDER, **BID)
        stream = await ann.stream()
        selling = BID | {"side": "SELL", "selfTradePreventionMode": "EXPIRE_TAKER"}
        await ann.ask("POST", ORDER, **selling)
        new, expired = await frames(stream, 2)

        assert (new["o"]["x"], new["o"]["V"]) == ("NEW", "EXPIRE_TAKER")
        assert (expired["o"]["x"], expired["o"]["X"], expired["o"]["er"]) == ("EXPIRED", "EXPIRED_IN_MATCH", "1")
        assert expired["o"]["i"] == new["o"]["i"]


async def test_the_price_moves_the_houses_quotes_and_fills_what_it_meets() -> None:
    async with two_accounts() as (simulator, ann, _):
        stream = await ann.stream()
        await ann.ask("POST", ORDER, **LIMIT_ORDER)
        simulator.set_price("BTCUSDT", "59999")
        told = await frames(stream, 4)
        book = (await ann.ask("GET", "/fapi/v1/ticker/bookTicker", symbol="BTCUSDT")).body

        assert names(told) == ["NEW/NEW", "TRADE_LITE", "ACCOUNT_UPDATE", "TRADE/FILLED"]
        assert told[-1]["o"]["L"] == "60000"
        assert (book["bidPrice"], book["askPrice"]) == ("59998.90", "59999.10")


async def test_depth_that_is_said_is_what_a_taker_finds() -> None:
    async with two_accounts() as (simulator, ann, _):
        simulator.set_depth("BTCUSDT", [("0.004", "65001"), ("0.002", "65002")])
        answer = await ann.ask("POST", ORDER, **MARKET_ORDER | {"newOrderRespType": "RESULT"})

        assert (answer.body["status"], answer.body["executedQty"]) == ("EXPIRED", "0.006")


async def test_the_mark_values_positions_and_leaves_the_market_alone() -> None:
    async with two_accounts() as (simulator, ann, _):
        await ann.ask("POST", ORDER, **MARKET_ORDER)
        simulator.set_mark("BTCUSDT", "65010.12345678", "65009")
        (row,) = (await ann.ask("GET", "/fapi/v3/positionRisk", symbol="BTCUSDT")).body
        ticker = (await ann.ask("GET", "/fapi/v1/ticker/price", symbol="BTCUSDT")).body
        premium = (await ann.ask("GET", "/fapi/v1/premiumIndex", symbol="BTCUSDT")).body

        assert (row["markPrice"], row["unRealizedProfit"]) == ("65010.12345678", "0.10023457")
        assert ticker["price"] == "65000.10"
        assert (premium["markPrice"], premium["indexPrice"]) == ("65010.12345678", "65009.00000000")


async def test_a_mark_that_cannot_be_is_refused() -> None:
    async with Simulator() as simulator:
        with pytest.raises(BadAmountError):
            simulator.set_mark("BTCUSDT", "0")
        with pytest.raises(UnknownSymbolError):
            simulator.set_mark("NOPEUSDT", "1")


async def test_a_wipe_forgets_the_orders_in_the_book_and_keeps_the_price() -> None:
    async with two_accounts() as (simulator, ann, bob):
        simulator.set_price("BTCUSDT", "64000")
        await ann.ask("POST", ORDER, **BID | {"price": "64000"})
        simulator.wipe()
        answer = await bob.ask("POST", ORDER, **MARKET_ORDER | {"side": "SELL", "newOrderRespType": "RESULT"})
        (trade,) = (await bob.ask("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")).body

        assert (answer.body["status"], trade["price"]) == ("FILLED", "63999.90")
