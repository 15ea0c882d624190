"""Histories are read whole, whatever windows, pages and memory the exchange has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from simulator import AccountSpec, Simulator
from tests.user_stream.runtime.standin import NOON_MS, Standin, standin
from user_stream import Environment
from user_stream.core.rest_rows import OrderRow
from user_stream.runtime.binance_rest import BinanceRest

DAY_MS = 86_400_000
TRADES, INCOME, ALL_ORDERS = "/fapi/v1/userTrades", "/fapi/v1/income", "/fapi/v1/allOrders"


@pytest.fixture
async def exchange() -> AsyncIterator[Standin]:
    async with standin() as opened:
        yield opened


@pytest.fixture
async def rest(exchange: Standin) -> AsyncIterator[BinanceRest]:
    made = exchange.rest()
    yield made
    await made.close()


def trade(number: int, time: int) -> dict[str, Any]:
    return {"symbol": "BTCUSDT", "id": number, "orderId": 1, "qty": "1", "price": "1", "time": time}


def serve_trades(
    exchange: Standin, times: dict[int, int], *, reached_by_id: Callable[[int], bool] = lambda _: True
) -> None:
    """Serve trades (id: time) as userTrades does; `reached_by_id` says which times `fromId` still reaches."""

    def answer(request: web.BaseRequest) -> web.Response:
        limit = int(request.query["limit"])
        if "fromId" in request.query:
            found = [n for n, time in times.items() if n >= int(request.query["fromId"]) and reached_by_id(time)]
        else:
            start, end = int(request.query["startTime"]), int(request.query["endTime"])
            found = [n for n, time in times.items() if start <= time <= end]
        return web.json_response([trade(n, times[n]) for n in sorted(found)[:limit]])

    exchange.answers[TRADES] = answer


async def test_thousands_of_trades_within_one_millisecond_are_all_read() -> None:
    """Rule 15: windows find the first id, then ids lead, inclusive, until a page is short."""
    async with Simulator(accounts=(AccountSpec(balance="1000000"),)) as sim:
        rest = BinanceRest(
            sim.account.api_key, sim.account.api_secret, environment=Environment.simulator(sim.rest_url, sim.ws_url)
        )
        await rest.synchronize_clock()
        since = sim.time_ms
        for _ in range(2100):
            sim.place_external(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.001")

        rows = await rest.trades_since("BTCUSDT", since, until=rest.exchange_time_ms())

        assert len({row.id for row in rows}) == len(rows) == 2100
        assert len({row.time for row in rows}) == 1
        await rest.close()


async def test_ids_lead_through_a_gap_of_weeks_and_each_page_begins_where_the_last_one_ended(
    exchange: Standin, rest: BinanceRest
) -> None:
    times = {number: NOON_MS - 20 * DAY_MS + number * 1000 for number in range(1, 2501)}
    serve_trades(exchange, times)

    rows = await rest.trades_since("BTCUSDT", NOON_MS - 30 * DAY_MS, until=NOON_MS)

    assert [row.id for row in rows] == list(times)
    asked = exchange.asked(TRADES)
    assert [query.get("fromId") for query in asked] == [None, None, "1000", "1999"]
    assert all(int(query["endTime"]) - int(query["startTime"]) < 7 * DAY_MS for query in asked[:2])


async def test_windows_go_on_where_ids_do_not_reach(exchange: Standin, rest: BinanceRest) -> None:
    """A page that does not begin with the id that it was asked for proves nothing about what lies between."""
    times = {1: NOON_MS - 20 * DAY_MS, 2: NOON_MS - 12 * DAY_MS, 3: NOON_MS - DAY_MS}
    serve_trades(exchange, times, reached_by_id=lambda time: time >= NOON_MS - 7 * DAY_MS)

    rows = await rest.trades_since("BTCUSDT", NOON_MS - 21 * DAY_MS, until=NOON_MS)

    assert [row.id for row in rows] == [1, 2, 3]


async def test_a_short_gap_without_much_trade_costs_one_question(exchange: Standin, rest: BinanceRest) -> None:
    serve_trades(exchange, {1: NOON_MS - 1000})

    await rest.trades_since("BTCUSDT", NOON_MS - 5000, until=NOON_MS)

    assert len(exchange.asked(TRADES)) == 1


async def test_a_row_that_cannot_be_read_does_not_make_a_full_page_look_short(
    exchange: Standin, rest: BinanceRest
) -> None:
    times = {number: NOON_MS - 5000 + number for number in range(1, 1201)}
    serve_trades(exchange, times)
    whole = exchange.answers[TRADES]

    def one_is_strange(request: web.BaseRequest) -> web.Response:
        body = whole(request).text or ""
        return web.Response(text=body.replace('"id": 500,', '"id": "many",'), content_type="application/json")

    exchange.answers[TRADES] = one_is_strange

    rows = await rest.trades_since("BTCUSDT", NOON_MS - 5000, until=NOON_MS)

    assert [row.id for row in rows] == [number for number in times if number != 500]


async def test_nothing_is_asked_for_that_is_older_than_what_is_kept(exchange: Standin, rest: BinanceRest) -> None:
    for path in (TRADES, INCOME, ALL_ORDERS):
        exchange.says(path, [])
    old = OrderRow(symbol="BTCUSDT", order_id=1, status="NEW", time=NOON_MS - 400 * DAY_MS)

    await rest.trades_since("BTCUSDT", 0, until=NOON_MS)
    await rest.trades_of_order(old)
    await rest.income_since(0, until=NOON_MS)
    await rest.orders_since(0, until=NOON_MS)

    for path, days in ((TRADES, 89), (INCOME, 89), (ALL_ORDERS, 90)):
        starts = [int(query["startTime"]) for query in exchange.asked(path)]
        assert NOON_MS - days * DAY_MS < min(starts) < NOON_MS - (days - 1) * DAY_MS


async def test_income_of_one_second_is_read_page_by_page(exchange: Standin, rest: BinanceRest) -> None:
    def answer(request: web.BaseRequest) -> web.Response:
        page = int(request.query["page"])
        numbers = range((page - 1) * 1000, min(page * 1000, 2100))
        return web.json_response(
            [
                {"symbol": "BTCUSDT", "incomeType": "COMMISSION", "income": "-1", "asset": "USDT", "info": "",
                 "time": NOON_MS, "tranId": number, "tradeId": str(number)}
                for number in numbers
            ]
        )  # fmt: skip

    exchange.answers[INCOME] = answer

    rows = await rest.income_since(NOON_MS - 1000, until=NOON_MS)

    assert sorted(int(row.trade_id) for row in rows) == list(range(2100))
    assert [query["page"] for query in exchange.asked(INCOME)] == ["1", "2", "3"]


async def test_an_exchange_without_pages_of_income_is_not_asked_for_ever(exchange: Standin, rest: BinanceRest) -> None:
    exchange.says(
        INCOME, [{"incomeType": "COMMISSION", "symbol": "BTCUSDT", "tranId": n, "time": NOON_MS} for n in range(1000)]
    )

    async with asyncio.timeout(10):
        rows = await rest.income_since(NOON_MS - 1000, until=NOON_MS)

    assert len(rows) == 1000


@pytest.mark.parametrize("on", [True, False])
async def test_the_accounts_modes_are_read(exchange: Standin, rest: BinanceRest, on: bool) -> None:
    """Rule 24: no event says when they change."""
    exchange.says("/fapi/v1/accountConfig", {"dualSidePosition": on, "multiAssetsMargin": not on})

    assert await rest.modes() == (on, not on)
